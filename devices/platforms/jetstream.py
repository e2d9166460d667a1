"""TP-Link JetStream and Omada switches: TPLINK-SYSMONITOR-MIB, TPLINK-SYSINFO-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, text

_INFO, _MONITOR = "1.3.6.1.4.1.11863.6.1.1.", "1.3.6.1.4.1.11863.6.4.1."

PLATFORM = Platform(
    name="jetstream",
    vendor="TP-Link",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.11863.5", "1.3.6.1.4.1.11863.1.1")),
        Sign(descr=r"JetStream|^Omada .*Switch"),
    ),
    model=(text(_INFO + "5.0"), text(SYS_DESCR, r"\b(T[LG]?-?[SG]\w+[\d\w\-]+)")),
    version=(text(_INFO + "6.0"),),
    serial=(text(_INFO + "8.0"),),
    uptime=(standard.UPTIME,),
    cpu=(each(_MONITOR + "1.1.1.2"),),
    memory=(as_ratio(mean(_MONITOR + "2.1.1.2")),),
    temperature=standard.TEMPERATURE,
    netmiko="tplink_jetstream",
    wired=True,
)
