from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon, box

from geography.boundaries import prepare
from geography.errors import ImportRefused
from geography.layers import Layers
from geography.outlines import outlines
from geography.units import Level, Unit
from tests.unit.geography.bringing import SHAPES, TOWN, VILLAGES, geojson, keep, villages

SAYINGS = {
    "dotted code": lambda u: {"code": u.code},
    "code without dots": lambda u: {"KDEPUM": u.code.replace(".", ""), "OBJECTID": 7},
    "code as a number": lambda u: {"kode_desa": int(u.code.replace(".", ""))},
    "BPS code": lambda u: {"iddesa": u.bps_code, "name": u.name},
    "BPS code of OCHA": lambda u: {"ADM4_PCODE": f"ID{u.bps_code}", "ADM4_EN": u.name},
    "name within the district's name": lambda u: {"WADMKD": u.name.upper(), "WADMKC": TOWN[u.parent].name},
    "name within the district's code": lambda u: {"nama": f"Kelurahan {u.name}", "district_code": u.parent},
    "name alone": lambda u: {"shapeName": u.name, "shapeISO": ""},
}


@pytest.mark.parametrize("said", SAYINGS)
def test_villages_are_found_however_they_are_called(tmp_path: Path, said: str) -> None:
    _, report = prepare(villages(tmp_path / "a.geojson", SAYINGS[said]), TOWN, Level.VILLAGE)
    assert report.matched == {"province": 1, "regency": 1, "district": 6, "village": len(VILLAGES)}
    assert not report.unmatched_units
    assert not report.unmatched_features
    assert not report.point_outside


def test_codes_of_regencies_that_fit_both_systems_are_read_by_their_names(tmp_path: Path) -> None:
    from tests.unit.geography.bringing import EVERYTHING

    shapes = {u.code: box(u.point[1] - 0.1, u.point[0] - 0.1, u.point[1] + 0.1, u.point[0] + 0.1) for u in (
        EVERYTHING[c] for c in ("61.02", "61.07", "61.08")) if u.point}  # fmt: skip
    named = [({"kode": EVERYTHING[c].bps_code, "nama": EVERYTHING[c].name}, s) for c, s in shapes.items()]
    _, report = prepare(geojson(tmp_path / "a.json", named), EVERYTHING, Level.REGENCY)
    assert report.codes == "bps"
    assert not report.point_outside


def test_fields_can_be_named(tmp_path: Path) -> None:
    path = villages(tmp_path / "a.geojson", lambda u: {"code": "x", "a": u.code, "b": u.name})
    _, report = prepare(path, TOWN, Level.VILLAGE, code_field="a", name_field="b")
    assert (report.fields.code, report.fields.name) == ("a", "b")
    with pytest.raises(ImportRefused, match=r"a\.geojson, column nope: there is no such field; it has code, a, b"):
        prepare(path, TOWN, Level.VILLAGE, code_field="nope")


def test_both_sides_that_do_not_match_are_named(tmp_path: Path) -> None:
    first, *rest = VILLAGES
    features = [({"code": u.code, "name": u.name}, SHAPES[u.code]) for u in rest]
    features.append(({"code": "61.71.99.1001", "name": "Nowhere"}, SHAPES[first.code]))
    features.append(({"code": "31.71.01.1001", "name": "Gambir"}, box(106.8, -6.2, 106.9, -6.1)))
    _, report = prepare(geojson(tmp_path / "a.geojson", features), TOWN, Level.VILLAGE)
    assert report.unmatched_units == {first.code: first.name}
    assert report.unmatched_features == (f"{len(rest) + 1}: 61.71.99.1001 Nowhere",)
    assert report.elsewhere == 1


def test_a_bow_tie_is_repaired_and_an_overlap_given_to_one(tmp_path: Path) -> None:
    one, two = VILLAGES[:2]
    west, south, east, north = SHAPES[one.code].bounds
    tie = Polygon([(west, south), (east, north), (east, south), (west, north)])
    over = box(west, south, east, north)
    path = geojson(tmp_path / "a.geojson", [({"code": one.code}, tie), ({"code": two.code}, over)])
    draft, report = prepare(path, TOWN, Level.VILLAGE)
    layers = Layers(tmp_path / "geo")
    keep(layers, draft)
    kept = layers.boundaries(Level.VILLAGE)
    assert kept is not None
    assert (report.repaired, report.cleaned) == (1, True)
    assert all(shape.is_valid for shape in kept.values())
    assert kept[one.code].area == pytest.approx(over.area / 2)  # the smaller keeps what both claim
    assert shapely.intersection(kept[one.code], kept[two.code]).area == pytest.approx(0, abs=1e-12)


def test_parts_of_one_unit_are_joined(tmp_path: Path) -> None:
    unit = VILLAGES[0]
    west, south, east, north = SHAPES[unit.code].bounds
    middle = (west + east) / 2
    halves = [
        ({"code": unit.code}, box(west, south, middle, north)),
        ({"code": unit.code}, box(middle, south, east, north)),
    ]
    _, report = prepare(geojson(tmp_path / "a.geojson", halves), TOWN, Level.VILLAGE)
    assert report.matched["village"] == 1


def test_levels_above_are_the_villages_joined(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    keep(layers, prepare(villages(tmp_path / "a.geojson"), TOWN, Level.VILLAGE)[0])
    found = {level: layers.boundaries(level) for level in Level}
    areas = [sum(shape.area for shape in (shapes or {}).values()) for shapes in found.values()]
    assert areas == pytest.approx([areas[0]] * 4, rel=1e-9)


def test_boundaries_of_districts_leave_villages_approximate_but_inside(tmp_path: Path) -> None:
    from geography.land import are_exact, village_shapes
    from geography.outlines import cells

    layers = Layers(tmp_path / "geo")
    districts = cells(TOWN, Level.DISTRICT)
    moved = {c: s.buffer(-0.002) for c, s in districts.items()}
    path = geojson(tmp_path / "a.geojson", [({"code": c}, s) for c, s in moved.items()])
    keep(layers, prepare(path, TOWN, Level.DISTRICT)[0])
    assert are_exact(layers, Level.REGENCY)
    assert not are_exact(layers, Level.VILLAGE)
    for code, shape in village_shapes(TOWN, layers).items():
        assert shapely.difference(shape, moved[code[:8]]).area < 1e-9


def test_outlines_prefer_what_was_imported_and_are_no_longer_approximate(tmp_path: Path) -> None:
    layers, cache = Layers(tmp_path / "geo"), tmp_path / "cache"
    assert all(o.approximate for o in outlines(Level.DISTRICT, cache, TOWN, layers))
    keep(layers, prepare(villages(tmp_path / "a.geojson"), TOWN, Level.VILLAGE)[0])
    for _ in range(2):  # made, then read
        assert not any(o.approximate for o in outlines(Level.DISTRICT, cache, TOWN, layers))
    layers.forget("boundaries-village")
    assert all(o.approximate for o in outlines(Level.DISTRICT, cache, TOWN, layers))


WRONG = {
    "swapped": (lambda s: shapely.transform(s, lambda c: c[:, ::-1]), "longitude and latitude are swapped"),
    "metres": (lambda s: shapely.transform(s, lambda c: c * 111_000), r"are no degrees but a projection.*EPSG:4326"),
    "elsewhere": (
        lambda s: shapely.transform(s, lambda c: c + np.array([5.0, 20.0])),
        "lies outside the area of the units",
    ),
}


@pytest.mark.parametrize("how", WRONG)
def test_coordinates_that_cannot_be_meant_are_refused_in_one_sentence(tmp_path: Path, how: str) -> None:
    turned, sentence = WRONG[how]
    with pytest.raises(ImportRefused, match=sentence) as refused:
        prepare(villages(tmp_path / "a.geojson", turned=turned), TOWN, Level.VILLAGE)
    assert str(refused.value).startswith(f"a.geojson: feature 1 ({VILLAGES[0].name}): ")
    assert "\n" not in str(refused.value)


def _unit_without_code(unit: Unit) -> dict[str, str]:
    return {"colour": unit.name}


def test_files_that_are_no_boundaries_are_refused_in_one_sentence(tmp_path: Path) -> None:
    cases = {
        "broken.geojson": ('{"type": "FeatureCollection",\n "features": [}', r"broken\.geojson, line 2: is not JSON"),
        "other.geojson": ('{"type": "Topology"}', "is no GeoJSON FeatureCollection"),
        "empty.geojson": ('{"type": "FeatureCollection", "features": []}', "holds no features"),
        "list.geojson": ('{"type": "FeatureCollection", "features": [3]}', "member 1 of its features is no Feature"),
        "bad.geojson": (
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"61.71.01.1001"},'
            '"geometry":{"type":"Polygon","coordinates":[[[1,2]]]}}]}',
            "geometry of feature 1",
        ),
        "not.gpkg": ("this is no database", r"not\.gpkg: cannot be read"),
        "not.zip": ("this is no archive", r"not\.zip: cannot be read"),
        "a.kml": ("<kml/>", "is none of the kinds"),
    }
    for name, (text, sentence) in cases.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(ImportRefused, match=sentence) as refused:
            prepare(path, TOWN, Level.VILLAGE)
        assert "\n" not in str(refused.value)
    with pytest.raises(ImportRefused, match="no such file"):
        prepare(tmp_path / "gone.gpkg", TOWN, Level.VILLAGE)
    with pytest.raises(ImportRefused, match="no field of codes or names is known among: colour"):
        prepare(villages(tmp_path / "c.geojson", _unit_without_code), TOWN, Level.VILLAGE)
    with pytest.raises(ImportRefused, match="no feature has the code or the name"):
        prepare(villages(tmp_path / "d.geojson", lambda u: {"name": "x" + u.name}), TOWN, Level.VILLAGE)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32749"}}
    projected = geojson(tmp_path / "e.geojson", [({"code": VILLAGES[0].code}, SHAPES[VILLAGES[0].code])], crs=crs)
    with pytest.raises(ImportRefused, match="EPSG::32749: give WGS84"):
        prepare(projected, TOWN, Level.VILLAGE)
