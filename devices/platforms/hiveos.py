"""Aerohive (Extreme) access points: AH-SYSTEM-MIB, AH-INTERFACE-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, radios, scalar, single, text

_SYSTEM = "1.3.6.1.4.1.26928.1.2."
_RADIO = "1.3.6.1.4.1.26928.1.1.1.2.1.5.1."

PLATFORM = Platform(
    name="hiveos",
    vendor="Aerohive",
    recognise=(Sign(object_id=("1.3.6.1.4.1.26928",)), Sign(descr=r"HiveOS")),
    model=(text(_SYSTEM + "6.0"), text(SYS_DESCR, r"^([^,]+),")),
    version=(text(_SYSTEM + "12.0", r"(?:HiveOS|IQ Engine) (.+)"), text(SYS_DESCR, r"(?:HiveOS|IQ Engine) (.+)")),
    serial=(text(_SYSTEM + "5.0"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_SYSTEM + "9.0"),),
    cpu=(single(scalar(_SYSTEM + "3.0")), *standard.CPU),
    memory=(as_ratio(scalar(_SYSTEM + "4.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(single(scalar(_SYSTEM + "10.0", keep=lambda v: v != 0)),),
    radios=(radios(name="1.3.6.1.2.1.31.1.1.1.1", channel=_RADIO + "1", tx_power_dbm=_RADIO + "2"),),
)
