"""What is stored of one poll: typed wide rows. Names and units are public: see docs/reference/metrics.md.

A slot is the start of the poll's interval in whole seconds since 1970-01-01T00:00Z. `None` means "not told".
Only raw values are read from a device; rates are made once, in `measurements.derive`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class PingRow:
    """Measurement `ping`: one burst of echo requests."""

    measurement: ClassVar[str] = "ping"
    device: str
    slot: int
    sent: int
    received: int
    rtt_min_ms: float | None = None
    rtt_avg_ms: float | None = None
    rtt_max_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """Measurement `wifi_device`: the three questions and the gauges of one device.

    `ping_ok`, `snmp_ok`, `service_ok`: None = not asked or not observed.
    """

    measurement: ClassVar[str] = "wifi_device"
    device: str
    slot: int
    ping_ok: bool | None = None
    snmp_ok: bool | None = None
    service_ok: bool | None = None
    sys_up_time: int | None = None  # TimeTicks, 1/100 s
    uptime_s: float | None = None
    clients: int | None = None
    ap_count: int | None = None
    cpu_ratio: float | None = None
    memory_ratio: float | None = None
    temperature_c: float | None = None
    snmp_rtt_ms: float | None = None
    poll_ms: float | None = None
    disk_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioRow:
    """Measurement `radio`: one radio (tag `radio` = its name)."""

    measurement: ClassVar[str] = "radio"
    device: str
    radio: str
    slot: int
    clients: int | None = None
    channel: int | None = None
    frequency_mhz: int | None = None
    noise_dbm: float | None = None
    signal_dbm: float | None = None
    tx_power_dbm: float | None = None
    airtime_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceRow:
    """Measurement `interface`: raw counters of one port (tag `if_name`). `counter_bits` is 32 or 64."""

    measurement: ClassVar[str] = "interface"
    device: str
    if_name: str
    slot: int
    if_index: int | None = None
    oper_status: int | None = None
    admin_status: int | None = None
    speed_bps: int | None = None
    if_hc_in_octets: int | None = None
    if_hc_out_octets: int | None = None
    if_in_errors: int | None = None
    if_out_errors: int | None = None
    if_in_discards: int | None = None
    counter_bits: int = 64
    discontinuity: int | None = None
    is_uplink: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """Measurement `service`: one check of what people came for (tag `check`)."""

    measurement: ClassVar[str] = "service"
    device: str
    check: str
    slot: int
    ok: bool | None = None
    latency_ms: float | None = None
    down_bps: float | None = None
    up_bps: float | None = None


Row: TypeAlias = PingRow | DeviceRow | RadioRow | InterfaceRow | ServiceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one poll of one device gave. `at` is the precise time (epoch seconds UTC) of the answer."""

    device: str
    slot: int
    at: float
    row: DeviceRow
    ping: PingRow | None = None
    radios: tuple[RadioRow, ...] = ()
    interfaces: tuple[InterfaceRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    error_kind: str | None = None  # DeviceError.kind of the poll's failure
    error: str | None = None
    lane: str = "fast"
    box: tuple[str | None, str | None] = field(default=(None, None))  # (serial, first MAC): the hardware behind the id
    interval_s: int = 60  # distance of this device's polls: what tells a missed poll from a hole
