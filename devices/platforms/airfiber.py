"""Ubiquiti airFiber and LTU backhaul radios: UBNT-AirFIBER-MIB, UBNT-AFLTU-MIB, UI-AF60-MIB."""

from devices.platforms import standard
from devices.platforms.platform import Interfaces, Platform, Sign
from devices.platforms.sources import radio, scalar, several, single, text, text_of

_LTU = "1.3.6.1.4.1.41112.1.10.1."
_FIBER = "1.3.6.1.4.1.41112.1.3."
_AF60 = "1.3.6.1.4.1.41112.1.11.1."
_PLAIN = ("1.3.6.1.4.1.8072.3.2.10", "1.3.6.1.4.1.10002.1", "1.3.6.1.4.1.41112")

PLATFORM = Platform(
    name="airfiber",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.41112.1.3", "1.3.6.1.4.1.41112.1.10", "1.3.6.1.4.1.41112.1.11")),
        *(
            Sign(object_id=_PLAIN, descr=r"^Linux ", probe=(oid, r"."), rank=60)
            for oid in (_FIBER + "2.1.40.1", _FIBER + "1.1.5.1", _AF60 + "1.1.1", _AF60 + "1.2.1")
        ),
        Sign(object_id=_PLAIN, descr=r"^Linux ", probe=(_LTU + "3.2.0", r"\w"), rank=60),
    ),
    model=(text(_LTU + "3.2.0"), text(_AF60 + "2.2.1", r"[A-Za-z]"), text_of("1.2.840.10036.3.1.2.1.3")),
    version=(
        text(_LTU + "3.4.0"),
        text(_FIBER + "2.1.40.1", r"(v?\d+\.\d[\w.\-]*)"),
        text(_AF60 + "2.4.1", r"(v\d+\.\d+\.\d[\w\-]*)"),
        text_of("1.2.840.10036.3.1.2.1.4"),
    ),
    uptime=(standard.UPTIME,),
    cpu=(*standard.CPU, single(scalar(_AF60 + "2.6.1"))),
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=(
        several(_FIBER + "2.1.8.1", _FIBER + "2.1.10.1", keep=lambda v: v != 0),
        *standard.TEMPERATURE,
    ),
    radios=(radio(frequency_mhz=_FIBER + "2.1.2.1", signal_dbm=_FIBER + "2.1.11.1", tx_power_dbm=_FIBER + "1.1.9.1"),),
    interfaces=Interfaces(uplink=("eth0",)),
)
