"""`merata geo` as an operator uses it: real files, the real command line, an own state directory."""

import gzip
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner, Result

from geography import hexagons
from geography.grid import build
from geography.layers import Layers
from geography.outlines import outlines
from geography.units import Level, load
from merata.cli import cli
from tests.unit.geography.bringing import SHAPES, VILLAGES

Geo = Callable[..., Result]
UNITS = load()


@pytest.fixture
def geo(tmp_path: Path) -> Geo:
    def run(*words: object) -> Result:
        return CliRunner().invoke(cli, ["--state", str(tmp_path / "state"), "geo", *map(str, words)])

    return run


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


# --- the whole province ----------------------------------------------------------------------------------------------


@pytest.mark.needs("shared")
def test_the_boundaries_of_the_province_match_14_174_2130_and_the_15_others_are_named(
    geo: Geo, tmp_path: Path, shared: Path
) -> None:
    file = shared / "geo" / "kalbar-villages.geojson"
    words = (
        "import",
        "boundaries",
        file,
        "--level",
        "village",
        "--source",
        "BIG",
        "--licence",
        "MIT",
        "--date",
        "2025",
    )
    dry = geo(*words)
    assert dry.exit_code == 0, dry.output
    assert "1 province, 14 regencies, 174 districts, 2,130 villages (2,130 by code)" in dry.output
    assert "nothing was changed" in dry.output
    assert not (tmp_path / "state").exists()

    said = json.loads(geo(*words, "--write", "--json").output)
    assert said["matched"] == {"province": 1, "regency": 14, "district": 174, "village": 2130}
    without = {u.code: u.name for u in UNITS.level(Level.VILLAGE) if u.point is None}
    assert len(without) == 15
    assert said["unmatched_units"] == without
    assert said["point_outside"] == []

    status = geo("status")
    assert all(f"{code} {name}" in status.output for code, name in without.items())
    now = json.loads(geo("status", "--json").output)
    assert [v["code"] for v in now["villages_without_land"]] == list(without)
    assert not any(one["approximate"] for one in now["boundaries"].values())
    assert now["layers"][0]["source"] == "BIG"

    layers = Layers(tmp_path / "state" / "geo")
    drawn = outlines(Level.DISTRICT, None, UNITS, layers)
    assert len(drawn) == 174
    assert not any(one.approximate for one in drawn)
    grid = build(UNITS, layers, resolution=7)
    for regency in UNITS.level(Level.REGENCY):
        assert grid.people[grid.regency == regency.code].sum() == regency.population
    land = float((hexagons.areas_km2(grid.index) * grid.area_share).sum())
    assert land == pytest.approx(147_033, rel=0.005)  # km2; official 147,018
    assert set(grid.displaced) == set(without)


@pytest.mark.needs("shared")
@pytest.mark.parametrize(("name", "level", "count"), [("districts", "district", 174), ("regencies", "regency", 14)])
def test_boundaries_of_wider_units_match_all(geo: Geo, shared: Path, name: str, level: str, count: int) -> None:
    said = geo("import", "boundaries", shared / "geo" / f"kalbar-{name}.geojson", "--level", level, "--json")
    assert json.loads(said.output)["matched"][level] == count


# --- formats ---------------------------------------------------------------------------------------------------------


def write_vector(path: Path, names: dict[str, list[object]], shapes: list[shapely.Geometry], **more: object) -> Path:
    columns = [np.array(values, dtype=object if isinstance(values[0], str) else None) for values in names.values()]
    kind = "MultiPolygon" if shapes[0].geom_type != "Point" else "Point"
    shaped = [shapely.multipolygons(shapely.get_parts(s)) if kind == "MultiPolygon" else s for s in shapes]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shaped, dtype=object)), columns, list(names), geometry_type=kind,
        **({"crs": "EPSG:4326"} | more),
    )  # fmt: skip
    return path


def town(path: Path, **more: object) -> Path:
    names: dict[str, list[object]] = {
        "KDEPUM": [u.code for u in VILLAGES], "WADMKD": [u.name for u in VILLAGES], "LUAS": [1.5] * len(VILLAGES),
    }  # fmt: skip
    return write_vector(path, names, [SHAPES[u.code] for u in VILLAGES], **more)


def zipped(folder: Path) -> Path:
    town(folder / "desa.shp")
    with zipfile.ZipFile(folder / "desa.zip", "w") as archive:
        for part in folder.glob("desa.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
                part.unlink()
    return folder / "desa.zip"


def packed(folder: Path) -> Path:
    plain = town(folder / "desa.gpkg")
    with plain.open("rb") as source, gzip.open(folder / "desa.gpkg.gz", "wb") as target:
        shutil.copyfileobj(source, target)
    return folder / "desa.gpkg.gz"


@pytest.mark.parametrize("make", [lambda f: town(f / "desa.gpkg"), zipped, packed], ids=["gpkg", "zip", "gpkg.gz"])
def test_geopackage_and_zipped_shapefile_read_like_geojson(
    geo: Geo, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    done = geo("import", "boundaries", make(tmp_path), "--level", "village", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert (said["matched"]["village"], said["fields"]["code"]) == (len(VILLAGES), "KDEPUM")


def test_a_file_in_metres_and_a_file_of_several_layers_are_refused(geo: Geo, tmp_path: Path) -> None:
    metres = town(tmp_path / "utm.gpkg", crs="EPSG:32749")
    done = geo("import", "boundaries", metres, "--level", "village")
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "merata: utm.gpkg: its coordinates are in EPSG:32749" in done.output
    many = town(tmp_path / "many.gpkg", layer="a")
    town(many, layer="b", append=True)
    done = geo("import", "boundaries", many, "--level", "village")
    assert done.exit_code == 2
    assert "holds several layers, name one with --layer: a, b" in done.output
    assert geo("import", "boundaries", many, "--level", "village", "--layer", "b").exit_code == 0
    done = geo("import", "boundaries", many, "--level", "village", "--layer", "c")
    assert done.exit_code == 2


def test_hexagons_as_kontur_gives_them_are_taken(geo: Geo, tmp_path: Path) -> None:
    cells = np.unique(np.concatenate([hexagons.inside(s, 8) for s in SHAPES.values()]))
    names: dict[str, list[object]] = {"h3": hexagons.as_text(cells).tolist(), "population": [12.0] * len(cells)}
    shapes = list(shapely.polygons(hexagons.corners(cells)[..., ::-1] * 111_000))  # Kontur's lie in EPSG:3857
    file = write_vector(tmp_path / "kontur.gpkg", names, shapes, crs="EPSG:3857")
    done = geo("import", "population", file, "--year", 2023, "--source", "Kontur", "--write")
    assert done.exit_code == 0, done.output
    assert "61.71 Kota Pontianak:" in done.output
    assert "regencies it does not speak of, unchanged:" in done.output
    assert "where they live: Kontur" in geo("status").output
    grid = build(UNITS, Layers(tmp_path / "state" / "geo"), resolution=8)
    assert grid.people.sum() == UNITS["61"].population


# --- nothing half done -----------------------------------------------------------------------------------------------


def test_an_import_can_be_taken_back(geo: Geo, tmp_path: Path) -> None:
    file = town(tmp_path / "desa.gpkg")
    for _ in range(2):
        assert geo("import", "boundaries", file, "--level", "village", "--write").exit_code == 0
    shown = geo("forget", "boundaries-village")
    assert "would go; in use after it: version 1 of desa.gpkg" in shown.output
    assert len(files(tmp_path / "state" / "geo")) == 4
    for before in ("version 1 of desa.gpkg", "nothing"):
        assert f"in use after it: {before}" in geo("forget", "boundaries-village", "--write").output
    assert geo("forget", "boundaries-village").exit_code == 2
    assert "imported layers: none" in geo("status").output


def test_bad_input_is_one_sentence_and_changes_nothing(geo: Geo, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(f"kode,penduduk\n{VILLAGES[0].code},10\n{VILLAGES[1].code},ten\n")
    spots = tmp_path / "spots.csv"
    spots.write_text("id,lat,lon\na,0.02,109.3\na,0.02,109.3\n")
    cases = {
        ("import", "population", people, "--write"): "people.csv, line 3, column penduduk: expected a number of people",
        ("import", "points", spots, "--kind", "school", "--write"): "spots.csv, line 3, column id: a stands here",
        ("import", "boundaries", spots, "--level", "village", "--write"): "spots.csv: is none of the kinds",
    }
    for words, sentence in cases.items():
        done = geo(*words)
        assert done.exit_code == 2
        assert done.output.startswith(f"merata: {sentence}")
        assert done.output.count("\n") == 1
    assert not files(tmp_path / "state") if (tmp_path / "state").exists() else True
    assert geo("import", "points", spots, "--kind", "school", "--date", "yesterday").exit_code == 2


def test_points_and_tables_are_kept_with_their_source(geo: Geo, tmp_path: Path) -> None:
    spots = tmp_path / "spots.csv"
    spots.write_text("npsn,nama_sekolah,lintang,bujur\n1,SDN 1,0.02,109.3\n")
    done = geo("import", "points", spots, "--kind", "school", "--source", "Dapodik", "--date", "2026-01", "--write")
    assert "kept as points-school, version 1" in done.output
    people = tmp_path / "people.csv"
    people.write_text("kode,penduduk,tahun\n61.71,700000,2026\n")
    assert geo("import", "population", people, "--source", "Dukcapil", "--write").exit_code == 0
    status = json.loads(geo("status", "--json").output)
    assert {one["key"]: one["source"] for one in status["layers"]} == {
        "points-school": "Dapodik", "population-table": "Dukcapil",
    }  # fmt: skip
    assert status["population"]["years"] == [2024, 2026]
    assert status["population"]["total"] == UNITS["61"].population - UNITS["61.71"].population + 700_000
    assert "700,000 people, 2026" in geo("show", "6171").output
    assert "700,000 people, 2026" in geo("find", "kota", "pontianak").output
