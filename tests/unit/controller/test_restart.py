"""What goes on through a restart of the controller: outages, their age, and causes that need several polls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.reading import Reading
from tests.unit.controller.world import START, STEP, World, inventory, school, silent, up

Fields = Mapping[str, Mapping[str, object]]


def one_school(**more: object) -> World:
    place, boxes = school("sd", **more)  # type: ignore[arg-type]
    return World(inventory([place], boxes))


def restarted(world: World, *, after: int) -> World:
    """The same store under another run, so many polls later."""
    world.health.stop()
    return World(world.owned, store=world.store, poll=world.poll + after)


def the_outage(world: World) -> Outage:
    (found,) = world.store.outage.values()
    return found


def since(world: World, subject: str) -> float:
    """When a subject says that its present state began, in polls."""
    last = world.store.intervals([subject], "state", start=0, end=2**40)[-1]
    told: float = json.loads(last.evidence or "{}").get("since", last.start)
    return (told - START) / STEP


def no_service(reading: Reading) -> Reading:
    return replace(up(reading), row=replace(up(reading).row, service_ok=False))


def late(reading: Reading) -> Reading:
    return replace(reading, error_kind="late", error="not finished within 20 s")


BUSY: Fields = {"sd-gw": {"cpu_ratio": 0.97}}
SLOW: Fields = {"sd-gw": {"snmp_rtt_ms": 900.0}}
FULL: Fields = {"sd-ap1": {"clients": 60}}
FINE: Fields = {"sd-gw": {"cpu_ratio": 0.1, "snmp_rtt_ms": 5.0}, "sd-ap1": {"clients": 2}}
TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("silent", {"answers": {"sd-gw": silent, "sd-ap1": silent}}),
    ("no_service", {"answers": {"sd-gw": no_service}}),
    ("slow", {"answers": {"sd-gw": late}}),
    ("busy", {"fields": BUSY}),
    ("slow", {"fields": SLOW}),
    ("full", {"fields": FULL}),
]


@pytest.mark.parametrize(("cause", "trouble"), TROUBLES)
def test_trouble_that_is_found_again_after_a_hole_keeps_its_outage_and_its_age(
    cause: str, trouble: dict[str, Any]
) -> None:
    world = one_school(capacity_clients=50)
    world.steps(3)
    world.steps(6, **trouble)
    before = the_outage(world)
    began = since(world, "site:sd")
    again = restarted(world, after=60)
    again.steps(4, **trouble)
    after = the_outage(again)
    assert (after.id, after.cause, after.started, after.ended) == (before.id, cause, before.started, None)
    *_, held, hole, present = again.store.history("site:sd")
    assert held[:2] == present[:2]
    assert held[1] == cause
    assert hole == ("unknown", "unobserved", 8, 69)
    assert present[2:] == (69, None)
    assert since(again, "site:sd") == began == (after.started - START) / STEP
    if cause != "full":
        assert since(again, "device:sd-gw") == began


@pytest.mark.parametrize(("cause", "trouble"), TROUBLES)
def test_a_pause_of_a_minute_leaves_no_trace_of_the_restart(cause: str, trouble: dict[str, Any]) -> None:
    world = one_school(capacity_clients=50)
    world.steps(3)
    world.steps(6, **trouble)
    before = world.store.history("site:sd")
    again = restarted(world, after=1)
    again.steps(4, **trouble)
    assert again.store.history("site:sd") == before
    assert the_outage(again).ended is None


def test_the_age_outlives_several_restarts_and_one_in_the_middle_of_a_blind_time() -> None:
    world = one_school()
    world.step()
    world.steps(3, {"sd-gw": silent})
    world = restarted(world, after=30)
    world.steps(2, {"sd-gw": silent})
    world.steps(2, blind={"default": "anchors"})
    world = restarted(world, after=30)
    world.step({"sd-gw": silent})
    assert since(world, "device:sd-gw") == since(world, "site:sd") == 1
    assert the_outage(world).started == START + STEP
    assert the_outage(world).ended is None


def test_what_recovered_during_the_hole_is_up_from_the_first_poll_and_its_outage_ends_then() -> None:
    world = one_school()
    world.step()
    world.steps(3, {"sd-gw": silent})
    again = restarted(world, after=30)
    again.step()
    assert again.store.history("device:sd-gw")[1:] == [
        ("down", "silent", 1, 3), ("unknown", "unobserved", 3, 34), ("up", None, 34, None),
    ]  # fmt: skip
    assert the_outage(again).ended == START + 34 * STEP
    again.steps(2, {"sd-gw": silent})
    assert since(again, "device:sd-gw") == 35
    assert len(again.store.outage) == 2


def test_a_cause_of_several_polls_that_went_during_the_hole_goes_after_as_many_polls_within() -> None:
    world = one_school()
    world.steps(3)
    world.steps(5, fields=BUSY)
    again = restarted(world, after=30)
    again.steps(2, fields=FINE)
    assert again.state("device:sd-gw") == (State.DEGRADED, "busy")
    again.step(fields=FINE)
    assert again.state("device:sd-gw") == (State.UP, None)
    assert the_outage(again).ended is not None


def test_another_cause_after_the_hole_is_dated_from_itself() -> None:
    world = one_school()
    world.step()
    world.steps(3, {"sd-gw": silent})
    again = restarted(world, after=30)

    def refused(reading: Reading) -> Reading:
        row = replace(reading.row, ping_ok=True, snmp_ok=False)
        return replace(reading, row=row, error_kind="authentication", error="wrong digest")

    again.step({"sd-gw": refused})
    assert again.state("device:sd-gw") == (State.DEGRADED, "auth")
    assert since(again, "device:sd-gw") == 34


def test_flapping_is_known_after_a_restart_and_ends_when_an_hour_was_quiet() -> None:
    world = one_school()
    world.step()
    for _ in range(2):
        world.steps(2, {"sd-gw": silent})
        world.step()
    again = restarted(world, after=2)
    again.steps(2)
    assert again.state("device:sd-gw") == (State.DEGRADED, "flapping")
    again.steps(62)
    assert again.state("device:sd-gw") == (State.UP, None)


def test_a_device_behind_a_dead_parent_goes_on_being_that() -> None:
    world = one_school()
    world.step()
    world.steps(3, default=silent)
    again = restarted(world, after=30)
    again.step(default=silent)
    assert again.state("device:sd-ap1") == (State.UNKNOWN, "parent_down")
    assert since(again, "device:sd-ap1") == since(again, "device:sd-gw") == 1


@pytest.mark.parametrize("evidence", [None, json.dumps({"since": START - 83 * STEP})])
def test_a_history_that_tells_no_figures_is_taken_up_by_its_causes(evidence: str | None) -> None:
    """As the demonstration writes it, with or without a blind time in between."""
    world = one_school()
    told: Callable[..., Interval] = lambda subject, cause: Interval(  # noqa: E731
        subject=subject, question="state", state=State.DEGRADED, seen=START - STEP, cause=cause,
        start=START - (83 if evidence is None else 40) * STEP, evidence=evidence,
    )  # fmt: skip
    world.store.write_intervals(
        [told("device:sd-gw", "slow"), told("site:sd", "slow"), replace(told("controller", None), state=State.UP)]
    )
    again = restarted(world, after=0)
    again.step(fields=SLOW)
    assert again.state("device:sd-gw") == (State.DEGRADED, "slow")
    again.steps(4, fields=SLOW)
    assert since(again, "device:sd-gw") == since(again, "site:sd") == -83
    assert the_outage(again).started == START - 83 * STEP


def test_an_outage_of_a_full_site_is_as_long_as_the_site_was_full() -> None:
    world = one_school(capacity_clients=50)
    world.steps(10)
    world.steps(6, fields=FULL)
    world.steps(3, fields=FINE)
    found = the_outage(world)
    assert [(found.started - START) / STEP, ((found.ended or 0) - START) / STEP] == [12, 18]
    assert world.store.history("site:sd")[1] == ("degraded", "full", 12, 18)
