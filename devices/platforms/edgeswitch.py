"""Ubiquiti EdgeSwitch, UniFi Switch and UniFi gateways: Broadcom FASTPATH, ENTITY-MIB, HOST-RESOURCES-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, free_share, scalar, single, text

_FASTPATH = "1.3.6.1.4.1.4413.1.1."
_NAMES = r"^(EdgeSwitch|EdgePoint|ES-|US-|USW|USL|USP|USF|UniFi Switch|UBNT (?:ES|US)|Ubiquiti UniFi|UDM|UCG|UXG|USG)"
#: Names no other maker gives: some firmware tells an empty sysObjectID.
_SURE = r"^(EdgeSwitch|EdgePoint|USW-|US-\d|UBNT (?:ES|US)|Ubiquiti UniFi|UCG-|UXG-)"

PLATFORM = Platform(
    name="edgeswitch",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.4413",), descr=_NAMES),
        Sign(object_id=("1.3.6.1.4.1.41112", "1.3.6.1.4.1.8072.3.2.10"), descr=_NAMES),
        Sign(descr=_SURE),
        Sign(object_id=("1.3.6.1.4.1.27282.3.2.10",), probe=("1.3.6.1.2.1.47.1.1.1.1.7.67108992", r"^(ES-|US-|UBNT)")),
        Sign(object_id=("1.3.6.1.4.1.27282.3.2.10",), rank=40),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), descr=r"^Linux (UBNT|EdgeSwitch|USW)", rank=55),
    ),
    model=(
        text(SYS_DESCR, r"^Ubiquiti UniFi (\S+)"),
        text(SYS_DESCR, r"^((?:EdgeSwitch|EdgePoint|ES|US|UDM|UCG|UXG|UniFi)[^,]*?)(?:,| \d+\.\d+\.)"),
        text(SYS_DESCR, r"^([^,]+),"),
        *standard.MODEL,
    ),
    version=(
        text(SYS_DESCR, r"^[^,]+, v?(\d+\.\d+[\w.\-]*)"),
        text(SYS_DESCR, r"^Ubiquiti UniFi \S+ (\d+\.\d+[\w.\-]*)"),
        *standard.VERSION,
    ),
    serial=standard.SERIAL,
    uptime=(standard.AGENT_UPTIME, standard.UPTIME),  # its snmpEngineTime lies
    cpu=(single(scalar(_FASTPATH + "1.1.4.9.0", pattern=r"\(\s*([\d.]+)%")), *standard.CPU),
    memory=(free_share(scalar(_FASTPATH + "1.1.4.1.0"), scalar(_FASTPATH + "1.1.4.2.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(
        each(_FASTPATH + "43.1.8.1.5", keep=lambda v: isinstance(v, int) and 0 < v < 150),
        *standard.TEMPERATURE,
    ),
    netmiko="ubiquiti_edgeswitch",
    wired=True,
)
