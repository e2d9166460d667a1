"""Ubiquiti UniFi access points: UBNT-UniFi-MIB, FROGFOOT-RESOURCES-MIB, HOST-RESOURCES-MIB."""

from devices.facts import RadioFacts
from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import (
    Answers,
    Source,
    free_share,
    number,
    scalar,
    string,
    text,
    text_of,
    total,
)
from devices.transport.snmp.api import Value

_RADIO, _VAP, _SYSTEM = (f"1.3.6.1.4.1.41112.1.6.{part}" for part in ("1.1.1.", "1.2.1.", "3."))
_RESOURCES = "1.3.6.1.4.1.10002.1.1.1."
_CHANNEL, _ESSID, _STATIONS, _VAP_RADIO, _TX = (_VAP + leaf for leaf in ("4", "6", "8", "9", "21"))
_KIND, _BUSY = _RADIO + "3", _RADIO + "6"
_PRODUCT, _FIRMWARE = "1.2.840.10036.3.1.2.1.3", "1.2.840.10036.3.1.2.1.4"
_BANDS = {"ng": "2.4 GHz", "na": "5 GHz", "6e": "6 GHz"}
_MODEL = r"^((?:UAP|U6|U7|E7|UK|UDM|UWB|UBB|UDB|UMA|U)\b[-\w ]*?)(?:\s+\*?[\d.]+.*)?$"


def _is_network(essid: Value) -> bool:
    """False for the wireless uplinks between access points, whose stations are no people."""
    return not (string(essid) or "").startswith("vwire-")


def _radios(answers: Answers) -> tuple[RadioFacts, ...] | None:
    """Virtual APs gathered by their radio; unifiRadioCuTotal is the share of time the channel was busy."""
    kinds = {string(v) or s: s for s, v in answers.table(_KIND).items()}
    for value in answers.table(_VAP_RADIO).values():
        kinds.setdefault(string(value) or "", "")
    found = []
    for kind, row in kinds.items():
        vaps = [s for s, v in answers.table(_VAP_RADIO).items() if string(v) == kind]
        people = [
            n
            for s in vaps
            if _is_network(answers.table(_ESSID).get(s)) and (n := number(answers.table(_STATIONS).get(s))) is not None
        ]
        channels = [n for s in vaps if (n := number(answers.table(_CHANNEL).get(s)))]
        powers = [n for s in vaps if (n := number(answers.table(_TX).get(s))) is not None]
        busy = number(answers.table(_BUSY).get(row))
        found.append(
            RadioFacts(
                name=_BANDS.get(kind, kind),
                clients=round(sum(people)) if people else None,
                channel=round(channels[0]) if channels else None,
                tx_power_dbm=max(powers) if powers else None,
                airtime_ratio=None if busy is None else busy / 100,
            )
        )
    return tuple(found) or None


PLATFORM = Platform(
    name="unifi",
    vendor="Ubiquiti",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.41112.1.6",), rank=55),
        Sign(
            object_id=("1.3.6.1.4.1.41112", "1.3.6.1.4.1.8072.3.2.10", "1.3.6.1.4.1.10002.1"),
            descr=r"^(UAP|U6|U7|E7|UK|U-LTE|UWB|UBB)\b",
            rank=60,
        ),
        Sign(
            object_id=("1.3.6.1.4.1.41112", "1.3.6.1.4.1.8072.3.2.10", "1.3.6.1.4.1.10002.1"),
            probe=(_SYSTEM + "3.0", r"\w"),
            rank=61,
        ),
        Sign(  # first generation: plain airOS identity, the product's name only in IEEE802dot11-MIB
            object_id=("1.3.6.1.4.1.10002.1",),
            descr=r"^Linux ",
            probe_column=(_PRODUCT, r"^(UAP|UniFi)"),
            rank=60,
        ),
    ),
    model=(text(_SYSTEM + "3.0"), text(SYS_DESCR, _MODEL), text_of(_PRODUCT, r"\w")),
    version=(
        text(_SYSTEM + "6.0"),
        text(SYS_DESCR, r"\s(\d+\.\d+\.\d{3,}\S*|\d+\.\d+\.\d+\.\d+\S*)"),
        text_of(_FIRMWARE, r"\.v(\d+\.\d+\.\d[\w.]*)"),
    ),
    uptime=(standard.UPTIME, scalar(_SYSTEM + "5.0")),
    clients=(total(_STATIONS, where=(_ESSID, _is_network), fixed=True), total(_STATIONS, fixed=True)),
    cpu=standard.CPU,
    memory=(free_share(scalar(_RESOURCES + "1.2.0"), scalar(_RESOURCES + "1.1.0")), *standard.MEMORY),
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    radios=(Source(columns=(_KIND, _BUSY, _CHANNEL, _ESSID, _STATIONS, _VAP_RADIO, _TX), read=_radios),),
    interfaces=Interfaces(uplink=("eth0",)),
    netmiko="linux",
    caution="The controller rewrites the configuration: read only.",
)
