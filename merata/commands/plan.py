"""`merata plan`: planning on tables, and with `--live` on what is measured (docs/reference/plan.md)."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from merata.coverage_verbs import Where  # planning is imported only where it is used

P = ParamSpec("P")
T = TypeVar("T")
EXIT_BAD_INPUT, EXIT_INFEASIBLE = 2, 3
FILE = click.Path(path_type=Path)
LEVELS = ("regency", "district", "village")
CAUSES = ("no_site", "down", "slow", "full", "unmeasured")
VERDICTS = ("effective", "down", "slow", "full", "unmeasured")
OBJECTIVES = ("coverage", "maxmin", "mean-distance", "max-distance", "set-cover", "expected")


def answers(run: Callable[P, dict[str, Any] | str]) -> Callable[P, None]:
    """Print the result; foreseen refusals become one sentence and their exit code."""

    @wraps(run)
    def command_body(*args: P.args, **kwargs: P.kwargs) -> None:
        from controller.coverage.errors import BadInput, LedgerError
        from planning.errors import Infeasible

        as_json = bool(kwargs.pop("as_json", False))
        click.get_current_context().meta["merata.as_json"] = as_json
        try:
            result = run(*args, **kwargs)
        except (BadInput, LedgerError) as error:
            click.echo(f"merata: {error}", err=True)
            sys.exit(EXIT_BAD_INPUT)
        except Infeasible as error:
            click.echo(f"merata: no plan: {error}", err=True)
            sys.exit(EXIT_INFEASIBLE)
        if isinstance(result, str):
            click.echo(result)
            return
        click.echo(
            json.dumps(result, ensure_ascii=False) if as_json else json.dumps(result, indent=2, ensure_ascii=False)
        )

    return command_body


def refuse(option: str, message: str) -> NoReturn:
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
        click.option(
            "--distances", type=FILE, help="demand_id, site_id, km: replaces geometry (live: village codes, site ids)."
        ),
    ):
        body = option(body)
    return body


def thresholds(body: Callable[..., Any]) -> Callable[..., Any]:
    """What a standing site must measure to count."""
    body = click.option("--min-availability", type=float, help="Percent; off unless given.")(body)
    return click.option("--min-mbps", type=float, help="Mbit/s; off unless given.")(body)


LIVE_OPTIONS = (
    click.option("--profile", default="bakti", show_default=True, help="Thresholds (docs/reference/thresholds.md)."),
    click.option("--profiles", type=FILE, help="TOML file of your own profiles."),
    click.option("--regency", help="Only this regency or district: Kemendagri or BPS code."),
    click.option("--all-day", is_flag=True, help="Judge every site all day, not in its opening hours."),
    click.option("--min-observed", type=click.FloatRange(0, 100), default=70.0, show_default=True, help="Percent."),
    click.option("--at", help="As of this time (2026-11-21T22:00Z); default now."),
)


def live_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Options that the live verbs share."""
    for option in reversed(LIVE_OPTIONS):
        body = option(body)
    return body


def where(told: dict[str, Any]) -> Where:
    """Takes what `live_options` gave out of the keywords. The one place here that reads a clock."""
    from merata.coverage_verbs import Where, moment

    context = click.get_current_context()
    return Where(
        state=context.obj.state,
        inventory=context.obj.inventory,
        now=moment(told.get("at"), time.time()),
        profile=told["profile"],
        profiles=told["profiles"],
        is_all_day=told["all_day"],
        min_observed_pct=told["min_observed"],
        regency=told["regency"],
        is_json=context.meta["merata.as_json"],
    )


def needed(value: T | None, option: str) -> T:
    """An option that every live plan needs, if only for counting who is served."""
    if value is None:
        refuse(option, "is needed with --live")
    assert value is not None  # refuse() exits  # noqa: S101
    return value


def required(value: T | None, option: str) -> T:
    """An option that only `--live` makes needless."""
    if value is None:
        refuse(option, "is needed without --live")
    assert value is not None  # refuse() exits  # noqa: S101
    return value


@click.group(help="Coverage, access, inequality and siting, on CSV tables or on the live network.")
def command() -> None:
    """The verbs below."""


@command.command("coverage")
@click.option("--live", is_flag=True, help="On what is measured, instead of tables.")
@click.option("--demand", type=FILE)
@click.option("--existing", type=FILE)
@click.option("--radius-km", type=float, help="Live: one radius; default 0.15, 1 and 5 side by side.")
@click.option("--level", type=click.Choice(LEVELS), default="regency", show_default=True, help="Live: rows.")
@thresholds
@live_options
@common
@answers
def coverage(
    live: bool,
    demand: Path | None,
    existing: Path | None,
    radius_km: float | None,
    level: str,
    min_availability: float | None,
    min_mbps: float | None,
    distances: Path | None,
    **told: Any,
) -> dict[str, Any] | str:
    """Who is served by what works, and who would be if everything worked."""
    positive(radius_km, "--radius-km", zero=True)
    if live:
        only_tables("--demand, --existing", demand, existing)
        only_tables("--min-availability, --min-mbps (use --profile)", min_availability, min_mbps)
        from merata import coverage_verbs

        return coverage_verbs.coverage(where(told), [] if radius_km is None else [radius_km], level, distances)
    from controller.coverage import contract, tables

    return contract.coverage(
        tables.read_demand(required(demand, "--demand")),
        tables.read_existing(required(existing, "--existing")),
        tables.read_distances(distances) if distances else None,
        radius_km=required(radius_km, "--radius-km"),
        thresholds=contract.Thresholds(min_availability=min_availability, min_mbps=min_mbps),
    )


def only_tables(options: str, *given: object) -> None:
    """Refuse what belongs to tables."""
    if any(value is not None for value in given):
        refuse("--live", f"does not go with {options}")


@command.command("gaps")
@click.option("--radius-km", type=float, default=1.0, show_default=True)
@click.option("--cause", type=click.Choice(CAUSES))
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="Rows.")
@live_options
@common
@answers
def gaps(radius_km: float, cause: str | None, limit: int, distances: Path | None, **told: Any) -> dict[str, Any] | str:
    """People without a working site in reach, village by village, and why (live)."""
    positive(radius_km, "--radius-km")
    from merata import coverage_verbs

    return coverage_verbs.gaps(where(told), radius_km, cause, limit, distances)


@command.command("worth")
@click.option("--order", type=click.Choice(["harm", "id"]), default="harm", show_default=True)
@click.option("--verdict", type=click.Choice(VERDICTS))
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="Rows.")
@live_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@answers
def worth(order: str, verdict: str | None, limit: int, **told: Any) -> dict[str, Any] | str:
    """What every public site is worth, the most person-hours lost first (live)."""
    from merata import coverage_verbs

    return coverage_verbs.worth(where(told), order, verdict, limit)


@command.command("ledger")
@click.option("--radius-km", type=float, default=1.0, show_default=True)
@click.option("--close", is_flag=True, help="Keep every month that has ended for ever.")
@click.option("--every", is_flag=True, help="With --close: for every profile and radius, as `merata run` does.")
@click.option("--correct", metavar="MONTH", help="Add a correction of a closed month; needs --reason.")
@click.option("--reason")
@live_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@answers
def ledger(
    radius_km: float, close: bool, every: bool, correct: str | None, reason: str | None, **told: Any
) -> dict[str, Any] | str:
    """Coverage and inequality month by month: kept, not recomputed away (live)."""
    positive(radius_km, "--radius-km")
    if (correct is None) != (reason is None):
        refuse("--correct", "goes with --reason, and only with it")
    if told["regency"]:
        refuse("--regency", "the ledger is kept for everybody; see plan coverage --live")
    if every and (not close or correct is not None):
        refuse("--every", "goes with --close, and not with --correct")
    from merata import coverage_verbs

    if every:
        return coverage_verbs.close_every(where(told))
    return coverage_verbs.show_ledger(where(told), radius_km, is_closing=close, correct=correct, reason=reason)


@command.command("prepare")
@click.option("--at", help="As of this time (2026-11-21T22:00Z); default now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@answers
def prepare(at: str | None) -> dict[str, Any] | str:
    """Make outlines, people and coverage before somebody looks, as `merata run` does (live)."""
    from merata.coverage_verbs import moment
    from merata.planning_ready import prepare as made

    context = click.get_current_context()
    return made(context.obj.state, context.obj.inventory, moment(at, time.time()))


@command.command("test-speed")
@click.argument("site")
@click.option("--url", required=True, envvar="MERATA_SPEED_URL", help="Something larger than --max-mb to download.")
@click.option("--max-mb", type=float, default=5.0, show_default=True, help="End of the test.")
@click.option("--monthly-mb", type=float, default=100.0, show_default=True, help="Data budget of a site and month.")
@live_options
@answers
def test_speed(site: str, url: str, max_mb: float, monthly_mb: float, **told: Any) -> dict[str, Any] | str:
    """Let the site's router download over SSH, and write it down: an active test (live)."""
    positive(max_mb, "--max-mb")
    positive(monthly_mb, "--monthly-mb")
    from devices.errors import DeviceError
    from merata import coverage_verbs

    try:
        return coverage_verbs.test_speed(where(told), site, url, max_mb, monthly_mb)
    except DeviceError as error:
        click.echo(f"merata: {site}: {error}", err=True)
        sys.exit(1)


@command.command("record-speed")
@click.argument("site")
@click.option("--down-mbps", type=float, required=True, help="Download through the site, Mbit/s.")
@click.option("--by", required=True, help="Who measured, and with what.")
@live_options
@answers
def record_speed(site: str, down_mbps: float, by: str, **told: Any) -> dict[str, Any] | str:
    """Write down a speed test made at a site: an active test for thirty days (live)."""
    positive(down_mbps, "--down-mbps")
    from merata import coverage_verbs

    return coverage_verbs.record_speed(where(told), site, down_mbps, by)


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
@click.option("--live", is_flag=True, help="On what is measured: new sites, repairs and upgrades.")
@click.option("--demand", type=FILE)
@click.option("--candidates", type=FILE)
@click.option("--existing", type=FILE)
@click.option("--radius-km", type=float, help="Needed for coverage, maxmin and set-cover.")
@click.option("--count", type=int, help="At most so many sites.")
@click.option("--budget", type=float, help="Sites whose costs sum to at most this (live: rupiah).")
@click.option("--time-limit", type=float, default=60.0, show_default=True, help="Seconds for the proof.")
@click.option("--inequality-aversion", type=float, default=0.0, show_default=True)
@click.option("--objective", type=click.Choice(OBJECTIVES), default="coverage", show_default=True)
@click.option("--lock", multiple=True, metavar="ID", help="Live: village or site that must be in.")
@click.option("--forbid", multiple=True, metavar="ID", help="Live: village or site that must not.")
@click.option("--costs", type=FILE, help="Live: TOML file of your own costs.")
@click.option("--unknown-as-gap", is_flag=True, help="Live: count people near unmeasured sites as not served.")
@thresholds
@live_options
@common
@answers
def site(
    live: bool,
    demand: Path | None,
    candidates: Path | None,
    existing: Path | None,
    radius_km: float | None,
    count: int | None,
    budget: float | None,
    time_limit: float,
    inequality_aversion: float,
    objective: str,
    lock: tuple[str, ...],
    forbid: tuple[str, ...],
    costs: Path | None,
    unknown_as_gap: bool,
    min_availability: float | None,
    min_mbps: float | None,
    distances: Path | None,
    **told: Any,
) -> dict[str, Any] | str:
    """Where the next sites go, with the proof."""
    check_site_options(objective, radius_km, count, budget, time_limit, inequality_aversion)
    from planning.siting import Limit

    limit = Limit(count=count, budget=budget)
    if live:
        only_tables("--demand, --candidates, --existing", demand, candidates, existing)
        only_tables("--min-availability, --min-mbps (use --profile)", min_availability, min_mbps)
        from controller.coverage.siting import Ask
        from merata import coverage_verbs

        ask = Ask(
            limit=limit,
            objective=objective,
            aversion=inequality_aversion,
            locked=lock,
            forbidden=forbid,
            is_unknown_open=unknown_as_gap,
            time_limit_s=time_limit,
        )
        return coverage_verbs.site(where(told), needed(radius_km, "--radius-km"), ask, costs, distances)
    if objective == "expected":
        refuse("--objective", "expected needs measured availabilities: use --live")
    if lock or forbid or costs or unknown_as_gap:
        refuse("--lock", "--lock, --forbid, --costs and --unknown-as-gap belong to --live")
    from controller.coverage import contract, tables

    return contract.site(
        tables.read_demand(required(demand, "--demand")),
        tables.read_candidates(required(candidates, "--candidates")),
        tables.read_existing(existing) if existing else tables.no_existing(),
        tables.read_distances(distances) if distances else None,
        contract.Ask(
            objective=objective,
            radius_km=math.inf if radius_km is None else radius_km,
            limit=limit,
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
    needs_radius = objective in ("coverage", "maxmin", "set-cover", "expected")
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
