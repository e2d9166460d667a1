"""The planning contract on the two development cases, through the command line as a planner runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs("shared")
CASES = ("case-a", "case-b")


def merata(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "merata", "plan", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, shared: Path) -> tuple[Path, dict[str, Any]]:
    folder = shared / "planning" / request.param
    return folder, json.loads((folder / "expected.json").read_text())


def thresholds(want: dict[str, Any]) -> list[str]:
    asked = want["args"]
    return ["--min-availability", str(asked["min_availability"]), "--min-mbps", str(asked["min_mbps"])]


def tables(folder: Path, *names: str) -> list[str]:
    return [part for name in names for part in (f"--{name}", str(folder / f"{name}.csv"))]


def test_coverage_counts_people_by_what_works(case: tuple[Path, dict[str, Any]]) -> None:
    folder, want = case
    radius = ["--radius-km", str(want["args"]["radius_km"])]
    got = merata("coverage", *tables(folder, "demand", "existing"), *radius, *thresholds(want))
    for key in ("population_total", "nominal", "covered", "population_unknown"):
        assert got[key] == pytest.approx(want[key]), key
    for key, value in want["equity_before"].items():
        assert got["equity"][key] == pytest.approx(value), key


@pytest.mark.parametrize("objective", ["coverage", "maxmin", "mean-distance", "max-distance"])
def test_siting_finds_the_brute_force_optimum_and_proves_it(case: tuple[Path, dict[str, Any]], objective: str) -> None:
    folder, want = case
    limits = ["--radius-km", str(want["args"]["radius_km"]), "--count", str(want["args"]["count"])]
    inputs = tables(folder, "demand", "candidates", "existing")
    got = merata("site", *inputs, *limits, *thresholds(want), "--objective", objective)
    expected = want[objective.replace("-", "_")]
    assert got["status"] == "optimal"
    assert got["objective_value"] == pytest.approx(expected["objective_value"], rel=1e-6)
    assert got["bound"] == pytest.approx(got["objective_value"], rel=1e-6)
    if "covered_after" in expected:
        assert got["covered_after"] == pytest.approx(expected["covered_after"])
    assert [s["rank"] for s in got["selected"]] == list(range(1, len(got["selected"]) + 1))


@pytest.mark.parametrize("banded", [False, True])
def test_access_equals_the_worked_figures(case: tuple[Path, dict[str, Any]], banded: bool) -> None:
    folder, want = case
    options = ["--radius-km", str(want["args"]["radius_km"])]
    if banded:
        options += ["--bands", want["args"]["bands"]]
    got = merata("access", *tables(folder, "demand", "existing"), *options)
    expected = want["access_e2sfca" if banded else "access_2sfca"]
    assert got["supply_used"] == pytest.approx(expected["supply_used"])
    assert {r["id"]: r["value"] for r in got["access"]} == pytest.approx(expected["values"], abs=1e-11)


def test_inequality_equals_the_textbook(shared: Path) -> None:
    folder = shared / "planning" / "case-a"
    want = json.loads((folder / "expected.json").read_text())["inequality_values_csv"]
    got = merata("inequality", *tables(folder, "values"))
    for key, value in want.items():
        assert got[key] == pytest.approx(value), key
