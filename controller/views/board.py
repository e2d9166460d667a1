"""The outage board (`/`) and one outage (`/gangguan/<id>`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.views.fleet import RANK, Area, DeviceNow, Fleet, Fresh, SiteNow, evidence_of
from controller.views.history import last_answers
from controller.views.sources import Ring, Sources
from measurements.intervals import State
from measurements.outages import Outage

HOUR_S = 3600.0
DEGRADED_SHOWN = 8
OUTAGES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageItem:
    """One outage with its places. `lost_person_hours` counts from its start to its end or to now."""

    id: str
    state: State
    cause: str
    started: float
    ended: float | None
    duration_s: float
    people: int
    lost_person_hours: float
    sites: tuple[SiteNow, ...]
    districts: tuple[Area, ...]
    regencies: tuple[Area, ...]
    root: DeviceNow | None
    devices: tuple[DeviceNow, ...]
    evidence: Mapping[str, Any]
    gone: tuple[str, ...]  # ids of sites that have left the inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """`/`: what is down, for how many, since when, why. `outages` are the first of them, `more` how many follow."""

    fresh: Fresh
    outages: tuple[OutageItem, ...]
    more: int
    people: int
    counts: Mapping[State, int]
    total: int
    order: str
    degraded: tuple[SiteNow, ...]
    degraded_more: int
    sites: tuple[SiteNow, ...]
    outlines: Mapping[str, Sequence[Ring]]
    approximate: bool
    all_up_since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagePage:
    """`/gangguan/<id>`: one outage with the evidence for it. `answered`: when each device last answered, by id."""

    fresh: Fresh
    outage: OutageItem
    answered: Mapping[str, float]
    outlines: Mapping[str, Sequence[Ring]]
    approximate: bool


def outage_item(fleet: Fleet, outage: Outage, now: float) -> OutageItem:
    """An outage joined with what the inventory says of its places."""
    sites = tuple(
        sorted(
            (fleet.sites[s] for s in outage.sites if s in fleet.sites), key=lambda s: (-(s.people or 0), s.site.name)
        )
    )
    evidence = evidence_of(outage.evidence)
    duration = max(0.0, (outage.ended or now) - outage.started)
    return OutageItem(
        id=outage.id,
        state=State(outage.state),
        cause=outage.cause,
        started=outage.started,
        ended=outage.ended,
        duration_s=duration,
        people=outage.people,
        lost_person_hours=_person_hours(fleet, outage, evidence, now),
        sites=sites,
        districts=_distinct([s.district for s in sites]),
        regencies=_distinct([s.regency for s in sites]),
        root=fleet.devices.get(outage.root) if outage.root else None,
        devices=tuple(fleet.devices[d] for d in outage.devices if d in fleet.devices),
        evidence=evidence,
        gone=tuple(s for s in outage.sites if s not in fleet.sites),
    )


def board(fleet: Fleet, sources: Sources, now: float, *, order: str = "people") -> BoardPage:
    """Open outages, worst first.

    Args:
        fleet: the present.
        sources: for the outlines of the small map.
        now: epoch s.
        order: "people" (most first) or "newest".
    """
    items = [outage_item(fleet, o, now) for o in fleet.outages if o.state == State.DOWN]
    if order == "newest":
        items.sort(key=lambda i: (-i.started, i.id))
    else:
        items.sort(key=lambda i: (-i.people, i.started, i.id))
    in_outage = {s.id for i in items for s in i.sites}
    degraded = sorted(
        (s for s in fleet.sites.values() if s.state is State.DEGRADED and s.id not in in_outage),
        key=lambda s: (-(s.people or 0), s.site.name),
    )
    return BoardPage(
        fresh=fleet.fresh,
        outages=tuple(items[:OUTAGES_SHOWN]),
        more=max(0, len(items) - OUTAGES_SHOWN),
        people=sum(i.people for i in items),
        counts=fleet.counts,
        total=len(fleet.sites),
        order=order,
        degraded=tuple(degraded[:DEGRADED_SHOWN]),
        degraded_more=max(0, len(degraded) - DEGRADED_SHOWN),
        sites=tuple(sorted(fleet.sites.values(), key=lambda s: -RANK[s.state])),
        outlines=sources.outlines(),
        approximate=not sources.is_exact,
        all_up_since=fleet.up_since(),
    )


def outage(fleet: Fleet, sources: Sources, outage_id: str, now: float) -> OutagePage | None:
    """One outage, open or closed; None where there never was one of that id."""
    found = next((o for o in fleet.outages if o.id == outage_id), None)
    if found is None:
        found = next((o for o in sources.reader.outages(start=0, end=now + 1) if o.id == outage_id), None)
    if found is None:
        return None
    item = outage_item(fleet, found, now)
    return OutagePage(
        fresh=fleet.fresh,
        outage=item,
        answered=last_answers(sources.reader, item.devices, now),
        outlines=sources.outlines(),
        approximate=not sources.is_exact,
    )


def _distinct(areas: Sequence[Area]) -> tuple[Area, ...]:
    return tuple({a.code: a for a in areas}.values())


def _person_hours(fleet: Fleet, outage: Outage, evidence: Mapping[str, Any], now: float) -> float:
    """What was counted while it changed, and since then the people of the sites that are still in it."""
    counted, hours = evidence.get("counted"), evidence.get("person_hours")
    if not isinstance(counted, int | float) or not isinstance(hours, int | float):
        length = max(0.0, (outage.ended or now) - outage.started)
        return outage.people * length / HOUR_S if outage.state == State.DOWN else 0.0
    if outage.ended is not None or outage.state != State.DOWN:  # a degraded site still serves
        return float(hours)
    still = sum(fleet.sites[s].people or 0 for s in evidence.get("sites_now", ()) if s in fleet.sites)
    return float(hours) + still * max(0.0, now - counted) / HOUR_S
