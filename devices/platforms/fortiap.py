"""Fortinet FortiAP: FORTINET-FORTIAP-MIB."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import Answers, Source, radios, scalar, single, string, text, total

_MIB = "1.3.6.1.4.1.12356.120."
_RADIO = _MIB + "4.1.1."


def _model(answers: Answers) -> str | None:
    """The firmware names the model: FP831F-v7.0-build0127 is a FortiAP 831F."""
    firmware = string(answers.values.get(_MIB + "1.1.0")) or ""
    head, dash, _ = firmware.partition("-v")
    for short, long in (("FP", "FortiAP "), ("PU", "FortiAP U"), ("PS", "FortiAP S")):
        if dash and head.startswith(short):
            return long + head.removeprefix(short)
    return head if dash else None


PLATFORM = Platform(
    name="fortiap",
    vendor="Fortinet",
    recognise=(Sign(object_id=("1.3.6.1.4.1.12356.120",)),),
    model=(Source(oids=(_MIB + "1.1.0",), read=_model),),
    version=(text(_MIB + "1.1.0"),),
    serial=(text(_MIB + "1.2.0"), text("1.3.6.1.4.1.12356.100.1.1.1.0")),
    uptime=(standard.UPTIME,),
    clients=(total(_MIB + "7.1.1.45"),),
    cpu=(single(scalar(_MIB + "2.1.0")), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
    radios=(radios(tx_power_dbm=_RADIO + "10", channel=_RADIO + "14"),),
)
