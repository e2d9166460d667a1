"""Zyxel access points (NWA, WAX, WAC): ZYXEL-ES-WIRELESS MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, radios, scalar, single, text, total
from devices.platforms.zynos import COMMON

_ZLD, _RADIO = "1.3.6.1.4.1.890.1.6.22.1.", COMMON + "5.1.1."

PLATFORM = Platform(
    name="zyxelnwa",
    vendor="Zyxel",
    recognise=(Sign(object_id=("1.3.6.1.4.1.890.1",), descr=r"^(NWA|WAX|WAC|WBE|NAP)"),),
    model=(text(COMMON + "1.11.0", r"\w"), text(SYS_DESCR, r"^((?:NWA|WAX|WAC|WBE|NAP)\S+\w)")),
    version=(text(COMMON + "1.6.0", r"^(V?\d\S+)"),),
    serial=(text(COMMON + "1.12.0", r"\w"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(COMMON + "5.15.0"), total(_RADIO + "2")),
    cpu=(single(scalar(_ZLD + "1.0")), *standard.CPU),
    memory=(as_ratio(scalar(_ZLD + "2.0")), *standard.MEMORY),
    disk=standard.DISK,
    radios=(radios(clients=_RADIO + "2", channel=_RADIO + "6"),),
)
