"""Grandstream GWN access points: GRANDSTREAM-GWN-MIB. They bear one object a request."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import count, radios, scalar, text
from devices.transport.snmp.api import Limits

_MIB = "1.3.6.1.4.1.42397.1.1."
_RADIO = _MIB + "3.1.1."

PLATFORM = Platform(
    name="grandstream",
    vendor="Grandstream",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), probe=(_MIB + "2.1.0", r"^GWN"), rank=60),
        Sign(object_id=("1.3.6.1.4.1.42397",), descr=r"^GWN7[6]"),
    ),
    limits=Limits(bulk=False, max_oids=1),
    model=(text(_MIB + "2.1.0"), text(SYS_DESCR, r"(GWN\w+)")),
    version=(text(_MIB + "2.5.0", r"\d"), text(_MIB + "2.4.0", r"(\d+\.\d+\.\d+[\w.]*)")),
    uptime=(standard.UPTIME, scalar(_MIB + "2.6.0", scale=0.01)),
    clients=(count(_MIB + "3.3.1.1", known=_MIB + "2.1.0"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    radios=(radios(channel=_RADIO + "4", tx_power_dbm=_RADIO + "5"),),
)
