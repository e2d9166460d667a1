"""The four verbs of planning on tables: tables in, one JSON-ready object out (docs/reference/plan.md)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controller.coverage.tables import Candidates, Demand, Existing, Values
from planning import access as catchment
from planning import cover_proof, distance, distance_proof, equity, mclp
from planning.cover import merge
from planning.question import Question
from planning.reach import Reach, by_radius, from_pairs, sums
from planning.siting import Deadline, Limit, Siting

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DISTANCE_OBJECTIVES = ("mean-distance", "max-distance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a standing site must measure to count; None: not asked."""

    min_availability: float | None = None
    min_mbps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What `plan site` is asked."""

    objective: str
    radius_km: float
    limit: Limit
    aversion: float
    time_limit_s: float
    thresholds: Thresholds
    locked: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


def states(existing: Existing, thresholds: Thresholds) -> tuple[Mask, Mask]:
    """(effective, unknown), each shape (n_sites,): a failed test is neither, a missing figure is unknown."""
    failed = np.zeros(len(existing.ids), dtype=bool)
    lacking = np.zeros(len(existing.ids), dtype=bool)
    for measured, least in (
        (existing.availability_pct, thresholds.min_availability),
        (existing.throughput_mbps, thresholds.min_mbps),
    ):
        if measured is None or least is None:
            continue
        lacking |= np.isnan(measured)
        failed |= measured < least  # NaN compares false
    return ~failed & ~lacking, lacking & ~failed


def pairs(
    demand: Demand, sites: Candidates | Existing, table: dict[tuple[str, str], float] | None, radius_km: float
) -> Reach:
    """Who reaches what: by the table where one is given, else along the great circle."""
    if table is None:
        return by_radius((demand.lat, demand.lon), (sites.lat, sites.lon), radius_km)
    row = {key: i for i, key in enumerate(demand.ids)}
    column = {key: j for j, key in enumerate(sites.ids)}
    listed = ((row[d], column[s], km) for (d, s), km in table.items() if d in row and s in column)
    return from_pairs(len(row), len(column), listed).within(radius_km)


def _plain(value: float | None) -> float | None:
    """A number for JSON: finite, rounded where only the rounding of sums differs, whole numbers as such."""
    if value is None or not np.isfinite(value):
        return None
    rounded = round(float(value), 9)
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


def _regions(demand: Demand) -> tuple[list[str], NDArray[np.int64]]:
    names = sorted(set(demand.region))
    index = {name: k for k, name in enumerate(names)}
    return names, np.array([index[r] for r in demand.region], dtype=np.int64)


def fairness(demand: Demand, covered: Mask) -> dict[str, Any]:
    """Inequality of the covered share between regions, each weighed by its people, and the worst region."""
    names, code = _regions(demand)
    people = sums(code, demand.people, len(names))
    served = sums(code, demand.people * covered, len(names))
    lived = people > 0
    share = np.divide(served, people, out=np.zeros(len(names)), where=lived)
    worst = min((k for k in range(len(names)) if lived[k]), key=lambda k: (share[k], names[k]), default=None)
    theil = equity.theil_t(share, people)
    return {
        "gini": _plain(equity.gini(share, people)),
        "theil_t": _plain(theil),
        "theil_between": _plain(theil),  # one value a region: all of it lies between regions
        "worst_region": names[worst] if worst is not None else None,
        "worst_share": _plain(float(share[worst])) if worst is not None else None,
    }


def coverage(
    demand: Demand,
    existing: Existing,
    table: dict[tuple[str, str], float] | None,
    *,
    radius_km: float,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """`plan coverage`: who is served by what works, who would be if everything worked, and the worst gaps."""
    effective, unknown = states(existing, thresholds)
    anywhere = pairs(demand, existing, table, np.inf if table is not None else radius_km)
    reach = anywhere.within(radius_km)
    covered, nominal = reach.of_sites(effective).reached(), reach.reached()
    maybe = reach.of_sites(unknown).reached() & ~covered
    names, code = _regions(demand)
    by_region = []
    for k, name in enumerate(names):
        here = code == k
        people = float(demand.people[here].sum())
        served = float(demand.people[here & covered].sum())
        by_region.append(
            {
                "region": name,
                "population": _plain(people),
                "covered": _plain(served),
                "nominal": _plain(float(demand.people[here & nominal].sum())),
                "share": _plain(served / people) if people > 0 else None,
            }
        )
    open_points = [int(i) for i in np.flatnonzero(~covered) if demand.people[i] > 0]
    open_points.sort(key=lambda i: (-demand.people[i], demand.ids[i]))
    nearest = _nearest_working(demand, existing, effective, table, open_points[:100])
    return {
        "schema": "plan.coverage/1",
        "population_total": _plain(float(demand.people.sum())),
        "covered": _plain(float(demand.people[covered].sum())),
        "nominal": _plain(float(demand.people[nominal].sum())),
        "population_unknown": _plain(float(demand.people[maybe].sum())),
        "by_region": by_region,
        "equity": fairness(demand, covered),
        "gaps": [
            {"id": demand.ids[i], "population": _plain(float(demand.people[i])), "nearest_km": _plain(km)}
            for i, km in zip(open_points[:100], nearest, strict=True)
        ],
    }


def _nearest_working(
    demand: Demand,
    existing: Existing,
    effective: Mask,
    table: dict[tuple[str, str], float] | None,
    points: list[int],
) -> list[float]:
    """Distance from each point to the nearest effective site, `inf` where there is no way."""
    if not points:
        return []
    at = np.array(points)
    few = Demand(
        ids=tuple(demand.ids[i] for i in points),
        lat=demand.lat[at],
        lon=demand.lon[at],
        people=demand.people[at],
        priority=demand.priority[at],
        region=tuple(demand.region[i] for i in points),
    )
    return [float(km) for km in pairs(few, existing, table, np.inf).of_sites(effective).nearest_km()]


def access(
    demand: Demand,
    existing: Existing,
    table: dict[tuple[str, str], float] | None,
    *,
    radius_km: float,
    bands: list[tuple[float, float]] | None,
) -> dict[str, Any]:
    """`plan access`: supply per person within reach, 2SFCA or with `bands` E2SFCA."""
    reach = pairs(demand, existing, table, radius_km if bands is None else max(edge for edge, _ in bands))
    weight = np.ones(len(reach.km)) if bands is None else catchment.band_weights(reach.km, bands)
    value, used = catchment.e2sfca(reach, demand.people, existing.supply, weight)
    rows = [{"id": key, "value": round(float(v), 15)} for key, v in zip(demand.ids, value, strict=True)]
    return {"schema": "plan.access/1", "access": rows, "supply_used": _plain(used)}


def inequality(values: Values) -> dict[str, Any]:
    """`plan inequality`: the measures of one column of figures."""
    value, people = values.value, values.people
    split = equity.theil_split(value, people, values.region)
    return {
        "schema": "plan.inequality/1",
        "gini": equity.gini(value, people),
        "theil_t": equity.theil_t(value, people),
        "theil_between": split[0] if split else None,
        "theil_within": split[1] if split else None,
        "atkinson_0.5": equity.atkinson(value, people, aversion=0.5),
        "atkinson_1": equity.atkinson(value, people, aversion=1),
        "ratio_20_20": equity.ratio_20_20(value, people),
        "palma": equity.palma(value, people),
    }


def site(
    demand: Demand,
    candidates: Candidates,
    existing: Existing,
    table: dict[tuple[str, str], float] | None,
    ask: Ask,
) -> dict[str, Any]:
    """`plan site`: which candidates to build, in which order, and how much better any plan could be."""
    began = time.monotonic()
    deadline = Deadline(ask.time_limit_s)
    effective, unknown = states(existing, ask.thresholds)
    far = ask.objective in DISTANCE_OBJECTIVES
    radius = np.inf if far else ask.radius_km
    reach = pairs(demand, candidates, table, radius)
    stands = pairs(demand, existing, table, radius)
    near = stands.within(ask.radius_km) if ask.radius_km is not None and np.isfinite(ask.radius_km) else stands
    served = near.of_sites(effective).reached()
    found = _choose(demand, candidates, reach, stands.of_sites(effective), ask, deadline)
    return {
        "schema": "plan.site/1",
        "objective": ask.objective,
        "status": "optimal" if found.is_optimal else "feasible",
        "objective_value": _plain(found.objective_value),
        "bound": _plain(found.bound),
        "gap_pct": _plain(0.0 if found.is_optimal and found.gap_pct < 1e-9 else found.gap_pct),
        **_account(demand, candidates, reach, near, served, unknown, stands.of_sites(effective), found, ask),
        "seconds": round(time.monotonic() - began, 3),
    }


def _choose(
    demand: Demand, candidates: Candidates, reach: Reach, standing: Reach, ask: Ask, deadline: Deadline
) -> Siting:
    """Hand the question to its objective."""
    allowed = np.array([key not in ask.forbidden for key in candidates.ids], dtype=bool)
    locked = tuple(j for j, key in enumerate(candidates.ids) if key in ask.locked)
    weight = demand.people * demand.priority
    if ask.objective in DISTANCE_OBJECTIVES:
        travel = distance.Travel(
            reach=reach,
            weight=weight,
            already_km=standing.nearest_km(),
            cost=candidates.cost,
            allowed=allowed,
            limit=ask.limit,
            locked=locked,
        )
        solver = distance_proof.median if ask.objective == "mean-distance" else distance.farthest
        return solver(travel, deadline=deadline)
    names, code = _regions(demand)
    total = sums(code, weight, len(names))
    cover = merge(reach, weight, code, len(names), standing.reached())
    question = Question(cover=cover, cost=candidates.cost, limit=ask.limit, allowed=allowed, locked=locked)
    if ask.objective == "set-cover":
        return cover_proof.fewest(question, deadline=deadline)
    if ask.objective == "maxmin":
        return cover_proof.max_min(question, weight=total, deadline=deadline)
    if ask.aversion > 0:
        return cover_proof.fair(question, weight=total, aversion=ask.aversion, deadline=deadline)
    return mclp.coverage(question, deadline=deadline)


def _account(
    demand: Demand,
    candidates: Candidates,
    reach: Reach,
    near: Reach,
    served: Mask,
    unknown: Mask,
    standing: Reach,
    found: Siting,
    ask: Ask,
) -> dict[str, Any]:
    """What the plan means for people, counted again from the pairs and not from the solver."""
    people = demand.people
    within = reach.within(ask.radius_km) if ask.radius_km is not None else reach
    after, selected = served.copy(), []
    for rank, j in enumerate(found.chosen, start=1):
        mine = np.zeros(len(people), dtype=bool)
        mine[within.demand[within.site == j]] = True
        gain = float(people[mine & ~after].sum())
        after |= mine
        selected.append(
            {"rank": rank, "id": candidates.ids[j], "gain": _plain(gain), "cost": _plain(float(candidates.cost[j]))}
        )
    allowed = np.array([key not in ask.forbidden for key in candidates.ids], dtype=bool)
    way = reach.of_sites(allowed).reached() | standing.reached()
    maybe = near.of_sites(unknown).reached() & ~served
    names, code = _regions(demand)
    by_region = [
        {
            "region": name,
            "population": _plain(float(people[code == k].sum())),
            "covered_before": _plain(float(people[(code == k) & served].sum())),
            "covered_after": _plain(float(people[(code == k) & after].sum())),
        }
        for k, name in enumerate(names)
    ]
    return {
        "selected": selected,
        "population_total": _plain(float(people.sum())),
        "covered_before": _plain(float(people[served].sum())),
        "covered_after": _plain(float(people[after].sum())),
        "population_unknown": _plain(float(people[maybe].sum())),
        "unreachable_population": _plain(float(people[~way].sum())),
        "by_region": by_region,
        "equity": {"before": fairness(demand, served), "after": fairness(demand, after)},
    }
