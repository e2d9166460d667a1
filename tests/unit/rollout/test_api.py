"""Scripts: what the documentation shows runs, and a request that nobody takes is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from controller.journal.errors import RolloutRefused
from controller.rollout import Changes
from controller.rollout.api import NotTaken
from controller.rollout.options import Options
from controller.rollout.records import Plan, Step
from tests.unit.rollout.boxes import applied
from tests.unit.rollout.province import BASE, CHANGE, Province

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reference" / "rollout-api.md"
NAMES = ("d0", "d1", "d2")


def example() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert found is not None
    return found[1]


def draft(world: Province) -> int:
    world.clock.at = time.time()
    plan = Plan(
        id=0, hash="ab" * 32, change="dns", title="DNS", author="siti", made_at=world.clock.at, where="",
        expires_at=world.clock.at + 3600, options=Options(settle_s=0.0, waves=(1.0,), budget=1.0).plain(),
        devices=tuple(world.planned(n) for n in NAMES),
    )  # fmt: skip
    return world.journal.rollouts.add_plan(plan).id


def test_the_documented_example_runs(tmp_path: Path) -> None:
    world = Province(tmp_path, NAMES)
    number = draft(world)
    executor = world.executor()
    ended = threading.Event()
    thread = threading.Thread(target=lambda: executor.run(ready=lambda: None, until=ended.is_set))
    thread.start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", example(), str(tmp_path), str(number)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    finally:
        ended.set()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "done wave 1 {'ok': 3}"
    assert all(world.boxes.look(n).saved == applied(BASE, CHANGE) for n in NAMES)
    world.close()


def test_a_request_that_nobody_takes_is_said_and_stays(tmp_path: Path) -> None:
    world = Province(tmp_path, NAMES)
    number = draft(world)
    changes = Changes(world.journal, now=world.clock.now, wait=world.clock.sleep)
    with pytest.raises(RolloutRefused) as own:
        changes.approve(number, who="siti")
    assert own.value.reason == "own_plan"
    changes.approve(number, who="budi")
    with pytest.raises(NotTaken):
        changes.push(number, who="siti", patience_s=5.0)
    executor = world.executor()
    executor.begin()
    rollout = world.run(executor)
    assert [look.went_well for look in changes.follow(rollout.id)] == [True]
    assert set(world.steps().values()) == {Step.OK}
    with pytest.raises(RolloutRefused, match="no rollout"):
        changes.status(99)
    with pytest.raises(RolloutRefused) as over:
        executor_answers(world, changes, rollout.id)
    assert over.value.reason == "over"
    world.close()


def executor_answers(world: Province, changes: Changes, rollout: int) -> None:
    """A resume that is refused, with the executor turned between two looks."""
    executor = world.executor()
    executor.begin()
    asking = Changes(world.journal, now=world.clock.now, wait=lambda s: (world.clock.sleep(s), executor.tick())[0])
    asking.resume(rollout, who="siti")


def test_a_stop_needs_no_executor(tmp_path: Path) -> None:
    world = Province(tmp_path, NAMES)
    order = world.begin("d0")
    changes = Changes(world.journal, now=world.clock.now, wait=world.clock.sleep)
    assert changes.stop(order.rollout, who="ani")
    assert not changes.stop(order.rollout, who="ani")
    assert changes.status(order.rollout).rollout.stop_asked_by == "ani"
    assert replace(changes.status(order.rollout), counts={}).is_over is False
    world.close()
