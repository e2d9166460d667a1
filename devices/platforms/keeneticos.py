"""Keenetic routers (KeeneticOS, NDMS): HOST-RESOURCES-MIB, UCD-SNMP-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text

PLATFORM = Platform(
    name="keeneticos",
    vendor="Keenetic",
    recognise=(Sign(descr=r"(?i)keenetic|^NDMS", rank=60),),
    model=(
        text(SYS_DESCR, r"(?i)(Keenetic [\w+ ]*?\([\w\-/]+\))"),
        text(SYS_DESCR, r"(?i)(Keenetic [\w+\-]+)"),
    ),
    version=(text(SYS_DESCR, r"(?i)(?:NDMS|KeeneticOS|version)[ :v]*(\d[\w.\-]*)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
