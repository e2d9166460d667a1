"""OPNsense gateways: net-snmp or bsnmpd on FreeBSD, a `distro` script where there is one."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text
from devices.platforms.standard import extend

PLATFORM = Platform(
    name="opnsense",
    vendor="Deciso",
    recognise=(
        Sign(descr=r"(?i)opnsense", rank=60),
        Sign(
            object_id=("1.3.6.1.4.1.8072.3.2.8",),
            descr=r"^FreeBSD ",
            probe=(extend("distro"), r"(?i)opnsense"),
            rank=60,
        ),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.8",), probe=(extend("version"), r"(?i)opnsense"), rank=60),
    ),
    model=standard.MODEL,
    version=(
        text(extend("version"), r"(?i)opnsense (\d\S*)"),
        text(extend("distro"), r"(?i)opnsense (\d\S*)"),
        text(SYS_DESCR, r"(?i)opnsense (?:\S+ )?(\d\S*)"),
    ),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
