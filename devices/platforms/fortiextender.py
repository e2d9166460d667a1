"""Fortinet FortiExtender: FORTINET-FORTIEXTENDER-MIB."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import as_ratio, radio, scalar, single, text

_INFO = "1.3.6.1.4.1.12356.121.21.1."
_MODEM = "1.3.6.1.4.1.12356.121.21.3.1.1."

PLATFORM = Platform(
    name="fortiextender",
    vendor="Fortinet",
    recognise=(Sign(object_id=("1.3.6.1.4.1.12356.121",)),),
    model=(text(_INFO + "1.3.0"),),
    version=(text(_INFO + "1.1.0", r"v(\d+\.\d[\w.]*)"),),
    serial=(text(_INFO + "1.5.0"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_INFO + "2.1.0")),),
    memory=(as_ratio(scalar(_INFO + "2.2.0")),),
    radios=(radio("modem1", signal_dbm=_MODEM + "22.1"),),
)
