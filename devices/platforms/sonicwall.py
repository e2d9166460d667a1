"""SonicWall firewalls and SMA appliances: SONICWALL-FIREWALL-IP-STATISTICS, SNWL-COMMON and SNWL-SSLVPN MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, scalar, single, text

_WALL, _COMMON, _VPN = (f"1.3.6.1.4.1.8741.{part}" for part in ("1.3.1.", "2.1.1.", "6.2.1."))

PLATFORM = Platform(
    name="sonicwall",
    vendor="SonicWall",
    recognise=(Sign(object_id=("1.3.6.1.4.1.8741",)), Sign(descr=r"(?i)^SonicWALL ")),
    model=(text(_COMMON + "1.0"), text(SYS_DESCR, r"(?i)^SonicWALL (.+?) \(")),
    version=(text(SYS_DESCR, r"\((?:SonicOS(?:X)? (?:Enhanced )?)?([^)]+)\)"), text(_COMMON + "3.0")),
    serial=(text(_COMMON + "2.0"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_WALL + "3.0")), single(scalar(_VPN + "3.0")), *standard.CPU),
    memory=(as_ratio(scalar(_WALL + "4.0")), as_ratio(scalar(_VPN + "5.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
