"""Linux with net-snmp: NET-SNMP-MIB identity, HOST-RESOURCES, UCD, and the `distro` scripts people hang on snmpd."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import each, number, text
from devices.platforms.standard import extend

#: Serial of the main board as Supermicro's agent tells it (SUPERMICRO-SMI).
_SUPERMICRO = "1.3.6.1.4.1.10876.100.1.6.1."
#: Where a widespread snmpd.conf hangs scripts that print what DMI says (`extend .1.3.6.1.4.1.2021.7890.2 hardware`).
_DMI = "1.3.6.1.4.1.2021.7890."
#: nsExtendOutLine of the widespread `raspberry` script: its first line is the temperature of the processor.
_RASPBERRY = "1.3.6.1.4.1.8072.1.3.2.4.1.2.9.114.97.115.112.98.101.114.114.121"

PLATFORM = Platform(
    name="linux",
    vendor=None,
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), rank=10),
        Sign(object_id=("1.3.6.1.4.1.2021.250.10",), rank=10),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.255",), descr=r"^Linux ", rank=10),
    ),
    vendor_from=(text(extend("manufacturer")), text(extend("manufacturer", _DMI + "3"))),
    model=(
        text(extend("hardware")),
        text(extend("hardware", _DMI + "2")),
        text(_SUPERMICRO + "11.1"),
        *standard.MODEL,
    ),
    version=(text(SYS_DESCR, r"^Linux \S+ (\S+)"),),
    serial=(
        text(extend("serial"), r"\w{4,}"),
        text(extend("serial", _DMI + "4"), r"\w{4,}"),
        text(_SUPERMICRO + "16.1"),
        *standard.SERIAL,
    ),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(
        *standard.TEMPERATURE,
        each(_RASPBERRY, keep=lambda v: 0 < (number(v) or 0) < 120, max_rows=1),
    ),
    interfaces=Interfaces(uplink=("wan", "eth0")),
    netmiko="linux",
    clients_by_shell=True,
)
