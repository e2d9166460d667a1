"""Saved plans: immutable, named by the hash of what they stand on, one small versioned file each."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from controller.coverage.model import LivePlan
from controller.views.planner_sources import AVERSIONS, AreaAfter, PlanAsk, Planner, PlanRefused

FORMAT = 1
KIND = "merata-scenario"
NAME_LENGTH = 80
MOST = 2000  # scenarios kept; saving is refused past it, nothing is ever let go by itself
MARGINAL_TIMES, MARGINAL_LEAST, MARGINAL_MOST = 3, 60, 300
_ID = re.compile(r"[0-9a-f]{12}")


class PlanChanged(Exception):
    """What was looked at is not what would be saved: the data have changed in between."""


class TooMany(Exception):
    """There is no room for another scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What one stop of fairness gives; a plan for the expected figure has no stops.

    worst: share of the worst region after; people: newly served.
    """

    aversion: str
    people: float
    worst: float | None
    worst_regency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A question with its answer as it was on that day.

    is_bounded: the plan's bound comes from a proof, which may have run out of time. marginal: what each further step
    adds to the figure that is optimised, in people.
    """

    id: str
    name: str
    saved_at: float
    ask: PlanAsk
    plan: LivePlan
    after: tuple[AreaAfter, ...]
    trades: tuple[Trade, ...]
    marginal: tuple[float, ...]
    is_bounded: bool = False


_TEXT = TypeAdapter(Scenario)


def identity(ask: PlanAsk, plan: LivePlan) -> str:
    """Hash of the question, the inputs and the answer: the same ones are the same scenario."""
    steps = [[s.action, s.place] for s in plan.steps]
    text = json.dumps([ask.key(plan.inputs.hash), plan.status, steps], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def compose(
    planner: Planner, ask: PlanAsk, plan: LivePlan, *, name: str, now: float, is_bounded: bool = False
) -> Scenario:
    """Everything that a scenario's pages show, worked out once and kept."""
    return Scenario(
        id=identity(ask, plan),
        name=" ".join(name.split())[:NAME_LENGTH],
        saved_at=now,
        ask=ask,
        plan=plan,
        after=tuple(planner.after(ask, plan, now)),
        trades=tuple(_trades(planner, ask, plan, now)),
        marginal=_marginal(planner, ask, plan, now),
        is_bounded=is_bounded,
    )


def _trades(planner: Planner, ask: PlanAsk, plan: LivePlan, now: float) -> list[Trade]:
    """The same question at every stop of fairness."""
    if ask.is_expected:
        return []
    found = []
    for stop in AVERSIONS:
        try:
            each = plan if stop == ask.aversion else planner.plan(replace(ask, aversion=stop), now)
        except PlanRefused:
            continue
        found.append(trade_of(stop, each))
    return found


def trade_of(stop: str, plan: LivePlan) -> Trade:
    """What a plan gives at its stop of fairness."""
    return Trade(
        aversion=stop,
        people=plan.covered_after - plan.covered_before,
        worst=plan.worst_after,
        worst_regency=plan.worst_regency,
    )


def _marginal(planner: Planner, ask: PlanAsk, plan: LivePlan, now: float) -> tuple[float, ...]:
    """What each next step adds to the figure that is optimised, building on past the plan and without fairness."""
    count = min(MARGINAL_MOST, max(MARGINAL_LEAST, MARGINAL_TIMES * len(plan.steps)))
    try:
        longer = planner.plan(replace(ask, count=count, budget=None, aversion="0", locked=()), now)
    except PlanRefused:
        longer = plan
    return tuple((s.expected or 0.0) if ask.is_expected else s.people for s in longer.steps)


class Scenarios:
    """The saved plans of a state directory. None: nothing can be saved."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def can_save(self) -> bool:
        """True when there is a place to keep them."""
        return self._folder is not None

    def save(self, scenario: Scenario) -> None:
        """Keep a scenario; one that is there already stays as it was.

        Raises:
            TooMany: there are `MOST` already.
            OSError: the disk refuses.
        """
        if self._folder is None:
            raise TooMany
        path = self._path(scenario.id)
        if path.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sum(1 for _ in self._folder.glob("*.json")) >= MOST:
            raise TooMany
        body = {"kind": KIND, "format": FORMAT, "scenario": _TEXT.dump_python(scenario, mode="json")}
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(body, file, ensure_ascii=False, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # one that was saved meanwhile stays
                os.link(name, path)
        finally:
            Path(name).unlink(missing_ok=True)

    def find(self, scenario_id: str) -> Scenario | None:
        """The scenario of that id; None when there is none, or a newer program wrote it."""
        if self._folder is None or not _ID.fullmatch(scenario_id):
            return None
        try:
            body = json.loads(self._path(scenario_id).read_bytes())
            if body.get("kind") != KIND or body.get("format") != FORMAT:
                return None
            return _TEXT.validate_python(body["scenario"])
        except (OSError, ValueError, KeyError, ValidationError):
            return None

    def listed(self) -> Sequence[Scenario]:
        """All of them, newest first."""
        if self._folder is None or not self._folder.is_dir():
            return ()
        found = [self.find(p.stem) for p in self._folder.glob("*.json")]
        return sorted((s for s in found if s is not None), key=lambda s: (-s.saved_at, s.id))

    def _path(self, scenario_id: str) -> Path:
        assert self._folder is not None  # asked only where there is one  # noqa: S101
        return self._folder / f"{scenario_id}.json"
