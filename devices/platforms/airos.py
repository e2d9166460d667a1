"""Ubiquiti airOS (airMAX): UBNT-AirMAX-MIB, IEEE802dot11-MIB, FROGFOOT-RESOURCES-MIB. GETBULK stays off."""

from devices.platforms import standard
from devices.platforms.platform import Interfaces, Platform, Sign
from devices.platforms.sources import Cell, free_share, highest, radios, scalar, several, single, text_of
from devices.transport.snmp.api import Limits

_MIB = "1.3.6.1.4.1.41112.1.4."
_RADIO, _STAT, _AIRMAX, _HOST = (_MIB + part for part in ("1.1.", "5.1.", "6.1.", "8."))
_RESOURCES = "1.3.6.1.4.1.10002.1.1.1."
_PRODUCT = "1.2.840.10036.3.1.2.1."  # dot11 resource information
_VERSION = r"(?:^|\.v)(\d+\.\d[\w.\-]*)"


def _sane(value: object) -> bool:
    """Firmware 8.7.4 to 8.7.6 tells degrees x 10^7; such figures are taken by the scaled source."""
    return isinstance(value, int) and -50 < value < 150


PLATFORM = Platform(
    name="airos",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.41112.1.4",), rank=55),
        Sign(object_id=("1.3.6.1.4.1.10002.1",), descr=r"^Linux ", rank=52),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), descr=r"^Linux ", probe=(_RADIO + "4.1", r"^\d+$"), rank=56),
    ),
    limits=Limits(bulk=False, max_oids=20),
    model=(text_of(_PRODUCT + "3", r"\w"),),
    version=(text_of(_PRODUCT + "4", _VERSION), text_of(_PRODUCT + "4")),
    uptime=(standard.UPTIME,),
    clients=(scalar(_STAT + "15.1"), highest(_STAT + "15")),
    cpu=(single(scalar(_HOST + "3.0", scale=0.01)), *standard.CPU),
    memory=(free_share(scalar(_RESOURCES + "1.2.0"), scalar(_RESOURCES + "1.1.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(
        several(_HOST + "4.0", keep=_sane),
        several(_HOST + "4.0", scale=1e-7, keep=lambda v: isinstance(v, int) and v > 10_000_000),
    ),
    radios=(
        radios(
            ssid=_STAT + "2",
            clients=_STAT + "15",
            frequency_mhz=_RADIO + "4",
            tx_power_dbm=_RADIO + "6",
            signal_dbm=Cell(column=_STAT + "5", keep=lambda v: v != 0),
            noise_dbm=_STAT + "8",
            airtime_ratio=Cell(column=_AIRMAX + "7", scale=0.001),
        ),
    ),
    interfaces=Interfaces(uplink=("eth0",)),
    netmiko="linux",
    caution="No GETBULK: some firmware answers it wrongly.",
)
