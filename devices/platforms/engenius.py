"""EnGenius access points and switches: SENAO-ENTERPRISE-INDOOR-AP-CB-MIB, ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text, text_of

PLATFORM = Platform(
    name="engenius",
    vendor="EnGenius",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.14125", "1.3.6.1.4.1.44194")),
        Sign(descr=r"(?i)^EnGenius "),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), descr=r"^Wireless Access Point"),
    ),
    model=(
        text(SYS_DESCR, r"(?i)EnGenius ([A-Z]+\d\w*)"),
        *standard.MODEL,
        text("1.3.6.1.4.1.14125.100.1.6.0", r"\w"),
        text_of("1.3.6.1.2.1.47.1.1.1.1.2", r"^(E\w+\d\w*)$"),
    ),
    version=(text("1.3.6.1.4.1.14125.100.1.9.0", r"\d"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
