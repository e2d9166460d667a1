"""Interfaces as IF-MIB tells them (RFC 2863): ports, their counters, and which of them leads to the internet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from devices.facts import InterfaceFacts
from devices.platforms.platform import Interfaces
from devices.platforms.sources import Answers, number, string
from devices.transport.snmp.api import Agent, SnmpAsk, Value

_IF, _IFX = "1.3.6.1.2.1.2.2.1.", "1.3.6.1.2.1.31.1.1.1."
DESCR, TYPE, SPEED, MAC, ADMIN, OPER = (_IF + leaf for leaf in ("2", "3", "5", "6", "7", "8"))
IN_32, OUT_32, IN_DISCARDS, IN_ERRORS, OUT_ERRORS = (_IF + leaf for leaf in ("10", "16", "13", "14", "20"))
NAME, IN_64, OUT_64, HIGH_SPEED, ALIAS, DISCONTINUITY = (_IFX + leaf for leaf in ("1", "6", "10", "15", "18", "19"))
TABLE_LAST_CHANGE = "1.3.6.1.2.1.31.1.5.0"

#: What a port is: asked when a device is learned.
NATURE = (NAME, DESCR, ALIAS, TYPE, HIGH_SPEED, ADMIN, MAC)
#: What passes through it: asked at every poll, as far as the device has them.
PULSE = (OPER, IN_64, OUT_64, IN_ERRORS, OUT_ERRORS, IN_DISCARDS, DISCONTINUITY)

#: ifType of things with a plug or an antenna (IANAifType-MIB): Ethernet, ieee80211, DSL, GPON, cable, cellular.
PHYSICAL = frozenset({6, 62, 69, 71, 94, 96, 97, 117, 127, 188, 230, 238, 243, 244, 249, 250, 251})


async def learn(ask: SnmpAsk, agent: Agent, quirks: Interfaces, *, deadline_s: float | None = None) -> Answers:
    """Every interface with all that is told of it; `interfaces_of` and `first_mac` read the answers."""
    answers = Answers()
    answers.tables.update(await ask.walk(agent, NATURE, deadline_s=deadline_s))
    answers.tables.update(await ask.walk(agent, PULSE, deadline_s=deadline_s))
    if _needs_32_bits(answers, quirks):
        answers.tables.update(await ask.walk(agent, (SPEED, IN_32, OUT_32), deadline_s=deadline_s))
    return answers


def interfaces_of(answers: Answers, quirks: Interfaces) -> tuple[InterfaceFacts, ...]:
    """All interfaces in order of ifIndex, each with a name of its own."""
    rows = {s for c in (DESCR, NAME, OPER) for s in answers.table(c) if s.isdecimal()}
    return _unique([read(answers, row, quirks) for row in sorted(rows, key=int) if _is_real(answers, row)])


def _is_real(answers: Answers, row: str) -> bool:
    """False for place holders that bear neither a name nor a type (some agents pad their table with them)."""
    return bool(answers.table(TYPE).get(row)) or any(string(answers.table(c).get(row)) for c in (NAME, DESCR, ALIAS))


def _needs_32_bits(answers: Answers, quirks: Interfaces) -> bool:
    known = set(answers.table(DESCR)) | set(answers.table(OPER)) | set(answers.table(NAME))
    return quirks.broken_hc or bool(known - set(answers.table(IN_64))) or not answers.table(HIGH_SPEED)


def read(answers: Answers, row: str, quirks: Interfaces) -> InterfaceFacts:
    """One row as facts. A 64-bit counter where there is one, else the 32-bit one with its width."""
    wide = row in answers.table(IN_64) and not quirks.broken_hc
    counters = (IN_64, OUT_64) if wide else (IN_32, OUT_32)
    descr, alias = string(answers.table(DESCR).get(row)), string(answers.table(ALIAS).get(row))
    names = {"name": string(answers.table(NAME).get(row)), "descr": descr, "alias": alias}
    return InterfaceFacts(
        if_index=int(row),
        if_name=names[quirks.name_from] or names["name"] or descr or alias or f"if{row}",
        if_descr=descr,
        if_alias=alias,
        if_type=_integer(answers, TYPE, row),
        admin_status=_integer(answers, ADMIN, row),
        oper_status=_integer(answers, OPER, row),
        speed_bps=speed(answers, row),
        in_octets=_integer(answers, counters[0], row),
        out_octets=_integer(answers, counters[1], row),
        counter_bits=64 if wide else 32,
        in_errors=_integer(answers, IN_ERRORS, row),
        out_errors=_integer(answers, OUT_ERRORS, row),
        in_discards=_integer(answers, IN_DISCARDS, row),
        discontinuity=_integer(answers, DISCONTINUITY, row),
    )


def speed(answers: Answers, row: str) -> int | None:
    """Bits a second: ifHighSpeed x 10^6, else ifSpeed; 0 means the device does not know."""
    high = _integer(answers, HIGH_SPEED, row)
    if high:
        return high * 1_000_000
    return _integer(answers, SPEED, row) or None


def _integer(answers: Answers, column: str, row: str) -> int | None:
    value: Value = answers.table(column).get(row)
    told = number(value)
    return None if told is None else value if isinstance(value, int) else int(told)


def _unique(interfaces: Sequence[InterfaceFacts]) -> tuple[InterfaceFacts, ...]:
    """Names made different: history is kept by name, and two ports may bear the same one."""
    seen: dict[str, int] = {}
    for one in interfaces:
        seen[one.if_name] = seen.get(one.if_name, 0) + 1
    return tuple(
        one if seen[one.if_name] == 1 else replace(one, if_name=f"{one.if_name}#{one.if_index}") for one in interfaces
    )


def uplink(interfaces: Sequence[InterfaceFacts], *, wanted: str | None, quirks: Interfaces) -> str | None:
    """Name of the port towards the internet: as declared, as the platform knows, else the busiest physical port."""
    names = [i.if_name for i in interfaces]
    if wanted is not None:
        return wanted if wanted in names else None
    for name in quirks.uplink:
        if name in names:
            return name
    ports = [i for i in interfaces if i.if_type in PHYSICAL and i.oper_status == 1]
    ports = ports or [i for i in interfaces if i.oper_status == 1 and i.if_type != 24]
    busiest = max(ports, key=lambda i: (i.in_octets or 0) + (i.out_octets or 0), default=None)
    return busiest.if_name if busiest else None


def first_mac(table: Mapping[str, Value]) -> str | None:
    """The lowest-indexed hardware address that is not zero: part of the box's identity, never of a client."""
    for row in sorted((r for r in table if r.isdecimal()), key=int):
        value = table[row]
        if isinstance(value, bytes) and len(value) == 6 and any(value):
            return value.hex(":")
    return None
