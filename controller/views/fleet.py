"""The fleet as it is now: inventory, people and verdicts joined once, read by every page until something changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.views.sources import Sources
from devices.model import Device, Inventory, Site
from geography.units import Units
from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.store import Latest

WORST_FIRST = (State.DOWN, State.DEGRADED, State.UNKNOWN, State.MAINTENANCE, State.UP)
RANK: dict[str, int] = {state: place for place, state in enumerate(WORST_FIRST)}
POLL_S = 60.0  # until the controller says otherwise
OLD_S = 3600.0  # past this age a verdict is not shown as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A unit by code and short name ("Sambas", not "Kabupaten Sambas")."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNow:
    """One device with its verdict. `since` is epoch s; None where no verdict was ever reached."""

    device: Device
    state: State
    cause: str | None
    since: float | None
    evidence: Mapping[str, Any]
    latest: Latest | None

    @property
    def id(self) -> str:
        """The device's id."""
        return self.device.id

    def value(self, name: str) -> Any:
        """A field of the last rows, None when not told or never read."""
        return self.latest.fields.get(name) if self.latest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteNow:
    """One site with its verdict, its place and its devices. `people` None: the area is not known to the tables."""

    site: Site
    state: State
    cause: str | None
    since: float | None
    evidence: Mapping[str, Any]
    regency: Area
    district: Area
    village: Area | None
    people: int | None
    devices: tuple[DeviceNow, ...]
    clients: int | None
    in_bps: float | None
    out_bps: float | None

    @property
    def id(self) -> str:
        """The site's id."""
        return self.site.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """How old the data is. `at` None: nothing was ever measured."""

    at: float | None
    age_s: float | None
    poll_s: float
    simulated: bool

    @property
    def is_late(self) -> bool:
        """Over two poll intervals: said in an amber block."""
        return self.age_s is not None and self.age_s > 2 * self.poll_s + 15

    @property
    def is_old(self) -> bool:
        """Over an hour: verdicts are withdrawn."""
        return self.age_s is not None and self.age_s > OLD_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everything known now. `version` changes whenever anything shown would."""

    version: str
    built_at: float
    inventory: Inventory | None
    units: Units
    sites: Mapping[str, SiteNow]
    devices: Mapping[str, DeviceNow]
    outages: tuple[Outage, ...]
    fresh: Fresh
    timezone: str = "Asia/Pontianak"
    counts: Mapping[State, int] = field(default_factory=dict)

    def up_since(self) -> float | None:
        """Since when every site has been up: the latest change, when all are."""
        if not self.sites or any(s.state is not State.UP for s in self.sites.values()):
            return None
        known = [s.since for s in self.sites.values() if s.since is not None]
        return max(known) if known else None


def count_states(sites: Sequence[SiteNow]) -> dict[State, int]:
    """Sites of each state, worst first, zeros kept."""
    counts = dict.fromkeys(WORST_FIRST, 0)
    for site in sites:
        counts[site.state] += 1
    return counts


def build(sources: Sources, now: float) -> Fleet:
    """Read everything that is shown of the present.

    Args:
        sources: where to read.
        now: epoch s, UTC.
    """
    inventory = sources.inventory()
    latest = sources.reader.latest()
    run = sources.run_status()
    verdicts = {
        i.subject: i
        for i in sources.reader.intervals(None, "state", start=int(now) - 1, end=int(now) + 1)
        if i.end is None
    }
    outages = tuple(sources.reader.outages(start=0, end=now + 1, open_only=True))
    newest = max((v.at for v in latest.values()), default=None)
    fresh = Fresh(
        at=newest,
        age_s=None if newest is None else max(0.0, now - newest),
        poll_s=float(run.get("interval_s") or POLL_S),
        simulated=bool(inventory and inventory.simulated),
    )
    began = {s: o.started for o in reversed(outages) if o.state == State.DOWN for s in o.sites}
    devices, sites = _join(sources, inventory, latest, verdicts, began, withdrawn=fresh.is_old)
    return Fleet(
        version=_version(inventory, newest, verdicts, outages, fresh),
        built_at=now,
        inventory=inventory,
        units=sources.units,
        sites=sites,
        devices=devices,
        outages=outages,
        fresh=fresh,
        timezone=inventory.timezone if inventory else "Asia/Pontianak",
        counts=count_states(list(sites.values())),
    )


def area(units: Units, code: str) -> Area:
    """The unit's short name; the code itself where the tables do not know it."""
    unit = units.get(code)
    name = unit.name if unit else code
    for prefix in ("Kabupaten ", "Kota "):
        name = name.removeprefix(prefix)
    return Area(code=code, name=name)


def _join(
    sources: Sources,
    inventory: Inventory | None,
    latest: Mapping[str, Latest],
    verdicts: Mapping[str, Interval],
    began: Mapping[str, float],
    *,
    withdrawn: bool,
) -> tuple[dict[str, DeviceNow], dict[str, SiteNow]]:
    if inventory is None:
        return {}, {}
    devices: dict[str, DeviceNow] = {}
    at_site: dict[str, list[DeviceNow]] = {}
    for device in inventory.devices.values():
        state, verdict = _verdict(verdicts.get(f"device:{device.id}"), withdrawn)
        entry = DeviceNow(
            device=device,
            state=state,
            cause=verdict.cause if verdict else None,
            since=_since(verdict, state, None),
            evidence=evidence_of(verdict.evidence if verdict else None),
            latest=latest.get(device.id),
        )
        devices[device.id] = entry
        at_site.setdefault(device.site, []).append(entry)
    people = sources.people(inventory)
    areas: dict[str, Area] = {}

    def named(code: str) -> Area:
        if code not in areas:
            areas[code] = area(sources.units, code)
        return areas[code]

    sites: dict[str, SiteNow] = {}
    for site in inventory.sites.values():
        state, verdict = _verdict(verdicts.get(f"site:{site.id}"), withdrawn)
        parts = site.area.split(".")
        own = tuple(sorted(at_site.get(site.id, ()), key=lambda d: (d.device.role != "router", d.id)))
        sites[site.id] = SiteNow(
            site=site,
            state=state,
            cause=verdict.cause if verdict else None,
            since=_since(verdict, state, began.get(site.id)),
            evidence=_site_evidence(site, verdict, own),
            regency=named(".".join(parts[:2])),
            district=named(".".join(parts[:3])),
            village=named(site.area) if len(parts) > 3 else None,
            people=people.get(site.id) if site.kind.serves_public else 0,
            devices=own,
            clients=_clients(own),
            in_bps=_uplink(own, "in_bps"),
            out_bps=_uplink(own, "out_bps"),
        )
    return devices, sites


def _since(verdict: Interval | None, state: State, outage_began: float | None) -> float | None:
    """Since when: of a site in an outage, since that began, although we may have been blind in between.

    A verdict that stood before a hole and again after it says itself when it first stood.
    """
    if verdict is None:
        return None
    before = evidence_of(verdict.evidence).get("since")
    since = min(verdict.start, float(before)) if isinstance(before, int | float) else verdict.start
    if state is State.DOWN and outage_began is not None:
        return min(since, outage_began)
    return since


def _verdict(interval: Interval | None, withdrawn: bool) -> tuple[State, Interval | None]:
    if interval is None or withdrawn:
        return State.UNKNOWN, interval
    return interval.state, interval


def _site_evidence(site: Site, verdict: Interval | None, devices: Sequence[DeviceNow]) -> Mapping[str, Any]:
    """What was measured, with the site's own figures and those of the device that has the same cause."""
    if verdict is None or verdict.state is State.UP:
        return {}
    told = dict(next((d.evidence for d in devices if d.cause == verdict.cause), {}))
    told |= {
        "clients": _clients(devices),
        "capacity_clients": site.capacity_clients,
        "in_bps": _uplink(devices, "in_bps"),
        "plan_bps": site.plan_down_mbps * 1e6 if site.plan_down_mbps else None,
    }
    return told | dict(evidence_of(verdict.evidence))


def _clients(devices: Sequence[DeviceNow]) -> int | None:
    """People connected now, from devices that answered their last poll; access points before routers."""
    told = [
        (d.device.role, int(d.value("clients")))
        for d in devices
        if d.value("clients") is not None and d.state not in (State.DOWN, State.UNKNOWN)
    ]
    on_aps = [n for role, n in told if role == "ap"]
    if on_aps:  # a controller counts the same people again
        return sum(on_aps)
    return sum(n for _, n in told) if told else None


def _uplink(devices: Sequence[DeviceNow], name: str) -> float | None:
    for entry in devices:
        if entry.device.role == "router" and entry.value(name) is not None:
            return float(entry.value(name))
    for entry in devices:
        if entry.value(name) is not None:
            return float(entry.value(name))
    return None


def evidence_of(text: str | None) -> Mapping[str, Any]:
    """The JSON object in an interval's evidence; empty when there is none."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _version(
    inventory: Inventory | None,
    newest: float | None,
    verdicts: Mapping[str, Interval],
    outages: Sequence[Outage],
    fresh: Fresh,
) -> str:
    digest = hashlib.blake2b(digest_size=9)
    digest.update(f"{inventory.version if inventory else ''}|{newest}|{fresh.is_late}|{fresh.is_old}|".encode())
    digest.update(str(sorted((v.subject, v.start, v.state, v.cause or "") for v in verdicts.values())).encode())
    digest.update(str([(o.id, o.ended, o.people, o.sites) for o in outages]).encode())
    return digest.hexdigest()
