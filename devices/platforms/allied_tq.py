"""Allied Telesis TQ access points."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="allied",
    vendor="Allied Telesis",
    recognise=(Sign(object_id=("1.3.6.1.4.1.207",)), Sign(descr=r"^AT-TQ")),
    model=(text(SYS_DESCR, r"^(AT-\w+)"), *standard.MODEL),
    version=(text(SYS_DESCR, r"(?i)version (\d[\w.\-]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
