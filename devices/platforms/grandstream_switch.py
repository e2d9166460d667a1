"""Grandstream GWN78xx switches: ENTITY-MIB, HOST-RESOURCES-MIB and one private temperature."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, single, text

PLATFORM = Platform(
    name="grandstream-sw",
    vendor="Grandstream",
    recognise=(Sign(object_id=("1.3.6.1.4.1.42397",), rank=45), Sign(descr=r"^GWN7[78]\d")),
    model=(*standard.MODEL, text(SYS_DESCR, r"^(GWN\w+)")),
    version=standard.VERSION,
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(single(scalar("1.3.6.1.4.1.42397.1.4.12.1.1.0")), *standard.TEMPERATURE),
    wired=True,
)
