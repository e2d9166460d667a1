"""Every adapter of a port runs through the same suite: add one here, edit no test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from measurements.sqlite.store import SqliteStore
from measurements.store import MeasurementStore

Open = Callable[[], MeasurementStore]


@pytest.fixture(params=["sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again: what was written before stays. The one before is closed."""
    opened: list[MeasurementStore] = []

    def again() -> MeasurementStore:
        while opened:
            opened.pop().close()
        opened.append(SqliteStore.open(tmp_path / "state"))
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


@pytest.fixture
def store(reopen: Open) -> MeasurementStore:
    """A store on an empty state directory."""
    return reopen()
