"""Histories of one device as small charts on one time axis; a hole stays a hole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.views.fleet import DeviceNow, SiteNow
from controller.views.history import Spell, spells_of
from controller.views.sources import Sources
from measurements.intervals import State

HOUR_S = 3600
SPANS: Mapping[str, tuple[int, int]] = {  # name -> (length, step), seconds
    "24h": (24 * HOUR_S, 300),
    "7d": (7 * 24 * HOUR_S, HOUR_S),
    "30d": (30 * 24 * HOUR_S, HOUR_S),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One column of a chart; `scale` turns stored values into the chart's unit."""

    name: str
    values: tuple[float | None, ...]

    def last(self) -> float | None:
        """The newest value that is not a hole."""
        return next((v for v in reversed(self.values) if v is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One measure (two lines at most). `limit` is drawn as a line: a contract, a capacity, a threshold."""

    key: str  # traffic, clients, loss, latency, cpu, memory, uptime, temperature
    unit: str  # Mbit/s, %, ms, °C, d; empty: a count
    lines: tuple[Line, ...]
    limit: float | None = None
    limit_kind: str = ""  # plan, capacity, threshold
    top: float | None = None  # the axis reaches at least this

    @property
    def is_empty(self) -> bool:
        """True when nothing was measured in the whole span."""
        return all(v is None for line in self.lines for v in line.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSet:
    """Charts over [start, end) with one row of slots (bucket starts, epoch s). `bad`: spells of trouble."""

    span: str
    start: int
    end: int
    step_s: int
    slots: tuple[int, ...]
    charts: tuple[Chart, ...]
    bad: tuple[Spell, ...]


@dataclass(frozen=True, slots=True)
class _Wish:
    key: str
    unit: str
    kind: str
    fields: tuple[str, ...]
    scale: float
    limit: str = ""
    limit_kind: str = ""
    top: float | None = None


_WISHES = (
    _Wish("traffic", "Mbit/s", "interface", ("in_bps", "out_bps"), 1e-6, "plan_down_mbps", "plan"),
    _Wish("clients", "", "wifi_device", ("clients",), 1.0, "capacity_clients", "capacity", 4),
    _Wish("loss", "%", "ping", ("loss_ratio",), 100.0, "loss_percent", "threshold", 10),
    _Wish("latency", "ms", "ping", ("rtt_avg_ms",), 1.0, "rtt_ms", "threshold"),
    _Wish("snmp", "ms", "wifi_device", ("snmp_rtt_ms",), 1.0),
    _Wish("cpu", "%", "wifi_device", ("cpu_ratio", "memory_ratio"), 100.0, "cpu_percent", "threshold", 100),
    _Wish("temperature", "°C", "wifi_device", ("temperature_c",), 1.0, "temperature_c", "threshold"),
    _Wish("uptime", "d", "wifi_device", ("uptime_s",), 1 / 86400),
)
_OPTIONAL = {"temperature", "loss", "latency", "snmp"}  # left out while nothing was ever told


def charts(sources: Sources, device: DeviceNow, site: SiteNow | None, now: float, *, span: str) -> ChartSet:
    """Read the histories of one device.

    Args:
        sources: where to read, and the limits.
        device: whose.
        site: for plan and capacity.
        now: epoch s; the axis ends at the start of the running bucket.
        span: a key of `SPANS`.
    """
    length, step = SPANS[span]
    end = int(now) - int(now) % step + step
    start = end - length
    columns: dict[tuple[str, str], dict[int, float | None]] = {}
    for kind in ("wifi_device", "ping", "interface"):  # a port that is not named: the uplink
        fields = [f for w in _WISHES if w.kind == kind for f in w.fields]
        found = sources.reader.series(kind, device.id, fields, start=start, end=end, step_s=step)
        for field in fields:
            columns[kind, field] = dict(zip(found.slots, found.columns.get(field, ()), strict=False))
    slots = tuple(range(start, end, step))
    limits = limits_of(sources, device, site)
    made = []
    for wish in _WISHES:
        lines = tuple(
            Line(name=field, values=_placed(columns.get((wish.kind, field), {}), slots, wish.scale))
            for field in wish.fields
        )
        chart = Chart(
            key=wish.key,
            unit=wish.unit,
            lines=lines,
            limit=limits.get(wish.limit),
            limit_kind=wish.limit_kind,
            top=wish.top,
        )
        if not (chart.is_empty and wish.key in _OPTIONAL):
            made.append(chart)
    states = sources.reader.intervals([f"device:{device.id}"], "state", start=start, end=end)
    bad = [s for s in spells_of(states, start, min(end, now)) if s.state in (State.DEGRADED, State.DOWN)]
    return ChartSet(span=span, start=start, end=end, step_s=step, slots=slots, charts=tuple(made), bad=tuple(bad))


def uplink_of(device: DeviceNow) -> str | None:
    """Name of the port towards the internet, None while it is not known."""
    if device.device.uplink:
        return device.device.uplink
    ports = device.latest.interfaces if device.latest else {}
    return next((name for name, told in ports.items() if told.get("is_uplink")), None)


def limits_of(sources: Sources, device: DeviceNow, site: SiteNow | None) -> dict[str, float]:
    """What a measure should not pass (or reach): contract and capacity of the site, thresholds of health."""
    found: dict[str, float] = {}
    if site is not None:
        found.update(sources.limits(site.site.backhaul))
        if site.site.plan_down_mbps and device.device.role == "router":
            found["plan_down_mbps"] = site.site.plan_down_mbps
        if site.site.capacity_clients and len([d for d in site.devices if d.value("clients") is not None]) <= 1:
            found["capacity_clients"] = site.site.capacity_clients
    return found


def _placed(told: Mapping[int, float | None], slots: Sequence[int], scale: float) -> tuple[float | None, ...]:
    return tuple(None if (v := told.get(s)) is None else v * scale for s in slots)
