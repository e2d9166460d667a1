from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest

from controller.coverage.errors import LedgerError
from controller.coverage.ledger import FILE, Ledger, close_due, month, months
from controller.coverage.lines import Lines
from controller.coverage.measured import Fleet
from controller.coverage.model import LedgerMonth
from controller.coverage.planner import Planner
from controller.health.tree import draw
from measurements.intervals import Interval, State
from tests.unit.coverage.make import PROFILE, RULES, FakeHistory, grid, inventory, site, units

CODE = "61.01.01.2001"


def at(text: str) -> float:
    return datetime.fromisoformat(text + "+07:00").timestamp()


ENTRY = LedgerMonth(
    month="2026-10", profile="t", radius_km=1.0, people=10.0, nominal=5.0, effective=4.0, unknown=1.0, expected=4.0,
    gini=0.5, gini_villages=None, theil=None, theil_between=None, theil_within=None, worst_regency="61.01",
    worst_ratio=0.4, person_hours_lost=12.0, observed_ratio=0.9, inputs="h", is_closed=False,
)  # fmt: skip


def test_a_closed_month_is_kept_as_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    kept = ledger.close(ENTRY, now=1.0)
    assert (kept.is_closed, kept.revision, kept.written_at) == (True, 1, 1.0)
    assert Ledger(tmp_path).months("t", 1.0) == [kept]


def test_a_closed_month_is_never_closed_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.close(ENTRY, now=1.0)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(LedgerError, match="closed"):
        ledger.close(replace(ENTRY, effective=9.0), now=2.0)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_correction_has_its_reason_and_leaves_what_it_corrects(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    first = ledger.close(ENTRY, now=1.0)
    second = ledger.correct(replace(ENTRY, effective=3.0), reason="census", now=2.0)
    assert ledger.entries("t", 1.0) == [first, second]
    assert ledger.months("t", 1.0) == [second]
    assert (second.revision, second.correction) == (2, "census")


def test_a_correction_needs_a_closed_month_and_a_reason(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(LedgerError, match="not closed"):
        ledger.correct(ENTRY, reason="x", now=1.0)
    ledger.close(ENTRY, now=1.0)
    with pytest.raises(LedgerError, match="reason"):
        ledger.correct(ENTRY, reason=" ", now=1.0)


def test_profiles_and_radii_have_months_of_their_own(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.close(ENTRY, now=1.0)
    ledger.close(replace(ENTRY, radius_km=5.0), now=1.0)
    ledger.close(replace(ENTRY, profile="u"), now=1.0)
    assert [len(ledger.months(*key)) for key in (("t", 1.0), ("t", 5.0), ("u", 1.0), ("u", 5.0))] == [1, 1, 1, 0]


def test_a_torn_last_line_does_not_count_and_is_mended_by_the_next(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.close(ENTRY, now=1.0)
    whole = (tmp_path / FILE).read_bytes()
    for cut in range(1, 60):
        (tmp_path / FILE).write_bytes(
            whole + b'{"month": "2026-11", "profile": "t", "radius_km": 1.0, "people": 1}'[:cut]
        )
        assert len(ledger.months("t", 1.0)) == 1
    ledger.close(replace(ENTRY, month="2026-11"), now=2.0)
    assert [m.month for m in ledger.months("t", 1.0)] == ["2026-10", "2026-11"]


def test_a_damaged_line_is_said_and_not_passed_over(tmp_path: Path) -> None:
    Ledger(tmp_path).close(ENTRY, now=1.0)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes().replace(b'"people"', b'"poeple"'))
    with pytest.raises(LedgerError, match=f"{FILE}:2"):
        Ledger(tmp_path).months("t", 1.0)


@pytest.mark.parametrize("head", [{"kind": "equity ledger", "format": 2}, {"kind": "diary", "format": 1}])
def test_a_newer_or_foreign_file_is_refused_untouched(tmp_path: Path, head: dict[str, object]) -> None:
    path = tmp_path / FILE
    path.write_text(json.dumps(head) + "\n")
    with pytest.raises(LedgerError):
        Ledger(tmp_path).close(ENTRY, now=1.0)
    assert path.read_text() == json.dumps(head) + "\n"


def test_writers_at_the_same_moment_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for k in range(20):
            Lines(tmp_path / "x", kind="k", version=1).add(lambda _, k=k: {"n": number * 100 + k})  # type: ignore[misc]

    threads = [Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sorted(line["n"] for line in Lines(tmp_path / "x", kind="k", version=1).read())
    assert found == sorted(n * 100 + k for n in range(4) for k in range(20))


def world(*states: Interval) -> tuple[Planner, Fleet]:
    place = units({CODE: (1.0, 109.0, 1000)})
    known = inventory([site(area=CODE)])
    fleet = Fleet(inventory=known, members=draw(known).sites)
    found = Planner(
        fleet=lambda: fleet,
        history=FakeHistory(states=list(states)),
        grid=lambda: grid([(1.0, 109.0, 1000.0, CODE)]),
        units=place,
        people=lambda _: {"a": 1000},
    )
    return found, fleet


def span(state: State, begin: str, end: str) -> Interval:
    return Interval(subject="site:a", question="state", state=state, start=at(begin), end=at(end), seen=at(end))


UP = span(State.UP, "2026-09-20T00:00", "2026-12-01T00:00")


def test_a_month_counts_people_times_hours_lost() -> None:
    planner, fleet = world(
        span(State.UP, "2026-10-01T00:00", "2026-10-10T00:00"),
        span(State.DOWN, "2026-10-10T00:00", "2026-10-10T05:00"),
        span(State.UP, "2026-10-10T05:00", "2026-11-01T00:00"),
    )
    october = months(planner, at("2026-10-05T00:00"), at("2026-10-06T00:00"))[0]
    entry = month(planner, october, PROFILE, RULES, radius_km=5.0, now=at("2026-11-05T00:00"), fleet=fleet)
    assert (entry.month, entry.person_hours_lost, entry.observed_ratio) == ("2026-10", pytest.approx(5000), 1.0)


def test_months_are_closed_once_they_have_ended_and_settled_and_were_seen(tmp_path: Path) -> None:
    planner, fleet = world(UP)
    ledger = Ledger(tmp_path)

    def close(now: str) -> tuple[list[str], list[tuple[str, float]]]:
        done = close_due(
            ledger,
            planner,
            PROFILE,
            RULES,
            radius_km=5.0,
            now=at(now),
            since=at("2026-08-10T00:00"),
            fleet_at=lambda _: fleet,
        )
        return [entry.month for entry in done.closed], [(name, round(seen, 2)) for name, seen in done.refused]

    unseen = [("2026-08", 0.0), ("2026-09", 0.37)]  # eleven days of September are no September
    assert close("2026-11-01T12:00") == ([], unseen)  # October may still get late readings
    assert close("2026-11-02T12:00") == (["2026-10"], unseen)
    assert close("2026-11-03T12:00") == ([], unseen)
