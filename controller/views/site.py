"""One site with its devices, people and history (`/lokasi/<id>`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.journal.records import Event
from controller.views.board import OutageItem, outage_item
from controller.views.fleet import Fleet, Fresh, SiteNow
from controller.views.history import DAY_S, DAYS, Bar, bar, last_answers
from controller.views.sources import Ring, Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """`/lokasi/<id>`. `alone`: the only public site of its village. `near`: sites of the same district."""

    fresh: Fresh
    site: SiteNow
    answered: Mapping[str, float]
    bar: Bar
    outage: OutageItem | None
    past: tuple[OutageItem, ...]
    events: tuple[Event, ...]
    alone: bool
    near: tuple[SiteNow, ...]
    outlines: Mapping[str, Sequence[Ring]]
    approximate: bool


NEAR = 6
PAST = 10


def site(fleet: Fleet, sources: Sources, site_id: str, now: float) -> SitePage | None:
    """Everything of one site; None where the inventory has none of that id."""
    found = fleet.sites.get(site_id)
    if found is None:
        return None
    subject = f"site:{site_id}"
    current = next((o for o in fleet.outages if site_id in o.sites), None)
    past = [
        o
        for o in sources.reader.outages(start=now - DAYS * DAY_S, end=now + 1)
        if site_id in o.sites and o.ended is not None
    ]
    others = [s for s in fleet.sites.values() if s.district == found.district and s.id != site_id]
    same_village = [s for s in others if s.village == found.village and s.site.kind.serves_public]
    return SitePage(
        fresh=fleet.fresh,
        site=found,
        answered=last_answers(sources.reader, found.devices, now),
        bar=bar(sources.reader, subject, now),
        outage=outage_item(fleet, current, now) if current else None,
        past=tuple(outage_item(fleet, o, now) for o in past[:PAST]),
        events=tuple(sources.events(subject, now - DAYS * DAY_S, now + 1)),
        alone=found.village is not None and found.site.kind.serves_public and not same_village,
        near=tuple(sorted(others, key=lambda s: s.site.name)[:NEAR]),
        outlines={c: r for c, r in sources.outlines().items() if c == found.regency.code},
        approximate=not sources.is_exact,
    )
