"""When a site's next speed test is due."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.coverage.speed_plan import LEAD_S, Done, is_wanted, moment, share, stretch
from controller.coverage.speed_rules import Begin, Hours, SpeedRules, Way
from devices.model import OpeningHours

ZONE = ZoneInfo("Asia/Pontianak")
RULES = SpeedRules(way=Way(url="http://x/y"))
SCHOOL = OpeningHours(days={day: ((time(6, 30), time(15, 0)),) for day in range(6)})
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@given(DAYS, st.integers(1, 30), st.text(min_size=1, max_size=8))
def test_stretches_follow_one_another_and_hold_their_day(day: date, count: int, site: str) -> None:
    mine = stretch(site, day, count)
    assert mine.first <= day < mine.after
    assert mine.first <= mine.day < mine.after
    assert stretch(site, mine.after, count).first == mine.after
    assert (mine.after - mine.first).days in (30 // count, -(-30 // count))


@given(DAYS, st.integers(1, 30))
def test_thirty_days_hold_as_many_stretches_as_tests_are_wanted(day: date, count: int) -> None:
    firsts = {stretch("s", day + timedelta(days=n), count).first for n in range(30)}
    assert count <= len(firsts) <= count + 1


def test_sites_are_spread_evenly_over_the_days_of_a_stretch() -> None:
    days = Counter(stretch(f"site-{n}", date(2026, 11, 21), 2).day for n in range(9000))
    assert len(days) == 9
    assert max(days.values()) < 1.15 * min(days.values())
    assert all(0 <= share(f"s{n}", 1) < 1 for n in range(1000))


def wanted_days(site: str, done: Done, rules: SpeedRules = RULES) -> list[date]:
    start = stretch(site, date(2026, 11, 21), rules.per_30_days).first
    days = [start + timedelta(days=n) for n in range(15)]
    return [
        day for day in days if is_wanted(site, datetime.combine(day, time(12), ZONE).timestamp(), done, rules, ZONE)
    ]


def test_a_site_is_tested_from_its_day_on_until_there_is_a_result() -> None:
    mine = stretch("s1", date(2026, 11, 21), 2)
    assert wanted_days("s1", Done()) == [mine.day + timedelta(days=n) for n in range((mine.after - mine.day).days)]
    result = datetime.combine(mine.day, time(12), ZONE).timestamp()
    assert wanted_days("s1", Done(results=[result])) == []


def test_a_failed_try_is_made_up_on_a_later_day_and_only_so_often() -> None:
    mine = stretch("s1", date(2026, 11, 21), 2)
    noon = [datetime.combine(mine.day + timedelta(days=n), time(12), ZONE).timestamp() for n in range(3)]
    assert mine.day not in wanted_days("s1", Done(tries=noon[:1]))
    assert wanted_days("s1", Done(tries=noon[:1]))[0] == mine.day + timedelta(days=1)
    assert wanted_days("s1", Done(tries=noon)) == []


def test_a_site_never_tested_may_begin_at_once_where_the_rules_say_so() -> None:
    now = replace(RULES, begin=Begin.NOW)
    mine = stretch("s1", date(2026, 11, 21), 2)
    assert wanted_days("s1", Done(), now)[0] == mine.first
    tested = datetime.combine(mine.first, time(0), ZONE).timestamp() - 5 * 86_400
    assert mine.first not in wanted_days("s1", Done(results=[tested]), now) or mine.day == mine.first


def test_a_test_begins_in_the_busiest_hour_with_time_left_to_end_in_it() -> None:
    noon = at("2026-11-23T12:00")
    span = moment("s1", noon, RULES, ZONE, opening=None, busiest=20)
    assert span is not None
    assert at("2026-11-23T20:00") <= span[0] <= at("2026-11-23T20:30")
    assert span[1] == at("2026-11-23T21:00") - LEAD_S


def test_outside_its_opening_hours_a_site_is_left_alone() -> None:
    monday, sunday = at("2026-11-23T12:00"), at("2026-11-22T12:00")
    assert moment("s1", sunday, RULES, ZONE, opening=SCHOOL, busiest=10) is None
    inside = moment("s1", monday, RULES, ZONE, opening=SCHOOL, busiest=10)
    assert inside is not None
    assert at("2026-11-23T10:00") <= inside[0] < at("2026-11-23T11:00")
    shut_then = moment("s1", monday, RULES, ZONE, opening=SCHOOL, busiest=21)  # the middle of its day instead
    assert shut_then is not None
    assert at("2026-11-23T10:15") <= shut_then[0] < at("2026-11-23T11:15")


def test_hours_may_be_told() -> None:
    told = replace(RULES, hours=((time(9), time(10)), (time(13), time(14))))
    morning, noon = at("2026-11-23T08:00"), at("2026-11-23T12:00")
    first = moment("s1", morning, told, ZONE, opening=SCHOOL, busiest=None)
    later = moment("s1", noon, told, ZONE, opening=SCHOOL, busiest=None)
    assert first is not None
    assert later is not None
    assert (first[1], later[1]) == (at("2026-11-23T10:00") - LEAD_S, at("2026-11-23T14:00") - LEAD_S)


@pytest.mark.parametrize("hours", [Hours.BUSY, Hours.ANY])
def test_a_restart_plans_the_same_moment(hours: Hours) -> None:
    rules = replace(RULES, hours=hours)
    spans = [
        moment("s1", at("2026-11-23T07:00") + n, rules, ZONE, opening=SCHOOL, busiest=10) for n in range(0, 9000, 60)
    ]
    assert len(set(spans)) == 1
