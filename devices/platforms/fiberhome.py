"""FiberHome switches and OLTs: WRI-CPU-MIB, WRI-MEMORY-MIB, GEPON-OLT-COMMON-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, scalar, single, text

_SWITCH, _OLT = "1.3.6.1.4.1.3807.1.8012.1.", "1.3.6.1.4.1.5875.800.3.9."

PLATFORM = Platform(
    name="fiberhome",
    vendor="FiberHome",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.3807", "1.3.6.1.4.1.5875")),
        Sign(descr=r"(?i)fiberhome|^AN55\d\d|^AN6\d{3}"),
    ),
    model=(text(SYS_DESCR, r"\b((?:AN|S)\d{4}[\w\-]*)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"(?i)version:? ?(\S+?),?(?:\s|$)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(each(_SWITCH + "4.1.1.2", scale=0.01), each(_OLT + "8.1.1.5", scale=0.01), *standard.CPU),
    memory=(as_ratio(mean(_OLT + "8.1.1.6", scale=0.01)), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(each(_SWITCH + "6.2.1.5"), single(scalar(_OLT + "4.5.0")), *standard.TEMPERATURE),
    wired=True,
)
