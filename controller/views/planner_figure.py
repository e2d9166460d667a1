"""What stands behind one number of the planner's page: which sites, which measurements, whose people, which dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.coverage.model import Coverage, Inputs, LedgerMonth, LiveCoverage, SiteWorth, Verdict
from controller.views.fleet import Fleet, Fresh
from controller.views.planner import RADII, PlannerFilter, short
from controller.views.planner_sources import Planner

FIGURES = ("effective", "nominal", "unknown", "gini")
WORST_FIRST = (Verdict.DOWN, Verdict.SLOW, Verdict.FULL, Verdict.UNMEASURED, Verdict.EFFECTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePage:
    """`/rencana/angka`. sites: those the figure counts. rows: units one level down, least served first.

    radii: the same unit at each radius, side by side.
    """

    fresh: Fresh
    filter: PlannerFilter
    figure: str
    place: str
    row: Coverage
    gini: float | None
    inputs: Inputs
    sites: tuple[SiteWorth, ...]
    rows: tuple[Coverage, ...]
    months: tuple[LedgerMonth, ...]
    radii: tuple[Coverage, ...]


def figure_page(fleet: Fleet, planner: Planner, wanted: PlannerFilter, figure: str, now: float) -> FigurePage | None:
    """The grounds of one figure; None when nothing is known of it."""
    found = planner.coverage(wanted.profile, wanted.radius_km, now)
    if found is None or figure not in FIGURES:
        return None
    row = found.total if not wanted.area else next((r for r in found.rows if r.code == wanted.area), None)
    if row is None:
        return None
    level = ("regency", "district", "village", "village")[wanted.area.count(".") + 1 if wanted.area else 0]
    return FigurePage(
        fresh=fleet.fresh,
        filter=wanted,
        figure=figure,
        place=short(row.name),
        row=row,
        gini=found.equity.gini,
        inputs=found.inputs,
        sites=_sites(found, wanted.area, figure),
        rows=tuple(sorted(_rows(found, wanted.area, level), key=lambda r: (r.effective_ratio or 0.0, r.code))),
        months=tuple(planner.ledger(wanted.profile, wanted.radius_km)),
        radii=tuple(_radii(planner, wanted, now)),
    )


def _radii(planner: Planner, wanted: PlannerFilter, now: float) -> Iterator[Coverage]:
    for radius in RADII:
        found = planner.coverage(wanted.profile, radius, now)
        rows = () if found is None else (found.total,) if not wanted.area else found.rows
        yield from (r for r in rows if not wanted.area or r.code == wanted.area)


def _rows(found: LiveCoverage, unit: str, level: str) -> Sequence[Coverage]:
    return [r for r in found.level(level) if not unit or r.code.startswith(unit + ".")]


def _sites(found: LiveCoverage, unit: str, figure: str) -> tuple[SiteWorth, ...]:
    wanted = {
        "effective": (Verdict.EFFECTIVE,),
        "unknown": (Verdict.UNMEASURED,),
        "nominal": WORST_FIRST,
        "gini": (),
    }[figure]
    chosen = [
        s for s in found.sites if s.verdict in wanted and (not unit or s.area == unit or s.area.startswith(unit + "."))
    ]
    return tuple(sorted(chosen, key=lambda s: (WORST_FIRST.index(s.verdict), -(s.people or 0), s.site)))
