"""Cambium ePMP: CAMBIUM-PMP80211-MIB."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import radio, scalar, single, text

_MIB = "1.3.6.1.4.1.17713.21."

PLATFORM = Platform(
    name="epmp",
    vendor="Cambium",
    recognise=(Sign(object_id=("1.3.6.1.4.1.17713.21",)), Sign(descr=r"^Cambium ePMP")),
    model=(text(_MIB + "1.1.34.0", r"[A-Za-z]\w"),),
    version=(text(_MIB + "1.1.17.0"), text(_MIB + "1.1.1.0", r"(\d+\.\d[\w.\-]*)")),
    serial=(text(_MIB + "1.1.31.0"),),
    uptime=(standard.UPTIME, scalar(_MIB + "1.1.4.0", scale=0.01)),
    clients=(scalar(_MIB + "1.2.10.0"),),
    cpu=(single(scalar(_MIB + "2.1.64.0", scale=0.1)), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    radios=(
        radio(
            clients=_MIB + "1.2.10.0",
            frequency_mhz=_MIB + "1.2.1.0",
            signal_dbm=_MIB + "1.2.3.0",
            tx_power_dbm=_MIB + "3.8.2.6.0",
        ),
    ),
)
