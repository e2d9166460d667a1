"""`merata probe`: ask one device what it is and how it does; nothing is stored."""

from __future__ import annotations

from typing import Any

from devices.facts import Facts, InterfaceFacts

#: ifOperStatus (RFC 2863).
OPER_STATUS = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}


def as_printed(facts: Facts) -> dict[str, Any]:
    """One JSON object of what a device said. What it did not say is null or an empty list; 0 is a figure."""
    return {
        "platform": facts.platform,
        "vendor": facts.vendor,
        "model": facts.model,
        "version": facts.version,
        "serial": facts.serial,
        "sys_name": facts.sys_name,
        "uptime_s": facts.uptime_s,
        "interfaces": [_interface(i) for i in facts.interfaces],
        "clients": facts.clients,
        "ap_count": facts.ap_count,
        "cpu_percent": [round(c, 2) for c in facts.cpu_percent],
        "memory_percent": None if facts.memory_ratio is None else round(facts.memory_ratio * 100, 2),
        "temperature_c": [round(t, 3) for t in facts.temperature_c],
    }


def _interface(one: InterfaceFacts) -> dict[str, Any]:
    return {
        "name": one.if_name,
        "descr": one.if_descr,
        "alias": one.if_alias,
        "oper_status": OPER_STATUS.get(one.oper_status or 0),
        "in_octets": one.in_octets,
        "out_octets": one.out_octets,
    }
