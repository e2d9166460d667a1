"""Ruijie RGOS and Reyee switches, routers and wireless controllers: RUIJIE-PROCESS, -MEMORY, -SYSTEM, -AC-MGMT MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import as_ratio, each, mean, scalar, single, text, total

_MIB = "1.3.6.1.4.1.4881.1.1.10.2."
_AC = _MIB + "56.2.1.1.1."
_MODEL = r"\(((?:RG-)?[A-Z]+\d?[\w\-/+]+)\)"

PLATFORM = Platform(
    name="ruijie",
    vendor="Ruijie",
    recognise=(Sign(object_id=("1.3.6.1.4.1.4881", "1.3.6.1.4.1.52642")), Sign(descr=r"(?i)\bRuijie\b|\bReyee\b")),
    model=(text(SYS_DESCR, _MODEL), *standard.MODEL),
    version=(
        text(_MIB + "1.1.2.0", r"(\d+\.\d+\S*)"),
        text(SYS_DESCR, r"(?i)RGOS (\S+)"),
        text(SYS_DESCR, r"Version (\S+)"),
    ),
    serial=(text(_MIB + "1.1.24.0", r"\w{6,}"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    clients=(total(_AC + "34"),),
    ap_count=(scalar(_MIB + "56.1.1.11.0"),),
    cpu=(single(scalar(_MIB + "36.1.1.3.0")), each(_MIB + "36.1.2.1.5"), *standard.CPU),
    memory=(as_ratio(mean(_MIB + "35.1.1.1.3")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(
        each(_MIB + "1.1.44.1.5", keep=lambda v: isinstance(v, int) and 0 < v < 150),
        single(scalar(_MIB + "1.1.23.1.3.1", keep=lambda v: v != 0)),
        *standard.TEMPERATURE,
    ),
    netmiko="ruijie_os",
    caution="The count of clients per access point on a controller is unverified.",
)
