"""Readings and intervals in few words, for tests of this room."""

from __future__ import annotations

from measurements.intervals import Interval, State
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow

T0 = 1_790_000_100  # 2026-09-21T13:35:00Z, a multiple of 300


def reading(
    device: str = "ap-1", slot: int = T0, *, octets: int | None = 0, up: float | None = None,
    at: float | None = None, **more
) -> Reading:  # fmt: skip
    """One answered poll with one uplink; `up`: the uptime in seconds (default: started long ago)."""
    seconds = slot - T0 + 1_000_000 if up is None else up
    ports = () if octets is None else (port(device, slot, octets, **more.pop("port", {})),)
    fields = {"clients": 7, "cpu_ratio": 0.25, "snmp_ok": True} | more.pop("row", {})
    return Reading(
        device=device,
        slot=slot,
        at=slot + 1.5 if at is None else at,
        row=DeviceRow(device=device, slot=slot, sys_up_time=round(seconds * 100) % 2**32, **fields),
        interfaces=ports,
        **more,
    )


def port(device: str, slot: int, octets: int, *, name: str = "ether1", **more) -> InterfaceRow:
    """One port; out counts twice as fast as in."""
    fields = {"if_hc_out_octets": 2 * octets, "speed_bps": 1_000_000_000, "is_uplink": True} | more
    return InterfaceRow(device=device, if_name=name, slot=slot, if_hc_in_octets=octets, **fields)


def full(device: str = "ap-1", slot: int = T0, octets: int = 2**63 + 5) -> Reading:
    """A reading in which everything is told, with the largest legal counters."""
    return Reading(
        device=device, slot=slot, at=slot + 0.25, lane="slow", error_kind="unreachable", error="no answer in 2 s",
        box=("HE708XYZ", "4c:5e:0c:01:02:03"), interval_s=300,
        row=DeviceRow(
            device=device, slot=slot, ping_ok=True, snmp_ok=False, service_ok=None, sys_up_time=2**32 - 1,
            uptime_s=12.5,
            clients=3, ap_count=2, cpu_ratio=0.125, memory_ratio=0.5, temperature_c=41.5, snmp_rtt_ms=700.25,
            poll_ms=2100.5, disk_ratio=0.75,
        ),
        ping=PingRow(device=device, slot=slot, sent=3, received=2, rtt_min_ms=1.5, rtt_avg_ms=2.5, rtt_max_ms=9.75),
        radios=(
            RadioRow(
                device=device, slot=slot, radio="wlan1", clients=3, channel=6, frequency_mhz=2437, noise_dbm=-95.5,
                signal_dbm=-61.0, tx_power_dbm=20.0, airtime_ratio=0.375,
            ),
            RadioRow(device=device, slot=slot, radio="wlan2"),
        ),
        interfaces=(
            InterfaceRow(
                device=device, slot=slot, if_name="ether1", if_index=1, oper_status=1, admin_status=1, speed_bps=10**9,
                if_hc_in_octets=octets, if_hc_out_octets=2**64 - 1, if_in_errors=1, if_out_errors=2, if_in_discards=3,
                counter_bits=64, discontinuity=77, is_uplink=True,
            ),
            InterfaceRow(device=device, slot=slot, if_name="wlan1", counter_bits=32),
        ),
        services=(
            ServiceRow(device=device, slot=slot, check="dns:go.id", ok=True, latency_ms=20.5, down_bps=4e6, up_bps=1e6),
        ),
    )  # fmt: skip


def span(start: float, end: float | None, state: State = State.UP, *, subject: str = "device:ap-1", **more) -> Interval:
    """One state interval of the question `snmp`."""
    return Interval(subject=subject, question="snmp", state=state, start=start, end=end, **more)
