"""What was learned of a device, as JSON and back: a restart asks a known fleet cheaply from its first cycle on.

A cache and nothing more: whatever does not fit (another inventory entry, another version of the program, a platform
that lost a source) is dropped, and the device is learned again.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, fields
from importlib.metadata import version
from typing import Any

from collectors.learned import Known, Learned, compiled
from devices.facts import Facts, InterfaceFacts
from devices.model import Device
from devices.platforms.recognise import platforms
from devices.transport.snmp.api import Limits

#: Fields of what is known that are more than a figure, a text or a list of them.
_SHAPED = frozenset(("facts", "ask", "ports", "limits"))
#: First of a list that was a set.
_SET = "set:"


def mark(device: Device) -> int:
    """Changes when the inventory says something else about how a device is asked, and with each version of ours."""
    said = (device.platform, device.target, device.snmp, device.uplink, version("merata"))
    return zlib.crc32(repr(said).encode())


def encode(device: Device, learned: Learned) -> dict[str, Any]:
    """As plain values."""
    known = learned.known
    cells = dict(known.ask.cells)
    recipe = []
    for figure, source in known.ask.reads:
        place = [each is source for each in platforms()[known.platform].sources(figure)].index(True)
        rows = [[c, [suffix for suffix, _ in cells[c]]] for c in source.columns if c in cells]
        recipe.append([figure, place, rows])
    facts = {k: v for k, v in asdict(known.facts).items() if v not in (None, ()) and k not in ("interfaces", "radios")}
    return {
        "mark": mark(device),
        "recipe": recipe,
        "facts": facts,
        "ports": {row: {k: v for k, v in asdict(port).items() if v is not None} for row, port in known.ports.items()},
        "limits": asdict(known.limits),
        "known": {f.name: _plain(getattr(known, f.name)) for f in fields(Known) if f.name not in _SHAPED},
        "sys_up_time": learned.sys_up_time,
        "polls": learned.polls,
        "due_after": learned.due_after,
    }


def decode(device: Device, kept: dict[str, Any]) -> Learned | None:
    """What was learned; None when it is of another time.

    Raises:
        KeyError, TypeError, IndexError: it does not fit.
    """
    if kept["mark"] != mark(device):
        return None
    recipe = tuple(
        (figure, place, tuple((column, tuple(suffixes)) for column, suffixes in rows))
        for figure, place, rows in kept["recipe"]
    )
    rest = _tuples(kept["known"])
    known = Known(
        **rest,
        facts=Facts(**_tuples(kept["facts"])),
        ask=compiled(rest["platform"], recipe),
        ports={row: InterfaceFacts(**port) for row, port in kept["ports"].items()},
        limits=Limits(**kept["limits"]),
    )
    return Learned(known=known, sys_up_time=kept["sys_up_time"], polls=kept["polls"], due_after=kept["due_after"])


def _plain(value: Any) -> Any:
    return [_SET, *sorted(value)] if isinstance(value, frozenset) else value


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {k: _list_of_old(v) if isinstance(v, list) else v for k, v in values.items()}


def _list_of_old(value: list[Any]) -> tuple[Any, ...] | frozenset[Any]:
    return frozenset(value[1:]) if value[:1] == [_SET] else tuple(value)
