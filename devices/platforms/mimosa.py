"""Mimosa backhaul and access radios: MIMOSA-NETWORKS-BFIVE-MIB, -PTMP-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import Cell, radios, scalar, single, text

_UNIT = "1.3.6.1.4.1.43356.2.1.2.1."
_SSID = "1.3.6.1.4.1.43356.2.1.2.9.3.3.1."

PLATFORM = Platform(
    name="mimosa",
    vendor="Mimosa",
    recognise=(Sign(object_id=("1.3.6.1.4.1.43356",)), Sign(descr=r"^Mimosa ")),
    model=(text(SYS_DESCR, r"^Mimosa ([A-Z]\d{1,2}[A-Za-z]*?)c?\b"), text(SYS_DESCR, r"^Mimosa (\S+)")),
    version=(text(_UNIT + "3.0"), text(SYS_DESCR, r"Firmware v?(\d\S*\.\S+)")),
    serial=(text(_UNIT + "2.0"),),
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(single(scalar(_UNIT + "8.0", scale=0.1)),),
    radios=(
        radios(
            ssid=_SSID + "2",
            name=_SSID + "2",
            frequency_mhz=_SSID + "7",
            tx_power_dbm=_SSID + "10",
            noise_dbm=Cell(column=_SSID + "12", keep=lambda v: v != 0),
        ),
    ),
)
