"""Points that a planner brings: schools, puskesmas, offices, hamlets, candidate sites, access points of others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geography import extent, fields, tables, vectors
from geography.errors import ImportRefused
from geography.layers import Draft, Layers
from geography.units import Units

_FEW = 20  # so many lines are named one by one


class Kind(StrEnum):
    """What stands at the points."""

    SCHOOL = "school"
    PUSKESMAS = "puskesmas"
    VILLAGE_OFFICE = "village_office"
    CANDIDATE = "candidate"
    OTHER_PROGRAMME = "other_programme"
    SETTLEMENT = "settlement"


#: Kinds that stand where people live.
SETTLED = (Kind.SCHOOL, Kind.PUSKESMAS, Kind.VILLAGE_OFFICE, Kind.SETTLEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One point. `said` holds every column of the file as text (cost, capacity, operator, whatever there was)."""

    id: str
    name: str
    lat: float
    lon: float
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Columns that were named; None: guessed."""

    id: str | None = None
    name: str | None = None
    lat: str | None = None
    lon: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the import found.

    Attributes:
        kind: of the points.
        rows: in the file.
        points: taken.
        fields: which columns were read.
        without_place: lines without coordinates (empty, or 0 and 0): left out. The first 20, and how many.
        elsewhere: lines outside the area of the units: left out. The first 20, and how many.
    """

    kind: str
    rows: int
    points: int
    fields: Mapping[str, str]
    without_place: tuple[int, ...]
    without_place_count: int
    elsewhere: tuple[int, ...]
    elsewhere_count: int

    def as_facts(self) -> dict[str, Any]:
        """For keeping and for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    line: int
    said: dict[str, str]
    at: tuple[float, float] | None  # (lat, lon)


def key_of(kind: Kind, name: str | None = None) -> str:
    """Key of the layer of a kind; a name keeps several of one kind apart (two programmes)."""
    return f"points-{kind.value}" + (f"-{fields.plain(name)}" if name else "")


def prepare(
    path: Path,
    units: Units,
    kind: Kind,
    *,
    wanted: Wanted | None = None,
    name: str | None = None,
    layer: str | None = None,
) -> tuple[Draft, Report]:
    """Read a file of points and make a layer of it.

    Args:
        path: CSV (also gzipped), XLSX, GeoJSON, GeoPackage, zipped Shapefile.
        units: whose area the points must lie in.
        kind: what stands there.
        wanted: columns by name; None: all are guessed.
        name: keeps several files of one kind apart; None: a file takes the place of the one before.
        layer: which layer of a GeoPackage.

    Raises:
        ImportRefused: with the line and column of the first thing that cannot be right; coordinates swapped or
            projected; most points elsewhere; an id twice.
    """
    named = wanted or Wanted()
    vector = tables.suffix(path) in vectors.JSON | vectors.BY_GDAL
    if not vector and tables.suffix(path) not in tables.WORKBOOKS | tables.SEPARATED:
        raise ImportRefused(path, "is none of the kinds that can be read: CSV, XLSX, ODS, GeoJSON, GeoPackage")
    used, rows = _vector(path, named, layer) if vector else _tabular(path, named)
    if not rows:
        raise ImportRefused(path, "holds no rows")
    area = extent.of_units(units)
    lost = [row.line for row in rows if row.at is None]
    placed = [(row, row.at) for row in rows if row.at is not None]
    outside = [(row, at) for row, at in placed if area is not None and not area.holds(at[1], at[0])]
    if area is not None and placed and len(outside) * 2 > len(placed):
        row, at = outside[0]
        said = extent.complaint(area, at[1], at[0])
        raise ImportRefused(path, f"{said}; so do {len(outside)} of {len(placed)} points", line=row.line)
    away = {row.line for row, _ in outside}
    places = _places(path, [(row, at) for row, at in placed if row.line not in away], used, kind)
    if not places:
        raise ImportRefused(path, "no row has coordinates")
    report = Report(
        kind=kind.value, rows=len(rows), points=len(places), fields=used, without_place=tuple(lost[:_FEW]),
        without_place_count=len(lost), elsewhere=tuple(sorted(away)[:_FEW]), elsewhere_count=len(away),
    )  # fmt: skip
    arrays = {
        "id": np.array([p.id for p in places], dtype=np.str_),
        "name": np.array([p.name for p in places], dtype=np.str_),
        "lat": np.array([p.lat for p in places]),
        "lon": np.array([p.lon for p in places]),
        "said": np.array([json.dumps(p.said, ensure_ascii=False) for p in places], dtype=np.str_),
    }
    return Draft(key=key_of(kind, name), path=path, arrays=arrays, facts=report.as_facts()), report


def places(layers: Layers, kind: Kind) -> list[Place]:
    """All imported points of a kind, of every name, by layer, then as they stood in the file.

    Raises:
        GeographyError: what is kept cannot be read.
    """
    base = key_of(kind)
    found: list[Place] = []
    for key in layers.keys():  # noqa: SIM118  # Layers is no mapping
        if (key == base or key.startswith(base + "-")) and (layer := layers.current(key)) is not None:
            kept = layers.arrays(layer)
            columns = (kept[name].tolist() for name in ("id", "name", "lat", "lon", "said"))
            for one, name, lat, lon, said in zip(*columns, strict=True):
                found.append(Place(id=one, name=name, lat=lat, lon=lon, said=json.loads(said)))
    return found


# --- reading ---------------------------------------------------------------------------------------------------------


def _tabular(path: Path, wanted: Wanted) -> tuple[dict[str, str], list[_Row]]:
    table = tables.read(path)
    used = _columns(path, table.header, wanted, need_place=True)
    rows = []
    for line, cells in table.rows:
        said = {name: cell for name, cell in zip(table.header, cells, strict=False) if name and cell}
        lat, lon = said.get(used["lat"], ""), said.get(used["lon"], "")
        at = None
        if lat or lon:
            at = (tables.degrees(path, line, used["lat"], lat, 90), tables.degrees(path, line, used["lon"], lon, 180))
        rows.append(_Row(line=line, said=said, at=at if at != (0.0, 0.0) else None))
    return used, rows


def _vector(path: Path, wanted: Wanted, layer: str | None) -> tuple[dict[str, str], list[_Row]]:
    read = vectors.read(path, layer=layer)
    used = _columns(path, read.fields, wanted, need_place=False)
    rows = []
    for feature in read.features:
        shape, at = feature.shape, None
        if shape is not None and not shape.is_empty:
            spot = shape if shape.geom_type == "Point" else shape.representative_point()
            lon, lat = float(shapely.get_x(spot)), float(shapely.get_y(spot))
            at = (lat, lon) if (lat, lon) != (0.0, 0.0) else None
        rows.append(_Row(line=feature.number, said={k: v for k, v in feature.attributes.items() if v}, at=at))
    return used, rows


def _columns(path: Path, header: Sequence[str], wanted: Wanted, *, need_place: bool) -> dict[str, str]:
    found = {
        "id": wanted.id or fields.guess(header, fields.POINT_ID),
        "name": wanted.name or fields.guess(header, fields.POINT_NAME),
    }
    if need_place:
        found["lat"] = wanted.lat or fields.guess(header, fields.LAT)
        found["lon"] = wanted.lon or fields.guess(header, fields.LON)
    for what, name in found.items():
        if name is None and what in ("lat", "lon"):
            listed = ", ".join(header)
            raise ImportRefused(path, f"no column of {what} is known among: {listed}; say --{what}-field", line=1)
        if name is not None and name not in header:
            raise ImportRefused(path, f"there is no such column; it has {', '.join(header)}", column=name)
    return {what: name for what, name in found.items() if name}


def _places(
    path: Path, rows: Sequence[tuple[_Row, tuple[float, float]]], used: Mapping[str, str], kind: Kind
) -> list[Place]:
    first: dict[str, int] = {}
    found = []
    for row, (lat, lon) in rows:
        one = row.said.get(used.get("id", ""), "") or f"{kind.value}-{row.line}"
        if first.setdefault(one, row.line) != row.line:
            said = f"{one} stands here a second time, first in line {first[one]}"
            raise ImportRefused(path, said, line=row.line, column=used.get("id"))
        found.append(Place(id=one, name=row.said.get(used.get("name", ""), ""), lat=lat, lon=lon, said=row.said))
    return found
