from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.coverage.hours import ServiceHours, common, union
from devices.inventory.hours import opening_hours

ZONE = "Asia/Pontianak"
HOUR = 3600.0
SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda t: (float(min(t)), float(max(t)))))


def at(text: str) -> float:
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


WEEK = {"start": at("2026-11-16T00:00+07:00"), "end": at("2026-11-23T00:00+07:00")}


def test_a_site_without_hours_serves_all_day() -> None:
    assert ServiceHours(None, ZONE, **WEEK).total_s == 7 * 24 * HOUR


def test_school_hours_count_in_the_time_of_the_place() -> None:
    hours = ServiceHours(opening_hours("mon-sat 06:30-15:00"), ZONE, **WEEK)
    assert hours.total_s == 6 * 8.5 * HOUR
    assert hours.within([(at("2026-11-16T05:00+07:00"), at("2026-11-16T07:00+07:00"))]) == 0.5 * HOUR
    assert hours.within([(at("2026-11-22T08:00+07:00"), at("2026-11-22T12:00+07:00"))]) == 0.0  # Sunday


def test_an_outage_at_night_costs_a_school_nothing() -> None:
    hours = ServiceHours(opening_hours("mon-sat 06:30-15:00"), ZONE, **WEEK)
    assert hours.within([(at("2026-11-17T18:00+07:00"), at("2026-11-18T05:00+07:00"))]) == 0.0


def test_hours_until_midnight_end_with_the_day() -> None:
    hours = ServiceHours(opening_hours("mon-sun 22:00-24:00"), ZONE, **WEEK)
    assert hours.total_s == pytest.approx(7 * 2 * HOUR)


def test_a_site_always_closed_has_no_service_hours() -> None:
    hours = ServiceHours(opening_hours("mon-sun closed"), ZONE, **WEEK)
    assert (hours.total_s, hours.within([(WEEK["start"], WEEK["end"])])) == (0.0, 0.0)


def test_hours_after_an_opening_in_the_middle_count_from_it() -> None:
    hours = ServiceHours(None, ZONE, **WEEK)
    assert hours.after(WEEK["end"] - HOUR) == HOUR
    assert hours.after(WEEK["start"] - HOUR) == hours.total_s
    assert hours.after(WEEK["end"] + HOUR) == 0.0


@given(SPANS, SPANS)
def test_common_time_is_what_both_hold(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> None:
    held = [set().union(*(range(int(x), int(y)) for x, y in spans)) if spans else set() for spans in (a, b)]
    both = common(union(a), union(b))
    assert set().union(*(range(int(x), int(y)) for x, y in both)) == held[0] & held[1]
    assert all(x < y for x, y in both)
