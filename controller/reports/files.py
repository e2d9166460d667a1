"""Tables as files: CSV with a description beside it, XLSX, GeoJSON, GeoPackage. Each carries its data dictionary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.reports.errors import ReportFailed
from controller.reports.tables import Table, dictionary
from geography.packages import PackageRefused, geometry, write_package

FORMATS = ("csv", "xlsx", "geojson", "gpkg")
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "json": "application/csvm+json",
}
_CSVW_TYPE = {"text": "string", "number": "number", "boolean": "boolean"}


def write(table: Table, path: Path, kind: str) -> tuple[Path, ...]:
    """Write a table as a file of that format; what stands at `path` is replaced.

    Returns:
        The files written: CSV has a second one beside it, `NAME.csv-metadata.json`.

    Raises:
        ReportFailed: the disk or a library refuses.
    """
    try:
        if kind == "gpkg":
            path.unlink(missing_ok=True)
            _geopackage(table, path)
            return (path,)
        path.write_bytes(MAKERS[kind](table))
        if kind != "csv":
            return (path,)
        beside = path.with_name(f"{path.name}-metadata.json")
        beside.write_bytes(csv_description(table, path.name))
    except OSError as error:
        raise ReportFailed(error.strerror or str(error), path=path) from error
    return (path, beside)


def to_csv(table: Table) -> bytes:
    """RFC 4180, UTF-8 with a mark so that spreadsheets of offices read it right; an empty cell is *not known*."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([c.name for c in table.columns] + ([] if table.is_area else ["lon", "lat"]))
    for row, shape in zip(table.rows, table.shapes, strict=True):
        cells = [str(v).lower() if isinstance(v, bool) else v for v in row]
        place: list[Any] = [] if table.is_area else list(shape or ("", ""))
        writer.writerow([*cells, *place])
    return out.getvalue().encode("utf-8-sig")


def csv_description(table: Table, name: str) -> bytes:
    """The description beside a CSV file (W3C, Metadata Vocabulary for Tabular Data, 2015)."""
    columns = [
        {"name": c.name, "titles": c.name, "datatype": _CSVW_TYPE[c.kind], "dc:description": c.meaning,
         "dc:source": c.source} | ({"schema:unitText": c.unit} if c.unit else {})
        for c in table.columns
    ]  # fmt: skip
    if not table.is_area:
        columns += [
            {
                "name": n,
                "titles": n,
                "datatype": "number",
                "dc:description": f"{word}, WGS84",
                "schema:unitText": "degree",
            }
            for n, word in (("lon", "longitude"), ("lat", "latitude"))
        ]
    said = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": name,
        "dc:title": table.name,
        "dc:created": dict(table.about)["made"],
        "notes": [{"name": k, "value": v} for k, v in table.about],
        "tableSchema": {"columns": columns},
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def to_xlsx(table: Table) -> bytes:
    """Three sheets: the rows, the columns, what the figures stand on. Text is never read as a formula."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Merata: {table.name}", "created": datetime.fromtimestamp(table.made_at, UTC)})
    bold = book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    heads = [c.name for c in table.columns] + ([] if table.is_area else ["lon", "lat"])
    sheet = book.add_worksheet(table.name)
    sheet.write_row(0, 0, heads, bold)
    sheet.freeze_panes(1, 2)
    for at, (row, shape) in enumerate(zip(table.rows, table.shapes, strict=True), 1):
        place = [] if table.is_area else list(shape or (None, None))
        for column, cell in enumerate([*row, *place]):
            if isinstance(cell, str):
                sheet.write_string(at, column, cell)
            elif cell is not None:
                sheet.write(at, column, cell)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(heads) - 1)
    sheet.set_column(0, len(heads) - 1, 14)
    columns = book.add_worksheet("columns")
    columns.write_row(0, 0, ["name", "kind", "unit", "meaning", "source"], bold)
    for at, column_said in enumerate(dictionary(table), 1):
        columns.write_row(at, 0, list(column_said.values()), wrap)
    columns.set_column(0, 2, 18)
    columns.set_column(3, 4, 60)
    stands = book.add_worksheet("about")
    stands.write_row(0, 0, ["name", "value"], bold)
    for at, pair in enumerate(table.about, 1):
        for k, text in enumerate(pair):
            stands.write_string(at, k, text, wrap)
    stands.set_column(0, 0, 24)
    stands.set_column(1, 1, 100)
    book.close()
    return out.getvalue()


def to_geojson(table: Table) -> bytes:
    """A FeatureCollection (RFC 7946); columns and grounds are foreign members, which readers pass over."""
    names = [c.name for c in table.columns]
    features = [
        {"type": "Feature", "geometry": geometry(shape), "properties": dict(zip(names, row, strict=True))}
        for row, shape in zip(table.rows, table.shapes, strict=True)
    ]
    said = {
        "type": "FeatureCollection",
        "name": table.name,
        "about": dict(table.about),
        "columns": dictionary(table),
        "features": features,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _geopackage(table: Table, path: Path) -> None:
    said = dictionary(table)
    heads = ("name", "kind", "unit", "meaning", "source")
    try:
        write_package(
            path,
            layer=table.name,
            columns={c.name: [row[k] for row in table.rows] for k, c in enumerate(table.columns)},
            numbers=frozenset(c.name for c in table.columns if c.kind == "number"),
            shapes=table.shapes,
            is_area=table.is_area,
            tables={
                "columns": {head: [one[head] for one in said] for head in heads},
                "about": {"name": [k for k, _ in table.about], "value": [v for _, v in table.about]},
            },
            made_at=table.made_at,
        )
    except PackageRefused as error:
        raise ReportFailed(f"could not be written: {error}", path=path) from error


MAKERS: dict[str, Callable[[Table], bytes]] = {"csv": to_csv, "xlsx": to_xlsx, "geojson": to_geojson}
