"""Ruckus access points that stand alone: RUCKUS-HWINFO, -SWINFO, -SYSTEM, -RADIO MIBs."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import Cell, as_ratio, radios, scalar, single, text, text_of, total

_MIB = "1.3.6.1.4.1.25053.1.1."
_RADIO, _STATISTICS = _MIB + "12.1.1.1.2.1.", _MIB + "12.1.1.1.3.1."

PLATFORM = Platform(
    name="ruckus-ap",
    vendor="Ruckus",
    recognise=(Sign(object_id=("1.3.6.1.4.1.25053.3.1.4",)), Sign(object_id=("1.3.6.1.4.1.25053",), rank=40)),
    model=(text(_MIB + "2.1.1.1.1.0"),),
    version=(text_of(_MIB + "3.1.1.1.1.1.3"),),
    serial=(text(_MIB + "2.1.1.1.2.0"),),
    uptime=(standard.UPTIME,),
    clients=(total(_STATISTICS + "2"),),
    cpu=(single(scalar(_MIB + "11.1.1.1.1.0")),),
    memory=(as_ratio(scalar(_MIB + "11.1.1.1.2.0")),),
    radios=(
        radios(
            clients=_STATISTICS + "2", noise_dbm=_RADIO + "8", airtime_ratio=Cell(column=_STATISTICS + "50", scale=0.01)
        ),
    ),
)
