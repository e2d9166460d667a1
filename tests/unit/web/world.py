"""A small province in memory: real dataclasses, real villages, an invented and seeded fate. No store, no device."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from controller.journal.records import Event
from controller.views import Sources, Views
from devices.facts import Identity
from devices.model import (
    Backhaul,
    Device,
    DeviceId,
    Domain,
    Inventory,
    Role,
    Site,
    SiteId,
    SiteKind,
    SnmpSettings,
    Target,
)
from geography.outlines import outlines
from geography.people import share_people
from geography.units import Level, load
from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.store import Latest, Series, Summary

NOW = 1_795_228_938.0  # Saturday 21 November 2026, 09.42.18 WIB
DAY = 86400
HOUR = 3600
NAMES = {
    SiteKind.VILLAGE_OFFICE: "Kantor Desa {}",
    SiteKind.SCHOOL: "SMPN 1 {}",
    SiteKind.PUSKESMAS: "Puskesmas {}",
    SiteKind.MARKET: "Pasar {}",
    SiteKind.PARK: "Taman {}",
    SiteKind.TOWER: "Menara {}",
}


def stable(seed: str) -> random.Random:
    return random.Random(seed)  # text seeds do not depend on the process


@dataclass
class FakeReader:
    """Answers as a store would, from what it is given."""

    now: float
    latests: dict[str, Latest] = field(default_factory=dict)
    spans: list[Interval] = field(default_factory=list)
    outage_list: list[Outage] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        self.calls.append("outages")
        found = [o for o in self.outage_list if o.started < end and (o.ended is None or o.ended > start)]
        return sorted((o for o in found if not open_only or o.ended is None), key=lambda o: -o.started)

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        self.calls.append("latest")
        return {k: v for k, v in self.latests.items() if ids is None or k in ids}

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        self.calls.append("intervals")
        return [
            i
            for i in self.spans
            if i.question == question
            and (subjects is None or i.subject in subjects)
            and i.start < end
            and (i.end is None or i.end > start)
        ]

    def summary(
        self, question: str, *, start: int, end: int, by: str = "subject", subjects: Sequence[str] | None = None
    ) -> list[Summary]:
        self.calls.append("summary")
        totals: dict[str, dict[str, float]] = {}
        for i in self.intervals(subjects, question, start=start, end=end):
            length = max(0.0, min(i.end or end, end) - max(i.start, start))
            kind = {"down": "down", "unknown": "unknown", "maintenance": "unknown"}.get(i.state, "up")
            totals.setdefault(i.subject, {"up": 0.0, "down": 0.0, "unknown": 0.0})[kind] += length
        return [Summary(subject=s, up_s=t["up"], down_s=t["down"], unknown_s=t["unknown"]) for s, t in totals.items()]

    def series(
        self,
        kind: str,
        device: str,
        fields: Sequence[str],
        *,
        start: int,
        end: int,
        step_s: int | None = None,
        name: str | None = None,
    ) -> Series:
        self.calls.append("series")
        step = step_s or 300
        slots = list(range(start - start % step, end, step))
        down = [i for i in self.intervals([f"device:{device}"], "state", start=start, end=end) if i.state != "up"]
        columns: dict[str, list[float | None]] = {}
        for field_name in fields:
            noise = stable(f"{device}/{field_name}")
            columns[field_name] = [
                None
                if any(i.state in ("down", "unknown") and i.start <= s < (i.end or end) for i in down)
                else _value(field_name, s, noise, bad=any(i.start <= s < (i.end or end) for i in down))
                for s in slots
            ]
        return Series(step_s=step, tier="5m" if step < HOUR else "1h", slots=slots, columns=columns)


def _value(name: str, at: int, noise: random.Random, *, bad: bool) -> float:
    hour = ((at + 7 * HOUR) % DAY) / HOUR
    load_now = 0.15 + 0.5 * math.exp(-((hour - 10) ** 2) / 8) + 0.8 * math.exp(-((hour - 19.5) ** 2) / 5)
    wobble = noise.uniform(0.9, 1.1)
    return {
        "in_bps": 4.2e6 * load_now,
        "out_bps": 0.9e6 * load_now,
        "clients": float(round(38 * load_now)),
        "loss_ratio": noise.uniform(0.14, 0.21) if bad else abs(noise.gauss(0, 0.003)),
        "rtt_avg_ms": 1400.0 if bad else 640.0,
        "snmp_rtt_ms": 1500.0 if bad else 700.0,
        "cpu_ratio": 0.08 + 0.3 * load_now,
        "memory_ratio": 0.44,
        "uptime_s": float(at - (NOW - 6 * DAY)),
        "temperature_c": 48 + 6 * load_now,
    }.get(name, load_now) * (1 if name in ("clients", "uptime_s") else wobble)


@dataclass(frozen=True)
class World:
    """Everything a page needs, and the parts to change in a test."""

    inventory: Inventory
    reader: FakeReader
    sources: Sources
    views: Views
    now: float = NOW


@cache
def inventory(count: int = 120, seed: int = 7) -> Inventory:
    """`count` sites at villages of the facts tables, each with a router and one or two access points."""
    rng = random.Random(seed)
    villages = [u for u in load().level(Level.VILLAGE) if u.point]
    kinds = [SiteKind.VILLAGE_OFFICE] * 5 + [SiteKind.SCHOOL] * 3 + [SiteKind.PUSKESMAS] * 2
    kinds += [SiteKind.MARKET, SiteKind.PARK]
    sites: dict[SiteId, Site] = {}
    devices: dict[DeviceId, Device] = {}
    picked = rng.sample(villages, count) if count <= len(villages) else [rng.choice(villages) for _ in range(count)]
    for number, village in enumerate(picked):
        kind = SiteKind.TOWER if number % 24 == 23 else rng.choice(kinds)
        site_id = SiteId(f"lok-{number + 1:03d}")
        lat, lon = village.point or (0.0, 110.0)
        backhaul = rng.choice([Backhaul.FIBRE, Backhaul.RADIO, Backhaul.CELLULAR, Backhaul.VSAT])
        sites[site_id] = Site(
            id=site_id,
            name=NAMES[kind].format(village.name),
            area=village.code,
            lat=lat + rng.uniform(-0.01, 0.01),
            lon=lon + rng.uniform(-0.01, 0.01),
            kind=kind,
            backhaul=backhaul,
            provider="Penyedia contoh",
            plan_down_mbps=4 if backhaul is Backhaul.VSAT else 20,
            plan_up_mbps=2,
            capacity_clients=50,
            programme="Layanan Internet Publik",
        )
        router = DeviceId(f"rb-{number + 1:03d}")
        devices[router] = Device(
            id=router,
            site=site_id,
            name=f"rb-{number + 1:03d}",
            role=Role.ROUTER,
            platform="routeros",
            target=Target(domain="utama", host=f"10.61.{number // 250}.{number % 250 + 1}"),
            snmp=SnmpSettings(),
        )
        for k in range(1 if kind is not SiteKind.SCHOOL else 2):
            ap = DeviceId(f"ap-{number + 1:03d}-{k + 1}")
            devices[ap] = Device(
                id=ap,
                site=site_id,
                name=ap,
                role=Role.AP,
                platform="unifi",
                parent=router,
                target=Target(domain="utama", host=f"10.62.{number // 250}.{(number % 125) * 2 + k + 1}"),
                snmp=SnmpSettings(),
            )
    return Inventory(
        version="0" * 12 + str(count),
        sites=sites,
        devices=devices,
        domains={"utama": Domain(name="utama")},
        simulated=True,
    )


def _latest(device: Device, state: str, since: float, now: float) -> Latest:
    rng = stable(device.id)
    silent = state in ("down", "unknown")
    answered = since - 30 if silent else now - 38
    fields: dict[str, Any] = {"ping_ok": None, "snmp_ok": not silent, "service_ok": None}
    if not silent:
        fields |= {
            "ping_ok": True,
            "sent": 3,
            "received": 3,
            "rtt_avg_ms": 1460.0 if state == "degraded" else 42.0,
            "loss_ratio": 0.18 if state == "degraded" else 0.0,
            "snmp_rtt_ms": 51.0,
            "poll_ms": 120.0,
            "uptime_s": 6.2 * DAY,
            "sys_up_time": 53_568_000,
            "clients": rng.randrange(2, 40),
            "cpu_ratio": 0.08,
            "memory_ratio": 0.44,
            "temperature_c": 51.0,
            "in_bps": rng.uniform(2e5, 8e6),
            "out_bps": 2e5,
        }
    ports: dict[str, dict[str, Any]] = {}
    if not silent:
        for port, speed in (("ether1", 100_000_000), ("ether2", 1_000_000_000), ("wlan1", 144_000_000)):
            ports[port] = {
                "if_index": len(ports) + 1,
                "oper_status": 1,
                "admin_status": 1,
                "speed_bps": speed,
                "if_hc_in_octets": rng.randrange(10**12),
                "if_hc_out_octets": rng.randrange(10**12),
                "in_bps": rng.uniform(1e5, 4e6),
                "out_bps": rng.uniform(1e4, 9e5),
                "errors_per_s": 0.0,
                "utilisation_ratio": 0.02,
                "counter_bits": 64,
                "is_uplink": port == "ether1",
            }
        ports["ether3"] = {"if_index": 4, "oper_status": 2, "admin_status": 2, "speed_bps": None, "counter_bits": 64}
    radios = (
        {}
        if silent
        else {
            "wlan1": {"clients": 6, "channel": 6, "frequency_mhz": 2437, "noise_dbm": -96.0, "airtime_ratio": 0.28},
        }
    )
    return Latest(
        device=device.id,
        slot=int(now) - 38,
        at=now - 38,
        answered_at=answered,
        lane="slow" if silent else "fast",
        error_kind="Unreachable" if silent else None,
        error="no answer in 3 tries" if silent else None,
        fields=fields,
        interfaces=ports,
        radios=radios,
    )


FATES: tuple[tuple[str, str, float, Mapping[str, Any]], ...] = (
    ("down", "silent", 52 * 60, {}),
    ("down", "all_aps", 41 * HOUR, {}),
    ("degraded", "lossy", 3.2 * HOUR, {"loss_ratio": 0.18}),
    ("degraded", "full", 1.1 * HOUR, {"clients": 61, "capacity_clients": 50}),
    ("degraded", "some_devices", 30 * HOUR, {}),
    ("unknown", "unobserved", 20 * 60, {}),
    ("maintenance", "", 2 * HOUR, {}),
)


def world(count: int = 120, *, now: float = NOW, quiet: bool = False, seed: int = 7) -> World:
    """A province with trouble in it; `quiet` for one without."""
    stock = inventory(count, seed)
    ids = list(stock.sites)
    fate: dict[str, tuple[str, str, float, Mapping[str, Any]]] = {}
    outages: list[Outage] = []
    people = share_people((s.id, s.area) for s in stock.sites.values() if s.kind.serves_public)

    def fail(members: Sequence[str], cause: str, ago: float, root: str | None) -> None:
        for m in members:
            fate[m] = ("down", cause if cause != "uplink_down" else "no_uplink", ago, {})
        total = sum(people.get(m, 0) for m in members)
        evidence = {"sites_now": list(members), "person_hours": total * ago / HOUR, "counted": now, "within_s": 140}
        outages.append(
            Outage(
                id=f"g{len(outages) + 1:02d}",
                state="down",
                cause=cause,
                started=now - ago,
                ended=None,
                sites=tuple(members),
                devices=tuple(d for d, v in stock.devices.items() if v.site in members),
                root=root,
                people=total,
                evidence=json.dumps(evidence),
            )
        )

    if not quiet:
        near = sorted(ids, key=lambda i: stock.sites[SiteId(i)].area)
        mid = len(near) // 3
        fail(near[mid : mid + 3], "uplink_down", 3.9 * HOUR, f"rb-{ids.index(near[mid]) + 1:03d}")
        fail(near[mid * 2 : mid * 2 + 5], "power_cut", 2.5 * HOUR, None)
        for number, site in enumerate(i for i in ids if i not in fate):
            if number % 11 == 5:
                state, cause, ago, evidence = FATES[(number // 11) % len(FATES)]
                if state == "down":
                    fail([site], cause, ago, None)
                else:
                    fate[site] = (state, cause, ago, evidence)
    reader = FakeReader(now=now)
    reader.outage_list = outages
    for device in stock.devices.values():
        state, cause, ago, evidence = fate.get(device.site, ("up", "", 9 * DAY, {}))
        reader.latests[device.id] = _latest(device, state, now - ago, now)
        _spans(reader, f"device:{device.id}", state, cause, now - ago, now, evidence)
    for site in stock.sites.values():
        state, cause, ago, evidence = fate.get(site.id, ("up", "", 9 * DAY, {}))
        _spans(reader, f"site:{site.id}", state, cause, now - ago, now, evidence)
    sources = Sources(
        reader=reader,
        inventory=lambda: stock,
        units=load(),
        people=lambda given: share_people((s.id, s.area) for s in given.sites.values() if s.kind.serves_public),
        events=_events(now),
        identity=lambda device: identity(device, now),
        run_status=lambda: run_status(now),
        outlines=drawn,
        limits=lambda backhaul: {"loss_percent": 20.0, "rtt_ms": 1500.0, "cpu_percent": 90.0, "temperature_c": 80.0},
    )
    return World(inventory=stock, reader=reader, sources=sources, views=Views(sources), now=now)


@cache
def drawn() -> Mapping[str, Sequence[Any]]:
    return {o.code: [ring for polygon in o.polygons for ring in polygon] for o in outlines(Level.REGENCY)}


def identity(device: str, now: float) -> Identity | None:
    """Every seventh never said what it is; of the others every fifth is a box that tells little."""
    number = int(device.rpartition("-")[2])
    if number % 7 == 0:
        return None
    if number % 5 == 0:
        return Identity(told_at=now - 2 * HOUR, platform="generic", mac="02:00:00:00:00:05")
    return Identity(
        told_at=now - 2 * HOUR,
        platform="routeros",
        vendor="MikroTik",
        model="hAP ac²",
        version="7.16.2",
        serial=f"MADEUP{number:05d}",
        mac="02:00:5e:10:00:ab",
        sys_name=f"rb-{number}.contoh",
    )


def run_status(now: float) -> Mapping[str, Any]:
    cycle = {
        "slot": int(now) - 38,
        "started": now - 38,
        "interval_s": 60,
        "took_s": 4.213,
        "devices": 241,
        "outcomes": {"answered": 220, "failed": 21},
        "lanes": {"fast": 220, "slow": 21},
        "most_in_flight": 240,
        "blind": {},
        "anchors": {"utama": "sees"},
        "anchors_failed": [],
        "observer": "sees",
    }
    return {
        "pid": 1,
        "version": "0.1.0",
        "started": now - 3 * DAY,
        "written": now - 20,
        "interval_s": 60.0,
        "cycles": {"standard": cycle},
        "skipped": 0,
        "failed": {},
        "clock": {"steps": 0, "left_out": 0},
        "writing": {"stored": 1_234_567, "waiting": 0, "dropped": 0, "rejected": 0, "unavailable": 0},
        "store": {"kind": "sqlite", "version": "3.51.3", "bytes_on_disk": 48_300_000, "lag_s": 38.0, "spool_rows": 0},
        "notes": ["ping not permitted: set net.ipv4.ping_group_range"],
    }


def _spans(
    reader: FakeReader, subject: str, state: str, cause: str, since: float, now: float, evidence: Mapping[str, Any]
) -> None:
    cut = since - 5 * DAY
    past = [(State.UP, now - 30 * DAY, cut), (State.DOWN, cut, cut + 7 * HOUR), (State.UP, cut + 7 * HOUR, since)]
    for was, began, end in past:
        start = max(began, now - 30 * DAY)
        if end > start:
            reader.spans.append(
                Interval(
                    subject=subject,
                    question="state",
                    state=was,
                    start=start,
                    end=end,
                    seen=end,
                    cause="silent" if was is State.DOWN else None,
                )
            )
    reader.spans.append(
        Interval(
            subject=subject,
            question="state",
            state=State(state),
            start=since,
            seen=now - 38,
            cause=cause or None,
            evidence=json.dumps(dict(evidence)),
        )
    )


def _events(now: float) -> Any:
    def events(subject: str | None, start: float, end: float) -> list[Event]:
        told = [
            Event(at=now - 6.2 * DAY, subject=subject or "device:rb-001", kind="reboot", text={}),
            Event(at=now - 12 * DAY, subject=subject or "device:rb-001", kind="box_changed", text={"serial": "X1"}),
            Event(
                at=now - 13 * DAY,
                subject=subject or "device:rb-001",
                kind="firmware_changed",
                text={"before": "7.15", "after": "7.16.2"},
            ),
        ]
        return [e for e in told if start <= e.at < end]

    return events
