"""HP MSM (Colubris) access points and controllers: COLUBRIS-USAGE-INFORMATION-MIB, COLUBRIS-VIRTUAL-AP-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import free_share, scalar, single, text

_USAGE = "1.3.6.1.4.1.8744.5.21.1.1."

PLATFORM = Platform(
    name="hpmsm",
    vendor="HP",
    recognise=(Sign(object_id=("1.3.6.1.4.1.8744",)),),
    model=(text(SYS_DESCR, r"\b(MSM\d+\w*)"), text(SYS_DESCR, r"^(\S+) ")),
    version=(text(SYS_DESCR, r"(?i)Firmware version (\S+)"),),
    serial=(text(SYS_DESCR, r"(?i)Serial number (\S+)"),),
    uptime=(standard.UPTIME,),
    clients=(scalar("1.3.6.1.4.1.8744.5.25.1.7.2.0"),),
    cpu=(single(scalar(_USAGE + "5.0")), *standard.CPU),
    memory=(free_share(scalar(_USAGE + "10.0"), scalar(_USAGE + "9.0")), *standard.MEMORY),
    disk=standard.DISK,
)
