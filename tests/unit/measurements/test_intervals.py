"""State intervals: hand-calculated boundaries, and properties of any chain of observations."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurements.availability import Times, by_place, reliability, times
from measurements.intervals import (
    Interval,
    Observation,
    State,
    advance,
    civil_days,
    civil_months,
    clip,
    held,
    merge,
)
from tests.unit.measurements.make import span

BOUND = 180.0


def saw(at: float, state: State = State.UP, cause: str | None = None) -> Observation:
    return Observation(subject="device:ap-1", question="snmp", at=at, state=state, cause=cause)


def chain(*seen: Observation, bound_s: float = BOUND) -> list[Interval]:
    """All intervals that a store holds after these observations."""
    stored: dict[float, Interval] = {}
    current: Interval | None = None
    for each in seen:
        for made in advance(current, each, bound_s=bound_s):
            stored[made.start] = made
            current = made
    return [stored[start] for start in sorted(stored)]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_first_observation_opens_an_interval_and_the_next_one_like_it_confirms_it() -> None:
    assert chain(saw(100), saw(160)) == [span(100, None, seen=160)]


def test_a_new_state_ends_the_one_before_at_the_observation_that_showed_it() -> None:
    assert chain(saw(100), saw(160, State.DOWN, "silent")) == [
        span(100, 160, seen=100),
        span(160, None, State.DOWN, seen=160, cause="silent"),
    ]


def test_a_new_cause_of_the_same_state_begins_a_new_interval() -> None:
    found = chain(saw(100, State.DOWN, "silent"), saw(160, State.DOWN, "parent_down"))
    assert [(each.start, each.end, each.cause) for each in found] == [(100, 160, "silent"), (160, None, "parent_down")]


def test_a_state_holds_for_the_bound_and_the_rest_of_a_hole_is_unknown() -> None:
    found = chain(saw(100), saw(1000))
    assert [(each.state, each.start, each.end) for each in found] == [
        (State.UP, 100, 280),
        (State.UNKNOWN, 280, 1000),
        (State.UP, 1000, None),
    ]
    assert chain(saw(100), saw(280)) == [span(100, None, seen=280)]  # exactly the bound is no hole


def test_unknown_time_has_no_hole_in_it() -> None:
    found = chain(saw(100, State.UNKNOWN, "unobserved"), saw(5000, State.UNKNOWN, "unobserved"))
    assert found == [span(100, None, State.UNKNOWN, seen=5000, cause="unobserved")]


def test_an_observation_older_than_what_was_seen_says_nothing() -> None:
    now = span(100, None, seen=400)
    assert advance(now, saw(300, State.DOWN)) == []


def test_after_a_clock_step_back_the_time_lived_twice_belongs_to_the_second_round() -> None:
    now = span(1000, None, seen=4600)
    found = advance(now, saw(1060, State.DOWN), stepped=True)
    assert [(each.state, each.start, each.end) for each in found] == [(State.UP, 1000, 1060), (State.DOWN, 1060, None)]
    before_it_began = advance(now, saw(500, State.DOWN), stepped=True)
    assert [(each.state, each.start) for each in before_it_began] == [(State.DOWN, 1000)]  # same key: takes its place
    assert advance(now, saw(1060), stepped=True) == [now]


def test_an_open_interval_counts_as_long_as_it_holds() -> None:
    now = span(100, None, seen=400)
    assert held(now, until=1000, bound_s=BOUND).end == 580
    assert held(now, until=450, bound_s=BOUND).end == 450
    spent = times([now], start=0, end=1000, bound_s=BOUND)
    assert (spent.up_s, spent.unknown_s) == (480, 520)


def test_a_day_of_pontianak_begins_at_17_utc_of_the_day_before() -> None:
    (day,) = civil_days("Asia/Pontianak", utc("2026-11-21T03:00"), utc("2026-11-21T03:01"))
    assert (day.first, day.start, day.end) == (date(2026, 11, 21), utc("2026-11-20T17:00"), utc("2026-11-21T17:00"))


def test_a_month_of_pontianak_has_its_edge_at_17_utc() -> None:
    october, november = civil_months("Asia/Pontianak", utc("2026-10-31T16:59:59"), utc("2026-10-31T17:00:01"))
    assert october.end == november.start == utc("2026-10-31T17:00")
    assert (october.first, november.first) == (date(2026, 10, 1), date(2026, 11, 1))
    assert november.end - november.start == 30 * 86400


def test_days_of_a_zone_with_summer_time_have_23_and_25_hours() -> None:
    short = civil_days("Europe/Berlin", utc("2026-03-29T10:00"), utc("2026-03-29T11:00"))[0]
    long = civil_days("Europe/Berlin", utc("2026-10-25T10:00"), utc("2026-10-25T11:00"))[0]
    assert (short.end - short.start, long.end - long.start) == (23 * 3600, 25 * 3600)


def test_an_outage_over_the_edge_of_a_month_counts_in_each_month_with_its_part() -> None:
    # Down from 31 October 23:30 WIB to 1 November 02:00 WIB.
    down = span(utc("2026-10-31T16:30"), utc("2026-10-31T19:00"), State.DOWN)
    october, november = civil_months("Asia/Pontianak", down.start, down.end)
    assert times([down], start=october.start, end=october.end).down_s == 1800
    assert times([down], start=november.start, end=november.end).down_s == 7200


def test_availability_is_up_over_up_and_down_with_unknown_and_maintenance_aside() -> None:
    day = [
        span(0, 3600), span(3600, 5400, State.DEGRADED), span(5400, 7200, State.DOWN),
        span(7200, 9000, State.UNKNOWN), span(9000, 10800, State.MAINTENANCE),
    ]  # fmt: skip
    spent = times(day, start=0, end=14400)
    assert (spent.up_s, spent.degraded_s, spent.down_s, spent.maintenance_s) == (5400, 1800, 1800, 1800)
    assert spent.unknown_s == 1800 + 3600
    assert spent.availability_ratio == 0.75
    assert times([], start=0, end=60).availability_ratio is None


def test_a_blind_observer_and_a_dead_parent_cost_no_availability() -> None:
    seen = [saw(0), saw(60, State.UNKNOWN, "unobserved"), saw(120), saw(180, State.UNKNOWN, "parent_down"), saw(240)]
    spent = times(chain(*seen), start=0, end=300, bound_s=BOUND)
    assert (spent.up_s, spent.unknown_s, spent.availability_ratio) == (180, 120, 1.0)


def test_a_moved_device_gives_each_area_the_time_it_stood_there() -> None:
    moved_at = 5000.0
    found = by_place(
        [span(0, 4000), span(4000, 6000, State.DOWN), span(6000, 10_000)],
        lambda at: "61.01" if at < moved_at else "61.08",
        [moved_at],
        start=0,
        end=10_000,
    )
    assert (found["61.01"].up_s, found["61.01"].down_s, found["61.01"].period_s) == (4000, 1000, 5000)
    assert (found["61.08"].up_s, found["61.08"].down_s, found["61.08"].period_s) == (4000, 1000, 5000)


def test_mtbf_and_mttr_count_failures_that_began_within_the_period() -> None:
    seen = [
        span(0, 100, State.DOWN),  # began before: not counted, not repaired within
        span(100, 1100), span(1100, 1200, State.DOWN), span(1200, 1300, State.UNKNOWN), span(1300, 1400, State.DOWN),
        span(1400, 3400), span(3400, 3500, State.DOWN),
    ]  # fmt: skip
    found = reliability(seen, start=0, end=3500)
    assert (found.failures, found.mtbf_s, found.mttr_s) == (2, 1500, 300)


# -- properties ------------------------------------------------------------------------------------------------------

observations = st.lists(
    st.tuples(st.floats(0.5, 900), st.sampled_from(list(State)), st.sampled_from([None, "silent"])),
    min_size=1,
    max_size=30,
)


def observed(moves: list[tuple[float, State, str | None]]) -> list[Observation]:
    at, found = 1000.0, []
    for gap, state, cause in moves:
        at += gap
        found.append(saw(at, state, cause))
    return found


@given(observations)
def test_a_chain_has_no_gaps_and_no_overlaps_and_one_open_end(moves: list[tuple[float, State, str | None]]) -> None:
    found = chain(*observed(moves))
    assert [each.end for each in found[:-1]] == [each.start for each in found[1:]]
    assert found[-1].end is None
    assert all(each.end is None or each.end > each.start for each in found)


@given(observations, st.floats(0, 30_000), st.floats(1, 30_000))
def test_the_states_of_any_period_add_up_to_the_period(
    moves: list[tuple[float, State, str | None]], start: float, length: float
) -> None:
    spent = times(chain(*observed(moves)), start=start, end=start + length, bound_s=BOUND)
    whole = spent.up_s + spent.down_s + spent.unknown_s + spent.maintenance_s
    assert whole == pytest.approx(spent.period_s, abs=1e-6)
    assert 0 <= spent.degraded_s <= spent.up_s + 1e-9


@given(observations, st.lists(st.floats(0, 30_000), min_size=2, max_size=6))
def test_the_parts_of_a_period_add_up_to_the_whole(
    moves: list[tuple[float, State, str | None]], cuts: list[float]
) -> None:
    found = chain(*observed(moves))
    edges = sorted(cuts)
    total = Times(period_s=0)
    for low, high in itertools.pairwise(edges):
        total += times(found, start=low, end=high, bound_s=BOUND)
    whole = times(found, start=edges[0], end=edges[-1], bound_s=BOUND)
    for name in ("period_s", "up_s", "degraded_s", "down_s", "maintenance_s", "unknown_s"):
        assert getattr(total, name) == pytest.approx(getattr(whole, name), abs=1e-5)


@given(observations, st.integers(0, 10), st.integers(0, 10))
def test_merging_is_associative_and_changes_no_figure(
    moves: list[tuple[float, State, str | None]], one: int, two: int
) -> None:
    closed = [replace(each, seen=None) for each in clip(chain(*observed(moves)), start=0, end=50_000, bound_s=BOUND)]
    first, second = sorted((min(one, len(closed)), min(two, len(closed))))
    a, b, c = closed[:first], closed[first:second], closed[second:]
    left, right = merge(merge(a + b) + c), merge(a + merge(b + c))
    assert left == right == merge(closed)
    assert times(left, start=0, end=50_000) == pytest_approx(times(closed, start=0, end=50_000))


def pytest_approx(value: Times) -> Times:
    """Equal up to rounding of sums in another order."""

    class Near(Times):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Times) and all(
                getattr(self, f) == pytest.approx(getattr(other, f), abs=1e-6) for f in Times.__slots__
            )

        __hash__ = None

    return Near(**{f: getattr(value, f) for f in Times.__slots__})


@given(st.integers(0, 2**31), st.integers(1, 86400 * 40))
def test_civil_days_follow_one_another_without_a_gap(start: int, length: int) -> None:
    days = civil_days("Asia/Pontianak", start, start + length)
    assert days[0].start <= start < days[0].end
    assert days[-1].start < start + length <= days[-1].end
    assert [day.end for day in days[:-1]] == [day.start for day in days[1:]]
