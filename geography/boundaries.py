"""Boundaries that somebody brings: read, matched to the units, repaired, joined upward.

The result is a draft; nothing is kept here. Polygons of one level are made into a coverage (neighbours share their
edges, nothing overlaps), so that simplified outlines have no gaps and each place lies in one unit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geography import extent, fields, vectors
from geography.errors import ImportRefused
from geography.layers import Draft, boundaries_key, pack_shapes
from geography.matching import Asked, Found, How, System, match
from geography.units import Level, Units
from geography.vectors import Feature, Features

#: From narrow to wide.
_UPWARD = (Level.VILLAGE, Level.DISTRICT, Level.REGENCY, Level.PROVINCE)
#: Names of systems of degrees that agree within metres: WGS84, DGN95, SRGI2013, and GeoJSON's.
_DEGREES = ("EPSG:4326", "OGC:CRS84", "EPSG:4755", "EPSG:9470", "EPSG:4979", "CRS84", "WGS 84", "WGS84", "SRGI2013")
_GAP_DEG = 2e-5  # 2 m: gaps this narrow between neighbours are slips of drawing, not land of nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Which fields were read; None: none."""

    code: str | None
    name: str | None
    parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the import found.

    Attributes:
        level: of the file.
        features: in the file.
        matched: units of each level that now have a boundary.
        by: how many units were found by code, alias or name.
        codes: how codes were read.
        fields: which fields were used.
        unmatched_features: "number: code name" of features that are no unit.
        elsewhere: further features that lie outside the area of the units (a national file).
        unmatched_units: codes and names of units that have no boundary in the file.
        repaired: shapes that were not valid.
        cleaned: whether overlaps or slips between neighbours had to be mended.
        point_outside: units whose known point does not lie in their new boundary.
    """

    level: str
    features: int
    matched: Mapping[str, int]
    by: Mapping[str, int]
    codes: str
    fields: Fields
    unmatched_features: tuple[str, ...]
    elsewhere: int
    unmatched_units: Mapping[str, str]
    repaired: int
    cleaned: bool
    point_outside: tuple[str, ...]

    def as_facts(self) -> dict[str, Any]:
        """For keeping and for programs."""
        return asdict(self)


def prepare(
    path: Path,
    units: Units,
    level: Level,
    *,
    code_field: str | None = None,
    name_field: str | None = None,
    parent_field: str | None = None,
    layer: str | None = None,
) -> tuple[Draft, Report]:
    """Read a file of boundaries and make a layer of it.

    Args:
        path: GeoJSON, GeoPackage or zipped Shapefile, WGS84 degrees.
        units: the units that are to have boundaries.
        level: village, district or regency: what one feature is.
        code_field: which field holds the code; None: guessed. A field that holds no known code is passed over.
        name_field: likewise the name.
        parent_field: likewise the code or name of the unit one level up.
        layer: which layer of a file that holds several.

    Raises:
        ImportRefused: no such file or field; coordinates swapped, projected or elsewhere; a unit twice under one code
            with land far apart; nothing fits any unit.
    """
    read = vectors.read(path, layer=layer)
    _refuse_other_crs(read)
    used = _fields(read, units, level, Fields(code=code_field, name=name_field, parent=parent_field))
    found, system = match(units, level, [_asked(feature, used) for feature in read.features])
    area = extent.of_units(units)
    _refuse_elsewhere(read, found, area)
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    how: dict[str, How] = {}
    repaired = 0
    for feature, meant in zip(read.features, found, strict=True):
        if meant is None or feature.shape is None:
            continue
        land = _polygons(feature.shape)
        repaired += not feature.shape.is_valid
        if land.is_empty:
            raise ImportRefused(path, f"feature {feature.number} ({meant.unit.name}) holds no area")
        parts[meant.unit.code].append(land)
        how.setdefault(meant.unit.code, meant.how)
    shapes, cleaned = _coverage({code: shapely.union_all(lands) for code, lands in parts.items()})
    everything = _joined_upward(units, level, shapes)
    report = _report(
        read, units, level, used=used, found=found, system=system, area=area, how=how, shapes=shapes,
        everything=everything, repaired=repaired, cleaned=cleaned,
    )  # fmt: skip
    arrays = pack_shapes(everything)
    return Draft(key=boundaries_key(level), path=path, arrays=arrays, facts=report.as_facts()), report


# --- fields and codes ------------------------------------------------------------------------------------------------


def _fields(read: Features, units: Units, level: Level, wanted: Fields) -> Fields:
    for name in (wanted.code, wanted.name, wanted.parent):
        if name is not None and name not in read.fields:
            raise ImportRefused(read.path, f"there is no such field; it has {', '.join(read.fields)}", column=name)
    code = wanted.code or _code_field(read, units, level)
    name = wanted.name or fields.guess(read.fields, fields.NAME[level])
    parent = wanted.parent or fields.guess(read.fields, fields.PARENT[level])
    if code is None and name is None:
        named = ", ".join(read.fields) or "none at all"
        raise ImportRefused(read.path, f"no field of codes or names is known among: {named}; say --code-field")
    return Fields(code=code, name=name, parent=parent if parent != code else None)


def _code_field(read: Features, units: Units, level: Level) -> str | None:
    """The field with the most codes that are known; the better name wins a draw."""
    best, most = None, 0
    for name in fields.guesses(read.fields, fields.CODE[level]):
        asked = [Asked(code=feature.attributes.get(name, "")) for feature in read.features]
        hits = sum(one is not None for one in match(units, level, asked)[0])
        if hits > most:
            best, most = name, hits
    return best


def _asked(feature: Feature, used: Fields) -> Asked:
    said = feature.attributes
    return Asked(
        code=said.get(used.code or "", ""), name=said.get(used.name or "", ""), parent=said.get(used.parent or "", ""),
        shape=feature.shape,
    )  # fmt: skip


# --- refusing --------------------------------------------------------------------------------------------------------


def _refuse_other_crs(read: Features) -> None:
    if read.crs is None or any(name in read.crs for name in _DEGREES):
        return
    crs = read.crs if len(read.crs) < 60 else read.crs[:57] + "..."
    raise ImportRefused(
        read.path, f"its coordinates are in {crs}: give WGS84 longitude and latitude (ogr2ogr -t_srs EPSG:4326)"
    )


def _refuse_elsewhere(read: Features, found: list[Found | None], area: extent.Extent | None) -> None:
    """One sentence for the first unit whose land cannot be where the file says."""
    meant = [(f, m) for f, m in zip(read.features, found, strict=True) if f.shape is not None and not f.shape.is_empty]
    matched = [(f, m) for f, m in meant if m is not None]
    for feature, unit in matched or meant[:1]:
        if area is None or feature.shape is None:
            return
        west, south, east, north = feature.shape.bounds
        wrong = extent.complaint(area, west, south) or extent.complaint(area, east, north)
        if wrong is not None:
            whose = f" ({unit.unit.name})" if unit is not None else ""
            raise ImportRefused(read.path, f"feature {feature.number}{whose}: {wrong}")
    if not matched:
        raise ImportRefused(
            read.path, "no feature has the code or the name of a unit: say --code-field or --name-field"
        )


# --- shapes ----------------------------------------------------------------------------------------------------------


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """The valid area of a shape; lines and points that repairing leaves are dropped."""
    valid = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [p for p in shapely.get_parts(shapely.get_parts(valid)) if p.geom_type == "Polygon"]
    return shapely.union_all(parts) if len(parts) != 1 else parts[0]


def _coverage(shapes: Mapping[str, BaseGeometry]) -> tuple[dict[str, BaseGeometry], bool]:
    """Shapes whose neighbours share their edges, and whether they had to be changed for it."""
    codes = sorted(shapes)
    found = np.array([shapes[code] for code in codes], dtype=object)
    if shapely.coverage_is_valid(found, gap_width=_GAP_DEG):
        return dict(zip(codes, found, strict=True)), False
    # land that two claim goes to the smaller: an enclave that its neighbour's line passes over keeps its land
    clean = shapely.coverage_clean  # type: ignore[attr-defined]  # stubs are of 2.1
    cleaned = clean(found, gap_width=_GAP_DEG, merge_strategy="min_area")
    return {code: shape for code, shape in zip(codes, cleaned, strict=True) if not shape.is_empty}, True


def _joined_upward(units: Units, level: Level, shapes: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """The shapes, and those of the levels above made of them."""
    everything = dict(shapes)
    for wide in _UPWARD[_UPWARD.index(level) + 1 :]:
        members: dict[str, list[BaseGeometry]] = defaultdict(list)
        for code in sorted(shapes):
            above = units.ancestor(code, wide)
            if above is not None:
                members[above.code].append(shapes[code])
        everything |= {code: shapely.union_all(lands) for code, lands in members.items()}
    return everything


# --- report ----------------------------------------------------------------------------------------------------------


def _report(
    read: Features,
    units: Units,
    level: Level,
    *,
    used: Fields,
    found: list[Found | None],
    system: System,
    area: extent.Extent | None,
    how: Mapping[str, How],
    shapes: Mapping[str, BaseGeometry],
    everything: Mapping[str, BaseGeometry],
    repaired: int,
    cleaned: bool,
) -> Report:
    strangers = [f for f, meant in zip(read.features, found, strict=True) if meant is None]
    near = [f for f in strangers if f.shape is None or f.shape.is_empty or area is None or _touches(area, f.shape)]
    outside = [
        units[code].name
        for code, land in shapes.items()
        if (at := units[code].point) and not shapely.contains_xy(land, at[1], at[0])
    ]
    counted = Counter(units[code].level for code in everything)
    return Report(
        level=level.value,
        features=len(read.features),
        matched={wide.value: counted[wide] for wide in reversed(_UPWARD) if counted[wide]},
        by={each.value: count for each, count in Counter(how.values()).items()},
        codes=system.value,
        fields=used,
        unmatched_features=tuple(_named(feature, used) for feature in near),
        elsewhere=len(strangers) - len(near),
        unmatched_units={u.code: u.name for u in units.level(level) if u.code not in shapes},
        repaired=repaired,
        cleaned=cleaned,
        point_outside=tuple(sorted(outside)),
    )


def _touches(area: extent.Extent, shape: BaseGeometry) -> bool:
    west, south, east, north = shape.bounds
    return west <= area.east and east >= area.west and south <= area.north and north >= area.south


def _named(feature: Feature, used: Fields) -> str:
    said = [feature.attributes.get(name, "") for name in (used.code, used.name) if name]
    return f"{feature.number}: {' '.join(filter(None, said)) or 'no code, no name'}"
