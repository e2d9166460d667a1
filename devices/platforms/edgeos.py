"""Ubiquiti EdgeOS routers (EdgeRouter): net-snmp and ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import text, text_of

PLATFORM = Platform(
    name="edgeos",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.41112.1.5",), descr=r"(?i)EdgeOS"),
        Sign(descr=r"^(EdgeOS|EdgeRouter)"),
    ),
    # hrSWRunParameters names the board in the command line of snmpd's helper; ENTITY-MIB is empty on most.
    model=(
        text_of("1.3.6.1.2.1.25.4.2.1.5", r"(EdgeRouter [\w \-]+\w)", max_rows=2000),
        text_of("1.3.6.1.2.1.47.1.1.1.1.13", r"^((?:ER|EP|EdgeRouter)\S.*)$"),
    ),
    version=(text(SYS_DESCR, r"v?(\d+\.\d+\.\d+(?:-hotfix\.\d+)?)"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    interfaces=Interfaces(uplink=("pppoe0",)),
    netmiko="ubiquiti_edgerouter",
    wired=True,
)
