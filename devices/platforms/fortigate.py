"""Fortinet FortiGate, with the access points it controls: FORTINET-FORTIGATE-MIB, FORTINET-CORE-MIB."""

import re

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import Answers, as_ratio, each, number, replace_read, scalar, single, string, text
from devices.transport.snmp.api import Value

_MIB = "1.3.6.1.4.1.12356.101."
_SENSOR = _MIB + "4.3.2.1."


def _is_temperature(name: Value) -> bool:
    """The sensor table mixes volts, rpm and degrees; only names tell them apart."""
    return "temp" in (string(name) or "").lower()


def _is_thermal_part(name: Value) -> bool:
    """Chips and spots that are named without the word: DTS CPU, TD1, LM75 U72."""
    return re.match(r"(DTS|TD\d|TS\d|LM75|ADT\d+ |CPU Core)", string(name) or "") is not None


def _degrees(value: Value) -> bool:
    return 0 < (number(value) or 0) < 150


def _long_name(answers: Answers) -> str | None:
    """FGT_60F is a FortiGate 60F, FWF_61E a FortiWiFi 61E."""
    short = standard.entity(13).read(answers)
    for head, name in (("FGT_", "FortiGate "), ("FWF_", "FortiWiFi "), ("FGR_", "FortiGateRugged ")):
        if short and short.startswith(head):
            return name + short.removeprefix(head)
    return short


PLATFORM = Platform(
    name="fortigate",
    vendor="Fortinet",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.12356.101", "1.3.6.1.4.1.12356.15")),
        Sign(object_id=("1.3.6.1.4.1.12356",), rank=40),
    ),
    model=(
        standard.entity(10, r"^(Forti\w+-\S+) v"),
        replace_read(standard.entity(13, r"\w"), _long_name),
        *standard.MODEL,
    ),
    version=(text(_MIB + "4.1.1.0", r"(v?\d+\.\d+[^,\s]*(?:,build\d+(?:,\d+)?(?: \([\w.]+\))?)?)"), *standard.VERSION),
    serial=(text("1.3.6.1.4.1.12356.100.1.1.1.0"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    clients=(scalar(_MIB + "14.2.7.0"),),
    cpu=(each(_MIB + "4.4.2.1.2"), single(scalar(_MIB + "4.1.3.0"))),
    memory=(as_ratio(scalar(_MIB + "4.1.4.0")),),
    temperature=(
        each(_SENSOR + "3", where=(_SENSOR + "2", _is_temperature), keep=_degrees),
        each(_SENSOR + "3", where=(_SENSOR + "2", _is_thermal_part), keep=_degrees),
        *standard.TEMPERATURE,
    ),
    netmiko="fortinet",
)
