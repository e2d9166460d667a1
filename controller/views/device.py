"""One device (`/perangkat/<id>`) and its raw values (`/mentah`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.journal.records import Event
from controller.views.charts import ChartSet, charts, uplink_of
from controller.views.fleet import DeviceNow, Fleet, Fresh, SiteNow
from controller.views.history import DAY_S, DAYS, Bar, bar, last_answers
from controller.views.sources import Sources
from devices.facts import Identity
from measurements.intervals import State

HOUR_S = 3600
ADMIN_DOWN = 2
OPER_UP = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One of the three questions. `ok` None: not asked or not observed. `figures`: what came with the answer."""

    key: str  # ping, snmp, service
    ok: bool | None
    is_bad: bool
    figures: Mapping[str, Any]

    @property
    def state(self) -> State:
        """As a mark: up, degraded (answers badly), down or unknown."""
        if self.ok is None:
            return State.UNKNOWN
        if not self.ok:
            return State.DOWN
        return State.DEGRADED if self.is_bad else State.UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port now. `is_off`: switched off on purpose."""

    name: str
    alias: str | None
    is_up: bool | None
    is_off: bool
    is_uplink: bool
    speed_bps: float | None
    in_bps: float | None
    out_bps: float | None
    errors_per_hour: float | None
    clients: int | None
    channel: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """`/perangkat/<id>`: what is wrong with this box, since when, what to do.

    identity: what it last said it is; None where it never did.
    """

    fresh: Fresh
    device: DeviceNow
    identity: Identity | None
    site: SiteNow | None
    parent: DeviceNow | None
    children: int
    questions: tuple[Question, ...]
    charts: ChartSet
    ports: tuple[Port, ...]
    bar: Bar
    events: tuple[Event, ...]
    outage_id: str | None
    poll_s: float

    @property
    def model(self) -> str | None:
        """Maker and model; the maker once, where the model names it too."""
        told = self.identity
        if told is None:
            return None
        if told.vendor and told.model and told.model.casefold().startswith(told.vendor.casefold()):
            return told.model
        return " ".join(filter(None, (told.vendor, told.model))) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawValue:
    """One stored value. `source`: ping, snmp, service, poll or derived. Names as in docs/reference/metrics.md."""

    part: str  # empty for the device; the name of a port, radio or check
    measurement: str
    name: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """`/perangkat/<id>/mentah`: every value of the last reading with where it came from."""

    fresh: Fresh
    device: DeviceNow
    site: SiteNow | None
    values: tuple[RawValue, ...]


def device(fleet: Fleet, sources: Sources, device_id: str, now: float, *, span: str) -> DevicePage | None:
    """Everything of one device; None where the inventory has none of that id."""
    found = fleet.devices.get(device_id)
    if found is None:
        return None
    site = fleet.sites.get(found.device.site)
    subject = f"device:{device_id}"
    return DevicePage(
        fresh=fleet.fresh,
        device=found,
        identity=sources.identity(device_id),
        site=site,
        parent=fleet.devices.get(found.device.parent) if found.device.parent else None,
        children=sum(1 for d in fleet.devices.values() if d.device.parent == device_id),
        questions=questions(found, last_answers(sources.reader, [found], now).get(device_id), now),
        charts=charts(sources, found, site, now, span=span),
        ports=ports(found),
        bar=bar(sources.reader, subject, now),
        events=tuple(sources.events(subject, now - DAYS * DAY_S, now + 1)),
        outage_id=next((o.id for o in fleet.outages if device_id in o.devices), None),
        poll_s=fleet.fresh.poll_s,
    )


def raw(fleet: Fleet, device_id: str) -> RawPage | None:
    """Every value of the last reading; None where the inventory has no such device."""
    found = fleet.devices.get(device_id)
    if found is None:
        return None
    return RawPage(
        fresh=fleet.fresh,
        device=found,
        site=fleet.sites.get(found.device.site),
        values=tuple(_raw_values(found)),
    )


def questions(found: DeviceNow, answered: float | None, now: float) -> tuple[Question, ...]:
    """Ping, SNMP, service: always three, always apart, always in this order."""
    loss, rtt = found.value("loss_ratio"), found.value("rtt_avg_ms")
    services = dict(found.latest.services) if found.latest else {}
    return (
        Question(
            key="ping",
            ok=found.value("ping_ok"),
            is_bad=found.cause in ("lossy", "slow") and found.state is State.DEGRADED,
            figures={"loss_ratio": loss, "rtt_avg_ms": rtt},
        ),
        Question(
            key="snmp",
            ok=found.value("snmp_ok"),
            is_bad=False,
            figures={
                "snmp_rtt_ms": found.value("snmp_rtt_ms"),
                "answered_ago_s": None if answered is None else max(0.0, now - answered),
                "error_kind": found.latest.error_kind if found.latest else None,
            },
        ),
        Question(key="service", ok=found.value("service_ok"), is_bad=False, figures={"checks": services}),
    )


def ports(found: DeviceNow) -> tuple[Port, ...]:
    """Ports of the last reading: the uplink first, then in use, then switched off."""
    if found.latest is None:
        return ()
    uplink = uplink_of(found)
    made = [
        _port(name, told, found.latest.radios.get(name, {}), uplink) for name, told in found.latest.interfaces.items()
    ]
    known = {p.name for p in made}
    made += [_port(name, {}, told, uplink) for name, told in found.latest.radios.items() if name not in known]
    return tuple(sorted(made, key=lambda p: (not p.is_uplink, p.is_off, not p.is_up, p.name)))


def _port(name: str, told: Mapping[str, Any], radio: Mapping[str, Any], uplink: str | None) -> Port:
    oper = told.get("oper_status")
    errors = told.get("errors_per_s")
    return Port(
        name=name,
        alias=told.get("if_alias") or radio.get("ssid"),
        is_up=None if oper is None else oper == OPER_UP,
        is_off=told.get("admin_status") == ADMIN_DOWN,
        is_uplink=name == uplink,
        speed_bps=told.get("speed_bps") or None,
        in_bps=told.get("in_bps"),
        out_bps=told.get("out_bps"),
        errors_per_hour=None if errors is None else errors * HOUR_S,
        clients=radio.get("clients"),
        channel=radio.get("channel"),
    )


_PING = {"sent", "received", "rtt_min_ms", "rtt_avg_ms", "rtt_max_ms", "ping_ok"}
_DERIVED = {
    "in_bps", "out_bps", "loss_ratio", "rebooted_at", "errors_per_s", "discards_per_s", "utilisation_ratio",
    "is_uplink",
}  # fmt: skip
_POLL = {"poll_ms", "snmp_rtt_ms", "snmp_ok"}


def _raw_values(found: DeviceNow) -> list[RawValue]:
    if found.latest is None:
        return []
    made = [
        _raw("", "ping" if k in _PING - {"ping_ok"} else "wifi_device", k, v) for k, v in found.latest.fields.items()
    ]
    for measurement, parts in _parts(found):
        made += [_raw(part, measurement, k, v) for part, told in parts.items() for k, v in told.items()]
    return made


def _parts(found: DeviceNow) -> Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]]:
    latest = found.latest
    if latest is None:
        return ()
    return (("interface", latest.interfaces), ("radio", latest.radios), ("service", latest.services))


def _raw(part: str, measurement: str, name: str, value: Any) -> RawValue:
    if name in _DERIVED:
        source = "derived"
    elif name in _PING:
        source = "ping"
    elif name == "service_ok" or measurement == "service":
        source = "service"
    elif name in _POLL:
        source = "poll"
    else:
        source = "snmp"
    return RawValue(part=part, measurement=measurement, name=name, value=value, source=source)
