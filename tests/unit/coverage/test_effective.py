from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.coverage.effective import Measured, SpeedTest, judge
from controller.coverage.model import Rules, SiteWorth, Verdict
from devices.model import Site, SiteKind
from tests.unit.coverage.make import DAY, PROFILE, RULES, measured, site


def judged(of: Site | None = None, seen: Measured | None = None, rules: Rules = RULES) -> SiteWorth:
    return judge(of or site(), seen or measured(), profile=PROFILE, rules=rules)


def test(at: float, mbps: float) -> SpeedTest:
    return SpeedTest(at=at, down_bps=mbps * 1e6)


test.__test__ = False  # type: ignore[attr-defined]


def test_a_busy_hour_at_the_threshold_makes_a_site_effective() -> None:
    found = judged(seen=measured(busy_down_bps=4e6))
    assert (found.verdict, found.speed_bps) == (Verdict.EFFECTIVE, 4e6)
    assert found.speed_how == "busy hour p95 of 30 days, at least"
    assert found.worth_ratio == pytest.approx(0.99)


def test_a_quiet_good_site_is_unmeasured_and_never_called_slow() -> None:
    found = judged(seen=measured(busy_down_bps=0.3e6))
    assert (found.verdict, found.reason, found.speed_bps) == (Verdict.UNMEASURED, "speed", None)


def test_a_quiet_site_with_a_good_active_test_is_effective() -> None:
    found = judged(seen=measured(busy_down_bps=0.3e6, tests=(test(5 * DAY, 12), test(9 * DAY, 6), test(20 * DAY, 7))))
    assert (found.verdict, found.speed_bps) == (Verdict.EFFECTIVE, 7e6)
    assert found.speed_how == "active test, median of 3, newest 1970-01-21T00:00Z"


def test_an_active_test_below_the_threshold_makes_a_site_slow() -> None:
    found = judged(seen=measured(busy_down_bps=0.3e6, tests=(test(DAY, 1.5),)))
    assert (found.verdict, found.reason, found.speed_bps) == (Verdict.SLOW, "active_test", 1.5e6)


def test_a_test_on_a_busy_link_measures_what_is_left_and_does_not_contradict_what_was_carried() -> None:
    found = judged(seen=measured(busy_down_bps=6e6, tests=(test(DAY, 1.5),)))
    assert (found.verdict, found.speed_bps) == (Verdict.EFFECTIVE, 6e6)


def test_a_saturated_link_whose_plan_is_below_the_threshold_is_slow() -> None:
    found = judged(site(plan_down_mbps=2.0), measured(busy_down_bps=1.8e6))
    assert (found.verdict, found.reason, found.is_saturated) == (Verdict.SLOW, "saturated", True)
    assert found.speed_how == "saturated link, busy hour p95 of 30 days"


def test_a_small_plan_that_is_not_used_up_is_unmeasured() -> None:
    assert judged(site(plan_down_mbps=2.0), measured(busy_down_bps=1.0e6)).verdict is Verdict.UNMEASURED


def test_a_saturated_link_of_a_sufficient_plan_is_full() -> None:
    found = judged(seen=measured(busy_down_bps=17e6))
    assert (found.verdict, found.reason, found.worth_ratio) == (Verdict.FULL, "saturated", 0.0)


def test_saturation_begins_at_85_percent_of_the_plan() -> None:
    assert judged(seen=measured(busy_down_bps=16.99e6)).is_saturated is False
    assert judged(seen=measured(busy_down_bps=17.0e6)).is_saturated is True
    assert judged(site(plan_down_mbps=None), measured(busy_down_bps=17e6)).is_saturated is None


def test_more_clients_than_capacity_make_a_site_full() -> None:
    found = judged(seen=measured(busy_down_bps=8e6, busy_clients=41.0))
    assert (found.verdict, found.reason, found.is_full) == (Verdict.FULL, "clients", True)
    assert judged(seen=measured(busy_down_bps=8e6, busy_clients=40.0)).verdict is Verdict.EFFECTIVE


def test_a_site_that_is_up_but_not_often_enough_is_down_and_keeps_its_measured_worth() -> None:
    found = judged(seen=measured(up_s=24.0 * DAY, down_s=6.0 * DAY, busy_down_bps=8e6))
    assert (found.verdict, found.reason, found.worth_ratio) == (Verdict.DOWN, "availability", 0.8)


def test_a_site_down_too_often_whose_speed_is_not_known_has_no_worth() -> None:
    assert judged(seen=measured(up_s=24.0 * DAY, down_s=6.0 * DAY)).worth_ratio == 0.0


def test_a_site_observed_under_70_percent_is_unmeasured_whatever_was_seen() -> None:
    seen = measured(up_s=0.0, down_s=20.9 * DAY)
    assert (judged(seen=seen).verdict, judged(seen=seen).reason) == (Verdict.UNMEASURED, "observed")
    assert judged(seen=measured(up_s=0.0, down_s=21.0 * DAY)).verdict is Verdict.DOWN
    assert judged(seen=seen, rules=replace(RULES, min_observed_ratio=0.5)).verdict is Verdict.DOWN


def test_a_site_in_planned_work_all_month_is_unmeasured() -> None:
    found = judged(seen=measured(up_s=0.0, down_s=0.0, maintenance_s=30.0 * DAY))
    assert (found.verdict, found.reason) == (Verdict.UNMEASURED, "maintenance")


def test_a_site_never_seen_has_no_figures() -> None:
    found = judged(seen=Measured(period_s=30.0 * DAY))
    assert (found.verdict, found.reason) == (Verdict.UNMEASURED, "never_seen")
    assert (found.availability_ratio, found.observed_ratio, found.worth_ratio) == (None, 0.0, 0.0)


@pytest.mark.parametrize("kind", [SiteKind.TOWER, SiteKind.POP, SiteKind.OFFICE])
def test_towers_pops_and_offices_never_count(kind: SiteKind) -> None:
    found = judged(site(kind=kind), measured(busy_down_bps=9e6))
    assert (found.verdict, found.worth_ratio) == (Verdict.NOT_PUBLIC, 0.0)


def test_people_times_hours_down_are_lost() -> None:
    found = judge(site(), measured(down_s=7200.0), profile=PROFILE, rules=RULES, people=500)
    assert found.person_hours_lost == pytest.approx(1000.0)
    assert judged().person_hours_lost is None
    unseen = judge(site(), Measured(period_s=30.0 * DAY), profile=PROFILE, rules=RULES, people=500)
    assert unseen.person_hours_lost is None  # not known is not 0


MAYBE = st.none() | st.floats(0, 30e6)
SEEN = st.builds(
    lambda parts, busy, crowd, tests: Measured(
        period_s=30.0 * DAY,
        up_s=parts[0] * 30 * DAY,
        down_s=(1 - parts[0]) * parts[1] * 30 * DAY,
        tests=tuple(SpeedTest(at=DAY, down_bps=t) for t in tests),
        busy_down_bps=busy,
        busy_clients=crowd,
        busy_days=30,
    ),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    MAYBE,
    st.none() | st.floats(0, 80),
    st.lists(st.floats(1e3, 30e6), max_size=3),
)
PLAN = st.none() | st.sampled_from([1.0, 2.0, 4.0, 20.0])


@given(SEEN, PLAN)
def test_slow_needs_an_active_test_or_a_saturated_link_of_a_small_plan(seen: Measured, plan: float | None) -> None:
    found = judged(site(plan_down_mbps=plan), seen)
    if found.verdict is Verdict.SLOW:
        saturated_small = bool(found.is_saturated) and plan is not None and plan * 1e6 < PROFILE.min_down_bps
        assert seen.tests or saturated_small


@given(SEEN, PLAN)
def test_effective_means_observed_available_and_fast_and_not_crowded(seen: Measured, plan: float | None) -> None:
    found = judged(site(plan_down_mbps=plan), seen)
    is_good = (
        found.observed_ratio >= 0.7 - 1e-6
        and (found.availability_ratio or 0) >= 0.95 - 1e-6
        and (found.speed_bps or 0) >= PROFILE.min_down_bps * (1 - 1e-6)
        and not found.is_saturated
        and not found.is_full
    )
    if found.verdict is Verdict.EFFECTIVE:
        assert is_good
    assert 0 <= found.worth_ratio <= (found.availability_ratio or 0)


@given(SEEN)
def test_without_any_speed_a_site_is_never_effective_nor_slow(seen: Measured) -> None:
    found = judged(seen=replace(seen, tests=(), busy_down_bps=None))
    assert found.verdict not in (Verdict.EFFECTIVE, Verdict.SLOW)
    assert found.speed_bps is None
