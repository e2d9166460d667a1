"""Aruba Instant and AOS 8/10 access points: AI-AP-MIB. The master answers for its whole cluster."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import (
    Answers,
    Cell,
    Source,
    count,
    each,
    number,
    radios,
    text,
    text_of,
    total,
)

_AP, _RADIO = "1.3.6.1.4.1.14823.2.3.3.1.2.1.1.", "1.3.6.1.4.1.14823.2.3.3.1.2.2.1."
_CLIENT = "1.3.6.1.4.1.14823.2.3.3.1.2.4.1.1"  # counted, never kept: before 6.5 there is no count by radio
_TOTAL, _FREE = _AP + "10", _AP + "8"


def _memory(answers: Answers) -> float | None:
    """Mean over the cluster of 1 - aiAPMemoryFree / aiAPTotalMemory."""
    shares = []
    for row, value in answers.table(_TOTAL).items():
        whole, free = number(value), number(answers.table(_FREE).get(row))
        if whole and free is not None and 0 <= free <= whole:
            shares.append(1 - free / whole)
    return sum(shares) / len(shares) if shares else None


PLATFORM = Platform(
    name="aruba-instant",
    vendor="Aruba",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.14823.1.2",)),
        Sign(object_id=("1.3.6.1.4.1.14823",), descr=r"^(ArubaOS|AOS-\d+) \(MODEL: \d{3}\w*\)"),
    ),
    model=(text(SYS_DESCR, r"MODEL: ([^)]+)\)"), text_of(_AP + "6")),
    version=(text(SYS_DESCR, r"Version (\S+)"),),
    serial=(text_of(_AP + "4"),),
    uptime=(standard.UPTIME,),
    clients=(total(_RADIO + "21"), count(_CLIENT, known=_AP + "1")),
    ap_count=(count(_AP + "1"),),
    cpu=(each(_AP + "7"),),
    memory=(Source(columns=(_TOTAL, _FREE), read=_memory),),
    temperature=standard.TEMPERATURE,
    radios=(
        radios(
            clients=_RADIO + "21",
            channel=_RADIO + "4",
            tx_power_dbm=_RADIO + "5",
            noise_dbm=Cell(column=_RADIO + "6", scale=-1.0),
            airtime_ratio=Cell(column=_RADIO + "8", scale=0.01),
        ),
    ),
    netmiko="aruba_os",
)
