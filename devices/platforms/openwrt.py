"""OpenWrt: net-snmp with the `distro`, `hardware` and `clients-wlan` scripts; clients else over SSH (ubus, iwinfo)."""

from devices.facts import RadioFacts
from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Interfaces, Platform, Sign
from devices.platforms.sources import Answers, Source, number, scalar, text
from devices.platforms.standard import extend

DISTRO = extend("distro")
_OLD_DISTRO = "1.3.6.1.4.1.2021.7890.1.101.1"
_SCRIPTS = {"clients": "clients-wlan", "frequency_mhz": "frequency-wlan", "noise_dbm": "noise-floor-wlan"}
#: What each of the first radios is asked.
_SLOTS = [{field: extend(f"{script}{slot}") for field, script in _SCRIPTS.items()} for slot in range(3)]


def _radios(answers: Answers) -> tuple[RadioFacts, ...] | None:
    """One radio a wlanN whose scripts are installed."""
    found = []
    for slot, oids in enumerate(_SLOTS):
        row = {field: number(answers.values.get(oid)) for field, oid in oids.items()}
        if any(v is not None for v in row.values()):
            clients, frequency = row["clients"], row["frequency_mhz"]
            found.append(
                RadioFacts(
                    name=f"wlan{slot}",
                    clients=None if clients is None else round(clients),
                    frequency_mhz=None if frequency is None else round(frequency),
                    noise_dbm=row["noise_dbm"],
                )
            )
    return tuple(found) or None


def _clients(answers: Answers) -> float | None:
    told = [r.clients for r in _radios(answers) or () if r.clients is not None]
    return float(sum(told)) if told else None


_RADIO_OIDS = tuple(oid for oids in _SLOTS for oid in oids.values())

PLATFORM = Platform(
    name="openwrt",
    vendor=None,
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), probe=(DISTRO, r"(?i)^OpenWrt|^LEDE"), rank=60),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), descr=r"(?i)^Linux (OpenWrt|LEDE)\S* ", rank=55),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), descr=r"(?i)OpenWrt", rank=54),
        Sign(object_id=("1.3.6.1.4.1.8072.3.2.10",), probe=(_OLD_DISTRO, r"(?i)^OpenWrt|^LEDE"), rank=60),
    ),
    model=(text(extend("hardware")), *standard.MODEL),
    version=(
        text(DISTRO, r"(?i)(?:OpenWrt|LEDE)\s+(\S+)"),
        text(_OLD_DISTRO, r"(?i)(?:OpenWrt|LEDE)\s+(\S+)"),
        text(SYS_DESCR, r"(?i)OpenWrt\s+(\d\d\.\d\d\S*)"),
    ),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    clients=(
        scalar(extend("clients-wlan")),
        Source(oids=_RADIO_OIDS, read=_clients),
    ),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
    radios=(Source(oids=_RADIO_OIDS, read=_radios),),
    interfaces=Interfaces(uplink=("wan", "eth1", "eth0.2")),
    netmiko="linux",
    clients_by_shell=True,
)
