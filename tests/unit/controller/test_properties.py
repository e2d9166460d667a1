"""Whatever happens to a small network, its intervals tile time and blame nobody for what could not be seen."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from measurements.intervals import State
from tests.unit.controller.world import START, STEP, World, device, inventory, school, silent, site, up

BOXES = ("menara-gw", "sd-gw", "sd-ap1")

#: One poll: who is silent; None: the cycle is blind; a number: so many polls nobody ran the controller.
EVENTS = st.lists(
    st.one_of(st.sets(st.sampled_from(BOXES)), st.none(), st.integers(min_value=1, max_value=30)),
    min_size=1, max_size=40,
)  # fmt: skip


def network() -> World:
    place, boxes = school("sd", parent="menara-gw")
    return World(inventory([site("menara"), place], [device("menara-gw", "menara"), *boxes]))


def live(events: list[set[str] | int | None]) -> tuple[World, list[int]]:
    """The world after these events, and the polls that were blind."""
    world, blind = network(), []
    for event in events:
        if event is None:
            blind.append(world.poll)
            world.step(blind={"default": "anchors"})
        elif isinstance(event, int):
            world = World(world.owned, store=world.store, poll=world.poll + event)
        else:
            world.step({box: silent if box in event else up for box in BOXES})
    return world, blind


@settings(max_examples=120, deadline=None)
@given(EVENTS)
def test_intervals_of_a_subject_follow_one_another_without_overlap_or_hole(events: list[set[str] | int | None]) -> None:
    world, _ = live(events)
    for subject in (*(f"device:{b}" for b in BOXES), "site:sd", "site:menara"):
        for question in ("state", "ping", "snmp"):
            found = world.store.intervals([subject], question, start=0, end=2**40)
            assert all(a.end == b.start for a, b in pairwise(found))
            assert all(i.end is None or i.end > i.start for i in found)
            assert [i.end for i in found[-1:]] in ([], [None])
            assert all((a.state, a.cause) != (b.state, b.cause) for a, b in pairwise(found))
            assert all(i.seen is None or i.seen >= i.start for i in found)


@settings(max_examples=120, deadline=None)
@given(EVENTS)
def test_no_device_is_up_or_down_at_a_time_that_was_blind(events: list[set[str] | int | None]) -> None:
    world, blind = live(events)
    for box in BOXES:
        for interval in world.store.intervals([f"device:{box}"], "state", start=0, end=2**40):
            if interval.state not in (State.UP, State.DOWN, State.DEGRADED):
                continue
            end = interval.end if interval.end is not None else interval.seen or interval.start
            assert not [p for p in blind if interval.start <= START + p * STEP < end]


@settings(max_examples=120, deadline=None)
@given(EVENTS)
def test_a_device_is_down_only_from_a_poll_that_it_did_not_answer(events: list[set[str] | int | None]) -> None:
    world, _ = live(events)
    for box in BOXES:
        answers = world.store.intervals([f"device:{box}"], "snmp", start=0, end=2**40)
        for down in world.store.intervals([f"device:{box}"], "state", start=0, end=2**40):
            if down.state is State.DOWN:
                (during,) = [a for a in answers if a.start <= down.start and (a.end is None or a.end > down.start)]
                assert during.state is State.DOWN


@settings(max_examples=120, deadline=None)
@given(EVENTS)
def test_open_outages_are_exactly_the_sites_that_fail_now_or_were_failing_when_last_seen(
    events: list[set[str] | int | None],
) -> None:
    world, _ = live([*events, set()])
    failing = set()
    for name in ("sd", "menara"):
        found = world.store.intervals([f"site:{name}"], "state", start=0, end=2**40)
        if found and found[-1].state in (State.DOWN, State.DEGRADED):
            failing.add(name)
    named = {s for o in world.store.outage.values() if o.ended is None for s in o.sites}
    assert failing <= named
    assert bool(named) is bool(failing)
