"""Zyxel switches: ZYXEL-ES-COMMON, -ES-HWMonitor and older ES MIBs under E.890.1.5.8."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, scalar, single, text

COMMON = "1.3.6.1.4.1.890.1.15.3."
_SWITCH = r"^(GS|XGS|XS|ES|MES|MGS|XMG|GSR|XSR|EX|SWITCH)\d"

PLATFORM = Platform(
    name="zynos",
    vendor="Zyxel",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.890.1.5", "1.3.6.1.4.1.890.1.15"), descr=_SWITCH),
        Sign(object_id=("1.3.6.1.4.1.890.1",), rank=40),
    ),
    model=(text(COMMON + "1.11.0", r"\w"), text(SYS_DESCR, r"^(\S+)")),
    version=(
        text(COMMON + "1.6.0", r"^(V?\d[\w.]*\([\w.]+\))"),
        text(COMMON + "1.6.0", r"^(V?\d\S+)"),
        *standard.VERSION,
    ),
    serial=(text(COMMON + "1.12.0", r"\w"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(COMMON + "2.7.0")), *standard.CPU),
    memory=(as_ratio(scalar(COMMON + "2.5.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(each(COMMON + "26.1.2.1.3", keep=lambda v: isinstance(v, int) and 0 < v < 150), *standard.TEMPERATURE),
    netmiko="zyxel_os",
    wired=True,
)
