"""`merata plan prepare`: outlines, people and coverage made before somebody looks, kept where the pages read them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from controller.coverage import profiles
from controller.coverage.live import RADII_KM
from controller.coverage.model import Rules
from geography.layers import Layers
from geography.outlines import outlines
from geography.units import Level
from merata.coverage_live import planner
from merata.planning_pages import WARMING
from merata.planning_watch import readable_layers, turn
from merata.settings import StatePaths

LEVELS = (Level.REGENCY, Level.DISTRICT, Level.VILLAGE)


def prepare(state: Path, inventory: Path, now: float) -> dict[str, Any]:
    """Make what a page that starts later reads: with the default thresholds, at every radius.

    Processes take turns, so that what one made the others read.

    Args:
        state: state directory; its caches are written.
        inventory: read itself while no controller has accepted one.
        now: epoch s.

    Returns:
        inputs: hash by radius; seconds: of the whole. No inputs where there is no inventory yet.
    """
    cache = StatePaths(root=state).root / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with turn(cache / WARMING):
        known, layers = planner(state, inventory, is_pinned=True), readable_layers(state) or Layers(None)
        for level in LEVELS:
            outlines(level, cache=cache, units=known.units, layers=layers)
        inputs: dict[str, str] = {}
        if known.fleet() is not None:
            for radius_km in RADII_KM:
                found = known.coverage(profiles.named(profiles.DEFAULT), Rules(), radius_km=radius_km, now=now)
                inputs[f"{radius_km:g}"] = found.inputs.hash
    return {"schema": "plan.prepare/1", "inputs": inputs, "seconds": round(time.monotonic() - began, 2)}
