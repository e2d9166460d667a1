"""Huawei YunShan OS switches: HUAWEI-ENTITY-EXTENT-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import text, text_of
from devices.platforms.vrp import CPU, MEMORY, TEMPERATURE

PLATFORM = Platform(
    name="yunshan",
    vendor="Huawei",
    recognise=(Sign(descr=r"(?i)YunShan OS", rank=60),),
    model=(
        text("1.3.6.1.4.1.2011.5.25.188.1.4.0", r"\w"),
        text_of("1.3.6.1.2.1.47.1.1.1.1.2", r"((?:CloudEngine|NetEngine) \S+)"),
        text(SYS_DESCR, r"\((\S+) V\d+R\d+"),
        *standard.MODEL,
    ),
    version=(text(SYS_DESCR, r"\b(V\d+R\d+C\d+\w*)"), *standard.VERSION),
    serial=(standard.entity_of_chassis(11), text("1.3.6.1.4.1.2011.5.25.188.1.1.0", r"\w{4,}"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    cpu=CPU,
    memory=MEMORY,
    temperature=TEMPERATURE,
    netmiko="huawei_vrp",
    wired=True,
)
