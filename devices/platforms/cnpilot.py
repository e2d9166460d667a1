"""Cambium cnPilot and XV access points (CAMBIUM-MIB) and cnPilot R home routers (what sysDescr says)."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import radios, scalar, single, text, total

_AP = "1.3.6.1.4.1.17713.22.1.1.1."
_RADIO = "1.3.6.1.4.1.17713.22.1.2.1."

PLATFORM = Platform(
    name="cnpilot",
    vendor="Cambium",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.17713.22",)),
        Sign(descr=r"(?i)^cnPilot "),
    ),
    model=(text(_AP + "5.0"), text(SYS_DESCR, r"(?i)cnPilot (\S+)")),
    version=(text(_AP + "8.0"), text(SYS_DESCR, r"(?i)cnPilot \S+ (\d\S+)")),
    serial=(text(_AP + "4.0"),),
    uptime=(standard.UPTIME, scalar(_AP + "9.0", scale=0.01)),
    clients=(scalar(_AP + "14.0"), total(_RADIO + "5")),
    cpu=(single(scalar(_AP + "6.0")), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
    radios=(radios(clients=_RADIO + "5", channel=_RADIO + "6", tx_power_dbm=_RADIO + "8", noise_dbm=_RADIO + "16"),),
    caution="cambiumAPReboot under E.17713.22.1.7 is writable: use a read-only community.",
)
