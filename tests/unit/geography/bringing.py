"""Files as planners bring them, made from the facts of one town."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geography.layers import Draft, Layer, Layers
from geography.outlines import cells
from geography.units import Level, Unit, Units, load

EVERYTHING = load()
TOWN = Units(u for u in EVERYTHING.values() if u.code == "61" or u.code.startswith("61.71"))
VILLAGES = TOWN.level(Level.VILLAGE)
SHAPES: Mapping[str, BaseGeometry] = cells(TOWN, Level.VILLAGE)


def geojson(path: Path, features: Sequence[tuple[Mapping[str, Any], BaseGeometry | None]], **more: Any) -> Path:
    """A FeatureCollection of (properties, shape)."""
    listed = [
        {"type": "Feature", "properties": dict(said), "geometry": json.loads(shapely.to_geojson(s)) if s else None}
        for said, s in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed} | more))
    return path


def villages(
    path: Path,
    said: Callable[[Unit], Mapping[str, Any]] = lambda u: {"code": u.code, "name": u.name},
    turned: Callable[[BaseGeometry], BaseGeometry] = lambda s: s,
) -> Path:
    """The town's villages with what a planner says of each."""
    return geojson(path, [(said(u), turned(SHAPES[u.code])) for u in VILLAGES])


def keep(layers: Layers, draft: Draft) -> Layer:
    """A layer as the command keeps it."""
    return layers.add(draft, imported_at="2026-01-02T03:04:05+00:00", source="BIG", licence="CC BY 4.0", date="2025")
