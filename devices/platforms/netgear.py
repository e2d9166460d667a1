"""Netgear switches: Broadcom FASTPATH under the maker's trees, ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import each, free_share, scalar, single, text

_MANAGED, _SMART = "1.3.6.1.4.1.4526.10.", "1.3.6.1.4.1.4526.11."


def _degrees(value: object) -> bool:
    return isinstance(value, int) and 0 < value < 150


PLATFORM = Platform(
    name="netgear",
    vendor="Netgear",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.4526", "1.3.6.1.4.1.89.1.1.1.3.6.1.4.1.4526")),
        Sign(descr=r"(?i)netgear|^(GS|GSM|FS|XS|M)\w+ .*ProSafe"),
    ),
    model=(text(SYS_DESCR, r"^([A-Z]+\d[\w\-]*)"), *standard.MODEL),
    version=(text(SYS_DESCR, r", v?(\d+\.\d+\.\d+[\w.]*)"), text(_MANAGED + "1.1.1.13.0", r"\d"), *standard.VERSION),
    serial=(text(_MANAGED + "1.1.1.4.0", r"\w"), text(_SMART + "1.1.1.4.0", r"\w"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    cpu=(
        single(scalar(_MANAGED + "1.1.4.9.0", pattern=r"\(\s*([\d.]+)%")),
        single(scalar(_SMART + "1.1.4.9.0", pattern=r"\(\s*([\d.]+)%")),
        *standard.CPU,
    ),
    memory=(
        free_share(scalar(_MANAGED + "1.1.4.1.0"), scalar(_MANAGED + "1.1.4.2.0")),
        free_share(scalar(_SMART + "1.1.4.1.0"), scalar(_SMART + "1.1.4.2.0")),
        *standard.MEMORY,
    ),
    temperature=(
        each(_MANAGED + "43.1.8.1.5", keep=_degrees),
        each(_SMART + "43.1.8.1.5", keep=_degrees),
        *standard.TEMPERATURE,
    ),
    netmiko="netgear_prosafe",
    wired=True,
)
