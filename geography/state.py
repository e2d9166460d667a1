"""What geography stands on at this moment, for people and programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from geography.land import without_land
from geography.layers import Layer, Layers
from geography.population import GRID_KEY, TABLE_KEY, with_table
from geography.units import Level, Units


def describe(units: Units, layers: Layers) -> dict[str, Any]:
    """Units, boundaries, people and points with their sources, and the villages without land of their own.

    Raises:
        GeographyError: an imported layer cannot be read.
    """
    known = with_table(units, layers)
    return {
        "schema": "geo.status/1",
        "units": {level.value: len(units.level(level)) for level in Level},
        "population": {
            "total": sum(u.population for u in known.level(Level.REGENCY)),
            "years": sorted({u.population_year for u in known.level(Level.REGENCY)}),
            "below_regency": "estimate",
            "table": _said(layers.current(TABLE_KEY)),
            "grid": _said(layers.current(GRID_KEY)),
        },
        "boundaries": {
            level.value: {"approximate": (layer := layers.boundaries_layer(level)) is None, "layer": _said(layer)}
            for level in Level
        },
        "villages_without_land": [
            {"code": code, "name": known[code].name, "population": known[code].population, "counted_with": with_whom(
                known, code)}
            for code in without_land(units, layers)
        ],
        "layers": [_said(layers.current(key)) | {"versions": len(layers.history(key))} for key in layers.keys()],  # noqa: SIM118
    }  # fmt: skip


def with_whom(units: Units, code: str) -> str:
    """The district with which a village without land is counted, by name and code."""
    district = units.ancestor(code, Level.DISTRICT)
    return f"{district.name} ({district.code})" if district is not None else ""


def _said(layer: Layer | None) -> dict[str, Any]:
    return dataclasses.asdict(layer) if layer is not None else {}
