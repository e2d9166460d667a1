"""`merata report`: what can be taken away: tables as files, and printed reports (docs/how-to/report.md)."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from merata.coverage_verbs import Where  # planning is imported only where it is used
    from merata.report_verbs import PlanQuestion

FILE = click.Path(path_type=Path, dir_okay=False)
FORMATS = ("csv", "xlsx", "geojson", "gpkg")
WHAT = ("coverage", "gaps", "worth", "plan")
COMMON = (
    click.option("--profile", default="bakti", show_default=True, help="Thresholds (docs/reference/thresholds.md)."),
    click.option("--profiles", type=FILE, help="TOML file of your own profiles."),
    click.option("--radius-km", type=float, default=5.0, show_default=True),
    click.option("--all-day", is_flag=True, help="Judge every site all day, not in its opening hours."),
    click.option("--min-observed", type=click.FloatRange(0, 100), default=70.0, show_default=True, help="Percent."),
    click.option("--at", help="As of this time (2026-11-21T22:00Z); default now."),
    click.option("--scenario", metavar="ID", help="The plan is this saved scenario."),
    click.option("--count", type=click.IntRange(0), help="The plan: at most so many sites."),
    click.option("--budget", type=click.FloatRange(0), help="The plan: sites that cost at most this, rupiah."),
    click.option("--inequality-aversion", type=click.FloatRange(0), default=0.0, show_default=True),
    click.option("--objective", type=click.Choice(["coverage", "expected"]), default="coverage", show_default=True,
                 help="The plan: most people served by the thresholds, or expected to be."),
    click.option("--time-limit", type=click.FloatRange(0, min_open=True), default=20.0, show_default=True,
                 help="Seconds for the proof of the plan."),
)  # fmt: skip


def options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every report takes."""
    for option in reversed(COMMON):
        body = option(body)
    return body


def says(run: Callable[..., str]) -> Callable[..., None]:
    """Print what was made; foreseen refusals become one sentence and exit 2, no possible plan 3."""

    @wraps(run)
    def body(*args: Any, **kwargs: Any) -> None:
        from controller.coverage.errors import BadInput, LedgerError
        from controller.reports.errors import ReportError
        from geography.errors import GeographyError
        from planning.errors import Infeasible

        try:
            click.echo(run(*args, **kwargs))
        except (BadInput, LedgerError, ReportError, GeographyError) as error:
            click.echo(f"merata: {error}", err=True)
            sys.exit(2)
        except Infeasible as error:
            click.echo(f"merata: no plan: {error}", err=True)
            sys.exit(3)

    return body


def where(told: dict[str, Any], regency: str | None) -> Where:
    """Where and when. The one place here that reads a clock."""
    from controller.coverage.errors import BadInput
    from merata.coverage_verbs import Where, moment

    radius = told["radius_km"]
    if not math.isfinite(radius) or radius < 0:
        raise BadInput(f"is {radius:g}, a number of at least 0 was expected", path="--radius-km")
    context = click.get_current_context()
    return Where(
        state=context.obj.state,
        inventory=context.obj.inventory,
        now=moment(told["at"], time.time()),
        profile=told["profile"],
        profiles=told["profiles"],
        is_all_day=told["all_day"],
        min_observed_pct=told["min_observed"],
        regency=regency,
    )


def question(told: dict[str, Any]) -> PlanQuestion:
    """The plan that is asked for."""
    from merata.report_verbs import PlanQuestion

    return PlanQuestion(
        scenario=told["scenario"],
        count=told["count"],
        budget=told["budget"],
        aversion=told["inequality_aversion"],
        objective=told["objective"],
        time_limit_s=told["time_limit"],
    )


@click.group("report", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Take away what was found: tables as files, and printed reports."""


@command.command()
@click.argument("out", type=FILE)
@click.option("--what", type=click.Choice(WHAT), default="coverage", show_default=True)
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Default: as the name of OUT ends.")
@click.option("--level", type=click.Choice(["province", "regency", "district", "village"]), default="district",
              show_default=True, help="Rows of coverage.")  # fmt: skip
@click.option("--regency", help="Only this regency or district: Kemendagri or BPS code.")
@options
@says
def export(out: Path, what: str, kind: str | None, level: str, regency: str | None, **told: Any) -> str:
    """Write a table to OUT (CSV, XLSX, GeoJSON, GeoPackage) with its data dictionary (live)."""
    from controller.coverage.errors import BadInput
    from merata import report_verbs

    chosen = kind or out.suffix.removeprefix(".").lower()
    if chosen not in FORMATS:
        raise BadInput(f"ends in none of {', '.join(FORMATS)}; say --format", path=str(out))
    return report_verbs.export(
        where(told, regency), what, chosen, out, level=level, radius_km=told["radius_km"], question=question(told)
    )


def printed(body: Callable[..., Any]) -> Callable[..., Any]:
    """What both printed reports are told."""
    body = click.option("--lang", type=click.Choice(["id", "en"]), default="id", show_default=True)(options(body))
    return click.argument("code")(click.argument("out", type=FILE)(body))


@command.command()
@printed
@says
def province(code: str, out: Path, lang: str, **told: Any) -> str:
    """Print the report of province CODE (61) to OUT.pdf: A4, with map, tables, method and limits (live)."""
    return _printed(code, out, lang, told, is_short=False)


@command.command()
@printed
@says
def regency(code: str, out: Path, lang: str, **told: Any) -> str:
    """Print the two pages for the head of regency CODE (61.08) to OUT.pdf (live)."""
    return _printed(code, out, lang, told, is_short=True)


def _printed(code: str, out: Path, lang: str, told: dict[str, Any], *, is_short: bool) -> str:
    from merata import report_verbs

    return report_verbs.printed(
        where(told, code), out, lang=lang, radius_km=told["radius_km"], question=question(told), is_short=is_short
    )
