"""Tables as files: what is written can be read again, carries its dictionary, and is the same every time."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from controller.reports import files, tables
from controller.reports.columns import TABLES
from controller.reports.tables import Table
from geography.vectors import read
from tests.unit.reports.make import INPUTS, NOW, coverage_rows, gap, plan, site

ROOT = Path(__file__).resolve().parents[3]
HOLE = [(0.2, 0.2), (0.2, 0.4), (0.4, 0.4), (0.4, 0.2), (0.2, 0.2)]
SQUARE = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
POINTS = {"61.01.01.2001": (109.1, 1.2)}


def made(what: str) -> Table:
    if what == "coverage":
        return tables.coverage(coverage_rows(), INPUTS, made_at=NOW, areas={"61.01": [HOLE, SQUARE]}, points={})
    if what == "gaps":
        return tables.gaps([gap(), gap(nearest=None)], INPUTS, radius_km=5, made_at=NOW, points=POINTS)
    if what == "worth":
        return tables.worth([site(), site(name="=1+1")], INPUTS, made_at=NOW)
    return tables.plan(plan(), made_at=NOW)


@pytest.mark.parametrize("what", TABLES)
def test_every_row_has_a_cell_for_every_column_of_the_dictionary(what: str) -> None:
    table = made(what)
    assert table.rows
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert len(table.shapes) == len(table.rows)
    for row in table.rows:
        for column, cell in zip(table.columns, row, strict=True):
            if cell is not None:
                assert isinstance(cell, bool) == (column.kind == "boolean")
                assert isinstance(cell, str) == (column.kind == "text")


@pytest.mark.parametrize("what", TABLES)
def test_csv_and_its_description_name_the_same_columns(what: str) -> None:
    table = made(what)
    heads = next(csv.reader(io.StringIO(files.to_csv(table).decode("utf-8-sig"))))
    said = json.loads(files.csv_description(table, "x.csv"))
    assert heads == [c["name"] for c in said["tableSchema"]["columns"]]
    assert {"name": "inputs_hash", "value": INPUTS.hash} in said["notes"]


def test_what_is_not_known_is_an_empty_cell() -> None:
    rows = list(csv.DictReader(io.StringIO(files.to_csv(made("gaps")).decode("utf-8-sig"))))
    assert rows[1]["nearest_km"] == ""
    assert (rows[0]["lon"], rows[0]["lat"]) == ("109.1", "1.2")


def test_a_name_that_looks_like_a_formula_is_text_in_xlsx() -> None:
    book = openpyxl.load_workbook(io.BytesIO(files.to_xlsx(made("worth"))))
    assert book.sheetnames == ["worth", "columns", "about"]
    cell = book["worth"]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert book["columns"].max_row == len(TABLES["worth"]) + 1


def test_geojson_holes_are_holes_and_outer_rings_run_counterclockwise() -> None:
    said = json.loads(files.to_geojson(made("coverage")))
    first, second = said["features"]
    outer, hole = first["geometry"]["coordinates"][0]
    area = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(outer))
    assert area > 0
    assert {tuple(corner) for corner in hole} == set(HOLE)
    assert second["geometry"] is None
    assert said["about"]["inputs_hash"] == INPUTS.hash
    assert [c["name"] for c in said["columns"]] == list(first["properties"])


@pytest.mark.parametrize("what", TABLES)
def test_a_geopackage_is_read_again_with_its_dictionary(what: str, tmp_path: Path) -> None:
    table, path = made(what), tmp_path / "x.gpkg"
    files.write(table, path, "gpkg")
    found = read(path, layer=what)
    assert found.crs == "EPSG:4326"
    assert len(found.features) == len(table.rows)
    assert found.fields == tuple(c.name for c in table.columns)
    first = found.features[0].shape
    assert first is not None
    assert first.geom_type == ("MultiPolygon" if what == "coverage" else "Point")
    said = {f.attributes["name"]: f.attributes["value"] for f in read(path, layer="about").features}
    assert said["inputs_hash"] == INPUTS.hash


@pytest.mark.parametrize("kind", files.FORMATS)
def test_the_same_input_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    written = [tmp_path / name / f"x.{kind}" for name in ("a", "b")]
    for path in written:
        path.parent.mkdir()
        files.write(made("worth"), path, kind)
    first, second = (path.read_bytes() for path in written)
    assert first == second


def test_a_refused_disk_is_one_sentence(tmp_path: Path) -> None:
    for kind in files.FORMATS:
        with pytest.raises(files.ReportFailed):
            files.write(made("gaps"), tmp_path / "nowhere" / f"x.{kind}", kind)


def test_the_plan_carries_its_proof() -> None:
    said = dict(made("plan").about)
    assert (said["status"], said["gap_pct"]) == ("feasible", "1.250")


@pytest.mark.parametrize("what", TABLES)
def test_the_reference_describes_every_column(what: str) -> None:
    page = (ROOT / "docs" / "reference" / "exports.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", page, flags=re.M)[1 + list(TABLES).index(what)]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{c.name}` | {c.kind} | {c.unit} | {c.meaning} | {c.source} |" for c in TABLES[what]]
