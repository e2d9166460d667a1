"""Cambium PMP and PTP 450 (Canopy): WHISP-BOX-MIBV2-MIB, WHISP-APS-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import joined, radio, scalar, single, text

_BOX, _AP = "1.3.6.1.4.1.161.19.3.3.1.", "1.3.6.1.4.1.161.19.3.1."

PLATFORM = Platform(
    name="pmp",
    vendor="Cambium",
    recognise=(Sign(object_id=("1.3.6.1.4.1.161.19.250",)), Sign(descr=r"^CANOPY ")),
    model=(
        joined(text(_BOX + "266.0"), text(SYS_DESCR, r"\b(AP|SM|BHM|BHS)\b")),
        text(_BOX + "266.0"),
        text(SYS_DESCR, r"^CANOPY \S+ (?:\(.*?\) )?\s*(\S+)"),
    ),
    version=(text(SYS_DESCR, r"^CANOPY v?(\d[\w.]*)"), text(_BOX + "1.0", r"(\d+\.\d[\w.]*)")),
    uptime=(standard.UPTIME,),
    clients=(scalar(_AP + "7.1.0"),),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(single(scalar(_BOX + "35.0")),),
    radios=(radio(clients=_AP + "7.1.0", frequency_mhz=(_AP + "7.37.0", 0.001)),),
)
