"""kill -9 at random moments: nothing acknowledged is lost or counted twice. Long campaign: see `kill.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.store.kill import campaign


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_acknowledged_is_lost_or_counted_twice_after_kills_at_random_moments(tmp_path: Path, seed: int) -> None:
    found = campaign(tmp_path, kills=5, seed=seed)
    assert found.complaints == []
    assert found.minutes >= 5
