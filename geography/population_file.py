"""Columns of a file of people: a table by code, points with people, or hexagons with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import shapely

from geography import fields, tables, vectors
from geography.errors import ImportRefused
from geography.units import Level

#: What rasters that were turned into points say where nothing is known: WorldPop, GHS-POP, GDAL's own.
_NO_DATA = frozenset({-99999.0, -200.0, -9999.0})


class Form(StrEnum):
    """What a file of people looks like."""

    TABLE = "table"
    POINTS = "points"
    HEXAGONS = "hexagons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Columns that were named; None: guessed."""

    code: str | None = None
    people: str | None = None
    lat: str | None = None
    lon: str | None = None
    hexagon: str | None = None


@dataclass(slots=True, kw_only=True)
class Brought:
    """Columns as they stand in the file, one entry a row; those that the form does not have are empty."""

    form: Form
    fields: dict[str, str]
    lines: list[int]
    people: list[float]
    code: list[str]
    lat: list[float]
    lon: list[float]
    cell: list[str]
    year: int | None = None


def read(path: Path, *, wanted: Wanted | None = None, form: Form | None = None, layer: str | None = None) -> Brought:
    """Read the columns that matter.

    Args:
        path: CSV (also gzipped), XLSX, GeoPackage (also gzipped), GeoJSON.
        wanted: columns by name.
        form: what the file is; None: seen from its columns.
        layer: which layer of a GeoPackage.

    Raises:
        ImportRefused: with the line and column of the first thing that cannot be right.
    """
    named = wanted or Wanted()
    if tables.suffix(path) in vectors.JSON | vectors.BY_GDAL:
        brought = _vector(path, named, layer)
    elif tables.suffix(path) in tables.WORKBOOKS | tables.SEPARATED:
        brought = _tabular(path, named, form)
    else:
        raise ImportRefused(path, "is none of the kinds that can be read: CSV, XLSX, ODS, GeoPackage, GeoJSON")
    if form is not None and brought.form is not form:
        raise ImportRefused(path, f"looks like {brought.form.value}, not {form.value}")
    if not brought.people:
        raise ImportRefused(path, "holds no rows with people")
    return brought


def _empty(form: Form, used: dict[str, str]) -> Brought:
    return Brought(form=form, fields=used, lines=[], people=[], code=[], lat=[], lon=[], cell=[])


def _tabular(path: Path, wanted: Wanted, form: Form | None) -> Brought:
    table = tables.read(path)
    columns = _columns(path, table.header, wanted)
    if "people" not in columns:
        named = ", ".join(table.header)
        raise ImportRefused(path, f"no column of people is known among: {named}; say --people-field", line=1)
    kind = form or _form_of(columns)
    if kind is None:
        raise ImportRefused(
            path, "neither codes, nor lat and lon, nor H3 cells: say --code-field or --lat-field", line=1
        )
    needed = {Form.TABLE: ("code",), Form.POINTS: ("lat", "lon"), Form.HEXAGONS: ("cell",)}[kind]
    used = {what: columns[what] for what in (*needed, "people", "year") if what in columns}
    for what in needed:
        if what not in used:
            raise ImportRefused(path, f"has no column of {what}, which {kind.value} need", line=1)
    at = {what: table.header.index(name) for what, name in used.items()}
    brought, texts, years = _empty(kind, used), [], set()
    for line, cells in table.rows:
        row = {what: cells[place] if place < len(cells) else "" for what, place in at.items()}
        if not any(row[what] for what in needed) and not row["people"]:
            continue
        brought.lines.append(line)
        texts.append(row["people"])
        years.add(row.get("year", ""))
        if kind is Form.TABLE:
            brought.code.append(row["code"])
        elif kind is Form.HEXAGONS:
            brought.cell.append(row["cell"])
        else:
            brought.lat.append(tables.degrees(path, line, used["lat"], row["lat"], 90))
            brought.lon.append(tables.degrees(path, line, used["lon"], row["lon"], 180))
    grouped = kind is Form.TABLE and tables.whole_with_dots(texts)
    clean = [text.replace(".", "") for text in texts] if grouped else texts
    brought.people = [_count(path, line, used["people"], text) for line, text in zip(brought.lines, clean, strict=True)]
    if len(years) == 1 and (said := next(iter(years))).isdigit():
        brought.year = int(said)
    return brought


def _columns(path: Path, header: Sequence[str], wanted: Wanted) -> dict[str, str]:
    code = [name for level in (Level.VILLAGE, Level.DISTRICT, Level.REGENCY) for name in fields.CODE[level]]
    guessed = {
        "code": wanted.code or fields.guess(header, code),
        "lat": wanted.lat or fields.guess(header, fields.LAT),
        "lon": wanted.lon or fields.guess(header, fields.LON),
        "cell": wanted.hexagon or fields.guess(header, fields.HEXAGON),
        "year": fields.guess(header, fields.YEAR),
    }
    taken = {name for name in guessed.values() if name}
    guessed["people"] = wanted.people or fields.guess_people([name for name in header if name not in taken])
    for name in guessed.values():
        if name is not None and name not in header:
            raise ImportRefused(path, f"there is no such column; it has {', '.join(header)}", column=name)
    return {what: name for what, name in guessed.items() if name}


def _form_of(columns: Mapping[str, str]) -> Form | None:
    if "cell" in columns:
        return Form.HEXAGONS
    if "code" in columns:
        return Form.TABLE
    return Form.POINTS if "lat" in columns and "lon" in columns else None


def _count(path: Path, line: int, column: str, text: str) -> float:
    value = tables.number(text)
    if value is None:
        raise ImportRefused(path, f"expected a number of people, found {text!r}", line=line, column=column)
    if value in _NO_DATA:
        return 0.0
    if value < 0:
        raise ImportRefused(path, f"people cannot be below 0, found {text}", line=line, column=column)
    return value


def _vector(path: Path, wanted: Wanted, layer: str | None) -> Brought:
    read = vectors.read(path, layer=layer)
    columns = _columns(path, read.fields, wanted)
    if "people" not in columns:
        raise ImportRefused(path, f"no field of people is known among: {', '.join(read.fields)}; say --people-field")
    cell = columns.get("cell")
    kinds = {one.shape.geom_type for one in read.features if one.shape is not None}
    if cell is None and kinds != {"Point"}:
        raise ImportRefused(path, "holds neither points nor a field of H3 cells: say --h3-field")
    form = Form.HEXAGONS if cell is not None else Form.POINTS
    used = {"people": columns["people"]} | ({"cell": cell} if cell is not None else {})
    brought = _empty(form, used)
    for feature in read.features:
        brought.lines.append(feature.number)
        brought.people.append(_count(path, feature.number, used["people"], feature.attributes[used["people"]]))
        if cell is not None:
            brought.cell.append(feature.attributes[cell])
        elif feature.shape is None:
            raise ImportRefused(path, f"feature {feature.number} has no point")
        else:
            lon, lat = shapely.get_x(feature.shape), shapely.get_y(feature.shape)
            brought.lat.append(tables.degrees(path, feature.number, "geometry", repr(float(lat)), 90))
            brought.lon.append(tables.degrees(path, feature.number, "geometry", repr(float(lon)), 180))
    return brought
