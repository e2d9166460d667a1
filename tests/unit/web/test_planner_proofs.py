"""Proofs come from a process of their own, once, and never make a plan worse."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.views.planner_proofs import Proofs
from controller.views.planner_sources import PlanAsk, Proof, ProofState
from merata.planning_pages import proof_command
from tests.unit.web.planner_proof import command
from tests.unit.web.planner_world import planner_of
from tests.unit.web.world import NOW

ASK = PlanAsk(profile="bakti", radius_km=5.0, count=8)
PATIENCE_S = 60.0


def until(ask: Callable[[], Proof], *states: ProofState) -> Proof:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if (found := ask()).state in states:
            return found
        time.sleep(0.02)  # between two questions to another process
    raise AssertionError(f"still {ask().state}")


def test_a_proof_is_as_good_as_the_quick_plan_or_better_and_is_kept(tmp_path: Path):
    planner = planner_of(tmp_path, count=60, command=command(60, 6))
    found = planner.coverage("bakti", 5.0, NOW)
    assert found is not None
    inputs = found.inputs.hash
    quick = planner.plan(ASK, NOW)
    assert planner.proof(ASK, inputs, start=False).state is ProofState.NONE
    proven = until(lambda: planner.proof(ASK, inputs, start=True), ProofState.DONE, ProofState.FAILED)
    assert proven.plan is not None, proven.reason
    assert proven.plan.objective_value >= quick.objective_value - 1e-6 * abs(quick.objective_value)
    assert proven.plan.bound >= proven.plan.objective_value - 1e-9 * abs(proven.plan.bound)
    assert proven.plan.status == "optimal"
    again = Proofs(tmp_path / "proofs", lambda _: ["false"])
    assert again.proof(ASK.key(inputs), ASK, start=True).state is ProofState.DONE


def test_a_proof_that_fails_says_why_and_is_not_tried_for_ever(tmp_path: Path):
    tried = tmp_path / "tried"
    script = f"open({str(tried)!r}, 'a').write('x'); raise SystemExit('merata: no plan: because')"
    proofs = Proofs(tmp_path / "proofs", lambda _: [sys.executable, "-c", script])
    failed = until(lambda: proofs.proof("k", ASK, start=True), ProofState.FAILED)
    assert failed.reason == "merata: no plan: because"
    assert proofs.proof("k", ASK, start=True).state is ProofState.FAILED
    assert tried.read_text() == "x"


def test_an_answer_that_is_no_plan_is_a_failure(tmp_path: Path):
    proofs = Proofs(tmp_path / "proofs", lambda _: [sys.executable, "-c", "print('{}')"])
    assert until(lambda: proofs.proof("k", ASK, start=True), ProofState.FAILED).plan is None


def test_a_slow_proof_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("controller.views.planner_proofs.GRACE_S", 0.2)
    slow = [sys.executable, "-c", "import time; time.sleep(600)"]
    proofs = Proofs(tmp_path / "proofs", lambda _: slow, limit_s=0.1)
    failed = until(lambda: proofs.proof("k", ASK, start=True), ProofState.FAILED)
    assert "timed out" in (failed.reason or "")


def test_the_command_asks_exactly_what_the_page_asked(tmp_path: Path):
    ask = PlanAsk(
        profile="bakti", radius_km=0.15, budget=2e9, aversion="max-min", area="61.10", locked=("61.10.01.2001",)
    )
    line = proof_command(tmp_path, tmp_path / "inventory.yaml", ask, ("lok-1", "lok-2"), NOW)
    text = " ".join(line[3:])
    assert "plan site --live --json --profile bakti --radius-km 0.15" in text
    assert "--budget 2000000000 --objective maxmin --regency 61.10" in text
    assert "--lock 61.10.01.2001 --forbid lok-1 --forbid lok-2" in text
    assert "--count" not in text
    assert ask.key("a") != ask.key("b")
