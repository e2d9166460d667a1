"""The map of all sites (`/peta`) and its compact columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from controller.views.fleet import RANK, Area, Fleet, Fresh, SiteNow
from controller.views.sites import SiteFilter, select
from controller.views.sources import Ring, Sources
from devices.model import SiteKind
from measurements.intervals import State

LISTED = 40
SCALE = 100_000  # degrees x 1e5: about a metre


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPage:
    """`/peta`: where, and the same selection as a list. `listed` are the worst of `matched`."""

    fresh: Fresh
    sites: tuple[SiteNow, ...]
    listed: tuple[SiteNow, ...]
    matched: int
    total: int
    down: int
    filter: SiteFilter
    counts: Mapping[State, int]
    regencies: tuple[Area, ...]
    kinds: tuple[SiteKind, ...]
    names: Mapping[str, str]
    outlines: Mapping[str, Sequence[Ring]]
    approximate: bool
    version: str


def site_map(fleet: Fleet, sources: Sources, wanted: SiteFilter) -> MapPage:
    """Sites that pass the filter, on the ground."""
    chosen = select(fleet, wanted)
    outlines = sources.outlines()
    return MapPage(
        fresh=fleet.fresh,
        sites=chosen.sites,
        listed=chosen.sites[:LISTED],
        matched=len(chosen.sites),
        total=sum(chosen.counts.values()),
        down=chosen.counts[State.DOWN],
        filter=wanted,
        counts=chosen.counts,
        regencies=chosen.regencies,
        kinds=chosen.kinds,
        names={c: _short(fleet, c) for c in outlines},
        outlines=outlines,
        approximate=not sources.is_exact,
        version=fleet.version,
    )


def columns(fleet: Fleet) -> dict[str, Any]:
    """All sites as columns: coordinates as differences of degrees x 1e5, states as digits (0 is worst).

    A tenth of the same sites as GeoJSON. Names are asked for one by one.
    """
    sites = sorted(fleet.sites.values(), key=lambda s: (s.regency.code, s.id))
    kinds = list(dict.fromkeys(str(s.site.kind) for s in sites))
    regencies = list(dict.fromkeys(s.regency.code for s in sites))
    kind_at, regency_at = {k: i for i, k in enumerate(kinds)}, {r: i for i, r in enumerate(regencies)}
    return {
        "version": fleet.version,
        "scale": SCALE,
        "states": [str(s) for s in sorted(State, key=lambda s: RANK[s])],
        "kinds": kinds,
        "regencies": regencies,
        "id": [s.id for s in sites],
        "lon": _differences([round(s.site.lon * SCALE) for s in sites]),
        "lat": _differences([round(s.site.lat * SCALE) for s in sites]),
        "state": "".join(str(RANK[s.state]) for s in sites),
        "kind": [kind_at[str(s.site.kind)] for s in sites],
        "regency": [regency_at[s.regency.code] for s in sites],
    }


def label_points(outlines: Mapping[str, Sequence[Ring]]) -> dict[str, tuple[float, float]]:
    """Where to write each name: the centre of mass of the largest ring (lon, lat)."""
    return {code: max(map(_centre, rings))[1] for code, rings in outlines.items() if rings}


def _centre(ring: Ring) -> tuple[float, tuple[float, float]]:
    """Area (square degrees) and centre of one closed ring, by the shoelace formula."""
    twice, x_sum, y_sum = 0.0, 0.0, 0.0
    for (x0, y0), (x1, y1) in pairwise(ring):
        cross = x0 * y1 - x1 * y0
        twice += cross
        x_sum += (x0 + x1) * cross
        y_sum += (y0 + y1) * cross
    if not twice:
        return 0.0, (ring[0][0], ring[0][1])
    return abs(twice) / 2, (round(x_sum / (3 * twice), 4), round(y_sum / (3 * twice), 4))


def _differences(values: Sequence[int]) -> list[int]:
    return [v - before for v, before in zip(values, [0, *values], strict=False)]


def _short(fleet: Fleet, code: str) -> str:
    unit = fleet.units.get(code)
    return unit.name.removeprefix("Kabupaten ").removeprefix("Kota ") if unit else code
