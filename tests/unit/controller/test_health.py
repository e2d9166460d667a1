"""Verdicts of devices and sites over a few polls, each worked out by hand. Times are polls since the start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.health import Thresholds
from devices.model import Backhaul, Role, SiteKind
from measurements.intervals import State
from measurements.reading import Reading
from tests.unit.controller.world import World, device, inventory, school, silent, site, up


def one_school(aps: int = 1, **more: object) -> World:
    place, boxes = school("sd", aps=aps, **more)
    return World(inventory([place], boxes))


def refused(reading: Reading) -> Reading:
    row = replace(reading.row, ping_ok=True, snmp_ok=False)
    return replace(reading, row=row, error_kind="authentication", error="wrong digest")


def no_snmp(reading: Reading) -> Reading:
    return replace(silent(reading), row=replace(reading.row, ping_ok=True, snmp_ok=False))


def test_one_miss_is_no_outage_and_leaves_no_trace_in_the_verdict() -> None:
    world = one_school()
    world.steps(2)
    world.step({"sd-gw": silent})
    world.steps(2)
    assert world.store.history("device:sd-gw") == [("up", None, 0, None)]
    assert world.store.history("device:sd-gw", "snmp") == [
        ("up", None, 0, 2), ("down", None, 2, 3), ("up", None, 3, None),
    ]  # fmt: skip


def test_down_is_dated_from_the_first_of_two_misses_and_recovery_is_immediate() -> None:
    world = one_school()
    world.steps(2)
    world.steps(3, {"sd-gw": silent})
    world.step()
    assert world.store.history("device:sd-gw") == [
        ("up", None, 0, 2), ("down", "silent", 2, 5), ("up", None, 5, None),
    ]  # fmt: skip
    assert world.store.history("site:sd") == [("up", None, 0, 2), ("down", "silent", 2, 5), ("up", None, 5, None)]


def test_a_device_that_never_answered_is_down_after_two_misses_and_unknown_to_history_before() -> None:
    world = one_school()
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw") == []
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw") == [("down", "silent", 0, None)]


def test_children_of_a_dead_parent_are_unknown_and_their_site_is_down() -> None:
    tower = site("menara", kind=SiteKind.TOWER)
    place, boxes = school("sd", parent="menara-gw")
    world = World(inventory([tower, place], [device("menara-gw", "menara"), *boxes]))
    world.step()
    world.steps(3, default=silent)
    assert world.state("device:menara-gw") == (State.DOWN, "silent")
    assert world.state("device:sd-gw") == (State.UNKNOWN, "parent_down")
    assert world.state("device:sd-ap1") == (State.UNKNOWN, "parent_down")
    assert world.state("site:sd") == (State.DOWN, "no_uplink")
    assert world.state("site:menara") == (State.DOWN, "silent")
    world.step()
    assert world.state("device:sd-gw") == (State.UP, None)
    assert world.state("site:sd") == (State.UP, None)


def test_a_child_waits_for_its_parent_to_be_judged_instead_of_being_called_down_first() -> None:
    place, boxes = school("sd")
    world = World(inventory([place], boxes))
    world.step()
    world.step({"sd-ap1": silent})  # the cut comes between the polls of the two
    world.step({"sd-ap1": silent, "sd-gw": silent})
    assert world.state("device:sd-ap1") == (State.UP, None)
    world.step({"sd-ap1": silent, "sd-gw": silent})
    assert world.state("device:sd-ap1") == (State.UNKNOWN, "parent_down")
    assert not [h for h in world.store.history("device:sd-ap1") if h[0] == "down"]


def test_a_child_that_answers_behind_a_dead_parent_is_up() -> None:
    world = one_school()
    world.step()
    world.steps(3, {"sd-gw": silent})
    assert world.state("device:sd-ap1") == (State.UP, None)


def test_a_child_that_stays_silent_after_its_parent_returned_is_down_from_its_own_first_miss() -> None:
    world = one_school()
    world.step()
    world.steps(3, default=silent)
    world.steps(3, {"sd-ap1": silent})
    assert world.store.history("device:sd-ap1") == [
        ("up", None, 0, 1), ("unknown", "parent_down", 1, 4), ("down", "silent", 4, None),
    ]  # fmt: skip


def test_an_unobserved_cycle_is_unknown_and_never_down() -> None:
    world = one_school()
    world.steps(2)
    world.steps(3, blind={"default": "anchors"})
    world.step()
    assert world.store.history("device:sd-gw") == [
        ("up", None, 0, 2), ("unknown", "unobserved", 2, 5), ("up", None, 5, None),
    ]  # fmt: skip
    assert world.store.history("site:sd")[1] == ("unknown", "unobserved", 2, 5)
    assert world.store.history("device:sd-gw", "snmp")[1] == ("unknown", "unobserved", 2, 5)


def test_misses_before_a_blind_cycle_do_not_count_after_it() -> None:
    world = one_school()
    world.steps(2)
    world.step({"sd-gw": silent})
    world.step(blind={"default": "anchors"})
    world.step({"sd-gw": silent})
    assert world.state("device:sd-gw") == (State.UNKNOWN, "unobserved")
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw")[-1] == ("down", "silent", 4, None)


def test_a_device_that_was_down_before_blind_cycles_is_down_at_the_first_miss_after_them() -> None:
    world = one_school()
    world.step()
    world.steps(2, {"sd-gw": silent})
    world.steps(2, blind={"default": "anchors"})
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw") == [
        ("up", None, 0, 1), ("down", "silent", 1, 3), ("unknown", "unobserved", 3, 5), ("down", "silent", 5, None),
    ]  # fmt: skip


def test_flapping_is_said_instead_of_up_until_an_hour_is_quieter() -> None:
    world = one_school()
    world.step()
    for _ in range(2):
        world.steps(2, {"sd-gw": silent})
        world.step()
    assert world.state("device:sd-gw") == (State.DEGRADED, "flapping")
    assert world.state("site:sd") == (State.DEGRADED, "flapping")
    world.steps(62)
    assert world.state("device:sd-gw") == (State.UP, None)


def test_a_refused_credential_is_not_silence() -> None:
    world = one_school()
    world.step({"sd-gw": refused})
    assert world.state("device:sd-gw") == (State.DEGRADED, "auth")


def test_ping_without_snmp_is_degraded_after_two_polls() -> None:
    world = one_school()
    world.step()
    world.step({"sd-gw": no_snmp})
    assert world.state("device:sd-gw") == (State.UP, None)
    world.step({"sd-gw": no_snmp})
    assert world.state("device:sd-gw") == (State.DEGRADED, "no_snmp")


def test_a_ping_that_may_not_be_asked_leaves_the_verdict_to_snmp() -> None:
    def only_snmp(reading: Reading) -> Reading:
        return replace(reading, row=replace(reading.row, snmp_ok=True))

    world = one_school()
    world.steps(2, default=only_snmp)
    assert world.state("device:sd-gw") == (State.UP, None)
    assert world.store.history("device:sd-gw", "ping") == []


@pytest.mark.parametrize(
    ("field", "bad", "cause"),
    [
        ("cpu_ratio", 0.95, "busy"),
        ("memory_ratio", 0.97, "memory"),
        ("temperature_c", 81.0, "hot"),
        ("loss_ratio", 0.34, "lossy"),
        ("disk_ratio", 0.99, "disk"),
    ],
)
def test_a_gauge_counts_after_three_polls_over_and_goes_after_three_within(field: str, bad: float, cause: str) -> None:
    world = one_school()
    world.steps(2, fields={"sd-gw": {field: bad}})
    assert world.state("device:sd-gw") == (State.UP, None)
    world.step(fields={"sd-gw": {field: bad}})
    assert world.state("device:sd-gw") == (State.DEGRADED, cause)
    assert world.state("site:sd") == (State.DEGRADED, cause)
    world.step(fields={"sd-gw": {field: None}})  # not told changes nothing
    world.steps(2, fields={"sd-gw": {field: 0.0}})
    assert world.state("device:sd-gw") == (State.DEGRADED, cause)
    world.step(fields={"sd-gw": {field: 0.0}})
    assert world.state("device:sd-gw") == (State.UP, None)


def test_seven_hundred_milliseconds_are_slow_over_fibre_and_usual_over_a_satellite() -> None:
    fibre, satellite = one_school(backhaul=Backhaul.FIBRE), one_school(backhaul=Backhaul.VSAT)
    for world in (fibre, satellite):
        world.steps(3, fields={"sd-gw": {"rtt_avg_ms": 700.0}})
    assert fibre.state("device:sd-gw") == (State.DEGRADED, "slow")
    assert satellite.state("device:sd-gw") == (State.UP, None)


def test_a_round_trip_is_slow_only_against_what_is_usual_for_the_device() -> None:
    world = one_school(backhaul=Backhaul.RADIO)
    world.steps(30, fields={"sd-gw": {"rtt_avg_ms": 200.0}})
    world.steps(3, fields={"sd-gw": {"rtt_avg_ms": 550.0}})
    assert world.state("device:sd-gw") == (State.UP, None)
    world.steps(3, fields={"sd-gw": {"rtt_avg_ms": 800.0}})
    assert world.state("device:sd-gw") == (State.DEGRADED, "slow")


def test_one_of_two_access_points_degrades_a_site_and_both_take_it_down() -> None:
    world = one_school(aps=2)
    world.step()
    world.steps(2, {"sd-ap1": silent})
    assert world.state("site:sd") == (State.DEGRADED, "some_devices")
    world.steps(2, {"sd-ap1": silent, "sd-ap2": silent})
    assert world.state("site:sd") == (State.DOWN, "all_aps")


def test_a_dark_camera_does_not_disturb_the_wifi_of_its_site() -> None:
    place, boxes = school("sd")
    world = World(inventory([place], [*boxes, device("sd-cam", "sd", Role.CAMERA)]))
    world.step()
    world.steps(2, {"sd-cam": silent})
    assert world.state("device:sd-cam") == (State.DOWN, "silent")
    assert world.state("site:sd") == (State.UP, None)


def test_a_site_is_full_when_its_clients_reach_its_capacity() -> None:
    world = one_school(aps=2, capacity_clients=50)
    world.steps(3, fields={"sd-ap1": {"clients": 20}, "sd-ap2": {"clients": 29}, "sd-gw": {"clients": 49}})
    assert world.state("site:sd") == (State.UP, None)
    world.steps(3, fields={"sd-ap1": {"clients": 20}, "sd-ap2": {"clients": 30}, "sd-gw": {"clients": 50}})
    assert world.state("site:sd") == (State.DEGRADED, "full")


def test_an_uplink_at_85_percent_of_its_plan_is_saturated() -> None:
    world = one_school(plan_down_mbps=10.0)
    world.steps(3, fields={"sd-gw": {"in_bps": 8.4e6}})
    assert world.state("site:sd") == (State.UP, None)
    world.steps(3, fields={"sd-gw": {"in_bps": 8.5e6}})
    assert world.state("site:sd") == (State.DEGRADED, "saturated")


def test_a_restart_after_a_short_pause_carries_the_intervals_on() -> None:
    world = one_school()
    world.steps(3)
    again = World(world.owned, store=world.store, poll=world.poll + 1)
    again.steps(2)
    assert again.store.history("device:sd-gw") == [("up", None, 0, None)]


def test_a_restart_after_a_long_pause_leaves_a_hole_that_is_unknown() -> None:
    world = one_school()
    world.steps(3)  # last seen at poll 2
    again = World(world.owned, store=world.store, poll=20)
    again.steps(2)
    assert again.store.history("device:sd-gw") == [
        ("up", None, 0, 2), ("unknown", "unobserved", 2, 20), ("up", None, 20, None),
    ]  # fmt: skip
    assert again.store.history("site:sd") == [
        ("up", None, 0, 2), ("unknown", "unobserved", 2, 20), ("up", None, 20, None),
    ]  # fmt: skip
    hole = again.store.intervals(["device:sd-gw"], "state", start=0, end=2**40)[1]
    assert hole.evidence == '{"why":"not_running"}'


def test_a_device_that_was_down_before_a_restart_is_down_at_its_first_miss_after_it() -> None:
    world = one_school()
    world.step()
    world.steps(2, {"sd-gw": silent})
    again = World(world.owned, store=world.store, poll=20)
    again.step({"sd-gw": silent})
    assert again.store.history("device:sd-gw")[1:] == [
        ("down", "silent", 1, 2), ("unknown", "unobserved", 2, 20), ("down", "silent", 20, None),
    ]  # fmt: skip


def test_a_step_of_the_clock_makes_a_hole_that_says_so() -> None:
    world = one_school()
    world.steps(3)
    world.health.clock_stepped()
    world.poll += 60
    world.step()
    hole = world.store.intervals(["device:sd-gw"], "state", start=0, end=2**40)[1]
    assert (hole.state, hole.cause, hole.evidence) == (State.UNKNOWN, "unobserved", '{"why":"clock_step"}')


def test_a_moved_device_changes_both_sites_from_the_moment_it_moves() -> None:
    first, second = site("a"), site("b")
    world = World(inventory([first, second], [device("x-gw", "a"), device("b-gw", "b")]))
    world.step()
    world.steps(2, {"x-gw": silent})
    assert world.state("site:a") == (State.DOWN, "silent")
    world.owned = inventory([first, second], [device("x-gw", "b"), device("b-gw", "b")], version="2")
    world.health.change(world.owned, world.now)
    world.steps(2, {"x-gw": silent})
    assert world.store.history("site:a")[-1] == ("down", "silent", 1, 3)
    assert world.state("site:b") == (State.DEGRADED, "some_devices")
    assert world.store.history("device:x-gw")[-1] == ("down", "silent", 1, None)


def test_a_device_that_is_no_longer_owned_ends() -> None:
    world = one_school(aps=2)
    world.step()
    place, boxes = school("sd", aps=1)
    world.owned = inventory([place], boxes, version="2")
    world.health.change(world.owned, world.now)
    world.step()
    assert world.store.history("device:sd-ap2") == [("up", None, 0, 1)]


def test_unchanged_intervals_are_confirmed_every_five_minutes_only() -> None:
    world = one_school()
    world.steps(2)
    before = world.store.writes
    world.steps(3)
    assert world.store.writes - before == 3  # the controller's own, once a cycle
    world.steps(4)
    seen = world.store.intervals(["device:sd-gw"], "state", start=0, end=2**40)[0].seen
    assert seen is not None
    assert (seen - world.store.intervals(["device:sd-gw"], "state", start=0, end=2**40)[0].start) >= 300


def test_what_the_store_did_not_take_is_written_when_it_answers_again() -> None:
    world = one_school()
    world.step()
    world.store.away = True
    world.steps(2, {"sd-gw": silent})
    assert world.store.history("device:sd-gw") == [("up", None, 0, None)]
    world.store.away = False
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw") == [("up", None, 0, 1), ("down", "silent", 1, None)]
    assert len(world.store.outage) == 1


def test_three_misses_may_be_asked_for() -> None:
    place, boxes = school("sd")
    world = World(inventory([place], boxes), limits=Thresholds(misses=3))
    world.step()
    world.steps(2, {"sd-gw": silent})
    assert world.state("device:sd-gw") == (State.UP, None)
    world.step({"sd-gw": silent})
    assert world.store.history("device:sd-gw")[-1] == ("down", "silent", 1, None)
    assert up is not silent
