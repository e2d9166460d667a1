"""Zyxel wireless controllers (NXC): ZYXEL-ES-CAPWAP."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text
from devices.platforms.zynos import COMMON

_ZLD, _MANAGED = "1.3.6.1.4.1.890.1.6.22.1.", COMMON + "3.1."

PLATFORM = Platform(
    name="zyxelwlc",
    vendor="Zyxel",
    recognise=(Sign(object_id=("1.3.6.1.4.1.890.1",), descr=r"^NXC\d"),),
    model=(text(COMMON + "1.11.0", r"\w"), text(SYS_DESCR, r"^(NXC\w+)")),
    version=(text(COMMON + "1.6.0", r"^(V?\d\S+)"),),
    serial=(text(COMMON + "1.12.0", r"\w"),),
    uptime=(standard.UPTIME,),
    clients=(scalar(_MANAGED + "4.0"),),
    ap_count=(scalar(_MANAGED + "1.0"),),
    cpu=(single(scalar(_ZLD + "1.0")), *standard.CPU),
    memory=(as_ratio(scalar(_ZLD + "2.0")), *standard.MEMORY),
    disk=standard.DISK,
)
