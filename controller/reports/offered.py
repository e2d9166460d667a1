"""What the pages hand out: the tables and the printed report of the question that is looked at."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from controller.coverage.model import LiveCoverage, LivePlan, Verdict
from controller.reports import files, pages, tables
from controller.reports.document import Material, compose
from controller.views.fleet import Fresh
from controller.views.planner import RADII, PlannerFilter
from controller.views.planner_views import PlannerViews
from geography.sources import official
from geography.units import Level, load

SHORT_PAGES, SHORT_ROWS, LONG_ROWS = 2, 11, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """`/laporan`. has_plan: the question holds a plan, or a saved scenario was named. place: empty for several."""

    fresh: Fresh
    place: str
    radius_km: float
    has_plan: bool
    is_regency: bool
    formats: tuple[str, ...] = files.FORMATS


@cache
def village_points() -> dict[str, tables.Point]:
    """(lon, lat) of each village; one without a point of its own has its mother village's."""
    units = load()
    return {u.code: (at[1], at[0]) for u in units.level(Level.VILLAGE) if (at := units.place(u)) is not None}


def table(
    found: PlannerViews, wanted: PlannerFilter, what: str, plan: LivePlan | None, now: float
) -> tables.Table | None:
    """The table of that name; None where there is nothing to put in it."""
    shown = found.coverage(wanted, now)
    if what == "plan":
        return None if plan is None else tables.plan(plan, made_at=now)
    if shown is None:
        return None
    if what == "worth":
        sites = [s for s in shown.sites if s.verdict is not Verdict.NOT_PUBLIC and _is_in(s.area, wanted.area)]
        return tables.worth(sites, shown.inputs, made_at=now)
    if what == "gaps":
        gaps = [g for g in shown.gaps if _is_in(g.village, wanted.area)]
        points = village_points()
        return tables.gaps(gaps, shown.inputs, radius_km=shown.radius_km, made_at=now, points=points)
    rows = [r for r in shown.level(wanted.level) if _is_in(r.code, wanted.area)]
    areas = {} if wanted.level == "village" else found.planner.outlines(wanted.level)
    return tables.coverage(rows, shown.inputs, made_at=now, areas=areas, points=village_points())


def packed(made: tables.Table, kind: str) -> bytes:
    """The table as a file of that format.

    Raises:
        ReportFailed: a library refuses.
    """
    if kind != "gpkg":
        return files.MAKERS[kind](made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{made.name}.gpkg"
        files.write(made, path, kind)
        return path.read_bytes()


def printed(
    found: PlannerViews,
    wanted: PlannerFilter,
    plan: LivePlan | None,
    now: float,
    *,
    lang: str,
    zone: str,
    is_sample: bool,
    is_bounded: bool = True,
) -> bytes | None:
    """The printed report: of the regency that is looked at, else of everything; None before anything was measured.

    Raises:
        ReportFailed: the pages cannot be set.
    """
    shown = found.coverage(wanted, now)
    if shown is None:
        return None
    area = ".".join(wanted.area.split(".")[:2]) or None
    planner = found.planner
    others: tuple[LiveCoverage, ...] = ()
    if area is None:
        each = (planner.coverage(wanted.profile, r, now) for r in RADII if r != wanted.radius_km)
        others = tuple(one for one in each if one is not None)
    given = Material(
        found=shown,
        others=others,
        area=area,
        months=tuple(planner.ledger(wanted.profile, wanted.radius_km)),
        plan=plan,
        outlines={**planner.outlines("regency"), **planner.outlines("district")},
        is_approximate=found.approximate,
        is_sample=is_sample,
        made_at=now,
        zone=zone,
        is_bounded=is_bounded,
        people_source=official(planner.units),
    )
    if area is None:
        return pages.to_pdf(compose(given, lang, rows=LONG_ROWS, is_short=False))
    return pages.fitted(lambda n: compose(given, lang, rows=n, is_short=True), pages=SHORT_PAGES, most=SHORT_ROWS)


def _is_in(code: str, area: str) -> bool:
    return not area or code == area or code.startswith(area + ".")
