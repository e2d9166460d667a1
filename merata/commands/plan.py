"""`merata plan site | coverage | access | inequality`: planning on tables (docs/reference/plan.md)."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

P = ParamSpec("P")
EXIT_BAD_INPUT, EXIT_INFEASIBLE = 2, 3
FILE = click.Path(path_type=Path)
OBJECTIVES = ("coverage", "maxmin", "mean-distance", "max-distance", "set-cover")


def answers(run: Callable[P, dict[str, Any]]) -> Callable[P, None]:
    """Print the result; foreseen refusals become one sentence and their exit code."""

    @wraps(run)
    def command_body(*args: P.args, **kwargs: P.kwargs) -> None:
        from controller.coverage.errors import BadInput
        from planning.errors import Infeasible

        as_json = bool(kwargs.pop("as_json", False))
        try:
            result = run(*args, **kwargs)
        except BadInput as error:
            click.echo(f"merata: {error}", err=True)
            sys.exit(EXIT_BAD_INPUT)
        except Infeasible as error:
            click.echo(f"merata: no plan: {error}", err=True)
            sys.exit(EXIT_INFEASIBLE)
        click.echo(
            json.dumps(result, ensure_ascii=False) if as_json else json.dumps(result, indent=2, ensure_ascii=False)
        )

    return command_body


def refuse(option: str, message: str) -> None:
    """One sentence about an option, exit 2."""
    click.echo(f"merata: {option}: {message}", err=True)
    sys.exit(EXIT_BAD_INPUT)


def positive(value: float | None, option: str, *, zero: bool = False) -> None:
    """Refuse a number that is not finite, negative, or zero where zero means nothing."""
    if value is not None and (not math.isfinite(value) or value < 0 or (value == 0 and not zero)):
        refuse(option, f"is {value:g}, a number {'of at least 0' if zero else 'above 0'} was expected")


def parse_bands(text: str | None) -> list[tuple[float, float]] | None:
    """Edges (km, rising) and weights of a text like 1:1,2:0.68,5:0.22."""
    if text is None:
        return None
    try:
        bands = [(float(a), float(b)) for a, b in (part.split(":") for part in text.split(","))]
    except ValueError:
        refuse("--bands", f"is {text!r}, EDGE:WEIGHT pairs like 1:1,2:0.68,5:0.22 were expected")
    edges = [edge for edge, _ in bands]
    if edges != sorted(set(edges)) or not all(
        math.isfinite(e) and e >= 0 and math.isfinite(w) and w >= 0 for e, w in bands
    ):
        refuse("--bands", f"is {text!r}, rising edges and weights of at least 0 were expected")
    return bands


def common(body: Callable[..., Any]) -> Callable[..., Any]:
    """Options that several verbs share."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object on one line."),
        click.option("--distances", type=FILE, help="demand_id, site_id, km: replaces geometry."),
    ):
        body = option(body)
    return body


def thresholds(body: Callable[..., Any]) -> Callable[..., Any]:
    """What a standing site must measure to count."""
    body = click.option("--min-availability", type=float, help="Percent; off unless given.")(body)
    return click.option("--min-mbps", type=float, help="Mbit/s; off unless given.")(body)


@click.group(help="Coverage, access, inequality and siting, on CSV tables.")
def command() -> None:
    """The verbs below."""


@command.command("coverage")
@click.option("--demand", type=FILE, required=True)
@click.option("--existing", type=FILE, required=True)
@click.option("--radius-km", type=float, required=True)
@thresholds
@common
@answers
def coverage(
    demand: Path,
    existing: Path,
    radius_km: float,
    min_availability: float | None,
    min_mbps: float | None,
    distances: Path | None,
) -> dict[str, Any]:
    """Who is served by what works, and who would be if everything worked."""
    from controller.coverage import contract, tables

    positive(radius_km, "--radius-km", zero=True)
    return contract.coverage(
        tables.read_demand(demand),
        tables.read_existing(existing),
        tables.read_distances(distances) if distances else None,
        radius_km=radius_km,
        thresholds=contract.Thresholds(min_availability=min_availability, min_mbps=min_mbps),
    )


@command.command("access")
@click.option("--demand", type=FILE, required=True)
@click.option("--existing", type=FILE, required=True)
@click.option("--radius-km", type=float, required=True)
@click.option("--bands", help="EDGE:WEIGHT,...: E2SFCA instead of 2SFCA.")
@common
@answers
def access(demand: Path, existing: Path, radius_km: float, bands: str | None, distances: Path | None) -> dict[str, Any]:
    """Supply per person within reach."""
    from controller.coverage import contract, tables

    positive(radius_km, "--radius-km", zero=True)
    return contract.access(
        tables.read_demand(demand),
        tables.read_existing(existing),
        tables.read_distances(distances) if distances else None,
        radius_km=radius_km,
        bands=parse_bands(bands),
    )


@command.command("inequality")
@click.option("--values", type=FILE, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@answers
def inequality(values: Path) -> dict[str, Any]:
    """Population-weighted Gini, Theil, Atkinson, 20:20 and Palma."""
    from controller.coverage import contract, tables

    return contract.inequality(tables.read_values(values))


@command.command("site")
@click.option("--demand", type=FILE, required=True)
@click.option("--candidates", type=FILE, required=True)
@click.option("--existing", type=FILE)
@click.option("--radius-km", type=float, help="Needed for coverage, maxmin and set-cover.")
@click.option("--count", type=int, help="At most so many sites.")
@click.option("--budget", type=float, help="Sites whose costs sum to at most this.")
@click.option("--time-limit", type=float, default=60.0, show_default=True, help="Seconds for the proof.")
@click.option("--inequality-aversion", type=float, default=0.0, show_default=True)
@click.option("--objective", type=click.Choice(OBJECTIVES), default="coverage", show_default=True)
@thresholds
@common
@answers
def site(
    demand: Path,
    candidates: Path,
    existing: Path | None,
    radius_km: float | None,
    count: int | None,
    budget: float | None,
    time_limit: float,
    inequality_aversion: float,
    objective: str,
    min_availability: float | None,
    min_mbps: float | None,
    distances: Path | None,
) -> dict[str, Any]:
    """Where the next sites go, with the proof."""
    check_site_options(objective, radius_km, count, budget, time_limit, inequality_aversion)
    from controller.coverage import contract, tables
    from planning.siting import Limit

    return contract.site(
        tables.read_demand(demand),
        tables.read_candidates(candidates),
        tables.read_existing(existing) if existing else tables.no_existing(),
        tables.read_distances(distances) if distances else None,
        contract.Ask(
            objective=objective,
            radius_km=math.inf if radius_km is None else radius_km,
            limit=Limit(count=count, budget=budget),
            aversion=inequality_aversion,
            time_limit_s=time_limit,
            thresholds=contract.Thresholds(min_availability=min_availability, min_mbps=min_mbps),
        ),
    )


def check_site_options(
    objective: str,
    radius_km: float | None,
    count: int | None,
    budget: float | None,
    time_limit: float,
    inequality_aversion: float,
) -> None:
    """Refuse, in one sentence, what cannot be asked together."""
    needs_radius = objective in ("coverage", "maxmin", "set-cover")
    if needs_radius and radius_km is None:
        refuse("--radius-km", f"is needed for {objective}")
    if objective == "set-cover":
        if count is not None or budget is not None:
            refuse("--count", "set-cover finds the number itself; leave --count and --budget out")
    elif (count is None) == (budget is None):
        refuse("--count", "exactly one of --count and --budget was expected")
    if inequality_aversion and objective != "coverage":
        refuse("--inequality-aversion", "belongs to the objective coverage")
    if count is not None and count < 0:
        refuse("--count", f"is {count}, a number of at least 0 was expected")
    positive(radius_km, "--radius-km", zero=True)
    positive(budget, "--budget", zero=True)
    positive(time_limit, "--time-limit")
    positive(inequality_aversion, "--inequality-aversion", zero=True)
