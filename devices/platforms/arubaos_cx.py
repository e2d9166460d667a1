"""Aruba AOS-CX switches: ENTITY-MIB and ARUBAWIRED-* MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, text

_MIB = "1.3.6.1.4.1.47196.4.1.1.3."

PLATFORM = Platform(
    name="arubaos-cx",
    vendor="Aruba",
    recognise=(Sign(object_id=("1.3.6.1.4.1.47196",)), Sign(descr=r"^Aruba \S+ .* (?:[A-Z]{2})\.10\.\d")),
    model=(
        text(SYS_DESCR, r"^(?:Aruba|HPE\S*) +(?:[A-Z]{1,2}\d+[A-Z] )?(.+?)(?: Swch| Switch| Sw\b| [A-Z]{2}\.\d)"),
        *standard.MODEL,
    ),
    version=(text(SYS_DESCR, r"\b([A-Z]{2}\.\d+\.\d[\w.]*)"), *standard.VERSION),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(each(_MIB + "22.1.1.1.4"), *standard.CPU),
    memory=(as_ratio(mean(_MIB + "22.1.1.1.5")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(each(_MIB + "11.3.1.1.7", scale=0.001), *standard.TEMPERATURE),
    netmiko="aruba_aoscx",
    wired=True,
)
