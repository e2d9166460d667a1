"""Cisco wireless controllers with AireOS: AIRESPACE-WIRELESS-MIB, AIRESPACE-SWITCHING-MIB, CISCO-LWAPP-AP-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_OBJECT_ID, Platform, Sign
from devices.platforms.sources import Cell, count, free_share, named, radios, scalar, single, text, total

_SYSTEM, _WIRELESS = "1.3.6.1.4.1.14179.1.1.", "1.3.6.1.4.1.14179.2."
_AP, _RADIO = _WIRELESS + "2.1.1.", _WIRELESS + "2.2.1."
_CISCO = "1.3.6.1.4.1.9.1."

PLATFORM = Platform(
    name="ciscowlc",
    vendor="Cisco",
    recognise=(
        Sign(descr=r"^Cisco Controller", rank=60),
        Sign(object_id=("1.3.6.1.4.1.14179",)),
    ),
    model=(
        text(_SYSTEM + "1.3.0", r"\w"),
        *standard.MODEL,
        named(
            SYS_OBJECT_ID,
            {
                _CISCO + "525": "4400",
                _CISCO + "526": "2006",
                _CISCO + "828": "2100",
                _CISCO + "1069": "5508",
                _CISCO + "1279": "2504",
                _CISCO + "1293": "WiSM2",
                _CISCO + "1295": "7500",
                _CISCO + "1615": "8510",
                _CISCO + "1631": "vWLC",
                _CISCO + "1645": "vWLC",
                _CISCO + "2170": "5520",
                _CISCO + "2171": "8540",
                _CISCO + "2427": "3504",
            },
        ),
    ),
    version=(text(_SYSTEM + "1.4.0", r"\d"), *standard.VERSION),
    serial=(text(_SYSTEM + "1.4.0", r"^([A-Z]{3}\w{8})$"), *standard.SERIAL),
    uptime=(standard.UPTIME,),
    clients=(total(_WIRELESS + "1.1.1.38"), total(_RADIO + "15")),
    ap_count=(
        scalar("1.3.6.1.4.1.9.9.618.1.8.4.0"),
        scalar("1.3.6.1.4.1.9.9.513.1.3.35.0"),
        count(_AP + "6", keep=lambda v: v == 1),
    ),
    cpu=(single(scalar(_SYSTEM + "5.1.0")),),
    memory=(free_share(scalar(_SYSTEM + "5.3.0"), scalar(_SYSTEM + "5.2.0")),),
    temperature=(single(scalar(_WIRELESS + "3.1.13.0", keep=lambda v: v != 0)), *standard.TEMPERATURE),
    radios=(
        radios(
            name=_AP + "3",
            suffix=lambda row: row.rpartition(".")[0],  # a radio is indexed by its AP and a slot
            fixed=False,
            clients=_RADIO + "15",
            channel=_RADIO + "4",
            airtime_ratio=Cell(column=_WIRELESS + "2.13.1.3", scale=0.01),
        ),
    ),
    netmiko="cisco_wlc",
)
