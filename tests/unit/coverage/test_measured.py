from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from controller.coverage.busy import BusyDays
from controller.coverage.effective import Measured
from controller.coverage.measured import Fleet, measure
from controller.coverage.model import Rules
from controller.health.tree import draw
from devices.inventory.hours import opening_hours
from devices.model import SiteId, SiteKind
from measurements.intervals import Interval, State
from tests.unit.coverage.make import DAY, RULES, FakeHistory, inventory, site

START = int(datetime.fromisoformat("2026-10-01T00:00+07:00").timestamp())
END = START + 30 * DAY
HOUR = 3600


def fleet(*sites: object) -> Fleet:
    found = inventory(sites)  # type: ignore[arg-type]
    return Fleet(inventory=found, members=draw(found).sites)


def span(subject: str, state: State, begin: float, end: float | None, question: str = "state") -> Interval:
    return Interval(
        subject=subject,
        question=question,
        state=state,
        start=START + begin,
        end=None if end is None else START + end,
        seen=START + (begin if end is None else end),
    )


def month(*states: Interval, rows: dict | None = None) -> FakeHistory:  # type: ignore[type-arg]
    return FakeHistory(states=list(states), rows=rows or {})


def only(found: Fleet, history: FakeHistory, rules: Rules = RULES):  # type: ignore[no-untyped-def]
    return measure(found, history, start=START, end=END, rules=rules)[SiteId("a")]


def test_seconds_by_state_add_up_and_holes_are_unknown() -> None:
    seen = only(
        fleet(site()), month(span("site:a", State.UP, 0, 20 * DAY), span("site:a", State.DOWN, 20 * DAY, 21 * DAY))
    )
    assert (seen.up_s, seen.down_s) == (20 * DAY, DAY)
    assert seen.observed_ratio == pytest.approx(0.7)


def test_time_in_which_the_site_answers_but_its_service_does_not_is_down() -> None:
    history = month(
        span("site:a", State.UP, 0, 30 * DAY),
        span("device:a-gw", State.UP, 0, 10 * DAY, "service"),
        span("device:a-gw", State.DOWN, 10 * DAY, 13 * DAY, "service"),
        span("device:a-gw", State.UP, 13 * DAY, 30 * DAY, "service"),
    )
    seen = only(fleet(site()), history)
    assert (seen.up_s, seen.down_s) == (27 * DAY, 3 * DAY)


def test_a_failing_service_while_the_site_is_unseen_stays_unknown() -> None:
    history = month(span("site:a", State.UP, 0, 10 * DAY), span("device:a-gw", State.DOWN, 0, 30 * DAY, "service"))
    seen = only(fleet(site()), history)
    assert (seen.up_s, seen.down_s) == (0, 10 * DAY)


def test_an_outage_outside_opening_hours_does_not_count() -> None:
    school = site(opening_hours=opening_hours("mon-sun 07:00-13:00"))
    history = month(
        span("site:a", State.UP, 0, 14 * HOUR), span("site:a", State.DOWN, 14 * HOUR, 24 * HOUR),
        span("site:a", State.UP, 24 * HOUR, 30 * DAY),
    )  # fmt: skip
    seen = only(fleet(school), history)
    assert (seen.period_s, seen.up_s, seen.down_s) == (30 * 6 * HOUR, 30 * 6 * HOUR, 0)
    assert only(fleet(school), history, replace(RULES, is_opening_hours_only=False)).down_s == 10 * HOUR


def test_a_site_that_opened_in_the_middle_is_judged_from_then_on() -> None:
    late = site(since=date(2026, 10, 16))
    seen = only(fleet(late), month(span("site:a", State.UP, 15 * DAY, 30 * DAY)))
    assert (seen.period_s, seen.observed_ratio) == (15 * DAY, 1.0)


def test_sites_that_closed_or_have_not_opened_do_not_stand() -> None:
    found = fleet(
        site("a", until=date(2026, 10, 20)), site("b", since=date(2026, 12, 1)), site("c", until=date(2026, 10, 30))
    )
    assert [s.id for s in found.standing(START, END)] == ["c"]


def test_carriers_are_not_measured() -> None:
    assert measure(fleet(site(kind=SiteKind.TOWER)), month(), start=START, end=END, rules=RULES) == {}


def rate(mbps: float) -> dict[str, float]:
    return {"in_octets": mbps * 1e6 / 8 * 3600, "in_rate_ds": 36_000}


def test_the_busy_hour_is_the_busiest_mean_of_each_civil_day_at_its_95th_percentile() -> None:
    rows = []
    for day in range(20):
        for hour, mbps in ((3, 0.5), (20, 5.0 if day < 19 else 50.0)):
            rows.append((START + day * DAY + hour * HOUR, "a-gw", rate(mbps)))
    seen = only(fleet(site()), month(rows={"interface": rows}))
    assert seen.busy_days == 20
    assert seen.busy_down_bps == pytest.approx(5e6 + 0.05 * 45e6)  # one day in twenty: the first step towards it


def test_a_short_burst_does_not_prove_a_speed() -> None:
    burst = {"in_octets": 20e6 / 8 * 60, "in_rate_ds": 36_000, "in_bps_max": 20e6}
    seen = only(fleet(site()), month(rows={"interface": [(START + d * DAY, "a-gw", burst) for d in range(30)]}))
    assert seen.busy_down_bps == pytest.approx(20e6 / 60)


def test_clients_of_a_site_are_those_of_its_access_points_or_what_its_head_counts() -> None:
    rows = [(START + d * DAY, "a-ap", {"clients_sum": 600, "clients_n": 60}) for d in range(10)]
    rows += [(START + d * DAY, "a-gw", {"clients_sum": 720, "clients_n": 60}) for d in range(10)]
    assert only(fleet(site()), month(rows={"wifi_device": rows})).busy_clients == 12
    assert only(fleet(site()), month(rows={"wifi_device": rows[:10]})).busy_clients == 10


def test_downloads_of_service_checks_are_active_tests_and_mere_connections_are_none() -> None:
    rows = [
        (START + DAY, "a-gw", {"down_bps_sum": 24e6, "down_bps_n": 4}),
        (START + 2 * DAY, "a-gw", {"down_bps_n": 0}),
    ]
    seen = only(fleet(site()), month(rows={"service": rows}))
    assert [(t.at, t.down_bps) for t in seen.tests] == [(START + DAY, 6e6)]


def test_what_was_never_measured_is_none_and_not_zero() -> None:
    seen = only(fleet(site()), month())
    assert (seen.busy_down_bps, seen.busy_clients, seen.availability_ratio, seen.tests) == (None, None, None, ())


def test_settled_days_are_read_once_and_give_the_same_busy_hours(tmp_path: Path) -> None:
    rows = [(START + d * DAY + h * HOUR, "a-gw", rate(1 + (7 * d + h) % 11)) for d in range(31) for h in (3, 9, 20)]
    told = month(rows={"interface": rows})
    days = BusyDays(tmp_path)

    def seen(shift: float) -> Measured:
        kept = measure(fleet(site()), told, start=START + shift, end=END + shift, rules=RULES, days=days)
        assert kept == measure(fleet(site()), told, start=START + shift, end=END + shift, rules=RULES)
        return kept[SiteId("a")]

    first = seen(0)
    told.spans.clear()
    assert seen(0) == first
    assert told.spans[:2] == [(END - 3 * DAY, END)] * 2  # what may still get late readings
    seen(5 * HOUR)  # the first day is now a part of a day
    for path in tmp_path.iterdir():
        path.write_text("damaged")
    assert seen(0) == first


def test_a_day_of_which_nothing_is_known_is_asked_for_again(tmp_path: Path) -> None:
    told, days = month(), BusyDays(tmp_path)
    assert measure(fleet(site()), told, start=START, end=END, rules=RULES, days=days)[SiteId("a")].busy_down_bps is None
    told.rows = {"interface": [(START + d * DAY, "a-gw", rate(5)) for d in range(30)]}
    later = measure(fleet(site()), told, start=START, end=END, rules=RULES, days=days)[SiteId("a")]
    assert later.busy_down_bps == pytest.approx(5e6)
