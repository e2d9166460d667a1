"""Whole rollouts: waves, budget, gates, stops, crashes, and never two devices of one site at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.journal.holders import myself
from controller.journal.records import RequestState
from controller.rollout.executor import ExecutorBusy
from controller.rollout.gate import Measured
from controller.rollout.options import Options
from controller.rollout.records import RolloutState, Step
from devices.configuring.dialect import GuardKind
from tests.unit.rollout.boxes import Fault, Killed, applied
from tests.unit.rollout.province import BASE, CHANGE, Later, Province
from tests.unit.rollout.test_faults import Killing, province, template  # noqa: F401

QUICK = Options(settle_s=5.0, waves=(0.25, 1.0), budget=0.2, retry_s=60.0, valid_h=2.0)
NAMES = tuple(f"d{n:02}" for n in range(12))


@pytest.fixture
def world(template: Path) -> Iterator[Province]:  # noqa: F811
    with province(template, names=NAMES) as built:
        yield built


def started(world: Province, options: Options = QUICK, lines: Any = CHANGE, **bad: tuple[str, ...]) -> Any:
    """An executor with a rollout asked for; `bad`: other lines for some devices."""
    plan = world.plan([world.planned(n, bad.get(n, lines)) for n in world.inventory.devices], options)
    executor = world.executor()
    executor.begin()
    world.ask("rollout.start", plan=plan)
    return executor


def test_a_good_change_passes_every_wave_and_gate(world: Province) -> None:
    found = world.run(started(world))
    assert found.state is RolloutState.DONE
    assert set(world.steps().values()) == {Step.OK}
    assert [gate["verdict"] for gate in found.gates] == ["pass", "pass", "pass"]
    assert all(world.boxes.look(n).saved == applied(BASE, CHANGE) for n in NAMES)
    assert world.journal.requests()[0].result == {"rollout": found.id}
    assert world.journal.rollouts.audit.verify() is None


def test_two_that_break_stop_the_wave_and_the_rest_stays_untouched(world: Province) -> None:
    bad = dict.fromkeys(NAMES[:11], ("dns 10.9.9.9", "shut wan"))
    found = world.run(started(world, **bad))
    assert found.state is RolloutState.STOPPED
    assert found.why["reason"] == "budget"
    steps = world.steps()
    assert sum(1 for s in steps.values() if s is Step.ROLLED_BACK) == 2
    assert all(world.is_base(n) for n, s in steps.items() if s is not Step.OK)
    assert sum(world.boxes.look(n).sent for n in NAMES) == sum(1 for s in steps.values() if s is not Step.SKIPPED)


def test_an_undo_that_failed_stops_at_once(world: Province) -> None:
    executor = started(world)
    world.sessions.faults[NAMES[3]] = [Fault("unreachable", name="line", seconds=1e7)]
    found = world.run(executor)
    assert (found.state, found.why["reason"]) == (RolloutState.STOPPED, "state_unknown")
    assert world.steps()[NAMES[3]] is Step.UNKNOWN


def test_a_gate_that_fails_stops_and_keeps_what_it_measured(world: Province) -> None:
    executor = started(world)
    world.poller.now = Measured(asked=1, answering=1, clients=1.0, bps=2e6, errors_per_h=0)
    world.poller.before = Measured(asked=1, answering=1, clients=50.0, bps=2e6, errors_per_h=0)
    found = world.run(executor)
    assert (found.state, found.why) == (RolloutState.STOPPED, {"reason": "gate", "wave": 0, "measures": ["clients"]})
    assert found.gates[0]["measures"][1]["before"] == 50.0
    assert sorted(world.steps().values()).count(Step.OK) == 1


def test_a_gate_waits_for_a_device_that_is_polled_seldom(world: Province) -> None:
    executor = started(world)
    well = Measured(asked=1, answering=1, clients=20.0, bps=2e6, errors_per_h=0)
    world.poller.before, world.poller.now = well, Measured()
    for _ in range(30):  # quickly settled, but nobody was polled yet
        executor.tick()
        world.clock.sleep(2.0)
    running = world.newest()
    assert running is not None
    assert (running.state, running.gates) == (RolloutState.RUNNING, ())
    world.poller.before = world.poller.now = None
    assert world.run(executor).state is RolloutState.DONE


def test_a_gate_that_nobody_polls_at_last_fails(world: Province) -> None:
    executor = started(world)
    world.poller.before = Measured(asked=1, answering=1, clients=20.0, bps=2e6, errors_per_h=0)
    world.poller.now = Measured()
    found = world.run(executor, step_s=20.0)
    assert (found.state, found.why["reason"]) == (RolloutState.STOPPED, "gate")


def test_an_operators_stop_lets_what_is_under_way_finish(world: Province) -> None:
    later = Later()
    plan = world.plan([world.planned(n) for n in NAMES], Options(settle_s=0.0, waves=(1.0,)))
    executor = world.executor(later)
    executor.begin()
    world.ask("rollout.start", plan=plan)
    executor.tick()
    for _ in range(3):  # the canary, and then one more for each that went well
        later.do(0)
        for _ in range(3):
            executor.tick()
    assert len(later.jobs) == 4
    newest = world.newest()
    assert newest is not None
    world.ask("rollout.stop", who="ani", rollout=newest.id)
    executor.tick()
    running = world.newest()
    assert running is not None
    assert running.state is RolloutState.RUNNING
    while later.jobs:
        later.do(0)
    found = world.run(executor)
    assert (found.state, found.why["reason"]) == (RolloutState.STOPPED, "asked")
    ends = list(world.steps().values())
    assert (ends.count(Step.OK), ends.count(Step.SKIPPED)) == (7, 5)


def test_an_offline_device_is_tried_again_until_it_comes_back(world: Province) -> None:
    with world.boxes.box(NAMES[5]) as box:
        box.down_until = world.clock.monotonic() + 1000.0
    found = world.run(
        started(world, Options(settle_s=0.0, retry_s=60.0, waves=(1.0,), budget=0.5)), ticks=400, step_s=5.0
    )
    assert found.state is RolloutState.DONE
    last = next(d for d in found.devices if d.device == NAMES[5])
    assert (last.step, last.attempt > 2) == (Step.OK, True)
    audited = [e.act for e in world.journal.rollouts.audit.entries(subject=f"device:{NAMES[5]}")]
    assert audited.count("device.offline") == 1


def test_an_offline_device_expires_with_the_plan(world: Province) -> None:
    with world.boxes.box(NAMES[5]) as box:
        box.down_until = 1e12
    found = world.run(
        started(world, Options(settle_s=0.0, waves=(1.0,), budget=0.5, valid_h=1.0)), ticks=400, step_s=30.0
    )
    assert found.state is RolloutState.EXPIRED
    assert world.steps()[NAMES[5]] is Step.OFFLINE


def test_outside_its_window_it_pauses(world: Province) -> None:
    # The virtual clock begins on a Wednesday, 18:06 in Pontianak.
    options = Options(settle_s=0.0, window="19:00-20:00", waves=(1.0,))
    executor = started(world, options)
    for _ in range(3):
        executor.tick()
    paused = world.newest()
    assert paused is not None
    assert (paused.state, paused.why) == (RolloutState.PAUSED, {"reason": "window"})
    found = world.run(executor, ticks=100, step_s=60.0)
    assert found.state is RolloutState.DONE


def test_a_second_executor_is_refused_while_the_first_lives_and_follows_when_it_is_dead(world: Province) -> None:
    first = world.executor(holder=myself("executor"))
    first.begin()
    with pytest.raises(ExecutorBusy):
        world.executor(holder="executor@test/9/9/9").begin()
    head, pid, start = myself("executor").rsplit("/", 2)
    world.journal.rollouts.release("executor", myself("executor"))
    dead = world.executor(holder=f"{head}/{pid}/{int(start) - 1}")
    dead.begin()
    world.executor(holder=myself("executor")).begin()


def test_two_engineers_who_push_at_once_send_it_once(world: Province) -> None:
    plan = world.plan([world.planned(n) for n in NAMES], Options(settle_s=0.0, waves=(1.0,)))
    world.ask("rollout.start", who="siti", plan=plan)
    world.ask("rollout.start", who="ani", plan=plan)
    world.ask("rollout.start", who="siti", plan=plan)
    executor = world.executor()
    executor.begin()
    found = world.run(executor)
    told = {r.who: (r.state, dict(r.result or {}).get("reason")) for r in world.journal.requests()}
    assert found.state is RolloutState.DONE
    assert told["ani"] == (RequestState.FAILED, "under_way")
    assert all(world.boxes.look(n).sent == 1 for n in NAMES)


def test_two_plans_for_the_same_devices_do_not_mix(world: Province) -> None:
    options = Options(settle_s=0.0, waves=(1.0,), budget=1.0, canary_budget=12)
    one = world.plan([world.planned(n) for n in NAMES], options)
    two = world.plan([world.planned(n, ("dns 10.7.7.7",)) for n in NAMES], options, author="ani")
    executor = world.executor()
    executor.begin()
    world.ask("rollout.start", plan=one)
    world.ask("rollout.start", plan=two)
    for _ in range(30):
        executor.tick()
        world.clock.sleep(1.0)
    ends = [{d.step for d in (world.journal.rollouts.rollout(n) or pytest.fail("gone")).devices} for n in (1, 2)]
    boxes = [world.boxes.look(n) for n in NAMES]
    assert all(
        sorted(box.running) in (sorted(applied(BASE, CHANGE)), sorted(applied(BASE, ["dns 10.7.7.7"]))) for box in boxes
    )
    assert all(box.sent == 1 for box in boxes)
    assert Step.DRIFTED in ends[0] | ends[1]


def test_after_a_crash_the_device_in_the_middle_is_examined_and_a_resume_goes_on(world: Province) -> None:
    plan = world.plan([world.planned(n) for n in NAMES], QUICK)
    world.ask("rollout.start", plan=plan)
    first = world.executor(on_step=Killing(Step.VERIFYING, acted=False))
    first.begin()
    with pytest.raises(Killed):
        world.run(first)
    world.clock.sleep(200.0)  # leases run out; the guard has fired
    second = world.executor(holder="executor@test/2/2/2")
    second.begin()
    stopped = world.run(second)
    assert (stopped.state, stopped.why["reason"]) == (RolloutState.STOPPED, "interrupted")
    (canary,) = [d for d in stopped.devices if d.wave == 0]
    assert canary.step is Step.ROLLED_BACK
    assert world.is_base(canary.device)
    world.ask("rollout.resume", rollout=stopped.id)
    done = world.run(second)
    assert done.state is RolloutState.DONE
    assert world.steps()[canary.device] is Step.ROLLED_BACK  # nothing is sent twice
    assert sum(world.boxes.look(n).sent for n in NAMES) == len(NAMES)


def test_a_clean_restart_goes_on_by_itself(world: Province) -> None:
    executor = started(world)
    for _ in range(3):
        executor.tick()
        world.clock.sleep(1.0)
    world.clock.sleep(200.0)
    second = world.executor(holder="executor@test/2/2/2")
    second.begin()
    assert world.run(second).state is RolloutState.DONE


def test_a_resume_after_the_budget_takes_the_skipped_and_not_the_failed(world: Province) -> None:
    bad = {NAMES[n]: ("dns 10.9.9.9", "shut wan") for n in (0, 1, 2, 3)}
    executor = started(world, Options(settle_s=0.0, waves=(1.0,), budget=0.1), **bad)
    stopped = world.run(executor)
    assert stopped.state is RolloutState.STOPPED
    for _ in range(6):
        now = world.newest()
        assert now is not None
        if now.state is RolloutState.DONE:
            break
        world.ask("rollout.resume", rollout=stopped.id)
        world.run(executor)
    assert sorted(n for n, s in world.steps().items() if s is Step.ROLLED_BACK) == list(NAMES[:4])
    assert all(world.boxes.look(n).sent == 1 for n in NAMES)


def test_a_device_that_is_no_longer_owned_is_refused(world: Province) -> None:
    executor = started(world, Options(settle_s=0.0, waves=(1.0,), budget=0.5))
    del world.inventory.devices[NAMES[4]]  # type: ignore[attr-defined]
    found = world.run(executor)
    assert found.state is RolloutState.DONE
    assert world.steps()[NAMES[4]] is Step.REFUSED


def test_unguarded_devices_go_one_at_a_time(tmp_path: Path) -> None:
    world = Province(tmp_path, NAMES[:5], guard=GuardKind.NONE)
    later = Later()
    options = Options(settle_s=0.0, waves=(1.0,), allow_unguarded=True)
    plan = world.plan([world.planned(n) for n in NAMES[:5]], options)
    executor = world.executor(later)
    executor.begin()
    world.ask("rollout.start", plan=plan)
    for _ in range(12):
        executor.tick()
        assert len(later.jobs) <= 1
        if later.jobs:
            later.do(0)
    assert set(world.steps().values()) == {Step.OK}
    world.close()


def test_a_request_that_makes_no_sense_is_answered(world: Province) -> None:
    executor = world.executor()
    executor.begin()
    for kind, payload in (("rollout.start", {"plan": 99}), ("rollout.start", {}), ("rollout.resume", {"rollout": 5})):
        world.journal.ask(kind, payload, who="siti", at=1.0)
    executor.tick()
    assert {r.state for r in world.journal.requests()} == {RequestState.FAILED}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_any_order_of_ends_no_site_has_two_under_way_and_the_budget_holds(template: Path, data: Any) -> None:  # noqa: F811
    sites = {name: f"s{data.draw(st.integers(0, 4))}" for name in NAMES}
    parents = {NAMES[n]: NAMES[n - 1] for n in range(1, 4)} if data.draw(st.booleans()) else {}
    bad = data.draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True))
    with province(template, names=NAMES, sites=sites, parents=parents) as world:
        later = Later()
        options = Options(settle_s=0.0, waves=(0.3, 1.0), budget=0.25, batch=data.draw(st.integers(1, 12)))
        lines = {n: ("dns 10.9.9.9", "shut wan") if n in bad else CHANGE for n in NAMES}
        plan = world.plan([world.planned(n, lines[n]) for n in NAMES], options)
        executor = world.executor(later)
        executor.begin()
        world.ask("rollout.start", plan=plan)
        spent_when_begun: list[int] = []
        before: set[str] = set()
        for _ in range(120):
            executor.tick()
            way = executor.under_way
            assert len({sites[n] for n in way}) == len(way) <= options.batch
            assert not any(parents.get(n) in way for n in way)
            newest = world.newest()
            assert newest is not None
            failed = sum(1 for d in newest.devices if d.step is Step.ROLLED_BACK)
            if set(way) - before:
                spent_when_begun.append(failed)
            before = set(way)
            if later.jobs:
                later.do(data.draw(st.integers(0, len(later.jobs) - 1)))
            elif newest.state in (RolloutState.DONE, RolloutState.STOPPED):
                break
        assert all(failed < 3 for failed in spent_when_begun)
        ends = world.steps()
        assert all(step.is_end for step in ends.values())
        assert all(world.boxes.look(n).sent <= 1 for n in NAMES)
        assert all(world.is_base(n) for n, step in ends.items() if step is not Step.OK)
