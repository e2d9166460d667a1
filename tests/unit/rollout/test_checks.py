"""What a change file says must hold afterwards: kept, the change stays; not kept, the router gets its old one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from controller.rollout.records import Step
from tests.unit.rollout.province import Province


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Province]:
    with closing(Province(tmp_path)) as province:
        yield province


@pytest.mark.parametrize(
    ("check", "step"),
    [
        ("+ dns 10.9.9.9", Step.OK),
        ("~ ^ssid n.w$", Step.OK),
        ("- ssid new", Step.ROLLED_BACK),
        ("+ x", Step.ROLLED_BACK),
    ],
)
def test_the_checks_of_a_change_decide_whether_it_stays(world: Province, check: str, step: Step) -> None:
    order = world.begin()
    outcome = world.push(replace(order, planned=replace(order.planned, checks=(check,))))
    assert outcome is not None
    assert outcome.step is step
    assert world.is_base("a") == (step is Step.ROLLED_BACK)
    assert outcome.reason == ("" if step is Step.OK else "checks_failed")
