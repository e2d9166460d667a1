"""What a device said, in our units. `None` is "not told", never 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """One row of IF-MIB. Counters are raw integers; `counter_bits` is the width of the octet counters (32 or 64)."""

    if_index: int
    if_name: str
    if_descr: str | None = None
    if_alias: str | None = None
    if_type: int | None = None
    admin_status: int | None = None
    oper_status: int | None = None
    speed_bps: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    counter_bits: int = 64
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    discontinuity: int | None = None  # ifCounterDiscontinuityTime, TimeTicks


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioFacts:
    """One radio (or virtual AP where the device knows no more)."""

    name: str
    clients: int | None = None
    channel: int | None = None
    frequency_mhz: int | None = None
    noise_dbm: float | None = None
    signal_dbm: float | None = None
    tx_power_dbm: float | None = None
    airtime_ratio: float | None = None
    ssid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which box stands there and what runs on it, as it said at `told_at` (epoch seconds UTC)."""

    told_at: float
    platform: str
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    serial: str | None = None
    mac: str | None = None  # of its first interface
    sys_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One device, as far as it told."""

    platform: str
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    serial: str | None = None
    sys_name: str | None = None
    sys_descr: str | None = None
    sys_object_id: str | None = None
    sys_up_time: int | None = None  # TimeTicks (1/100 s) of the agent; wraps after 497 days
    uptime_s: float | None = None  # of the host, best clock the platform knows
    clients: int | None = None
    ap_count: int | None = None
    cpu_percent: tuple[float, ...] = ()
    memory_ratio: float | None = None
    disk_ratio: float | None = None  # used share of the fullest writable disk
    temperature_c: tuple[float, ...] = ()
    radios: tuple[RadioFacts, ...] = ()
    interfaces: tuple[InterfaceFacts, ...] = ()
