"""Aruba mobility controllers: WLSX-SYSTEMEXT-MIB, WLSX-SWITCH-MIB, WLSX-WLAN-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, scalar, text, used_share

_SWITCH, _SYSTEM = "1.3.6.1.4.1.14823.2.2.1.1.", "1.3.6.1.4.1.14823.2.2.1.2.1."

PLATFORM = Platform(
    name="arubaos",
    vendor="Aruba",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.14823.1.1", "1.3.6.1.4.1.14823"), rank=48),
        Sign(descr=r"^ArubaOS \(MODEL", rank=48),
        Sign(descr=r"^(Alcatel-Lucent|Dell|AOS-W).*\(MODEL: .*Controller", rank=48),
    ),
    model=(text(SYS_DESCR, r"MODEL: ([^)]+)\)"),),
    version=(text(SYS_DESCR, r"Version (\S+)"),),
    serial=(text(_SWITCH + "1.12.0"), text(_SYSTEM + "29.0")),
    uptime=(standard.UPTIME,),
    clients=(scalar(_SWITCH + "3.2.0"),),
    ap_count=(scalar(_SWITCH + "3.1.0"),),
    cpu=(each(_SYSTEM + "13.1.3"),),
    memory=(
        as_ratio(scalar(_SYSTEM + "31.0")),
        used_share(mean(_SWITCH + "1.11.1.3"), mean(_SWITCH + "1.11.1.2")),
    ),
    temperature=standard.TEMPERATURE,
    netmiko="aruba_os",
)
