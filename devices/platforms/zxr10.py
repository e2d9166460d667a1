"""ZTE ZXR10 switches and routers: ZXR10-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, text

_UNIT = "1.3.6.1.4.1.3902.3.3.1.1."

PLATFORM = Platform(
    name="zxr10",
    vendor="ZTE",
    recognise=(Sign(object_id=("1.3.6.1.4.1.3902",)), Sign(descr=r"ZXR10|\bZTE\b")),
    model=(text(SYS_DESCR, r"ZXR10[ _](?!ROS)([\w\-]+?)(?:,| Software|\s)"), *standard.MODEL),
    version=(
        text(SYS_DESCR, r"Version:? ZXR10 \S+ (V[\w.]+)"),
        text(SYS_DESCR, r"Version:? (V[\w.]+)"),
        *standard.VERSION,
    ),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(each(_UNIT + "12", keep=lambda v: isinstance(v, int) and 0 < v <= 100), *standard.CPU),
    memory=(as_ratio(mean(_UNIT + "4")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    netmiko="zte_zxros",
    wired=True,
)
