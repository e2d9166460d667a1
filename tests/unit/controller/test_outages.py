"""Which failures are one outage, under which id, for how many people: small worlds worked out by hand."""

from __future__ import annotations

import json
from typing import Any

from devices.model import SiteKind
from measurements.outages import Outage
from tests.unit.controller.world import STEP, World, device, inventory, school, silent, site

#: Degrees of longitude at the equator in 10 km.
TEN_KM = 10 / 111.195


def facts(outage: Outage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outage.evidence or "{}")
    return found


def schools(*places: tuple[str, str, float]) -> World:
    """Schools (name, district, degrees east), without a common parent."""
    built = [school(name, area=f"{area}.1001", lon=109.0 + lon) for name, area, lon in places]
    return World(inventory([s for s, _ in built], [d for _, boxes in built for d in boxes]))


def open_now(world: World) -> list[Outage]:
    return [o for o in world.store.outage.values() if o.ended is None]


def gateways(*names: str) -> dict[str, Any]:
    return {f"{n}-{box}": silent for n in names for box in ("gw", "ap1")}


def test_one_dead_gateway_is_one_outage_with_its_cause_and_people() -> None:
    world = schools(("a", "61.71.01", 0.0), ("b", "61.71.02", 1.0))
    world.step()
    world.steps(2, gateways("a"))
    (outage,) = open_now(world)
    assert (outage.state, outage.cause, outage.sites, outage.people) == ("down", "silent", ("a",), 100)
    assert outage.devices == ("a-ap1", "a-gw")
    assert outage.root == "a-gw"


def test_imported_people_are_counted_from_the_next_poll_on() -> None:
    built = schools(("a", "61.71.01", 0.0))
    heads = {"a": 100}
    world = World(built.owned, people=heads)
    world.step()
    world.steps(2, gateways("a"))
    heads["a"] = 250
    world.health.recount()
    world.steps(20, gateways("a"))
    (outage,) = open_now(world)
    assert outage.people == 250


def test_sites_behind_one_dead_device_are_one_outage_with_that_root() -> None:
    tower = site("menara", kind=SiteKind.TOWER)
    built = [school(n, parent="menara-gw", lon=109.0 + i) for i, n in enumerate("abc")]
    world = World(
        inventory(
            [tower, *[s for s, _ in built]], [device("menara-gw", "menara"), *[d for _, boxes in built for d in boxes]]
        ),
        people={"a": 10, "b": 20, "c": 30},
    )
    world.step()
    world.steps(3, default=silent)
    (outage,) = open_now(world)
    assert (outage.cause, outage.root, outage.people) == ("uplink_down", "menara-gw", 60)
    assert outage.sites == ("a", "b", "c", "menara")


def test_the_root_is_the_highest_failed_device() -> None:
    built = school("a", parent="hill-gw")
    world = World(
        inventory(
            [site("pop", kind=SiteKind.POP), site("hill", kind=SiteKind.TOWER), built[0]],
            [device("pop-gw", "pop"), device("hill-gw", "hill", parent="pop-gw"), *built[1]],
        )
    )
    world.step()
    world.steps(3, default=silent)
    (outage,) = open_now(world)
    assert outage.root == "pop-gw"


def test_three_sites_of_a_district_that_go_down_together_are_a_power_cut() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.71.01", 1), ("c", "61.71.01", 2), ("d", "61.72.01", 3))
    world.step()
    world.steps(2, gateways("a", "b", "c", "d"))
    causes = {o.cause: o.sites for o in open_now(world)}
    assert causes == {"power_cut": ("a", "b", "c"), "silent": ("d",)}


def test_three_sites_within_fifteen_kilometres_are_a_power_cut_across_districts() -> None:
    near = schools(("a", "61.71.01", 0), ("b", "61.72.01", TEN_KM), ("c", "61.73.01", 1.4 * TEN_KM))
    far = schools(("a", "61.71.01", 0), ("b", "61.72.01", TEN_KM), ("c", "61.73.01", 1.6 * TEN_KM))
    for world in (near, far):
        world.step()
        world.steps(2, gateways("a", "b", "c"))
    assert [o.cause for o in open_now(near)] == ["power_cut"]
    assert [o.cause for o in open_now(far)] == ["silent"] * 3


def test_sites_that_fall_more_than_three_minutes_apart_are_no_power_cut() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.71.01", 1), ("c", "61.71.01", 2))
    world.step()
    world.steps(2, gateways("a", "b"))
    world.steps(2)
    world.steps(2, gateways("a", "b"))
    world.steps(2, gateways("a", "b"))
    world.steps(2, gateways("a", "b", "c"))
    assert [o.cause for o in open_now(world)] == ["silent"] * 3


def test_an_outage_that_grows_into_a_power_cut_keeps_the_oldest_id_and_the_others_merge_into_it() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.71.01", 1), ("c", "61.71.01", 2))
    world.step()
    world.step(gateways("a"))
    world.step(gateways("a", "b"))
    first = {o.sites: o.id for o in open_now(world)}[("a",)]
    world.steps(2, gateways("a", "b", "c"))
    (outage,) = open_now(world)
    assert (outage.id, outage.cause, outage.sites) == (first, "power_cut", ("a", "b", "c"))
    merged = [o for o in world.store.outage.values() if o.ended is not None]
    assert [facts(o)["merged_into"] for o in merged] == [first]


def test_a_site_that_recovers_stays_named_and_the_outage_ends_with_the_last_one() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.71.01", 1), ("c", "61.71.01", 2))
    world.step()
    world.steps(2, gateways("a", "b", "c"))
    (before,) = open_now(world)
    world.steps(2, gateways("c"))
    (after,) = open_now(world)
    assert after.id == before.id
    assert after.sites == ("a", "b", "c")
    assert facts(after)["sites_now"] == ["c"]
    world.step()
    assert open_now(world) == []
    assert world.store.outage[before.id].ended == world.now - STEP


def test_person_hours_count_those_without_service_and_only_while_observed() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.75.01", 5))
    world.step()
    world.steps(31, gateways("a"))  # first miss at poll 1; at the last of these 30 minutes have passed
    world.steps(10, blind={"default": "anchors"})
    world.step(gateways("a"))
    world.step()
    (outage,) = world.store.outage.values()
    assert outage.ended == world.now - STEP
    # 100 people: thirty minutes before the blind time and one after it; the eleven between are not counted.
    assert facts(outage)["person_hours"] == 51.67


def test_a_blind_cycle_neither_opens_nor_ends_an_outage() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.75.01", 5))
    world.step()
    world.steps(2, gateways("a"))
    (before,) = open_now(world)
    world.steps(5, blind={"default": "anchors"})
    (during,) = open_now(world)
    assert during.id == before.id
    world.step(gateways("a"))
    (after,) = open_now(world)
    assert after.id == before.id


def test_an_outage_survives_a_restart_under_its_id() -> None:
    world = schools(("a", "61.71.01", 0), ("b", "61.75.01", 5))
    world.step()
    world.steps(2, gateways("a"))
    (before,) = open_now(world)
    again = World(world.owned, store=world.store, poll=world.poll + 30)
    again.step(gateways("a"))
    (after,) = open_now(again)
    assert after.id == before.id
    again.step()
    assert open_now(again) == []


def test_a_degraded_site_is_an_outage_that_costs_no_person_hours() -> None:
    place, boxes = school("a", aps=2)
    world = World(inventory([place], boxes))
    world.step()
    world.steps(20, {"a-ap1": silent})
    (outage,) = open_now(world)
    assert (outage.state, outage.cause) == ("degraded", "some_devices")
    assert facts(outage)["person_hours"] == 0


def test_opened_and_closed_outages_are_told() -> None:
    world = schools(("a", "61.71.01", 0))
    world.step()
    world.step(gateways("a"))
    opened = world.step(gateways("a"))
    assert [h.kind for h in opened.happenings] == ["outage"]
    closed = world.step()
    assert [h.kind for h in closed.happenings] == ["outage_closed"]
