"""H3C and HPE Comware switches and routers: HH3C-ENTITY-EXT-MIB, ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, highest, text

_EXT = "1.3.6.1.4.1.25506.2.6.1.1.1.1."


def _told(value: object) -> bool:
    return isinstance(value, int) and value != 0


def _degrees(value: object) -> bool:
    return isinstance(value, int) and 0 < value < 200  # 65535: this part has no sensor


PLATFORM = Platform(
    name="comware",
    vendor="H3C",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.25506",)),
        Sign(descr=r"(?i)Comware (Platform )?Software"),
    ),
    vendor_from=(text(SYS_DESCR, r"^(HPE|HP|H3C|3Com)\b"),),
    model=(
        text(SYS_DESCR, r"(?:HPE?|H3C) (?!Comware)([\w+\-]+(?: [\w+\-]+)? Switch)"),
        text(SYS_DESCR, r"(?:HPE?|H3C) (?!Comware|Company)([A-Z]*\d[\w+\-]+)"),
        *standard.MODEL,
    ),
    version=(text(SYS_DESCR, r"Version (\d[\w.]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(each(_EXT + "6", keep=_told),),
    memory=(as_ratio(highest(_EXT + "8", keep=_told)),),
    temperature=(each(_EXT + "12", keep=_degrees), *standard.TEMPERATURE),
    netmiko="hp_comware",
    wired=True,
)
