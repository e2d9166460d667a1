"""One device, one change: what it ends as, and what the router holds then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.journal.errors import LeaseLost
from controller.rollout.options import Options
from controller.rollout.records import Step
from devices.configuring.dialect import GuardKind
from devices.configuring.secrets import mark
from tests.unit.rollout.boxes import FakeDialect, Fault, applied
from tests.unit.rollout.province import BASE, CHANGE, Province

GUARDED = (GuardKind.TIMER, GuardKind.RELOAD, GuardKind.HELD)


@pytest.fixture
def provinces(tmp_path: Path) -> Iterator[Any]:
    opened: list[Province] = []

    def build(**more: Any) -> Province:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(Province(folder, **more))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


@pytest.mark.parametrize("guard", GUARDED)
def test_a_good_change_is_sent_verified_confirmed_and_saved(provinces: Any, guard: GuardKind) -> None:
    world = provinces(guard=guard)
    order = world.begin()
    seen: list[Step] = []
    outcome = world.push(order, on_step=lambda d, step, *, acted: None if acted else seen.append(step))
    assert outcome.step is Step.OK
    assert seen == [
        Step.PRECHECKING, Step.BACKING_UP, Step.ARMING, Step.SENDING, Step.VERIFYING, Step.CONFIRMING, Step.SAVING,
        Step.OK,
    ]  # fmt: skip
    box = world.boxes.look("a")
    assert box.running == box.saved == applied(BASE, CHANGE)
    assert not box.guards
    world.clock.sleep(10_000)
    assert world.boxes.look("a").running == applied(BASE, CHANGE)
    assert world.journal.rollouts.lease("device:a") is None
    assert world.journal.rollouts.audit.verify() is None


@pytest.mark.parametrize("guard", GUARDED)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("refuse me", "refused"), ("cut off", "link_lost"), ("shut wan", "uplink_down"), ("empty air", "clients_lost"),
    ],
)  # fmt: skip
def test_a_bad_change_is_undone_and_the_old_configuration_seen(
    provinces: Any, guard: GuardKind, line: str, reason: str
) -> None:
    world = provinces(guard=guard)
    order = world.begin(lines=("dns 10.9.9.9", line))
    outcome = world.push(order)
    assert (outcome.step, outcome.reason) == (Step.ROLLED_BACK, reason)
    assert world.is_base("a")


def test_a_change_that_restarts_the_device_is_undone(provinces: Any) -> None:
    world = provinces()
    outcome = world.push(world.begin(lines=("dns 10.9.9.9", "crash now")))
    assert outcome.step is Step.ROLLED_BACK
    assert world.is_base("a")


def test_a_line_that_was_lost_on_the_way_is_noticed(provinces: Any) -> None:
    class Forgetful(FakeDialect):
        def send(self, session: Any, lines: Any) -> None:
            super().send(session, lines[:-1])

    world = provinces(dialect=Forgetful(GuardKind.TIMER))
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (Step.ROLLED_BACK, "lines_missing")
    assert world.is_base("a")


def test_a_side_effect_that_nobody_meant_is_undone(provinces: Any) -> None:
    class Sloppy(FakeDialect):
        def send(self, session: Any, lines: Any) -> None:
            super().send(session, [*lines, "extra thing"])

    world = provinces(dialect=Sloppy(GuardKind.TIMER))
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (Step.ROLLED_BACK, "unexpected")


def test_another_configuration_than_planned_for_is_drift_and_nothing_is_sent(provinces: Any) -> None:
    world = provinces()
    with world.boxes.box("a") as box:
        box.running.append("motd somebody was here")
    assert world.push(world.begin()).step is Step.DRIFTED
    assert world.boxes.look("a").sent == 0


def test_a_device_that_says_it_all_already_is_unchanged(provinces: Any) -> None:
    world = provinces()
    order = world.begin()
    with world.boxes.box("a") as box:
        box.running = applied(BASE, CHANGE)
    assert world.push(order).step is Step.UNCHANGED
    assert world.boxes.look("a").sent == 0


@pytest.mark.parametrize(
    ("fault", "step", "reason"),
    [
        (Fault("unreachable", name="open"), Step.OFFLINE, "offline"),
        (Fault("garbage", name="obstacles"), Step.REFUSED, "unexpected_reply"),
        (Fault("lost", name="fetch"), Step.OFFLINE, "offline"),
        (Fault("broken", name="fetch"), Step.REFUSED, "internal"),
    ],
)
def test_what_fails_before_sending_leaves_the_router_alone(
    provinces: Any, fault: Fault, step: Step, reason: str
) -> None:
    world = provinces()
    world.sessions.faults["a"] = [fault]
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (step, reason)
    world.clock.sleep(100)
    assert world.is_base("a")


def test_a_changed_host_key_is_refused_and_never_tried_again(provinces: Any) -> None:
    world = provinces()
    with world.boxes.box("a") as box:
        box.key = "another"
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (Step.REFUSED, "host_key")
    assert world.sessions.opened == 1


def test_a_foreign_guard_is_an_obstacle(provinces: Any) -> None:
    world = provinces()
    with world.boxes.box("a") as box:
        box.guards["foreign"] = ["held", 0.0, list(BASE)]
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (Step.REFUSED, "obstacle")


def test_a_full_flash_undoes_the_change_and_leaves_no_half_saved_file(provinces: Any) -> None:
    world = provinces()
    with world.boxes.box("a") as box:
        box.full = True
    outcome = world.push(world.begin())
    assert outcome.step is Step.ROLLED_BACK
    assert world.is_base("a")


def test_without_room_for_the_copy_nothing_is_sent(provinces: Any) -> None:
    world = provinces()
    world.copies.full = True
    outcome = world.push(world.begin())
    assert (outcome.step, outcome.reason) == (Step.REFUSED, "no_copy")
    assert world.boxes.look("a").sent == 0


def test_without_a_guard_it_needs_the_flag_and_never_touches_the_management_path(provinces: Any) -> None:
    for options, warnings, step in (
        (Options(), (), Step.REFUSED),
        (Options(allow_unguarded=True), ("management_path",), Step.REFUSED),
        (Options(allow_unguarded=True), (), Step.OK),
    ):
        world = provinces(guard=GuardKind.NONE)
        assert world.push(world.begin(options=options, warnings=warnings)).step is step


def test_a_guard_that_the_device_cannot_do_falls_to_the_next_weaker(provinces: Any) -> None:
    class OnlyReload(FakeDialect):
        def arm(self, session: Any, token: str, seconds: int, base: str, kind: GuardKind) -> Any:
            self._arms = kind is GuardKind.RELOAD
            return super().arm(session, token, seconds, base, kind)

    world = provinces(dialect=OnlyReload(GuardKind.TIMER, GuardKind.RELOAD))
    order = world.begin()
    assert world.push(order).step is Step.OK
    assert world.progress(order).facts["guard"] == "reload"
    world = provinces(dialect=FakeDialect(GuardKind.TIMER, arms=False))
    assert world.push(world.begin()).reason == "no_guard"


def test_the_guard_waits_longer_on_a_slow_link(provinces: Any) -> None:
    waits = []
    for seconds in (0.0, 40.0):
        world = provinces()
        world.sessions.faults["a"] = [Fault("slow", name="obstacles", seconds=seconds)]
        order = world.begin()
        assert world.push(order).step is Step.OK
        waits.append(world.progress(order).facts["guard_s"])
    assert waits[0] == 90
    assert 240 <= waits[1] <= 900


def test_a_secret_is_filled_in_only_for_the_device(provinces: Any) -> None:
    world = provinces(secrets={"env:PSK": "rahasia-sekali"})
    order = world.begin(lines=("password " + mark("env:PSK"), "refuse " + mark("env:PSK")))
    outcome = world.push(order)
    assert outcome.step is Step.ROLLED_BACK
    raw = (world.folder / "journal.db").read_bytes()
    assert b"rahasia" not in raw
    assert "rahasia" not in str(outcome)
    world = provinces(secrets={"env:PSK": "rahasia-sekali"})
    assert world.push(world.begin(lines=("password " + mark("env:PSK"),))).step is Step.OK
    assert "password rahasia-sekali" in world.boxes.look("a").running


def test_a_secret_that_cannot_be_had_or_said_stops_before_anything_is_sent(provinces: Any) -> None:
    world = provinces(secrets={"env:PSK": "two\nlines"})
    outcome = world.push(world.begin(lines=("password " + mark("env:PSK"),)))
    assert (outcome.step, outcome.reason) == (Step.REFUSED, "credential")


def test_two_hands_on_one_device_and_the_second_leaves_it_alone(provinces: Any) -> None:
    world = provinces()
    order = world.begin()
    assert world.journal.rollouts.take_lease("device:a", "somebody", "speed test", world.clock.now(), 60)
    assert world.push(order) is None
    assert world.progress(order).step is Step.WAITING


def test_a_hand_that_slept_through_its_lock_does_nothing_more(provinces: Any) -> None:
    world = provinces()
    order = world.begin()

    def steal(device: str, step: Step, *, acted: bool) -> None:
        if step is Step.ARMING and acted:
            world.clock.sleep(world.pace.lease_s + 1)
            assert world.journal.rollouts.take_lease("device:a", "thief", "rollout", world.clock.now(), 60)

    with pytest.raises(LeaseLost):
        world.push(order, on_step=steal)
    assert world.boxes.look("a").sent == 0
    assert world.progress(order).step is Step.ARMING


def test_an_undo_that_does_not_take_is_said(provinces: Any) -> None:
    class Stubborn(FakeDialect):
        def undo(self, session: Any, guard: Any, base: str) -> None:
            with session.act("undo") as box:
                box.guards.pop(guard.token, None)

    world = provinces(dialect=Stubborn(GuardKind.TIMER))
    outcome = world.push(world.begin(lines=("shut wan",)))
    assert outcome.step is Step.ROLLBACK_FAILED


def test_a_device_that_never_answers_again_is_unknown_and_not_judged_before_its_guard(provinces: Any) -> None:
    world = provinces()
    order = world.begin()
    world.sessions.faults["a"] = [Fault("unreachable", name="line", seconds=1e6)]
    began = world.clock.now()
    assert world.push(order).step is Step.UNKNOWN
    assert world.clock.now() - began >= world.progress(order).facts["guard_s"]


def test_a_link_that_comes_back_after_the_guard_fired_shows_the_old_configuration(provinces: Any) -> None:
    world = provinces()
    world.sessions.faults["a"] = [Fault("unreachable", nth=9, seconds=95.0)]
    order = world.begin()
    assert world.push(order).step is Step.ROLLED_BACK
    assert world.is_base("a")


def test_a_device_that_never_took_anything_is_not_restarted_for_nothing(provinces: Any) -> None:
    undone: list[str] = []

    class Watched(FakeDialect):
        def undo(self, session: Any, guard: Any, base: str) -> None:
            undone.append(guard.token)
            super().undo(session, guard, base)

    world = provinces(dialect=Watched(GuardKind.RELOAD))
    outcome = world.push(world.begin(lines=("refuse me",)))
    assert (outcome.step, outcome.reason) == (Step.ROLLED_BACK, "refused")
    assert undone == []
    assert world.is_base("a")
