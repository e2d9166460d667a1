"""Plans, rollouts, leases and audit as their callers see them, and under the hands of several processes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.journal.errors import LeaseLost, RolloutRefused
from controller.journal.journal import Journal
from controller.journal.rollouts import Rollouts
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, PlanState, RolloutState, Step

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def rollouts(path: Path) -> Iterator[Rollouts]:
    journal = Journal.open(path)
    yield journal.rollouts
    journal.close()


def planned(*devices: str, change: str = "dns") -> Plan:
    return Plan(
        id=0, hash="ab" * 32, change=change, title="DNS", author="siti", made_at=100.0, expires_at=1e6,
        where="platform=ios", ticket="T-7", options={"waves": [1.0]},
        devices=tuple(
            PlanDevice(device=d, site=f"site-{d}", area="61.08", platform="ios", dialect="ios", base="0" * 16,
                       lines=("ip name-server 10.0.0.1", "no ip domain-lookup"), warnings=("commands_only",))
            for d in devices
        ),
    )  # fmt: skip


def placed(*devices: str) -> list[DeviceProgress]:
    return [DeviceProgress(device=d, wave=0, place=n, step=Step.WAITING, since=1.0) for n, d in enumerate(devices)]


def running(rollouts: Rollouts, *devices: str) -> int:
    plan = rollouts.add_plan(planned(*devices))
    rollouts.decide(plan.id, PlanState.APPROVED, by="budi", at=110.0)
    return rollouts.start(plan.id, by="siti", at=120.0, placement=placed(*devices))


def test_a_plan_comes_back_as_it_was_frozen(rollouts: Rollouts) -> None:
    kept = rollouts.add_plan(planned("b", "a"))
    found = rollouts.plan(kept.id)
    assert found is not None
    assert found == replace(kept, devices=tuple(sorted(kept.devices, key=lambda d: d.device)))
    assert [p.id for p in rollouts.plans()] == [kept.id]
    assert rollouts.plan(999) is None


def test_a_newer_draft_of_the_same_change_replaces_the_older(rollouts: Rollouts) -> None:
    first = rollouts.add_plan(planned("a"))
    rollouts.add_plan(planned("a", change="ntp"))
    rollouts.add_plan(planned("a"))
    found = rollouts.plan(first.id)
    assert found is not None
    assert found.state is PlanState.REPLACED
    with pytest.raises(RolloutRefused):
        rollouts.decide(first.id, PlanState.APPROVED, by="budi", at=1.0)


def test_only_an_approved_plan_is_sent_and_only_once(rollouts: Rollouts) -> None:
    plan = rollouts.add_plan(planned("a"))
    with pytest.raises(RolloutRefused, match="not approved"):
        rollouts.start(plan.id, by="siti", at=1.0, placement=[])
    rollouts.decide(plan.id, PlanState.APPROVED, by="budi", at=2.0)
    with pytest.raises(RolloutRefused, match="expired"):
        rollouts.start(plan.id, by="siti", at=1e6, placement=[])
    number = rollouts.start(plan.id, by="siti", at=3.0, placement=placed("a"))
    with pytest.raises(RolloutRefused) as refused:
        rollouts.start(plan.id, by="siti", at=4.0, placement=[])
    assert refused.value.reason == "under_way"
    assert [r.id for r in rollouts.rollouts(plan=plan.id)] == [number]


def test_a_step_keeps_what_is_known_and_adds_to_it(rollouts: Rollouts) -> None:
    number = running(rollouts, "a", "b")
    rollouts.step(number, "a", Step.ARMING, at=5.0, token="t-1", attempt=1, facts={"seconds": 90})
    rollouts.step(number, "a", Step.SENDING, at=6.0, facts={"lines": 2})
    found = rollouts.progress(number, "a")
    assert found is not None
    assert (found.step, found.token, found.attempt, found.facts) == (
        Step.SENDING,
        "t-1",
        1,
        {"seconds": 90, "lines": 2},
    )
    assert rollouts.counts(number) == {Step.SENDING: 1, Step.WAITING: 1}


def test_who_lost_the_lock_on_a_device_writes_no_step(rollouts: Rollouts) -> None:
    number = running(rollouts, "a")
    assert rollouts.take_lease("device:a", "one", "rollout", 10.0, 30.0)
    rollouts.step(number, "a", Step.ARMING, at=11.0, holder="one")
    assert rollouts.take_lease("device:a", "two", "rollout", 50.0, 30.0)  # the first slept through its lease
    with pytest.raises(LeaseLost):
        rollouts.step(number, "a", Step.SENDING, at=51.0, holder="one")
    found = rollouts.progress(number, "a")
    assert found is not None
    assert found.step is Step.ARMING


def test_a_lease_is_one_holders_until_it_ends_or_is_given_back(rollouts: Rollouts) -> None:
    assert rollouts.take_lease("executor", "one", "rollout", 10.0, 30.0)
    assert rollouts.take_lease("executor", "one", "rollout", 20.0, 30.0)
    assert not rollouts.take_lease("executor", "two", "rollout", 49.9, 30.0)
    assert rollouts.take_lease("executor", "two", "rollout", 50.0, 30.0)
    assert not rollouts.renew("executor", "one", 51.0, 30.0)
    rollouts.release("executor", "one")
    assert rollouts.lease("executor") is not None
    assert not rollouts.take_lease("executor", "three", "rollout", 52.0, 30.0, instead_of="one")
    assert rollouts.take_lease("executor", "three", "rollout", 52.0, 30.0, instead_of="two")
    rollouts.release("executor", "three")
    assert rollouts.lease("executor") is None


def test_everything_held_is_prolonged_in_one_go(rollouts: Rollouts) -> None:
    for name in ("executor", "device:a", "device:b"):
        assert rollouts.take_lease(name, "one", "rollout", 10.0, 30.0)
    assert rollouts.take_lease("device:c", "other", "speed_test", 10.0, 30.0)
    assert rollouts.renew_all("one", 20.0, 30.0) == 3
    assert [lease.name for lease in rollouts.leases("device:", at=45.0)] == ["device:a", "device:b"]


def test_a_stop_is_asked_once_and_a_new_beginning_takes_it_back(rollouts: Rollouts) -> None:
    number = running(rollouts, "a", "b")
    assert rollouts.ask_stop(number, by="siti", at=7.0)
    assert not rollouts.ask_stop(number, by="budi", at=8.0)
    rollouts.set_state(number, RolloutState.STOPPED, at=9.0, by="executor", why={"reason": "asked"}, skip=True)
    found = rollouts.rollout(number)
    assert found is not None
    assert (found.state, found.ended, found.stop_asked_by) == (RolloutState.STOPPED, 9.0, "siti")
    assert {d.step for d in found.devices} == {Step.SKIPPED}
    assert rollouts.living() == []
    rollouts.set_state(number, RolloutState.RUNNING, at=10.0, by="siti")
    assert [(r.stop_asked_by, r.ended) for r in rollouts.living()] == [(None, None)]


def test_the_audit_tells_the_whole_story_and_its_chain_holds(rollouts: Rollouts) -> None:
    number = running(rollouts, "a")
    rollouts.step(number, "a", Step.SENDING, at=130.0, audit=("executor", "device.sent", {"lines": ["x ⟦env:P⟧"]}))
    rollouts.add_gate(number, {"wave": 0, "verdict": "pass", "at": 140.0})
    rollouts.set_state(number, RolloutState.DONE, at=150.0, by="executor")
    acts = [(e.act, e.who) for e in rollouts.audit.entries()]
    assert acts == [
        ("plan.made", "siti"), ("plan.approved", "budi"), ("rollout.started", "siti"), ("device.sent", "executor"),
        ("rollout.gate", "executor"), ("rollout.done", "executor"),
    ]  # fmt: skip
    assert rollouts.audit.verify() is None
    assert [e.seq for e in rollouts.audit.entries(subject="device:a")] == [4]


def test_the_database_itself_refuses_to_change_the_audit(rollouts: Rollouts, path: Path) -> None:
    rollouts.audit.append(1.0, "siti", "plan.made", "plan:1")
    raw = sqlite3.connect(path)
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.DatabaseError, match="append only"):
            raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("harm", "first"),
    [
        ("UPDATE audit SET who = 'x' WHERE seq = 3", 3),
        ("UPDATE audit SET facts = '{\"n\": 9}' WHERE seq = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE seq = 5", 5),
        ("DELETE FROM audit WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ],
)
def test_a_row_that_was_tampered_with_is_found(rollouts: Rollouts, path: Path, harm: str, first: int) -> None:
    for number in range(6):
        rollouts.audit.append(float(number), "siti", "plan.made", f"plan:{number}", {"n": number})
    raw = sqlite3.connect(path)
    for name in ("audit_no_update", "audit_no_delete"):
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute(harm)
    raw.commit()
    raw.close()
    assert rollouts.audit.verify() == first


def test_a_cut_off_end_is_found_by_a_head_kept_elsewhere(rollouts: Rollouts, path: Path) -> None:
    for number in range(6):
        rollouts.audit.append(float(number), "siti", "plan.made", f"plan:{number}")
    head = rollouts.audit.head()
    assert head is not None
    assert rollouts.audit.verify(head=(head.seq, head.hash)) is None
    raw = sqlite3.connect(path)
    raw.execute("DROP TRIGGER audit_no_delete")
    raw.execute("DELETE FROM audit WHERE seq > 4")
    raw.commit()
    raw.close()
    assert rollouts.audit.verify() is None
    assert rollouts.audit.verify(head=(head.seq, head.hash)) == 5


APPENDER = """
import sys
from pathlib import Path
from controller.journal.journal import Journal
journal = Journal.open(Path(sys.argv[1]))
for n in range(25):
    journal.rollouts.audit.append(float(n), sys.argv[2], "test", f"device:{n}", {"n": n})
"""


def test_four_processes_write_one_chain(rollouts: Rollouts, path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", APPENDER, str(path), f"w{n}"], cwd=ROOT) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    assert rollouts.audit.verify() is None
    assert len(list(rollouts.audit.every())) == 100
    assert json.dumps(rollouts.audit.entries(limit=1)[0].plain())
