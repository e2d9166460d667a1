"""What the planner's pages are filled from: a question, a port that answers it, and how far its proof has come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol

from controller.coverage.cells import Hexagons
from controller.coverage.model import LedgerMonth, LiveCoverage, LivePlan, Remedy, ThresholdProfile
from controller.views.sources import Ring
from geography.units import Units

AVERSIONS = ("0", "0.5", "1", "2", "max-min")  # five stops, from most people to the worst region first
COUNTED, EXPECTED = "coverage", "expected"
AIMS = (COUNTED, EXPECTED)  # the figure a plan optimises: people served by the thresholds, or people expected to be
ACTIONS = (Remedy.BUILD, Remedy.REPAIR, Remedy.UPGRADE)


class PlanRefused(Exception):
    """The question has no answer (locked sites break the limit, nothing is known yet); says why in one sentence.

    `code` is one of: locked, place, unready, failed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAsk:
    """Where to go next: `count` sites or a `budget` in rupiah (one of them), inside `area` (None: everywhere).

    aim: one of `AIMS`. aversion: one of `AVERSIONS`, "0" where the aim is the expected figure.
    locked, forbidden: codes of villages and ids of sites, in text order.
    """

    profile: str
    radius_km: float
    count: int | None = None
    budget: float | None = None
    aversion: str = "0"
    area: str | None = None
    locked: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    actions: tuple[Remedy, ...] = ACTIONS
    aim: str = COUNTED

    @property
    def is_expected(self) -> bool:
        """The expected figure is optimised; fairness between regions is not defined for it."""
        return self.aim == EXPECTED

    def key(self, inputs: str) -> str:
        """Hash of this question asked of these inputs (their hash)."""
        text = json.dumps([asdict(self), inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


class ProofState(StrEnum):
    """How far a proof has come."""

    NONE = "none"  # nobody asked for one
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof of one question. plan: with its bound, when done. reason: why it failed."""

    state: ProofState
    plan: LivePlan | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaAfter:
    """One district before and after a plan, in people.

    near: near any site, standing or planned. unknown: near unmeasured sites only, also after the plan.
    """

    code: str
    people: float
    before: float
    after: float
    near: float = 0.0
    unknown: float = 0.0


class Planner(Protocol):
    """Where coverage, plans and proofs come from; filled in `merata/`, or by a fake world in tests."""

    @property
    def profiles(self) -> Mapping[str, ThresholdProfile]:
        """Thresholds by id; the first is the default."""
        ...

    @property
    def units(self) -> Units:
        """Names, points and people of the units, as they are counted."""
        ...

    @property
    def is_approximate(self) -> bool:
        """Outlines are made from village points: no boundaries were imported."""
        ...

    @property
    def resolutions(self) -> Sequence[int]:
        """Of the hexagons there are, coarse to fine."""
        ...

    def hexagons(
        self, profile: str, radius_km: float, now: float, *, resolution: int | None = None, ask: PlanAsk | None = None
    ) -> Hexagons | None:
        """What is covered by hexagon, of the finest resolution unless one is given; None before there is an inventory.

        ask: served as its plan would leave them.
        """
        ...

    def coverage(self, profile: str, radius_km: float, now: float) -> LiveCoverage | None:
        """What is covered; None before there is an inventory."""
        ...

    def ledger(self, profile: str, radius_km: float) -> Sequence[LedgerMonth]:
        """Months of the equity ledger, oldest first, latest revision of each."""
        ...

    def outlines(self, level: str) -> Mapping[str, Sequence[Ring]]:
        """Rings (lon, lat) of each regency, district or village by code."""
        ...

    def plan(self, ask: PlanAsk, now: float) -> LivePlan:
        """The quick plan (greedy), within a second.

        Raises:
            PlanRefused: the question has no answer.
        """
        ...

    def after(self, ask: PlanAsk, plan: LivePlan, now: float) -> Sequence[AreaAfter]:
        """Each district of the question's area before and after a plan."""
        ...

    def proof(self, ask: PlanAsk, inputs: str, *, start: bool) -> Proof:
        """The proof of a question; starts one where `start` and there is none."""
        ...
