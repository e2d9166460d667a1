"""What stands behind one row of the planner's tables: a village or a site with its people, its sites, its cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.coverage.cells import CAUSES, Hexagons
from controller.coverage.model import Cause, Coverage, Gap, Inputs, LiveCoverage, SiteWorth, Step, Verdict
from controller.views.fleet import Fleet, Fresh
from controller.views.planner import RADII, PlannerFilter, shown
from controller.views.planner_cells import cell_at
from controller.views.planner_scenarios import Scenario
from controller.views.planner_sources import PlanAsk, Planner
from geography.units import Level, Unit
from planning.reach import haversine_km

Floats = NDArray[np.float64]
NEAR = 12  # sites named at most


@dataclass(frozen=True, slots=True, kw_only=True)
class NearSite:
    """A public site near a place. km: from the nearest hexagon of it with people, straight."""

    site: SiteWorth
    km: float
    is_in_reach: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacePage:
    """`/rencana/tempat/<place>`.

    unit: the village (of the site); None for an imported point. site: where the place is one. row: its ladder; radii:
    at each radius. gaps: of the village, by cause. step: what the plan does here; plan_size: of how many. kept: the
    saved plan that the step is one of; is_as_saved: all inputs are still those of that plan.
    """

    fresh: Fresh
    filter: PlannerFilter
    place: str
    name: str
    path: str
    unit: Unit | None
    site: SiteWorth | None
    row: Coverage | None
    radii: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]
    sites: tuple[NearSite, ...]
    step: Step | None
    plan_size: int
    inputs: Inputs
    kept: Scenario | None = None
    is_as_saved: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedCell:
    """A hexagon that was chosen on the map. km None: nothing works anywhere. place: its village, to lock or forbid."""

    filter: PlannerFilter
    place: str
    name: str
    path: str
    people: float
    nominal: float
    effective: float
    unknown: float
    cause: Cause | None
    km: float | None
    site: str | None
    site_name: str


def place_page(
    fleet: Fleet, planner: Planner, wanted: PlannerFilter, place: str, now: float, *, kept: Scenario | None = None
) -> PlacePage | None:
    """Everything known of a place; None where it is neither a village nor a site nor a step of the plan.

    Args:
        fleet: as it is now.
        planner: of today.
        wanted: what is asked.
        place: id of a site, code of a village, or an imported point.
        now: epoch s.
        kept: the saved plan that is looked at: its step is shown as it was saved, the surroundings as they are now.
    """
    found = planner.coverage(wanted.profile, wanted.radius_km, now)
    if found is None:
        return None
    site = next((s for s in found.sites if s.site == place), None)
    unit = planner.units.find(site.area if site else place)
    if site is None and unit is not None and (unit.code != place or unit.level is not Level.VILLAGE):
        return None
    plan = kept.plan if kept else shown(planner, wanted.ask, found, now).plan if wanted.ask else None
    step = next((s for s in plan.steps if s.place == place), None) if plan else None
    if site is None and unit is None and step is None:
        return None
    code = unit.code if unit else ""
    hexes = planner.hexagons(wanted.profile, wanted.radius_km, now) if unit else None
    return PlacePage(
        fresh=fleet.fresh,
        filter=wanted,
        place=place,
        name=site.name if site else unit.name if unit else step.name if step else place,
        path=planner.units.path(code if site else _above(unit, step)),
        unit=unit,
        site=site,
        row=_row(found, code),
        radii=tuple(r for r in (_row(planner.coverage(wanted.profile, km, now), code) for km in RADII) if r),
        gaps=tuple(g for g in found.gaps if g.village == code),
        sites=_around(found, hexes, code, step),
        step=step,
        plan_size=len(plan.steps) if plan else 0,
        inputs=found.inputs,
        kept=kept,
        is_as_saved=kept is None or kept.plan.inputs.hash == found.inputs.hash,
    )


def picked_cell(
    planner: Planner, wanted: PlannerFilter, now: float, *, lat: float, lon: float, resolution: int
) -> PickedCell | None:
    """The hexagon at a place of the map; None where nobody lives."""
    ask: PlanAsk | None = wanted.ask if wanted.is_after else None
    hexes = planner.hexagons(wanted.profile, wanted.radius_km, now, resolution=resolution, ask=ask)
    at = cell_at(hexes, lat, lon) if hexes is not None else None
    if hexes is None or at is None:
        return None
    code = hexes.villages[hexes.village[at]]
    site = hexes.sites[int(hexes.site[at])] if hexes.site[at] >= 0 else None
    found = planner.coverage(wanted.profile, wanted.radius_km, now)
    named: dict[str, str] = {s.site: s.name for s in found.sites} if found else {}
    unit = planner.units.find(code)
    return PickedCell(
        filter=wanted,
        place=code,
        name=unit.name if unit else code,
        path=planner.units.path(unit.parent or "") if unit else "",
        people=float(hexes.people[at]),
        nominal=float(hexes.nominal[at]),
        effective=float(hexes.effective[at]),
        unknown=float(hexes.unknown[at]),
        cause=CAUSES[hexes.cause[at]] if hexes.cause[at] >= 0 else None,
        km=float(hexes.km[at]) if site else None,
        site=site,
        site_name=named.get(site or "") or site or "",
    )


def _row(found: LiveCoverage | None, code: str) -> Coverage | None:
    return next((r for r in found.rows if r.code == code), None) if found else None


def _above(unit: Unit | None, step: Step | None) -> str:
    return (unit.parent or "") if unit else step.district if step else ""


def _around(found: LiveCoverage, hexes: Hexagons | None, code: str, step: Step | None) -> tuple[NearSite, ...]:
    """Sites near a village, counted from its hexagons; near an imported point, from there."""
    if hexes is not None and code in hexes.villages:
        mine = hexes.village == hexes.villages.index(code)
        return _near(found, hexes.lat[mine], hexes.lon[mine])
    return _near(found, np.array([step.lat]), np.array([step.lon])) if step is not None else ()


def _near(found: LiveCoverage, from_lat: Floats, from_lon: Floats) -> tuple[NearSite, ...]:
    """The nearest public sites; those in reach first, then by distance."""
    public = [s for s in found.sites if s.verdict is not Verdict.NOT_PUBLIC]
    if not len(from_lat) or not public:
        return ()
    lat, lon = np.array([s.lat for s in public]), np.array([s.lon for s in public])
    km = haversine_km(from_lat[:, None], from_lon[:, None], lat[None, :], lon[None, :]).min(axis=0)
    order = np.argsort(km, kind="stable")[:NEAR].tolist()
    return tuple(NearSite(site=public[j], km=float(km[j]), is_in_reach=bool(km[j] <= found.radius_km)) for j in order)
