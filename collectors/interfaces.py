"""Raw counters of every port: one GETBULK over a few columns, named by what was learned."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.learned import Known
from devices.facts import InterfaceFacts
from devices.platforms import if_mib
from devices.transport.snmp.api import Value
from measurements.reading import InterfaceRow

_NONE: Mapping[str, Value] = {}


def rows_of(
    device: str, slot: int, known: Known, tables: Mapping[str, Mapping[str, Value]]
) -> tuple[InterfaceRow, ...]:
    """One row a port that is known and still there; others wait for the next survey."""
    oper = tables.get(if_mib.OPER, _NONE)
    ins = {64: tables.get(if_mib.IN_64, _NONE), 32: tables.get(if_mib.IN_32, _NONE)}
    outs = {64: tables.get(if_mib.OUT_64, _NONE), 32: tables.get(if_mib.OUT_32, _NONE)}
    in_errors, out_errors = tables.get(if_mib.IN_ERRORS, _NONE), tables.get(if_mib.OUT_ERRORS, _NONE)
    discards, jumps = tables.get(if_mib.IN_DISCARDS, _NONE), tables.get(if_mib.DISCONTINUITY, _NONE)
    return tuple(
        InterfaceRow(
            device=device,
            if_name=port.if_name,
            slot=slot,
            if_index=port.if_index,
            oper_status=whole(oper.get(row)),
            admin_status=port.admin_status,
            speed_bps=port.speed_bps,
            if_hc_in_octets=whole(ins[port.counter_bits].get(row)),
            if_hc_out_octets=whole(outs[port.counter_bits].get(row)),
            if_in_errors=whole(in_errors.get(row)),
            if_out_errors=whole(out_errors.get(row)),
            if_in_discards=whole(discards.get(row)),
            counter_bits=port.counter_bits,
            discontinuity=whole(jumps.get(row)),
            is_uplink=port.if_name == known.uplink,
        )
        for row, port in known.ports.items()
        if row in oper or row in ins[port.counter_bits]
    )


def row_of(device: str, slot: int, port: InterfaceFacts, *, uplink: str | None) -> InterfaceRow:
    """A port as a survey found it."""
    return InterfaceRow(
        device=device,
        if_name=port.if_name,
        slot=slot,
        if_index=port.if_index,
        oper_status=port.oper_status,
        admin_status=port.admin_status,
        speed_bps=port.speed_bps,
        if_hc_in_octets=port.in_octets,
        if_hc_out_octets=port.out_octets,
        if_in_errors=port.in_errors,
        if_out_errors=port.out_errors,
        if_in_discards=port.in_discards,
        counter_bits=port.counter_bits,
        discontinuity=port.discontinuity,
        is_uplink=port.if_name == uplink,
    )


def has_strangers(known: Known, tables: Mapping[str, Mapping[str, Value]]) -> bool:
    """True when the device shows a port that no survey has seen, or hides one that was."""
    return tables.get(if_mib.OPER, _NONE).keys() != known.port_rows


def whole(value: Value) -> int | None:
    """A counter as it was told."""
    return value if isinstance(value, int) else None
