"""D-Link switches: DLINK-AGENT-MIB, DLINKSW-ENTITY-EXT-MIB, RMON2-MIB, ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, scalar, single, text, text_of, used_share

_AGENT, _SWITCH = "1.3.6.1.4.1.171.12.", "1.3.6.1.4.1.171.14.5.1."
_PROBE = "1.3.6.1.2.1.16.19."  # RMON2-MIB: probeSoftwareRev, probeHardwareRev

PLATFORM = Platform(
    name="dlink",
    vendor="D-Link",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.171.10", "1.3.6.1.4.1.171.11"), rank=48),
        Sign(descr=r"^(DES|DGS|DXS|DMS)-\d"),
    ),
    model=(text(SYS_DESCR, r"\b((?:DES|DGS|DXS|DMS|WS6)-[\w\-/+]+)"), *standard.MODEL),
    version=(
        text(_PROBE + "2.0"),
        text_of(_SWITCH + "8.1.3", r"\d"),
        text(SYS_DESCR, r"(?:Build|Firmware|Version)[ :V]*(\d[\w.]+)"),
        *standard.VERSION,
    ),
    serial=(
        text(_AGENT + "1.1.12.0"),
        text_of(_AGENT + "11.1.9.4.1.17"),
        *(s for s in standard.SERIAL),
    ),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_AGENT + "1.1.6.1.0")), each(_SWITCH + "7.1.4"), *standard.CPU),
    memory=(
        as_ratio(mean(_AGENT + "1.1.9.1.4")),
        used_share(scalar(_SWITCH + "4.1.4.1.1"), scalar(_SWITCH + "4.1.3.1.1")),
        *standard.MEMORY,
    ),
    temperature=(
        each(_SWITCH + "1.1.1.4", keep=lambda v: isinstance(v, int) and 0 < v < 150),
        each(_AGENT + "11.1.8.1.2", keep=lambda v: isinstance(v, int) and 0 < v < 150),
        *standard.TEMPERATURE,
    ),
    netmiko="dlink_ds",
    wired=True,
)
