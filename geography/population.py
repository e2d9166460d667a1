"""People as a planner brings them, held to the official total of each regency with the factor shown.

A table by code changes totals of units; points and hexagons say where people live inside them. Both may be there.
Registration and residence, years and methods differ, so nothing is taken as it stands: only a table's rows of regencies
are, they become the totals that everything is held to. Regencies that a file does not speak of stay as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geography import extent, fields, hexagons
from geography.errors import ImportRefused
from geography.hexagons import Cells, Floats
from geography.land import locate, village_shapes
from geography.layers import Draft, Layers
from geography.matching import System, by_code, system_of
from geography.population_file import Brought, Form, Wanted, read
from geography.spread import STEPS_A_PERSON, spread
from geography.units import Basis, Level, Units

TABLE_KEY = "population-table"
GRID_KEY = "population-grid"
_FEW = 20  # so many lines are named one by one
_REPORTED_RESOLUTION = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How a regency's figures were held to its official total: official = factor * brought."""

    regency: str
    name: str
    brought: float
    official: int
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the import found.

    Attributes:
        form: table, points or hexagons.
        year: of the figures, as said; None: not said.
        rows: read from the file.
        used: rows whose people count.
        people: in all regencies of the file, before scaling; each person once, also where a table holds several levels.
        fields: which columns were read.
        codes: how codes were read (tables only).
        unmatched: "line: code" of rows that are no unit (the first 20), and how many there are.
        elsewhere: rows outside the area of the units, or further than 3 km off its shore.
        scaled: one line a regency that the file speaks of.
        missing: regencies it does not speak of: their figures stay.
    """

    form: str
    year: int | None
    rows: int
    used: int
    people: float
    fields: Mapping[str, str]
    codes: str | None = None
    unmatched: tuple[str, ...] = ()
    unmatched_count: int = 0
    elsewhere: int = 0
    scaled: tuple[Scaling, ...]
    missing: Mapping[str, str]

    def as_facts(self) -> dict[str, Any]:
        """For keeping and for programs."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """People at cells, one entry a cell and village, before they are held to totals; `used` counts rows of the file."""

    form: Form
    index: Cells
    village: NDArray[np.str_]
    people: Floats
    used: int


def prepare(
    path: Path,
    units: Units,
    layers: Layers,
    *,
    wanted: Wanted | None = None,
    form: Form | None = None,
    year: int | None = None,
    layer: str | None = None,
) -> tuple[Draft, Report]:
    """Read a file of people and make a layer of it.

    Args:
        path: CSV (also gzipped), XLSX, GeoPackage (also gzipped), GeoJSON.
        units: the shipped units; a table that was imported earlier is applied to them here.
        layers: what was imported before.
        wanted: columns by name; None: all are guessed.
        form: what the file is; None: seen from its columns.
        year: of the figures; None: from a column, else unknown.
        layer: which layer of a GeoPackage.

    Raises:
        ImportRefused: with the line and column of the first thing that cannot be right.
    """
    brought = read(path, wanted=wanted, form=form, layer=layer)
    said = year if year is not None else brought.year
    if brought.form is Form.TABLE:
        return _table(path, units, brought, said)
    arrays = _points(path, units, brought) if brought.form is Form.POINTS else _hexagons(path, units, brought)
    arrays["form"] = np.array(brought.form.value)
    known = with_table(units, layers)
    found = place(arrays, village_shapes(units, layers), _REPORTED_RESOLUTION)
    if not found.used or not found.people.sum():
        raise ImportRefused(path, "none of its people live in a village that has land")
    scaled = scaling(known, _by_regency(found))
    report = Report(
        form=brought.form.value, year=said, rows=len(brought.people), used=found.used,
        people=round(float(found.people.sum()), 3), fields=brought.fields, elsewhere=len(brought.people) - found.used,
        scaled=scaled, missing=_missing(units, scaled),
    )  # fmt: skip
    return Draft(key=GRID_KEY, path=path, arrays=arrays, facts=report.as_facts()), report


def scaling(units: Units, brought: Mapping[str, float]) -> tuple[Scaling, ...]:
    """The factor of each regency with anybody in it."""
    return tuple(
        Scaling(
            regency=code, name=units[code].name, brought=round(total, 3), official=units[code].population,
            factor=units[code].population / total,
        )
        for code, total in sorted(brought.items())
        if total > 0
    )  # fmt: skip


def _missing(units: Units, scaled: tuple[Scaling, ...]) -> dict[str, str]:
    spoken = {one.regency for one in scaled}
    return {u.code: u.name for u in units.level(Level.REGENCY) if u.code not in spoken}


# --- a table by code -------------------------------------------------------------------------------------------------


def _table(path: Path, units: Units, brought: Brought, year: int | None) -> tuple[Draft, Report]:
    column = brought.fields["code"]
    rows = [(code, "") for code in brought.code]
    system = System.BPS if "bps" in fields.plain(column) else system_of(units, rows)
    people: dict[str, float] = {}
    lines: dict[str, int] = {}
    unmatched: list[str] = []
    for line, code, count in zip(brought.lines, brought.code, brought.people, strict=True):
        unit = by_code(units, code, system)
        if unit is None or unit.level is Level.PROVINCE:
            unmatched.append(f"{line}: {code}")
        elif unit.code in people:
            said = f"{code} stands here a second time, first in line {lines[unit.code]}"
            raise ImportRefused(path, said, line=line, column=column)
        else:
            people[unit.code], lines[unit.code] = count, line
    if not people:
        raise ImportRefused(path, "no row has the code of a unit", column=column)
    _, scaled = apply_table(units, people, year)
    report = Report(
        form=Form.TABLE.value, year=year, rows=len(brought.people), used=len(people),
        people=round(sum(one.brought for one in scaled), 3),
        fields=brought.fields, codes=system.value, unmatched=tuple(unmatched[:_FEW]), unmatched_count=len(unmatched),
        scaled=scaled, missing=_missing(units, scaled),
    )  # fmt: skip
    codes = sorted(people)
    arrays: dict[str, NDArray[Any]] = {
        "code": np.array(codes, dtype=np.str_), "people": np.array([people[c] for c in codes], dtype=np.float64),
        "year": np.array(year if year is not None else 0),
    }  # fmt: skip
    return Draft(key=TABLE_KEY, path=path, arrays=arrays, facts=report.as_facts()), report


def with_table(units: Units, layers: Layers) -> Units:
    """The units with the people of an imported table; the same units where none was imported."""
    layer = layers.current(TABLE_KEY)
    if layer is None:
        return units
    arrays = layers.arrays(layer)
    people = dict(zip(arrays["code"].tolist(), arrays["people"].tolist(), strict=True))
    return apply_table(units, {c: n for c, n in people.items() if c in units}, int(arrays["year"]) or None)[0]


def apply_table(units: Units, people: Mapping[str, float], year: int | None) -> tuple[Units, tuple[Scaling, ...]]:
    """Units with other people, and how each regency of the table was held to its total.

    A row of a village is its figure; of a district, what its villages without a row of their own share in proportion to
    the figures before; of a regency, the total to which its villages are held, else that is the total before. Whole
    persons that add up at every level.
    """
    new: dict[str, int] = {}
    scaled: list[Scaling] = []
    touched = {regency.code for code in people if (regency := units.ancestor(code, Level.REGENCY)) is not None}
    for code in sorted(touched):
        villages = [village.code for district in units.children(units[code]) for village in units.children(district)]
        total = round(people.get(code, units[code].population))
        raw = _village_figures(units, villages, people)
        if not raw.sum():  # a table of nothing but zeros says nothing of shares
            raw = np.array([units[village].population for village in villages], dtype=np.float64)
        if villages and raw.sum() > 0:
            pot = np.zeros(len(villages), dtype=np.int64)  # steps of spread are whole persons here
            whole = spread(np.array([total / STEPS_A_PERSON]), pot, raw) * STEPS_A_PERSON
            new |= dict(zip(villages, (int(n) for n in whole), strict=True))
            brought = float(raw.sum())
            scaled.append(
                Scaling(regency=code, name=units[code].name, brought=round(brought, 3), official=total,
                        factor=total / brought)
            )  # fmt: skip
        new[code] = total
    return _with_people(units, new, {c for c in touched if c in people}, year), tuple(scaled)


def _village_figures(units: Units, villages: list[str], people: Mapping[str, float]) -> Floats:
    figures = {code: people.get(code, float(units[code].population)) for code in villages}
    inside: dict[str, list[str]] = defaultdict(list)
    for code in villages:
        inside[units[code].parent or ""].append(code)
    for district in inside.keys() & people.keys():
        unlisted = [code for code in inside[district] if code not in people]
        left = max(0.0, people[district] - sum(people[code] for code in inside[district] if code in people))
        before = sum(units[code].population for code in unlisted)
        for code in unlisted:
            figures[code] = left * (units[code].population / before if before else 1 / len(unlisted))
    return np.array([figures[code] for code in villages], dtype=np.float64)


def _with_people(units: Units, new: dict[str, int], official: set[str], year: int | None) -> Units:
    """Units with new figures; districts and provinces are the sums of what is in them."""
    for wide in (Level.DISTRICT, Level.PROVINCE):
        for unit in units.level(wide):
            inside = units.children(unit)
            if any(u.code in new for u in inside):
                new[unit.code] = sum(new.get(u.code, u.population) for u in inside)
    return Units(
        replace(
            unit, population=new[code], population_year=year if year is not None else unit.population_year,
            basis=Basis.OFFICIAL if code in official else unit.basis,
        )
        if code in new else unit
        for code, unit in units.items()
    )  # fmt: skip


# --- points and hexagons ---------------------------------------------------------------------------------------------


def _points(path: Path, units: Units, brought: Brought) -> dict[str, NDArray[Any]]:
    lat, lon = np.array(brought.lat), np.array(brought.lon)
    inside = _inside(path, units, lat, lon, brought.lines)
    return {"lat": lat[inside], "lon": lon[inside], "people": np.array(brought.people)[inside]}


def _hexagons(path: Path, units: Units, brought: Brought) -> dict[str, NDArray[Any]]:
    column, seen = brought.fields["cell"], dict[str, int]()
    for line, name in zip(brought.lines, brought.cell, strict=True):
        try:
            hexagons.from_text([name])
        except ValueError as error:
            raise ImportRefused(path, str(error), line=line, column=column) from error
        if seen.setdefault(name, line) != line:
            said = f"{name} stands here a second time, first in line {seen[name]}"
            raise ImportRefused(path, said, line=line, column=column)
    index = hexagons.from_text(brought.cell)
    if len({hexagons.resolution_of(c) for c in index.tolist()}) > 1:
        raise ImportRefused(path, "holds H3 cells of several resolutions", column=column)
    lat, lon = hexagons.centres(index)
    inside = _inside(path, units, lat, lon, brought.lines)
    return {"index": index[inside], "people": np.array(brought.people)[inside]}


def _inside(path: Path, units: Units, lat: Floats, lon: Floats, lines: list[int]) -> NDArray[np.bool_]:
    """Rows within the area of the units; a national file may hold more, but one that holds none is refused."""
    area = extent.of_units(units)
    if area is None:
        return np.ones(len(lat), dtype=bool)
    mask = (lon >= area.west) & (lon <= area.east) & (lat >= area.south) & (lat <= area.north)
    if not mask.any():
        raise ImportRefused(path, extent.complaint(area, float(lon[0]), float(lat[0])) or "no rows", line=lines[0])
    return np.asarray(mask, dtype=bool)


def place(arrays: Mapping[str, NDArray[Any]], shapes: dict[str, BaseGeometry], resolution: int) -> Placed:
    """The cells and villages of imported points or hexagons.

    Hexagons finer than the grid are joined; coarser ones are shared equally by those of their parts that lie on land.
    People further than 3 km from all land belong to no village and are left out.
    """
    form, people = Form(str(arrays["form"])), arrays["people"].astype(np.float64)
    origin = np.arange(len(people), dtype=np.int64)
    if form is Form.POINTS:
        lat, lon = arrays["lat"], arrays["lon"]
        index = hexagons.at(lat, lon, resolution)
    else:
        index = arrays["index"]
        fine = hexagons.resolution_of(int(index[0])) if len(index) else resolution
        if fine < resolution:
            index, origin = hexagons.children(index, resolution)
        lat, lon = hexagons.centres(index)
        if fine > resolution:
            index = hexagons.parents(index, resolution)
    owner = locate(shapes, lat, lon)
    kept = np.array([code is not None for code in owner], dtype=bool)
    parts = np.bincount(origin[kept], minlength=len(people))
    share = people[origin[kept]] / parts[origin[kept]]
    villages = np.array([code for code in owner if code is not None], dtype=np.str_)
    index, villages, share = _joined(index[kept], villages, share)
    return Placed(form=form, index=index, village=villages, people=share, used=int((parts > 0).sum()))


def _joined(index: Cells, village: NDArray[np.str_], people: Floats) -> tuple[Cells, NDArray[np.str_], Floats]:
    """One row for each cell and village, by cell, then village."""
    names, owner = np.unique(village, return_inverse=True)
    order = np.lexsort((owner, index))
    index, owner, people = index[order], owner[order], people[order]
    new = np.ones(len(index), dtype=bool)
    new[1:] = (index[1:] != index[:-1]) | (owner[1:] != owner[:-1])
    row = np.cumsum(new) - 1
    sums = np.bincount(row, weights=people, minlength=int(new.sum())).astype(np.float64)
    return index[new], names[owner[new]], sums


def _by_regency(found: Placed) -> dict[str, float]:
    codes, owner = np.unique(found.village.astype("<U5"), return_inverse=True)
    sums = np.bincount(owner, weights=found.people, minlength=len(codes))
    return dict(zip(codes.tolist(), sums.tolist(), strict=True))


def placed(layers: Layers, shapes: dict[str, BaseGeometry], resolution: int) -> Placed | None:
    """Imported points or hexagons at cells of a grid; None where none were imported."""
    layer = layers.current(GRID_KEY)
    return place(layers.arrays(layer), shapes, resolution) if layer is not None else None
