import json
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from geography.errors import GeographyError
from geography.layers import Draft, Layers, pack_shapes
from geography.units import Level
from tests.unit.geography.bringing import keep


def draft(folder: Path, text: str = "a", key: str = "points-school") -> Draft:
    path = folder / "file.csv"
    path.write_text(text)
    return Draft(key=key, path=path, arrays={"lat": np.array([1.0])}, facts={"points": 1})


def test_without_a_folder_there_are_no_layers(tmp_path: Path) -> None:
    for layers in (Layers(None), Layers(tmp_path / "none")):
        assert layers.keys() == []
        assert layers.current("population-table") is None
        assert layers.boundaries(Level.VILLAGE) is None
        assert layers.fingerprint == ""
    with pytest.raises(GeographyError, match="no state directory"):
        keep(Layers(None), draft(tmp_path))


def test_versions_stay_and_the_newest_is_in_use_until_it_is_forgotten(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    first, second = keep(layers, draft(tmp_path)), keep(layers, draft(tmp_path, "b"))
    assert (first.version, second.version) == (1, 2)
    assert first.sha256 != second.sha256
    assert layers.current("points-school") == second
    assert [one.version for one in layers.history("points-school")] == [1, 2]
    assert layers.forget("points-school") == second
    assert layers.current("points-school") == first
    assert layers.forget("points-school") == first
    assert layers.forget("points-school") is None
    assert layers.keys() == []


def test_a_layer_keeps_where_it_came_from(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    kept = keep(layers, draft(tmp_path))
    assert (kept.source, kept.licence, kept.date, kept.file) == ("BIG", "CC BY 4.0", "2025", "file.csv")
    assert layers.arrays(kept)["lat"].tolist() == [1.0]
    assert not [p for p in (tmp_path / "geo").iterdir() if p.name.startswith(".")]


def test_nothing_is_left_half_done_when_writing_fails(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    broken = Draft(key="points-school", path=tmp_path / "gone.csv", arrays={"lat": np.array([1.0])}, facts={})
    with pytest.raises(OSError, match=r"gone\.csv"):
        keep(layers, broken)
    assert layers.keys() == []
    assert not [p for p in (tmp_path / "geo").iterdir() if p.name.startswith(".")]


def test_a_cut_short_import_of_another_time_is_not_seen(tmp_path: Path) -> None:
    (tmp_path / "geo" / ".part-abc").mkdir(parents=True)
    (tmp_path / "geo" / "points-school" / "0001").mkdir(parents=True)
    assert Layers(tmp_path / "geo").keys() == []


def test_a_layer_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    kept = keep(layers, draft(tmp_path))
    place = tmp_path / "geo" / "points-school" / "0001"
    (place / "data.npz").write_bytes(b"PK")
    with pytest.raises(GeographyError, match="import the layer again"):
        layers.arrays(kept)
    said = json.loads((place / "layer.json").read_text())
    (place / "layer.json").write_text(json.dumps(said | {"schema": "merata.layer/9"}))
    with pytest.raises(GeographyError, match="another version of the program"):
        layers.current("points-school")
    (place / "layer.json").write_text("{")
    with pytest.raises(GeographyError, match="cannot be read"):
        layers.current("points-school")


def test_candidates_and_other_programmes_do_not_change_what_the_grid_is_made_from(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    keep(layers, draft(tmp_path, key="points-candidate"))
    keep(layers, draft(tmp_path, key="points-other_programme-a"))
    assert layers.fingerprint == ""
    keep(layers, draft(tmp_path, key="population-grid"))
    assert layers.fingerprint.startswith("population-grid=1:")


def test_a_version_that_was_forgotten_and_made_anew_is_read_anew(tmp_path: Path) -> None:
    layers = Layers(tmp_path / "geo")
    for side in (1.0, 2.0):
        path = tmp_path / "a.geojson"
        path.write_text(str(side))
        arrays = pack_shapes({"61.71.01.1001": box(0, 0, side, side)})
        keep(layers, Draft(key="boundaries-village", path=path, arrays=arrays, facts={}))
        assert (layers.boundaries(Level.VILLAGE) or {})["61.71.01.1001"].area == side**2
        layers.forget("boundaries-village")
