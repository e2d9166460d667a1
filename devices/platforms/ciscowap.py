"""Cisco small-business access points and routers that run Linux (WAP, RV): ENTITY-MIB, CISCOSB-rndMng."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, single, text

PLATFORM = Platform(
    name="ciscowap",
    vendor="Cisco",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.9.6.1",), descr=r"(?i)Cisco (Systems, Inc )?(WAP|RV|SRP|WRVS)\w", rank=52),
        Sign(object_id=("1.3.6.1.4.1.9.6.1.32",)),
    ),
    model=(text(SYS_DESCR, r"\b((?:WAP|RV|SRP|WRVS)\d\w*)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"Version (\d[\w.\-]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(single(scalar("1.3.6.1.4.1.9.6.1.101.1.8.0")), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
