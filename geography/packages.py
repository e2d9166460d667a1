"""Shapes for other programs: GeoJSON geometries and GeoPackage files. Writes what `geography.vectors` could read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from geography.errors import GeographyError

Corner: TypeAlias = tuple[float, float]  # lon, lat
Ring: TypeAlias = Sequence[Corner]
Shape: TypeAlias = Corner | tuple[Ring, ...] | None
Cell: TypeAlias = str | int | float | bool | None
CRS = "EPSG:4326"


class PackageRefused(GeographyError):
    """The file could not be written."""


def geometry(shape: Shape) -> dict[str, Any] | None:
    """A GeoJSON geometry (RFC 7946), corners to five decimals (a metre)."""
    made = _made(shape, precision=1e-5)
    return None if made is None else dict(json.loads(shapely.to_geojson(made)))


def write_package(
    path: Path,
    *,
    layer: str,
    columns: Mapping[str, Sequence[Cell]],
    numbers: frozenset[str],
    shapes: Sequence[Shape],
    is_area: bool,
    tables: Mapping[str, Mapping[str, Sequence[str]]],
    made_at: float,
) -> None:
    """A GeoPackage with one layer of shapes in WGS84 and plain tables beside it.

    Args:
        path: a new file.
        layer: name of the layer.
        columns: cells by column, as many as shapes; None becomes NULL.
        numbers: names of the columns that hold numbers; the others are text.
        shapes: a point, rings of an area (holes by even-odd), or None.
        is_area: multipolygons, not points.
        tables: further tables of text, by name.
        made_at: time stamped into the file, so that the same input gives the same content.

    Raises:
        PackageRefused: GDAL could not write it.
    """
    import pyogrio
    import pyogrio.raw
    from pyogrio.errors import DataSourceError, FieldError, GeometryError

    made = [_made(shape) for shape in shapes]
    wkb = np.array([None if one is None else shapely.to_wkb(one) for one in made], dtype=object)
    data, masks = [], []
    for name, cells in columns.items():
        gone = np.array([cell is None for cell in cells], dtype=bool)
        if name in numbers:
            data.append(np.array([0.0 if cell is None else float(cell) for cell in cells], dtype=np.float64))
        else:
            data.append(np.array([_text(cell) for cell in cells], dtype=object))
        masks.append(gone)
    stamp = f"{datetime.fromtimestamp(made_at, UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        kind = "MultiPolygon" if is_area else "Point"
        pyogrio.raw.write(
            path, wkb, data, list(columns), field_mask=masks, layer=layer, driver="GPKG", geometry_type=kind, crs=CRS
        )
        for name, texts_of in tables.items():
            texts = [np.array(list(column), dtype=object) for column in texts_of.values()]
            pyogrio.raw.write(path, None, texts, list(texts_of), layer=name, driver="GPKG", geometry_type=None)
    except (DataSourceError, FieldError, GeometryError) as error:
        raise PackageRefused(str(error)) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def _made(shape: Shape, *, precision: float | None = None) -> BaseGeometry | None:
    """Rings may stand in any order: what lies inside an odd number of them is the area."""
    if shape is None or not shape:
        return None
    if isinstance(shape[0], float | int):
        lon, lat = (float(part) for part in shape if isinstance(part, float | int))
        return Point(round(lon, 5), round(lat, 5))
    lines = [LineString(ring) for ring in shape if not isinstance(ring, float | int) and len(ring) > 3]
    area = shapely.build_area(shapely.multilinestrings(lines)) if lines else None
    if area is None or area.is_empty:
        return None
    if precision is not None:
        area = shapely.set_precision(area, precision)
    parts = [part for part in getattr(area, "geoms", [area]) if part.geom_type == "Polygon"]
    return MultiPolygon([shapely.orient_polygons(part) for part in parts])
