"""Shapes that people bring: GeoJSON, GeoPackage, zipped Shapefile. The only door to pyogrio (GDAL)."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geography.errors import ImportRefused
from geography.tables import suffix

JSON = frozenset({".geojson", ".json"})
BY_GDAL = frozenset({".gpkg", ".zip", ".shp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature; `number` counts from 1 as it stands in the file. Attributes are text, "" where none is said."""

    number: int
    attributes: Mapping[str, str]
    shape: BaseGeometry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a file holds; `crs` as the file says it, None where it says nothing (GeoJSON is WGS84 by definition)."""

    path: Path
    crs: str | None
    fields: tuple[str, ...]
    features: tuple[Feature, ...]


def read(path: Path, *, layer: str | None = None) -> Features:
    """Features of a GeoJSON file, a GeoPackage (also gzipped) or a zipped Shapefile.

    Args:
        path: the file.
        layer: which layer of a GeoPackage or archive; None: the only one.

    Raises:
        ImportRefused: it cannot be read, holds nothing, or holds several layers and none is named.
    """
    kind = suffix(path)
    if kind not in JSON | BY_GDAL:
        known = ", ".join(sorted(JSON | BY_GDAL))
        raise ImportRefused(path, f"is none of the kinds that can be read: {known}")
    if not path.is_file():
        raise ImportRefused(path, "there is no such file")
    found = _json(path) if kind in JSON else _gdal(path, layer)
    if not found.features:
        raise ImportRefused(path, "holds no features")
    return found


# --- GeoJSON ---------------------------------------------------------------------------------------------------------


def _json(path: Path) -> Features:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        said = json.loads(raw.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        said = f"is not JSON: {error.msg} (character {error.colno})"
        raise ImportRefused(path, said, line=error.lineno, counts="line") from error
    except UnicodeDecodeError as error:
        raise ImportRefused(path, f"is not UTF-8 text: byte {error.start}") from error
    except (OSError, EOFError) as error:
        raise ImportRefused(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    listed = said.get("features") if isinstance(said, dict) and said.get("type") == "FeatureCollection" else None
    if not isinstance(listed, list):
        raise ImportRefused(path, "is no GeoJSON FeatureCollection (RFC 7946)")
    features = tuple(_feature(path, at, one) for at, one in enumerate(listed, 1))
    fields = tuple(dict.fromkeys(name for one in features for name in one.attributes))
    named = said.get("crs")
    crs = str(named.get("properties", {}).get("name", "")) if isinstance(named, dict) else None
    return Features(path=path, crs=crs or None, fields=fields, features=features)


def _feature(path: Path, at: int, said: Any) -> Feature:
    if not isinstance(said, dict) or said.get("type") != "Feature":
        raise ImportRefused(path, f"member {at} of its features is no Feature")
    attributes = {str(k): _text(v) for k, v in (said.get("properties") or {}).items()}
    if "id" in said and "id" not in attributes:
        attributes["id"] = _text(said["id"])
    geometry = said.get("geometry")
    if geometry is None:
        return Feature(number=at, attributes=attributes, shape=None)
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError) as error:
        raise ImportRefused(path, f"the geometry of feature {at} cannot be read: {error}") from error
    return Feature(number=at, attributes=attributes, shape=shape)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)  # noqa: PLR0124
    return str(value).strip()


# --- GDAL ------------------------------------------------------------------------------------------------------------


def _gdal(path: Path, layer: str | None) -> Features:
    if path.suffix.lower() != ".gz":
        return _opened(path, path, layer)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.stem
        try:
            with gzip.open(path, "rb") as packed, plain.open("wb") as file:
                shutil.copyfileobj(packed, file)
        except (OSError, EOFError) as error:
            raise ImportRefused(path, f"cannot be unpacked: {error}") from error
        return _opened(path, plain, layer)


def _opened(path: Path, plain: Path, layer: str | None) -> Features:
    import pyogrio
    import pyogrio.raw
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(plain) if kind is not None]
        if layer is None and len(layers) > 1:
            raise ImportRefused(path, f"holds several layers, name one with --layer: {', '.join(layers)}")
        meta, _, shapes, columns = pyogrio.raw.read(plain, layer=layer if layer is not None else 0, force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise ImportRefused(path, f"cannot be read: {str(error).replace(str(plain), path.name)}") from error
    fields = tuple(str(name) for name in meta["fields"])
    wkb = [None] * len(columns[0] if columns else ()) if shapes is None else list(shapes)
    texts = [[_text(value) for value in column.tolist()] for column in columns]
    features = tuple(
        Feature(
            number=at + 1,
            attributes={name: texts[place][at] for place, name in enumerate(fields)},
            shape=shapely.from_wkb(one, on_invalid="ignore") if one is not None else None,
        )
        for at, one in enumerate(wkb)
    )
    return Features(path=path, crs=meta["crs"], fields=fields, features=features)
