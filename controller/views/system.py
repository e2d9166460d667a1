"""How the program itself is (`/sistem`): cycles, lanes, store, ping permission, inventory, events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.journal.records import Event
from controller.views.fleet import Fleet, Fresh
from controller.views.sources import Sources

DAY_S = 86400
SHOWN = 20
NOT_HERE = frozenset({"outage", "outage_closed", "lane_changed"})  # they stand on pages of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPage:
    """`/sistem`. `run` is what the controller left about itself: empty while none has run."""

    fresh: Fresh
    run: Mapping[str, Any]
    store: Mapping[str, Any]
    notes: tuple[str, ...]
    cycles: Mapping[str, Mapping[str, Any]]
    written_ago_s: float | None
    lanes: Mapping[str, int]
    errors: Mapping[str, int]
    answered: int
    devices: int
    sites: int
    inventory_version: str
    inventory_files: tuple[str, ...]
    simulated: bool
    events: tuple[Event, ...]


def system(fleet: Fleet, sources: Sources, now: float) -> SystemPage:
    """Everything the program knows about itself."""
    run = sources.run_status()
    written = run.get("written")
    latest = [d.latest for d in fleet.devices.values() if d.latest is not None]
    inventory = fleet.inventory
    return SystemPage(
        fresh=fleet.fresh,
        run=run,
        store=run.get("store") or {},
        notes=tuple(map(str, run.get("notes") or ())),
        cycles=run.get("cycles") or {},
        written_ago_s=max(0.0, now - written) if isinstance(written, int | float) else None,
        lanes=Counter(v.lane for v in latest),
        errors=Counter(v.error_kind for v in latest if v.error_kind),
        answered=sum(1 for v in latest if v.error_kind is None),
        devices=len(fleet.devices),
        sites=len(fleet.sites),
        inventory_version=inventory.version[:12] if inventory else "",
        inventory_files=inventory.files if inventory else (),
        simulated=fleet.fresh.simulated,
        events=tuple(e for e in sources.events(None, now - 7 * DAY_S, now + 1) if e.kind not in NOT_HERE)[:SHOWN],
    )
