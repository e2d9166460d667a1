"""The nightly backup is asked for once a civil day, whatever restarts in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from controller.journal.journal import Journal
from merata.config_nightly import KIND, Nightly

ZONE = "Asia/Pontianak"  # UTC+7
TWO = time(2)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def at(hour: float, day: int = 21) -> float:
    """Epoch seconds of an hour of a November day in Pontianak."""
    return (datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 7)).timestamp()


def asked(journal: Journal, when: float) -> int | None:
    return Nightly(journal, ZONE, at=TWO, now=lambda: when).look()


def test_it_is_asked_for_at_the_hour_and_not_again_after_a_restart(journal: Journal) -> None:
    assert asked(journal, at(1.99)) is None
    assert asked(journal, at(2.01)) is not None
    assert asked(journal, at(2.02)) is None
    assert asked(journal, at(23.9)) is None
    assert asked(journal, at(1.5, day=22)) is None
    assert asked(journal, at(2.1, day=22)) is not None
    assert len(journal.requests(kind=KIND)) == 2


@pytest.mark.parametrize(("ok", "result"), [(False, {"error": "locked"}), (True, {"devices": 0})])
def test_one_that_failed_or_found_nobody_is_asked_for_again_after_a_while(
    journal: Journal, ok: bool, result: dict[str, object]
) -> None:
    first = asked(journal, at(2.01))
    assert first is not None
    journal.take([KIND], by="executor", at=at(2.02))
    assert asked(journal, at(3)) is None  # under way
    journal.finish(first, by="executor", at=at(2.03), ok=ok, result=result)
    assert asked(journal, at(2.1)) is None
    assert asked(journal, at(2.3)) is not None


def test_a_night_that_was_missed_is_made_up_for_by_day(journal: Journal) -> None:
    assert asked(journal, at(9)) is not None


def test_one_that_a_person_asked_for_before_the_hour_does_not_count(journal: Journal) -> None:
    journal.ask(KIND, {"where": "all"}, who="dimas", at=at(1))
    assert asked(journal, at(2.5)) is not None


def test_it_does_not_read_the_journal_at_every_look(journal: Journal) -> None:
    clock = [at(9)]
    nightly = Nightly(journal, ZONE, at=TWO, now=lambda: clock[0])
    assert nightly.look() is not None
    journal.close()
    clock[0] += 5
    assert nightly.look() is None
