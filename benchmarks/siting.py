"""Siting beside its peers: neighbour search, greedy, exact proof, and the whole country by greedy with a bound.

    python -m benchmarks.siting            all sizes (some minutes; about 2 GB)
    python -m benchmarks.siting --quick    small: to see that it runs

The villages are those of geography.units; everything else is clustered at random from a fixed seed; sites reach 5 km.
CBC solves the same merged sparse model, from an MPS file, with one thread; spopt builds its own from distances. Both
live in .venv-oracles (`make oracles`) and are said not to have run where that is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geography import units
from planning.core import core
from planning.cover import Cover, Plan, Total, heuristic, merge
from planning.cover_proof import fair, max_min
from planning.mclp import coverage
from planning.prices import price_bound
from planning.question import Question
from planning.reach import by_radius, sums
from planning.siting import Deadline, Limit
from planning.solver import Model

RESULTS = Path(__file__).with_name("results")
ROOT = Path(__file__).resolve().parent.parent
ORACLES = ROOT / ".venv-oracles" / "bin" / "python"
RADIUS_KM, COUNTS, LIMIT_S = 5.0, (50, 200, 500), 20
REGIONS, FAIR_S = 14, 30
Row = dict[str, Any]
Points = tuple[NDArray[np.float64], NDArray[np.float64]]

CBC = """
import sys, time, pulp
_, model = pulp.LpProblem.fromMPS(sys.argv[1])
began = time.perf_counter()
model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0, threads=1, timeLimit=float(sys.argv[2])))
print(time.perf_counter() - began, -pulp.value(model.objective), model.sol_status)
"""
SPOPT = """
import sys, time, numpy, pulp
from spopt.locate import MCLP
data = numpy.load(sys.argv[1])
began = time.perf_counter()
model = MCLP.from_cost_matrix(data["km"], data["people"], 5.0, p_facilities=int(sys.argv[2]))
built = time.perf_counter() - began
model.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0, threads=1))
print(built, time.perf_counter() - began - built, pulp.value(model.problem.objective))
"""


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def villages() -> tuple[Points, NDArray[np.float64]]:
    """Every village where it stands, or where the village stands that it was part of."""
    known = units.load()
    placed = [(known.place(u), u.population) for u in known.level(units.Level.VILLAGE)]
    lat, lon = np.array([place for place, _ in placed if place is not None], dtype=np.float64).T
    return (lat, lon), np.array([people for place, people in placed if place is not None], dtype=np.float64)


def clustered(random: np.random.Generator, n: int, towns: NDArray[np.float64]) -> Points:
    """Points around towns whose sizes follow a power law."""
    size = random.pareto(1.2, len(towns)) + 0.2
    at = towns[random.choice(len(towns), n, p=size / size.sum())]
    return at[:, 0] + random.normal(0, 0.09, n), at[:, 1] + random.normal(0, 0.09, n)


def region(seed: int, cells: int, sites: int, existing: int) -> tuple[Points, NDArray[np.float64], Points, Points]:
    """Cells, their people, candidates, standing sites; the land grows with the candidates."""
    random = np.random.default_rng(seed)
    side = 3.6 * (sites / 10_000) ** 0.5
    towns = np.column_stack(
        (random.uniform(-side / 2, side / 2, sites // 8), random.uniform(109, 109 + side, sites // 8))
    )
    people = np.round(random.lognormal(4, 1, cells))
    return clustered(random, cells, towns), people, clustered(random, sites, towns), clustered(random, existing, towns)


def as_mps(model: Model, path: Path) -> None:
    """Our model in the oldest language of all, so that another solver reads the very same rows."""
    a, names = model.a.tocsc(), [f"c{j}" for j in range(len(model.gain))]
    with path.open("w") as out:
        out.write(
            "NAME cover\nROWS\n N cost\n" + "".join(f" L r{i}\n" for i in range(len(model.row_high))) + "COLUMNS\n"
        )
        out.write("    MARKER  'MARKER'  'INTORG'\n")
        is_whole = True
        for j, name in enumerate(names):
            if is_whole and not model.whole[j]:
                out.write("    MARKER  'MARKER'  'INTEND'\n")
                is_whole = False
            out.write(f"    {name}  cost  {-model.gain[j]!r}\n".replace("np.float64(", "").replace(")", ""))
            for at in range(a.indptr[j], a.indptr[j + 1]):
                out.write(f"    {name}  r{a.indices[at]}  {float(a.data[at])!r}\n")
        if is_whole:
            out.write("    MARKER  'MARKER'  'INTEND'\n")
        out.write("RHS\n" + "".join(f"    rhs  r{i}  {float(v)!r}\n" for i, v in enumerate(model.row_high) if v))
        out.write("BOUNDS\n" + "".join(f" UP bnd  {name}  1\n" for name in names) + "ENDATA\n")


def by_oracle(script: str, *arguments: str, limit_s: float = 300) -> list[float] | None:
    """What a peer prints, None where it is not installed or did not end in time."""
    if not ORACLES.exists():
        return None
    try:
        done = subprocess.run(
            [str(ORACLES), "-c", script, *arguments], capture_output=True, text=True, check=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return None
    return [float(part) for part in done.stdout.split()[-3:]]


def by_cbc(cover: Cover, count: int) -> list[float] | None:
    nobody = np.zeros(cover.n_sites, dtype=bool)
    model = core(cover, surely_in=nobody, surely_out=nobody).model(np.ones(cover.n_sites), Limit(count=count))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cover.mps"
        as_mps(model, path)
        return by_oracle(CBC, str(path), str(LIMIT_S), limit_s=LIMIT_S + 120)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def case(
    name: str, cells: Points, people: NDArray[np.float64], sites: Points, existing: Points | None
) -> list[dict[str, Any]]:
    """One size: neighbours and model once, then each N by greedy, by proof, by CBC."""
    reach, neighbours_s = timed(lambda: by_radius(cells, sites, RADIUS_KM))
    covered = np.zeros(len(people), dtype=bool) if existing is None else by_radius(cells, existing, RADIUS_KM).reached()
    everybody = np.zeros(len(people), dtype=np.int64)
    cover, merge_s = timed(lambda: merge(reach, people, everybody, 1, covered))
    one, allowed = np.ones(cover.n_sites), np.ones(cover.n_sites, dtype=bool)
    rows = []
    for count in COUNTS:
        limit = Limit(count=count)
        plan = Plan(cover, Total(), one, limit)
        _, greedy_s = timed(partial(plan.grow, allowed))
        swapped, swaps_s = timed(partial(heuristic, cover, Total(), one, limit, allowed=allowed))
        better = Plan(cover, Total(), one, limit)
        for site in swapped:
            better.add(site)
        asked = Question(cover=cover, cost=one, limit=limit, allowed=allowed)
        best, exact_s = timed(partial(coverage, asked, deadline=Deadline(LIMIT_S)))
        new = best.objective_value - float(cover.base.sum())
        cbc = by_cbc(cover, count)
        rows.append(
            {
                "case": name, "count": count, "pairs": len(reach.demand), "groups": len(cover.weight),
                "neighbours_s": neighbours_s, "merge_s": merge_s, "greedy_s": greedy_s, "swaps_s": swaps_s,
                "exact_s": exact_s,
                "greedy_short_pct": 100 * (best.objective_value - plan.worth()[0]) / new,
                "swaps_short_pct": 100 * (best.objective_value - better.worth()[0]) / new,
                "covered_pct": 100 * best.objective_value / float(people.sum()), "gap_pct": best.gap_pct,
                "cbc_s": cbc and cbc[0], "cbc_short_pct": cbc and 100 * (new - cbc[1]) / new,
                "load": os.getloadavg()[0],
            }
        )  # fmt: skip
        show(rows[-1])
    return rows


def show(row: dict[str, Any]) -> None:
    cbc = "not run" if row["cbc_s"] is None else f"{row['cbc_s']:.2f}"
    print(
        f"| {row['case']} | {row['count']} | {row['covered_pct']:.2f} "
        f"| {row['neighbours_s']:.3f} + {row['merge_s']:.3f} "
        f"| {row['greedy_s']:.3f} ({row['greedy_short_pct']:.2f}) "
        f"| {row['swaps_s']:.3f} ({row['swaps_short_pct']:.2f}) "
        f"| {row['exact_s']:.2f} ({row['gap_pct']:.4f}) | {cbc} | {row['load']:.1f} |",
        flush=True,
    )


def fairness(
    name: str, cells: Points, people: NDArray[np.float64], sites: Points, existing: Points, limit_s: float
) -> list[Row]:
    """Fair coverage and max-min over 14 regions, within `limit_s` each."""
    place = (cells[1] - cells[1].min()) / (np.ptp(cells[1]) + 1e-9)
    region_of = (place * REGIONS).astype(np.int64)
    weight = sums(region_of, people, REGIONS)
    covered = by_radius(cells, existing, RADIUS_KM).reached()
    cover = merge(by_radius(cells, sites, RADIUS_KM), people, region_of, REGIONS, covered)
    rows = []
    for count in COUNTS:
        asked = Question(
            cover=cover,
            cost=np.ones(cover.n_sites),
            limit=Limit(count=count),
            allowed=np.ones(cover.n_sites, dtype=bool),
        )
        by_fairness, fair_s = timed(partial(fair, asked, weight=weight, aversion=2.0, deadline=Deadline(limit_s)))
        by_worst, worst_s = timed(partial(max_min, asked, weight=weight, deadline=Deadline(limit_s)))
        row = {
            "case": name, "count": count, "fair_s": fair_s, "fair_gap_pct": by_fairness.gap_pct,
            "max_min_s": worst_s, "max_min_gap_pct": by_worst.gap_pct, "worst_pct": 100 * by_worst.objective_value,
            "load": os.getloadavg()[0],
        }  # fmt: skip
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def spopt(cells: Points, people: NDArray[np.float64], count: int) -> dict[str, Any]:
    """spopt loops over all pairs to build: only the villages are small enough."""
    km = np.full((len(people), len(people)), 99.0)
    reach = by_radius(cells, cells, RADIUS_KM)
    km[reach.demand, reach.site] = reach.km
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "villages.npz"
        np.savez(path, km=km, people=people)
        found = by_oracle(SPOPT, str(path), str(count), limit_s=240)
    if found is None:
        print("spopt: not run (make oracles)")
        return {"count": count}
    print(
        f"spopt, villages, N = {count}: {found[0]:.1f} s to build, {found[1]:.2f} s to solve, {found[2]:,.0f} people",
        flush=True,
    )
    return {"count": count, "build_s": found[0], "solve_s": found[1], "people": found[2]}


def country(cells: int, sites: int, count: int) -> dict[str, Any]:
    """Greedy with the bound by prices."""
    at, people, candidates, _ = region(7, cells, sites, 1)
    before = peak_mb()
    reach, neighbours_s = timed(lambda: by_radius(at, candidates, RADIUS_KM))
    nobody, one_region = np.zeros(cells, dtype=bool), np.zeros(cells, dtype=np.int64)
    cover, merge_s = timed(lambda: merge(reach, people, one_region, 1, nobody))
    pairs = len(reach.demand)
    plan = Plan(cover, Total(), np.ones(sites), Limit(count=count))
    _, greedy_s = timed(lambda: plan.grow(np.ones(sites, dtype=bool)))
    value = plan.worth()[0]
    bound, bound_s = timed(lambda: price_bound(cover, count=count, allowed=np.ones(sites, dtype=bool)))
    row = {
        "cells": cells, "sites": sites, "count": count, "pairs": pairs, "groups": len(cover.weight),
        "neighbours_s": neighbours_s, "merge_s": merge_s, "greedy_s": greedy_s, "bound_s": bound_s,
        "covered_pct": 100 * value / float(people.sum()), "gap_pct": 100 * (bound - value) / value,
        "peak_mb": peak_mb(), "before_mb": before, "load": os.getloadavg()[0],
    }  # fmt: skip
    print(json.dumps(row), flush=True)
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    if not ORACLES.exists():
        print("CBC and spopt: not run (make oracles prepares them)")
    print(
        "| case | N | covered % | neighbours + merge s | greedy s (short %) | swaps | proof s (gap %) | CBC s | load |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    at, people = villages()
    random = np.random.default_rng(3)
    stands: Points = (random.uniform(at[0].min(), at[0].max(), 2000), random.uniform(at[1].min(), at[1].max(), 2000))
    rows = case("villages, none standing", at, people, at, None)
    rows += case("villages, 2,000 standing", at, people, at, stands)
    peers, even = [spopt(at, people, 200)], list[Row]()
    for cells, sites in [(3_000, 800)] if quick else [(50_000, 10_000), (193_000, 10_000)]:
        where, heads, candidates, existing = region(1, cells, sites, sites // 5)
        rows += case(f"{cells:,} x {sites:,}", where, heads, candidates, existing)
        if cells <= 50_000:
            even += fairness(f"{cells:,} x {sites:,}", where, heads, candidates, existing, 2 if quick else FAIR_S)
    whole = country(20_000, 3_000, 200) if quick else country(1_000_000, 150_000, 10_000)
    RESULTS.mkdir(exist_ok=True)
    found = {"rows": rows, "fair": even, "spopt": peers, "country": whole}
    (RESULTS / "siting.json").write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
