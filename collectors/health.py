"""Gauges of a device: uptime, clients, CPU, memory, disk, temperature, radios. Facts -> rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devices.facts import Facts, RadioFacts
from measurements.reading import RadioRow


def gauges(figures: Mapping[str, Any], *, wired: bool) -> dict[str, Any]:
    """Fields of a DeviceRow: shares of 1, whole clients, the hottest sensor; missing stays missing."""
    clients, aps = figures.get("clients"), figures.get("ap_count")
    cpu, temperature = figures.get("cpu"), figures.get("temperature")
    return {
        "uptime_s": figures.get("uptime"),
        "clients": None if clients is None or wired else round(clients),
        "ap_count": None if aps is None else round(aps),
        "cpu_ratio": sum(cpu) / len(cpu) / 100 if cpu else None,
        "memory_ratio": figures.get("memory"),
        "disk_ratio": figures.get("disk"),
        "temperature_c": max(temperature) if temperature else None,
    }


def figures_of(facts: Facts) -> dict[str, Any]:
    """A survey's facts by the names of the platform's figures."""
    return {
        "uptime": facts.uptime_s,
        "clients": facts.clients,
        "ap_count": facts.ap_count,
        "cpu": facts.cpu_percent,
        "memory": facts.memory_ratio,
        "disk": facts.disk_ratio,
        "temperature": facts.temperature_c,
        "radios": facts.radios,
    }


def radio_rows(device: str, slot: int, radios: Sequence[RadioFacts]) -> tuple[RadioRow, ...]:
    """One row a radio; a name that repeats (several virtual APs) gets its place."""
    rows: dict[str, RadioRow] = {}
    for place, one in enumerate(radios, 1):
        name = one.name if one.name not in rows else f"{one.name}#{place}"
        rows[name] = RadioRow(
            device=device,
            radio=name,
            slot=slot,
            clients=one.clients,
            channel=one.channel,
            frequency_mhz=one.frequency_mhz,
            noise_dbm=one.noise_dbm,
            signal_dbm=one.signal_dbm,
            tx_power_dbm=one.tx_power_dbm,
            airtime_ratio=one.airtime_ratio,
        )
    return tuple(rows.values())
