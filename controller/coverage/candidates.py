"""What could be done: repairs and upgrades of standing sites, new sites in villages and at places that were offered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from controller.coverage import live
from controller.coverage.costs import Costs
from controller.coverage.model import Inputs, Remedy, SiteWorth, Verdict
from devices.model import Backhaul
from geography.grid import DemandGrid
from geography.units import Level, Units
from planning.reach import by_radius, nearest

_REMEDY = {Verdict.DOWN: Remedy.REPAIR, Verdict.SLOW: Remedy.UPGRADE, Verdict.FULL: Remedy.UPGRADE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place that a planner brought: where a site could be, or where one of another programme stands."""

    id: str
    name: str
    lat: float
    lon: float
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Imported points: `offered` may be built at besides the villages, `others` are of other programmes."""

    offered: tuple[Point, ...] = ()
    others: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A step that could be taken. `site`: index into the public sites, None for a new one; `price`: of its own."""

    action: Remedy
    place: str
    name: str
    area: str
    lat: float
    lon: float
    backhaul: str
    because: str | None = None
    site: int | None = None
    price: float | None = None

    def cost(self, costs: Costs) -> float:
        """Rupiah: its own price where one was brought. A repair that is an upgrade too costs both."""
        if self.price is not None:
            return self.price
        both = self.because == Verdict.DOWN and self.action is Remedy.UPGRADE
        return costs[self.action][self.backhaul] + (costs[Remedy.REPAIR][self.backhaul] if both else 0.0)


def candidates(
    grid: DemandGrid,
    served: live.Served,
    units: Units,
    inputs: Inputs,
    offered: Sequence[Point],
    *,
    radius_km: float | None,
    area: str | None,
) -> list[Candidate]:
    """Repairs and upgrades of standing sites, villages whose point has no working site in reach, offered places.

    With `radius_km` None (ways from a table) every village is offered.
    """
    usual = _usual_links(served)
    found = [_standing(j, site, inputs) for j, site in enumerate(served.sites) if site.verdict in _REMEDY]
    found += _villages(served, units, usual, radius_km)
    found += _offered(grid, offered, usual)
    return sorted((c for c in found if within(c.area, area)), key=lambda c: (c.place, c.action))


def _standing(number: int, site: SiteWorth, inputs: Inputs) -> Candidate:
    is_too_slow = site.plan_down_bps is not None and site.plan_down_bps < inputs.profile.min_down_bps
    return Candidate(
        action=Remedy.UPGRADE if is_too_slow else _REMEDY[site.verdict],
        place=site.site,
        name=site.name,
        area=site.area,
        lat=site.lat,
        lon=site.lon,
        backhaul=site.backhaul or Backhaul.VSAT.value,
        because=site.verdict.value,
        site=number,
    )


def _offered(grid: DemandGrid, points: Sequence[Point], usual: Mapping[str, str]) -> list[Candidate]:
    """Places that a planner brought, in the village of the nearest hexagon."""
    at = (np.array([p.lat for p in points]), np.array([p.lon for p in points]))
    where, _ = nearest(at, (grid.lat, grid.lon))
    return [
        Candidate(
            action=Remedy.BUILD,
            place=f"point:{point.id}",
            name=point.name,
            area=code,
            lat=point.lat,
            lon=point.lon,
            backhaul=_link(code, usual),
            price=point.cost,
        )
        for point, code in zip(points, grid.village[where].tolist(), strict=True)
    ]


def _link(code: str, usual: Mapping[str, str]) -> str:
    return next((usual[c] for c in (code[:8], code[:5]) if c in usual), Backhaul.VSAT.value)


def _villages(served: live.Served, units: Units, usual: Mapping[str, str], radius_km: float | None) -> list[Candidate]:
    """Points of villages without a working site in reach, fed as most sites around are."""
    places = [(u, u.point) for u in units.level(Level.VILLAGE) if u.point is not None]
    at = (np.array([p[0] for _, p in places]), np.array([p[1] for _, p in places]))
    works = served.are(Verdict.EFFECTIVE)
    covered = np.zeros(len(places), dtype=bool)
    if radius_km is not None:
        covered = by_radius(at, (served.lat[works], served.lon[works]), radius_km).reached()
    return [
        Candidate(
            action=Remedy.BUILD,
            place=unit.code,
            name=unit.name,
            area=unit.code,
            lat=point[0],
            lon=point[1],
            backhaul=_link(unit.code, usual),
        )
        for (unit, point), has_one in zip(places, covered, strict=True)
        if not has_one
    ]


def _usual_links(served: live.Served) -> dict[str, str]:
    """The most common backhaul of the public sites of each district and regency; ties by name."""
    counts: dict[str, Counter[str]] = {}
    for site in served.sites:
        if site.backhaul:
            for parts in (2, 3):
                counts.setdefault(".".join(site.area.split(".")[:parts]), Counter())[site.backhaul] += 1
    return {code: min(c, key=lambda link: (-c[link], link)) for code, c in counts.items()}


def within(code: str, area: str | None) -> bool:
    """True when a unit is the area or lies in it; everything lies in None."""
    return area is None or code == area or code.startswith(area + ".")
