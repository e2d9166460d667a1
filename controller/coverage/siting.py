"""Where to go next on the live network: new sites, repairs and upgrades weighed against one another, with the proof."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from controller.coverage import live, travel
from controller.coverage.costs import Costs
from controller.coverage.errors import BadInput
from controller.coverage.ground import Ground
from controller.coverage.model import Inputs, LivePlan, Measure, Step, Verdict
from planning import cover_proof, equity, mclp
from planning.cover import Objective, Total, Welfare, WorstRegion
from planning.expected import expected
from planning.question import Question, quick
from planning.reach import by_radius, sums
from planning.siting import Deadline, Limit, Siting

__all__ = ["Ask", "Ground", "plan"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked of the live network.

    objective: `coverage` (with `aversion` > 0: fair coverage); `expected`: people by the chance that something in reach
    works; `maxmin`; `set-cover`; `mean-distance` and `max-distance` (controller.coverage.travel).
    locked, forbidden: village codes (build) or site ids.
    is_unknown_open: people near unmeasured sites count as not served; by default they wait for a measurement.
    is_quick: greedy with swaps at once; its bound is only what could be reached at all.
    """

    limit: Limit
    objective: str = "coverage"
    aversion: float = 0.0
    locked: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    is_unknown_open: bool = False
    is_quick: bool = False
    time_limit_s: float = 20.0


# --- the plan --------------------------------------------------------------------------------------------------------


def plan(ground: Ground, ask: Ask, costs: Costs) -> LivePlan:
    """The steps to take, in build order, and how much better any plan could be.

    Args:
        ground: the demand and what reaches it.
        ask: the question.
        costs: rupiah a step.

    Raises:
        BadInput: a locked or forbidden place is not known, or nothing can be done there.
        Infeasible: the locked places alone break the limit.
    """
    began = time.monotonic()
    _check(ground, ask)
    return _account(ground, ask, costs, _choose(ground, ask, costs, Deadline(ask.time_limit_s)), began)


def _check(ground: Ground, ask: Ask) -> None:
    able = {c.place for c in ground.candidates}
    known = able | {s.site for s in ground.served.sites} | set(ground.units)
    for option, names in (("--lock", ask.locked), ("--forbid", ask.forbidden)):
        if strange := sorted(set(names) - known):
            raise BadInput(f"{strange[0]!r} is neither a village's code nor a site nor an offered point", path=option)
    if lost := sorted(set(ask.locked) - able):
        raise BadInput(f"at {lost[0]!r} there is nothing to build, repair or upgrade", path="--lock")
    if both := sorted(set(ask.locked) & set(ask.forbidden)):
        raise BadInput(f"{both[0]!r} is locked and forbidden", path="--lock")


def _choose(ground: Ground, ask: Ask, costs: Costs, deadline: Deadline) -> Siting:
    question = Question(
        cover=ground.cover(is_unknown_open=ask.is_unknown_open),
        cost=np.array([c.cost(costs) for c in ground.candidates], dtype=np.float64),
        limit=ask.limit,
        allowed=np.array([c.place not in ask.forbidden for c in ground.candidates], dtype=bool),
        locked=tuple(k for k, c in enumerate(ground.candidates) if c.place in ask.locked),
    )
    if ask.objective == "expected":
        return _expect(ground, ask, question, deadline)
    if ask.objective in travel.OBJECTIVES:
        return travel.choose(ground, ask.objective, question, is_unknown_open=ask.is_unknown_open, deadline=deadline)
    if ask.objective == "set-cover":
        return cover_proof.fewest(question, deadline=deadline)
    if ask.is_quick:
        return quick(question, _objective(ground, ask))
    if ask.objective == "maxmin":
        return cover_proof.max_min(question, weight=ground.total, deadline=deadline)
    if ask.aversion > 0:
        return cover_proof.fair(question, weight=ground.total, aversion=ask.aversion, deadline=deadline)
    return mclp.coverage(question, deadline=deadline)


def _expect(ground: Ground, ask: Ask, question: Question, deadline: Deadline) -> Siting:
    """Largest expected number of people; what standing sites give on average counts in value and bound."""
    missed = ground.missed(is_unknown_open=ask.is_unknown_open)
    found = expected(replace(question, cover=missed), chance=ground.promise(), deadline=deadline, is_quick=ask.is_quick)
    already = float(ground.people.people @ live.any_works(ground.standing, ground.served.worth))
    return replace(found, objective_value=found.objective_value + already, bound=found.bound + already)


def _objective(ground: Ground, ask: Ask) -> Objective:
    if ask.objective == "maxmin":
        return WorstRegion(weight=ground.total)
    return Welfare(weight=ground.total, aversion=ask.aversion) if ask.aversion > 0 else Total()


# --- what it means ---------------------------------------------------------------------------------------------------


def _account(ground: Ground, ask: Ask, costs: Costs, found: Siting, began: float) -> LivePlan:
    """Counted again from the pairs, not from the solver."""
    people, served = ground.people.people, ground.served
    steps, after = _steps(ground, ask, costs, found)
    before_share, after_share = ground.share(ground.covered), ground.share(after)
    lived = [k for k in range(len(ground.regions)) if ground.total[k] > 0]
    worst = min(lived, key=lambda k: (before_share[k], ground.regions[k]), default=None)
    gini = [equity.gini(share, ground.total) if lived else None for share in (before_share, after_share)]
    expected = _expected(ground, found)
    usable = np.array([c.place not in ask.forbidden for c in ground.candidates], dtype=bool)
    way = ground.reach.of_sites(usable).reached() | ground.standing.reached()
    return LivePlan(
        inputs=_noted(ground, ask),
        radius_km=ground.radius_km,
        objective=ask.objective if ask.aversion == 0 else f"coverage, inequality aversion {ask.aversion:g}",
        status="optimal" if found.is_optimal else "feasible",
        objective_value=found.objective_value,
        bound=found.bound,
        gap_pct=0.0 if found.is_optimal and found.gap_pct < 1e-9 else found.gap_pct,
        steps=tuple(steps),
        measure=_to_measure(ground, served),
        cost=sum(step.cost for step in steps),
        people=float(people.sum()),
        covered_before=float(people[ground.covered].sum()),
        covered_after=float(people[after].sum()),
        unknown=float(people[ground.unknown & ~after].sum()),
        expected_before=expected[0],
        expected_after=expected[1],
        worst_regency=ground.regions[worst] if worst is not None else None,
        worst_before=float(before_share[worst]) if worst is not None else None,
        worst_after=float(after_share[worst]) if worst is not None else None,
        lowest_after=min((float(after_share[k]) for k in lived), default=None),
        gini_before=gini[0],
        gini_after=gini[1],
        by_regency=tuple(
            (code, float(total), float(was * total), float(will * total))
            for code, total, was, will in zip(ground.regions, ground.total, before_share, after_share, strict=True)
        ),
        seconds=round(time.monotonic() - began, 3),
        unreachable=float(people[~way].sum()),
    )


def _noted(ground: Ground, ask: Ask) -> Inputs:
    if ask.objective not in travel.OBJECTIVES:
        return ground.inputs
    way = "by the table" if ground.ways is not None else f"on straight lines up to {travel.FARTHEST_KM:g} km"
    return replace(ground.inputs, notes=(f"distances are from village points, {way}", *ground.inputs.notes))


def _steps(ground: Ground, ask: Ask, costs: Costs, found: Siting) -> tuple[list[Step], Mask]:
    """The chosen steps with what each adds, and who is served after the last."""
    people, after = ground.people.people, ground.covered.copy()
    weight = ground.weight(is_unknown_open=ask.is_unknown_open)
    by_site = np.argsort(ground.reach.site, kind="stable")
    ends = np.searchsorted(ground.reach.site[by_site], np.arange(ground.reach.n_sites + 1))
    near = _neighbours(ground)
    promise, misses = ground.promise(), 1 - live.any_works(ground.standing, ground.served.worth)
    steps = []
    for rank, j in enumerate(found.chosen, start=1):
        candidate, cost = ground.candidates[j], ground.candidates[j].cost(costs)
        mine = ground.reach.demand[by_site[ends[j] : ends[j + 1]]]
        new = mine[~after[mine] & (weight[mine] > 0)]
        after[new] = True
        gain = float(people[new].sum())
        brought = float(people[mine] @ misses[mine]) * float(promise[j])
        misses[mine] *= 1 - promise[j]
        steps.append(
            Step(
                rank=rank,
                action=candidate.action,
                place=candidate.place,
                name=candidate.name,
                district=".".join(candidate.area.split(".")[:3]),
                regency=".".join(candidate.area.split(".")[:2]),
                lat=candidate.lat,
                lon=candidate.lon,
                backhaul=candidate.backhaul,
                cost=cost,
                people=gain,
                rupiah_per_person=cost / gain if gain > 0 else None,
                because=candidate.because,
                is_locked=candidate.place in ask.locked,
                duplicates=tuple(near[j]),
                expected=brought,
            )
        )
    return steps, after


def _neighbours(ground: Ground) -> Mapping[int, list[str]]:
    """For each new site the public sites within the radius, of whatever programme, and what they are worth."""
    at = ground.places
    pairs = by_radius(at, (ground.served.lat, ground.served.lon), ground.radius_km)
    found: dict[int, list[str]] = {k: [] for k in range(len(ground.candidates))}
    for k, j in zip(pairs.demand.tolist(), pairs.site.tolist(), strict=True):
        if ground.candidates[k].site is None:
            site = ground.served.sites[j]
            said = ", ".join(part for part in (site.programme, site.verdict.value) if part)
            found[k].append(f"{site.site} ({said})")
    away = by_radius(
        at, (np.array([p.lat for p in ground.others]), np.array([p.lon for p in ground.others])), ground.radius_km
    )
    for k, j in zip(away.demand.tolist(), away.site.tolist(), strict=True):
        if ground.candidates[k].site is None:
            found[k].append(f"{ground.others[j].name} (other programme)")
    return found


def _expected(ground: Ground, found: Siting) -> tuple[float, float]:
    """Expected people before and after."""
    built = np.zeros(len(ground.candidates))
    built[list(found.chosen)] = ground.promise()[list(found.chosen)]
    people = ground.people.people
    before = live.any_works(ground.standing, ground.served.worth)
    after = 1 - (1 - before) * (1 - live.any_works(ground.reach, built))
    return float(people @ before), float(people @ after)


def _to_measure(ground: Ground, served: live.Served) -> tuple[Measure, ...]:
    """Unmeasured sites by the people who wait for the answer; people near two of them stand under both."""
    pairs = ground.standing.of_sites(served.are(Verdict.UNMEASURED))
    hit = ground.unknown[pairs.demand]
    people = sums(pairs.site[hit], ground.people.people[pairs.demand[hit]], len(served.sites))
    found = [
        Measure(site=s.site, name=s.name, people=float(people[j]), reason=s.reason)
        for j, s in enumerate(served.sites)
        if people[j] > 0
    ]
    return tuple(sorted(found, key=lambda m: (-m.people, m.site)))
