"""Cambium (and Motorola) PTP backhaul links: the product line's own trees, and what sysDescr says."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text, text_of

#: One tree a product: PTP 300, 500, 600, 650, 670, 700, 800, 250.
_TREES = tuple(f"1.3.6.1.4.1.17713.{n}" for n in (3, 5, 6, 7, 8, 9, 11, 250, 300, 500, 600, 800))

PLATFORM = Platform(
    name="ptp",
    vendor="Cambium",
    recognise=(Sign(object_id=_TREES), Sign(descr=r"(?i)\bPTP\b.*Wireless Ethernet Bridge")),
    model=(
        text(SYS_DESCR, r"(?i)PTP (\d{3,5})"),
        text_of("1.2.840.10036.3.1.2.1.3"),
    ),
    version=(text(SYS_DESCR, r"Version (\d[\w.\-]*)"), text_of("1.2.840.10036.3.1.2.1.4")),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
