"""What the planner's pages and commands are handed: worth of sites, coverage, gaps, the ledger, a live plan.

Ratios are 0-1; people are estimates (see `Inputs.notes`) and may be fractions; None is *not known*, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Plain: TypeAlias = str | int | float | bool | None


class Verdict(StrEnum):
    """What a site is worth to the people around it."""

    EFFECTIVE = "effective"
    DOWN = "down"
    SLOW = "slow"
    FULL = "full"
    UNMEASURED = "unmeasured"
    NOT_PUBLIC = "not_public"


class Cause(StrEnum):
    """Why people have no working public internet in reach."""

    NO_SITE = "no_site"
    DOWN = "down"
    SLOW = "slow"
    FULL = "full"
    UNMEASURED = "unmeasured"


class Remedy(StrEnum):
    """What would help."""

    BUILD = "build"
    REPAIR = "repair"
    UPGRADE = "upgrade"
    MEASURE = "measure"


REMEDY_OF: Mapping[Cause, Remedy] = {
    Cause.NO_SITE: Remedy.BUILD,
    Cause.DOWN: Remedy.REPAIR,
    Cause.SLOW: Remedy.UPGRADE,
    Cause.FULL: Remedy.UPGRADE,
    Cause.UNMEASURED: Remedy.MEASURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdProfile:
    """When a site counts as working. `min_kbps_per_person` None: the source names none, *adequate* stays unknown.

    source_id: the source in Bahasa Indonesia; None where the profile's author wrote one language only.
    """

    id: str
    name: str
    min_availability_ratio: float
    min_down_bps: float
    min_kbps_per_person: float | None
    source: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How measurements become a verdict (docs/reference/thresholds.md)."""

    days: int = 30
    min_observed_ratio: float = 0.70
    saturated_ratio: float = 0.85
    is_opening_hours_only: bool = True  # False: all day, for every site


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWorth:
    """One site, judged.

    availability_ratio: up / (up + down) over observed service hours; None when nothing was observed.
    observed_ratio: share of its service hours in which it was up or down (maintenance and holes are neither).
    speed_bps: None unless known; `speed_how` says from what ("active test, median of 12, newest 2026-11-20T13:00Z",
        "busy hour p95 of 30 days").
    is_saturated: the busy hour fills the plan of the link. is_full: more people hang on it than it was built for.
    worth_ratio: share of its service hours in which it serves as asked, as far as known; 0 where it is not known to.
    busy_down_bps, busy_clients: 95th percentile over the days of the busiest hour's mean; carried, not available.
    down_s: seconds of its service hours in which it was down. people: whose internet it is, each counted once.
    reason: a short code beside the verdict: availability, active_test, saturated, clients, observed, speed, never_seen,
        maintenance, role; None for effective.
    evidence: the figures behind the verdict, plain values by name.
    """

    site: str
    name: str
    area: str
    lat: float
    lon: float
    kind: str
    backhaul: str | None
    programme: str | None
    observed_ratio: float
    availability_ratio: float | None
    speed_bps: float | None
    speed_how: str | None
    plan_down_bps: float | None
    busy_down_bps: float | None
    capacity_clients: int | None
    busy_clients: float | None
    is_saturated: bool | None
    is_full: bool | None
    verdict: Verdict
    reason: str | None
    worth_ratio: float
    down_s: float
    people: int | None = None
    evidence: Mapping[str, Plain] = field(default_factory=dict)

    @property
    def person_hours_lost(self) -> float | None:
        """People x hours in which the site was seen down in its service hours; None where it was never seen."""
        if self.people is None or self.availability_ratio is None:
            return None
        return self.people * self.down_s / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a result stands on: shown with it, and hashed."""

    hash: str
    start: float  # epoch s, of the measurements
    end: float
    inventory: str  # version
    demand: str  # hash of the population grid
    demand_kind: str  # "hexagons at resolution 8", "village points"
    profile: ThresholdProfile
    rules: Rules
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The ladder of one unit at one radius, in people.

    effective + unknown <= nominal <= people. `unknown`: in reach of unmeasured sites only, so far as they could help.
    expected: sum of people x (1 - prod(1 - a_j)), a_j the measured worth. adequate None: no threshold, or not known.
    kbps_per_person: E2SFCA mean of the unit's people, from sites of known speed.
    """

    code: str
    name: str
    level: str  # province, regency, district, village
    radius_km: float
    people: float
    nominal: float
    effective: float
    adequate: float | None
    unknown: float
    expected: float
    kbps_per_person: float | None = None

    @property
    def promised(self) -> float:
        """People promised and not served: nominal minus effective minus unknown."""
        return self.nominal - self.effective - self.unknown

    @property
    def effective_ratio(self) -> float | None:
        """Share of people with a working site in reach."""
        return self.effective / self.people if self.people > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """People of one village without working public internet in reach, for one cause."""

    village: str
    name: str
    district: str
    regency: str
    people: float
    village_people: float
    cause: Cause
    remedy: Remedy
    nearest_site: str | None  # nearest working one
    nearest_km: float | None
    sites: tuple[str, ...]  # the sites in reach that do not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """Inequality of the effective share of people. Between regencies, and of villages where it says so."""

    gini: float | None
    gini_villages: float | None
    theil: float | None
    theil_between: float | None
    theil_within: float | None
    ratio_20_20: float | None
    palma: float | None
    atkinson_05: float | None
    worst_regency: str | None
    worst_ratio: float | None
    best_regency: str | None
    best_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redundancy:
    """People by how many sites carry them.

    single_effective: one working site and nothing else that works. single_unreliable: one site at all, which fails.
    """

    single_effective: float
    single_unreliable: float
    sites: tuple[tuple[str, float], ...]  # unreliable only sites with the people who have nothing else, most first


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCoverage:
    """Everything of one radius; the radii side by side are several of these.

    rows: province, regencies, districts, villages with people, each by code. total: the sum of all.
    """

    inputs: Inputs
    radius_km: float
    total: Coverage
    rows: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]  # most people first
    sites: tuple[SiteWorth, ...]  # by id, those that do not serve the public among them
    equity: Equity
    redundancy: Redundancy
    lorenz: tuple[tuple[float, float], ...] = ()  # cumulative people, cumulative served; villages, poorest first

    def level(self, level: str) -> tuple[Coverage, ...]:
        """The rows of one level."""
        return tuple(row for row in self.rows if row.level == level)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerMonth:
    """One civil month of the equity ledger. `is_closed`: kept for ever; later entries of a month are corrections.

    ratio_20_20, palma: None also where the lowest have nothing. These two and atkinson_05: None in months that were
    closed before they were kept.
    """

    month: str  # 2026-11
    profile: str
    radius_km: float
    people: float
    nominal: float
    effective: float
    unknown: float
    expected: float
    gini: float | None
    gini_villages: float | None
    theil: float | None
    theil_between: float | None
    theil_within: float | None
    worst_regency: str | None
    worst_ratio: float | None
    person_hours_lost: float | None
    observed_ratio: float | None  # mean over public sites
    inputs: str  # hash
    is_closed: bool
    written_at: float | None = None
    correction: str | None = None  # reason
    revision: int = 1
    ratio_20_20: float | None = None
    palma: float | None = None
    atkinson_05: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a live plan, in build order.

    action build: `place` is a village's code; repair and upgrade: a site's id. people: newly covered at this step.
    rupiah_per_person None where the step reaches nobody new. duplicates: sites of other programmes in reach.
    expected: people by which the expected figure rises at this step; None: kept before it was counted.
    """

    rank: int
    action: Remedy
    place: str
    name: str
    district: str
    regency: str
    lat: float
    lon: float
    backhaul: str
    cost: float
    people: float
    rupiah_per_person: float | None
    because: str | None = None  # verdict of the site for repair and upgrade
    is_locked: bool = False
    duplicates: tuple[str, ...] = ()
    expected: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A site to measure before anything is built beside it: people who may be served already."""

    site: str
    name: str
    people: float
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """Where to go next, with the proof. Values are in the objective's own unit (people, welfare or share).

    worst_regency: the region (regency; district where one regency plans) with the lowest share before; worst_before and
    worst_after are its shares, lowest_after is the lowest share of any region afterwards.
    """

    inputs: Inputs
    radius_km: float
    objective: str
    status: str  # optimal or feasible
    objective_value: float
    bound: float
    gap_pct: float
    steps: tuple[Step, ...]
    measure: tuple[Measure, ...]
    cost: float
    people: float
    covered_before: float
    covered_after: float
    unknown: float
    expected_before: float
    expected_after: float
    worst_regency: str | None
    worst_before: float | None
    worst_after: float | None
    lowest_after: float | None
    gini_before: float | None
    gini_after: float | None
    by_regency: tuple[tuple[str, float, float, float], ...]  # code, people, before, after
    seconds: float
    unreachable: float = 0.0
