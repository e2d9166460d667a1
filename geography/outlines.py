"""Outlines of units: imported boundaries, simplified; until there are any, approximate ones from village points alone.

Each village gets the cell of places that are nearer to its point than to any other (Voronoi), cut to where the
villages' own areas reach: the union of discs of 1.25 times the radius of a circle of each village's area, its gaps
closed by 0.06 degrees. Cells are joined by code. Against real boundaries 95.7 % of the land is given to the right
regency and 88.6 % to the right district (tests/unit/geography/test_outlines.py): good for a map that says
"approximate", not for asking in which village an access point stands. Near the equator a degree is as long one way as
the other.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import shapely
from shapely.geometry import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from geography.layers import Layers
from geography.units import Level, Units, load

#: Corners as (lon, lat), first = last.
Ring: TypeAlias = list[tuple[float, float]]

RECIPE = 3  # raise it when the way of making changes, so that cached files are made anew
KM_A_DEGREE = 111.32
REACH = 1.25
CLOSING_DEG = 0.06
#: How far a line may move when it is simplified for the web, degrees.
_TOLERANCE = {Level.PROVINCE: 0.012, Level.REGENCY: 0.008, Level.DISTRICT: 0.005, Level.VILLAGE: 0.002}
#: Imported lines are worth drawing closer than made ones, as far as a page can carry them.
_TOLERANCE_IMPORTED = {Level.PROVINCE: 0.006, Level.REGENCY: 0.004, Level.DISTRICT: 0.003, Level.VILLAGE: 0.002}
#: Islands and slivers smaller than this (square degrees, 1.2 km2) are not drawn unless nothing else is left.
_SPECK = 1e-4
_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Where a unit lies. Each polygon is its outer ring followed by its holes; `approximate` unless it was imported."""

    code: str
    name: str
    polygons: tuple[tuple[Ring, ...], ...]
    approximate: bool = True


def outlines(
    level: Level, cache: Path | None = None, units: Units | None = None, layers: Layers | None = None
) -> list[Outline]:
    """Outlines of all units of a level that have a boundary or a village with a point, by code.

    Args:
        level: province, regency, district or village.
        cache: folder in which the result is kept, under a name that changes with its inputs; None: made every time.
        units: the units; None: the shipped tables.
        layers: what was imported; where it holds boundaries of that level (or narrower ones) they are taken.

    Raises:
        GeographyError: an imported layer cannot be read.
    """
    known = units if units is not None else load()
    imported = layers if layers is not None else Layers(None)
    path = cache / f"outlines-{level.value}-{_fingerprint(known, imported)}.json.gz" if cache else None
    if path is not None and (found := _read(path)) is not None:
        return found
    made = _imported(known, level, imported)
    if made is None:
        shapes = sorted(cells(known, level, simplified=True).items())
        made = [_outline(known, code, shape) for code, shape in shapes]
    if path is not None:
        _write(path, made)
    return made


def cells(units: Units, level: Level, *, simplified: bool = False) -> dict[str, BaseGeometry]:
    """Polygons by code; neighbours share their edges, simplified or not."""
    points = [(u.code, u.point, u.area_km2 or 1.0) for u in units.level(Level.VILLAGE) if u.point]
    if len(points) < 3:
        return {}
    corners = MultiPoint([(lon, lat) for _, (lat, lon), _ in points])
    land = _land([((lon, lat), area) for _, (lat, lon), area in points])
    pieces = shapely.voronoi_polygons(corners, extend_to=land, ordered=True).geoms
    members: dict[str, list[BaseGeometry]] = defaultdict(list)
    for (code, _, _), piece in zip(points, pieces, strict=True):
        unit = units.ancestor(code, level)
        members[unit.code if unit else code].append(piece)
    codes = sorted(members)
    joined = [shapely.intersection(shapely.union_all(members[code]), land, grid_size=1e-6) for code in codes]
    if simplified:
        joined = list(shapely.coverage_simplify(joined, _TOLERANCE[level]))
    return dict(zip(codes, joined, strict=True))


def _land(villages: Sequence[tuple[tuple[float, float], float]]) -> BaseGeometry:
    discs = [Point(at).buffer(REACH * math.sqrt(area / math.pi) / KM_A_DEGREE, 12) for at, area in villages]
    return shapely.union_all(discs).buffer(CLOSING_DEG).buffer(-CLOSING_DEG)


def _imported(units: Units, level: Level, layers: Layers) -> list[Outline] | None:
    """Imported boundaries, simplified together so that neighbours still share their edges."""
    found = layers.boundaries(level)
    if found is None:
        return None
    codes = sorted(code for code in found if code in units)
    thin = shapely.coverage_simplify([found[code] for code in codes], _TOLERANCE_IMPORTED[level])
    return [_outline(units, code, shape, approximate=False) for code, shape in zip(codes, thin, strict=True)]


def _outline(units: Units, code: str, shape: BaseGeometry, *, approximate: bool = True) -> Outline:
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    large = [p for p in parts if p.area >= _SPECK] or sorted(parts, key=lambda p: -p.area)[:1]
    polygons = tuple((_ring(p.exterior), *(_ring(hole) for hole in p.interiors)) for p in large)
    return Outline(code=code, name=units[code].name, polygons=polygons, approximate=approximate)


def _ring(line: Any) -> Ring:
    return [(round(x, _DECIMALS), round(y, _DECIMALS)) for x, y in line.coords]


def to_geojson(found: Sequence[Outline]) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946); each feature says that it is approximate."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": one.code,
                "properties": {"code": one.code, "name": one.name, "approximate": one.approximate},
                "geometry": {"type": "MultiPolygon", "coordinates": [[list(r) for r in p] for p in one.polygons]},
            }
            for one in found
        ],
    }


# --- keeping ---------------------------------------------------------------------------------------------------------


def _fingerprint(units: Units, layers: Layers) -> str:
    facts = [(u.code, u.name, u.point, u.area_km2) for u in units.values()]
    text = json.dumps([RECIPE, shapely.geos_version, facts, layers.fingerprint], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> list[Outline] | None:
    """What was kept; None when there is nothing usable."""
    try:
        rows = json.loads(gzip.decompress(path.read_bytes()))
        return [
            Outline(
                code=code,
                name=name,
                approximate=approximate,
                polygons=tuple(tuple([(x, y) for x, y in r] for r in p) for p in polygons),
            )
            for code, name, approximate, polygons in rows
        ]
    except (OSError, EOFError, ValueError):
        return None


def _write(path: Path, made: Sequence[Outline]) -> None:
    """Keep the result; whole or not at all, and older ones of the same level are let go. A full disk is no error."""
    rows = [[o.code, o.name, o.approximate, o.polygons] for o in made]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.compress(text.encode(), mtime=0))
        os.replace(name, path)
        for old in path.parent.glob(path.name.rsplit("-", 1)[0] + "-*.json.gz"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        return
