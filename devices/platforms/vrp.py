"""Huawei VRP switches, routers and wireless controllers: HUAWEI-ENTITY-EXTENT-MIB, HUAWEI-WLAN MIBs."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import Cell, as_ratio, each, highest, radios, scalar, text, total
from devices.transport.snmp.api import Value

_PART = "1.3.6.1.4.1.2011.5.25.31.1.1.1.1."
_WLAN = "1.3.6.1.4.1.2011.6.139."
_RADIO = _WLAN + "16.1.2.1."


def _told(value: Value) -> bool:
    return isinstance(value, int) and value != 0  # 0: this part has no processor


def _degrees(value: Value) -> bool:
    return isinstance(value, int) and 0 < value < 150  # 2147483647: no sensor


CPU = (each(_PART + "5", keep=_told),)
MEMORY = (as_ratio(highest(_PART + "7", keep=_told)),)
TEMPERATURE = (each(_PART + "11", keep=_degrees), *standard.TEMPERATURE)

PLATFORM = Platform(
    name="vrp",
    vendor="Huawei",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.2011.2",), rank=48),
        Sign(descr=r"(?i)Versatile Routing Platform|\bVRP\b", rank=50),
        Sign(object_id=("1.3.6.1.4.1.2011",), rank=40),
    ),
    model=(
        text("1.3.6.1.4.1.2011.5.25.31.6.5.0", r"\w"),
        text(SYS_DESCR, r"^(?:Huawei )?((?!Huawei)[A-Z]+\d[\w\-/+]*)\s"),
        text(SYS_DESCR, r"(?i)HUAWEI ([A-Z]+\d[\w\-/+]*)"),
        text(SYS_DESCR, r"\((\S+) V\d+R\d+"),
        *standard.MODEL,
    ),
    version=(text(SYS_DESCR, r"Version (\d[\w.]* \([^)]*\))"), text(SYS_DESCR, r"Version (\d\S*)"), *standard.VERSION),
    serial=(
        standard.entity_of_chassis(11),
        text("1.3.6.1.4.1.2011.5.25.188.1.1.0", r"\w{4,}"),
        *standard.SERIAL,
    ),
    uptime=(standard.UPTIME,),
    clients=(scalar(_WLAN + "12.1.2.2.0"), total(_WLAN + "13.3.3.1.44")),
    ap_count=(scalar(_WLAN + "12.1.2.1.0"),),
    cpu=CPU,
    memory=MEMORY,
    temperature=TEMPERATURE,
    radios=(
        radios(
            clients=_RADIO + "40",
            channel=_RADIO + "7",
            noise_dbm=_RADIO + "24",
            airtime_ratio=Cell(column=_RADIO + "25", scale=0.01),
            tx_power_dbm=_RADIO + "45",
        ),
    ),
    netmiko="huawei_vrp",
)
