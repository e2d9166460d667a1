"""Cisco small-business switches (SG, CBS, Catalyst 1200/1300): CISCOSB-rndMng, CISCOSB-Physicaldescription-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, scalar, single, text, text_of

_MIB = "1.3.6.1.4.1.9.6.1.101."
_UNIT = _MIB + "53.14.1."

PLATFORM = Platform(
    name="ciscosb",
    vendor="Cisco",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.9.6.1",)),
        Sign(descr=r"^(Catalyst 1[23]00 Series|CBS\d{3}|S[FGX]\d{3}[X-]?)", rank=60),
    ),
    model=(
        text(SYS_DESCR, r"\(([A-Z]\w+-[\w\-]+)\)"),
        text_of(_UNIT + "7", r"\w"),
        text_of(_UNIT + "11", r"\w"),
        text(SYS_DESCR, r"^((?:CBS|SG|SF|SX|ESW|SLM|SRW)\w*-?[\w\-]*)"),
        *standard.MODEL,
    ),
    version=(text_of(_UNIT + "2", r"\d"), text(_MIB + "2.4.0", r"\d"), *standard.VERSION),
    serial=(text_of(_UNIT + "5", r"\w"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_MIB + "1.8.0", keep=lambda v: isinstance(v, int) and v <= 100)), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(
        *standard.TEMPERATURE,
        each(_MIB + "53.15.1.10", keep=lambda v: isinstance(v, int) and 0 < v < 150),
    ),
    netmiko="cisco_s300",
    wired=True,
)
