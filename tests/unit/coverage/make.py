"""Small worlds: a site, what was measured of it, a history, a grid of a few hexagons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from controller.coverage.effective import Measured
from controller.coverage.model import Inputs, Rules, SiteWorth, ThresholdProfile, Verdict
from devices.model import Backhaul, Device, DeviceId, Inventory, Role, Site, SiteId, SiteKind, Target
from geography import hexagons
from geography.grid import DemandGrid
from geography.units import Basis, Level, Unit, Units, parent_of
from measurements.intervals import Interval

DAY = 86_400
PROFILE = ThresholdProfile(
    id="t", name="T", min_availability_ratio=0.95, min_down_bps=4e6, min_kbps_per_person=None, source="a test"
)
RULES = Rules()
INPUTS = Inputs(
    hash="h", start=0.0, end=30.0 * DAY, inventory="v", demand="d", demand_kind="hexagons", profile=PROFILE, rules=RULES
)


def site(name: str = "a", **more: Any) -> Site:
    told: dict[str, Any] = {
        "id": SiteId(name), "name": name.upper(), "area": "61.01.01.2001", "lat": 1.0, "lon": 109.0,
        "kind": SiteKind.SCHOOL, "backhaul": Backhaul.RADIO, "plan_down_mbps": 20.0, "capacity_clients": 40,
    }  # fmt: skip
    return Site(**(told | more))


def measured(**more: Any) -> Measured:
    """Thirty days, all observed, up 99 % of them."""
    month = 30.0 * DAY
    told = {"period_s": month, "up_s": 0.99 * month, "down_s": 0.01 * month, "busy_days": 30}
    return Measured(**(told | more))


def worth(name: str, lat: float, lon: float, verdict: Verdict = Verdict.EFFECTIVE, **more: Any) -> SiteWorth:
    is_good = verdict is Verdict.EFFECTIVE
    told: dict[str, Any] = {
        "site": name, "name": name.upper(), "area": "61.01.01.2001", "lat": lat, "lon": lon, "kind": "school",
        "backhaul": "radio", "programme": None, "observed_ratio": 1.0, "availability_ratio": 0.99 if is_good else 0.8,
        "speed_bps": 8e6 if is_good else None, "speed_how": None, "plan_down_bps": 20e6, "busy_down_bps": None,
        "capacity_clients": 40, "busy_clients": None, "is_saturated": None, "is_full": None, "verdict": verdict,
        "reason": None, "worth_ratio": 0.99 if is_good else 0.0, "down_s": 3600.0, "people": 100,
    }  # fmt: skip
    return SiteWorth(**(told | more))


@dataclass
class Columns:
    bucket: Any
    device: Any
    columns: Mapping[str, Any]


@dataclass
class FakeHistory:
    """Implements `controller.coverage.measured.History` from plain rows."""

    states: list[Interval] = field(default_factory=list)
    rows: dict[str, list[tuple[int, str, dict[str, float]]]] = field(default_factory=dict)
    asked: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        self.asked += 1
        return [
            i
            for i in self.states
            if i.question == question
            and (subjects is None or i.subject in subjects)
            and i.start < end
            and (i.end is None or i.end > start)
        ]

    def hours(self, kind: str, columns: Sequence[str], *, start: int, end: int, devices: Sequence[str]) -> Columns:
        if kind != "service":
            self.spans.append((start, end))
        kept = [r for r in self.rows.get(kind, []) if start <= r[0] < end and r[1] in devices]
        return Columns(
            bucket=np.array([r[0] for r in kept], dtype=np.int64),
            device=np.array([list(devices).index(r[1]) for r in kept], dtype=np.int64),
            columns={c: np.array([r[2].get(c, np.nan) for r in kept], dtype=np.float64) for c in columns},
        )


def inventory(sites: Sequence[Site], version: str = "v1") -> Inventory:
    """One router and one access point a site."""
    devices = {}
    for each in sites:
        for suffix, role in (("gw", Role.ROUTER), ("ap", Role.AP)):
            key = DeviceId(f"{each.id}-{suffix}")
            devices[key] = Device(
                id=key,
                site=each.id,
                name=key,
                target=Target(domain="default", host="127.0.0.1"),
                role=role,
                parent=DeviceId(f"{each.id}-gw") if role is Role.AP else None,
            )
    return Inventory(version=version, sites={s.id: s for s in sites}, devices=devices)


def units(villages: Mapping[str, tuple[float, float, int]]) -> Units:
    """Villages by code with (lat, lon, people), and the units above them."""
    found = {}
    for code, (lat, lon, people) in villages.items():
        found[code] = _unit(code, people, (lat, lon))
        above = parent_of(code)
        while above:
            found.setdefault(above, _unit(above, 0, None))
            above = parent_of(above)
    return Units(found.values())


def _unit(code: str, people: int, point: tuple[float, float] | None) -> Unit:
    level = {0: Level.PROVINCE, 1: Level.REGENCY, 2: Level.DISTRICT, 3: Level.VILLAGE}[code.count(".")]
    return Unit(
        code=code, name=f"Unit {code}", level=level, kind="desa", bps_code=None, parent=parent_of(code), point=point,
        area_km2=None, population=people, population_year=2024, basis=Basis.ESTIMATE, population_2010=None,
    )  # fmt: skip


def grid(rows: Sequence[tuple[float, float, float, str]], resolution: int = 8) -> DemandGrid:
    """Hexagons that hold (lat, lon) with people of a village."""
    index = hexagons.at(np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), resolution)
    lat, lon = hexagons.centres(index)
    return DemandGrid(
        resolution=resolution,
        index=index,
        lat=lat,
        lon=lon,
        people=np.array([r[2] for r in rows], dtype=np.float64),
        village=np.array([r[3] for r in rows], dtype=np.str_),
        basis=np.full(len(rows), "estimate"),
        area_share=np.ones(len(rows)),
        displaced={},
        inputs="grid",
        notes=("estimate",),
    )
