"""Firmware families of the story: the objects each of them shows, as real ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from simulator import mib
from simulator.mib import COUNTER32, COUNTER64, GAUGE, INTEGER, STRING, TICKS, Now, Object, Port, View, fixed, text
from simulator.traits import Traits

E = "1.3.6.1.4.1"
MIKROTIK, UBNT, FROGFOOT, NET_SNMP, UCD = f"{E}.14988", f"{E}.41112", f"{E}.10002.1.1.1", f"{E}.8072", f"{E}.2021"
DOT11_PRODUCT = "1.2.840.10036.3.1.2.1"  # dot11ResourceInfoTable (IEEE802dot11-MIB)
LINUX_ID = f"{NET_SNMP}.3.2.10"
#: Rows kept ready for clients in tables with one row a client; those beyond today's clients are not there.
MOST_ROWS = 80
SSID = b"Internet Publik"

WAN = {"routeros-plain": "ether1", "routeros-wireless": "ether1", "routeros-wifi": "ether1", "openwrt": "eth0",
       "linux": "eth0", "unifi": "eth0", "airos-ap": "eth0", "airos-sector": "eth0"}  # fmt: skip
#: The first port that has a hardware address: where there is a loopback, it comes before.
_FIRST_PORT = {"unifi": 2, "linux": 2, "airos-ap": 2, "airos-sector": 2}


def box(platform: str, traits: Traits) -> tuple[str | None, str]:
    """What tells this box from another: (serial where the firmware tells one, address of its first port)."""
    address = mib.port_mac(traits, _FIRST_PORT.get(platform, 1))
    return traits.serial if platform.startswith("routeros") else None, address.hex(":")


@cache
def view(platform: str, gateway: bool) -> View:
    """The objects of a family; one view serves all devices of it.

    Raises:
        KeyError: no such family.
    """
    return View([*_FAMILIES[platform](gateway), *mib.engine()])


def _ports(names: tuple[str, ...], *, wifi: tuple[str, ...] = (), gateway: bool = True) -> list[Port]:
    """WAN, LANs (the first one carries), radios; an access point passes everything from WAN to its radios."""
    wan, *lans = names
    ports = [Port(index=1, name=wan, kind=6, speed_mbps=1000 if wifi else 10_000, takes_in="down",
                  alias="uplink" if gateway else "")]  # fmt: skip
    for place, name in enumerate(lans):
        carries = place == 0 and gateway
        ports.append(Port(index=2 + place, name=name, kind=6, speed_mbps=1000, takes_in="up" if carries else "none",
                          share=0.97, connected=carries))  # fmt: skip
    for place, name in enumerate(wifi):
        ports.append(Port(index=10 + place, name=name, kind=71, speed_mbps=300, takes_in="up",
                          share=0.96 * (0.35, 0.65)[place] if len(wifi) == 2 else 0.96))  # fmt: skip
    return ports


# --- MikroTik RouterOS ---------------------------------------------------------------------------------------------


def _routeros(version: str, ports: list[Port]) -> Iterator[Object]:
    yield from mib.system(lambda n: f"RouterOS {n.device.model}", f"{MIKROTIK}.1")
    yield from mib.interfaces(ports)
    yield from mib.host(262_144, 4, memory_row=65536, disk_kb=131_072, disk_row=131_072)
    base = f"{MIKROTIK}.1.1"
    yield fixed(f"{base}.3.8.0", INTEGER, 241)
    yield Object(f"{base}.3.10.0", INTEGER, lambda n: round(n.state.temperature_c * 10))
    yield Object(f"{base}.3.11.0", INTEGER, lambda n: round(n.state.temperature_c * 10) + 40)
    yield fixed(f"{base}.4.4.0", STRING, version.encode())
    yield text(f"{base}.7.3.0", lambda n: n.traits.serial)
    yield fixed(f"{base}.7.4.0", STRING, version.encode())
    yield text(f"{base}.7.9.0", lambda n: n.device.model)


def _routeros_plain(gateway: bool) -> Iterator[Object]:
    yield from _routeros("7.15.3", _ports(("ether1", "ether2", "ether3", "ether4", "ether5"), gateway=gateway))


def _routeros_wireless(gateway: bool) -> Iterator[Object]:
    ports = _ports(("ether1", "ether2", "ether3"), wifi=("wlan1", "wlan2"), gateway=gateway)
    yield from _routeros("6.49.17", ports)
    yield Object(f"{MIKROTIK}.1.1.1.4.0", GAUGE, lambda n: n.state.clients)
    base = f"{MIKROTIK}.1.1.1.3.1"
    for i, band, frequency, part in ((10, b"2ghz-b/g/n", 2437, 0), (11, b"5ghz-a/n/ac", 5220, 1)):
        yield fixed(f"{base}.2.{i}", GAUGE, 144_000_000)
        yield fixed(f"{base}.3.{i}", GAUGE, 120_000_000)
        yield fixed(f"{base}.4.{i}", STRING, SSID)
        yield Object(f"{base}.5.{i}", STRING, lambda n, i=i: mib.mac_of(n, i))  # type: ignore[misc]
        yield Object(f"{base}.6.{i}", COUNTER32, _radio_clients(part))  # typed so by the vendor, though it is a gauge
        yield fixed(f"{base}.7.{i}", INTEGER, frequency)
        yield fixed(f"{base}.8.{i}", STRING, band)
        yield Object(f"{base}.9.{i}", INTEGER, lambda n: -103 + round(12 * n.state.airtime_ratio))
        yield Object(f"{base}.10.{i}", INTEGER, lambda n: round(95 - 40 * n.state.airtime_ratio))
        yield Object(f"{base}.11.{i}", COUNTER32, _radio_clients(part))


def _routeros_wifi(gateway: bool) -> Iterator[Object]:
    ports = _ports(("ether1", "ether2", "ether3"), wifi=("wifi1", "wifi2"), gateway=gateway)
    yield from _routeros("7.19.1", ports)
    base = f"{MIKROTIK}.1.1.21.4.1"
    for row in range(MOST_ROWS):
        index = f"2.97.0.0.{row // 250}.{row % 250}.{10 + row % 2}"
        yield Object(f"{base}.3.{index}", STRING, _while(row, lambda _: SSID))
        yield Object(f"{base}.4.{index}", TICKS, _while(row, lambda n: n.ticks % 360_000))
        yield Object(f"{base}.6.{index}", INTEGER, _while(row, lambda _, row=row: -48 - row * 7 % 35))  # type: ignore[misc]


# --- Ubiquiti ------------------------------------------------------------------------------------------------------


def _frogfoot(total_kb: int) -> Iterator[Object]:
    yield fixed(f"{FROGFOOT}.1.1.0", INTEGER, total_kb)
    yield Object(f"{FROGFOOT}.1.2.0", INTEGER, lambda n: int(total_kb * (1 - n.state.memory_ratio)))
    yield Object(f"{FROGFOOT}.4.2.1.3.1", STRING, lambda n: b"%.2f" % (n.state.cpu_percent / 50))


def _unifi(_gateway: bool) -> Iterator[Object]:
    yield from mib.system(lambda n: f"{n.device.model} 6.6.77.15402", LINUX_ID)
    ports = [Port(index=1, name="lo", kind=24, speed_mbps=10, takes_in="none"),
             Port(index=2, name="eth0", kind=6, speed_mbps=1000, takes_in="down"),
             Port(index=3, name="br0", kind=209, speed_mbps=1000, takes_in="down", share=0.99),
             Port(index=4, name="ath0", kind=6, speed_mbps=300, takes_in="up", share=0.34),
             Port(index=5, name="ath1", kind=6, speed_mbps=866, takes_in="up", share=0.62)]  # fmt: skip
    yield from mib.interfaces(ports)
    yield from mib.host(126_976, 1)
    yield from _frogfoot(126_976)
    radio, vap = f"{UBNT}.1.6.1.1.1", f"{UBNT}.1.6.1.2.1"
    for i, port, name, channel, part in ((1, ports[3], b"ng", 6, 0), (2, ports[4], b"na", 44, 1)):
        yield fixed(f"{radio}.2.{i}", STRING, b"wifi%d" % (i - 1))
        yield fixed(f"{radio}.3.{i}", STRING, name)
        yield Object(f"{radio}.6.{i}", GAUGE, lambda n: round(100 * n.state.airtime_ratio))
        yield Object(f"{radio}.7.{i}", GAUGE, lambda n: round(18 * n.state.airtime_ratio))
        yield Object(f"{radio}.8.{i}", GAUGE, lambda n: round(55 * n.state.airtime_ratio))
        yield Object(f"{radio}.9.{i}", GAUGE, lambda n: round(27 * n.state.airtime_ratio))
        yield fixed(f"{vap}.4.{i}", INTEGER, channel)
        yield fixed(f"{vap}.6.{i}", STRING, SSID)
        yield fixed(f"{vap}.7.{i}", STRING, b"ath%d" % (i - 1))
        yield Object(f"{vap}.8.{i}", INTEGER, _radio_clients(part))
        yield fixed(f"{vap}.9.{i}", STRING, name)
        yield Object(f"{vap}.10.{i}", COUNTER32, lambda n, port=port: mib.octets_in(n, port) % 2**32)  # type: ignore[misc]
        yield Object(f"{vap}.16.{i}", COUNTER32, lambda n, port=port: mib.octets_out(n, port) % 2**32)  # type: ignore[misc]
        yield fixed(f"{vap}.21.{i}", INTEGER, 20)
        yield fixed(f"{vap}.22.{i}", INTEGER, 1)
    yield fixed(f"{UBNT}.1.6.3.2.0", INTEGER, 2)
    yield text(f"{UBNT}.1.6.3.3.0", lambda n: n.device.model)
    yield Object(f"{UBNT}.1.6.3.5.0", COUNTER64, lambda n: int(n.state.uptime_s))
    yield fixed(f"{UBNT}.1.6.3.6.0", STRING, b"6.6.77.15402")


def _airos(_gateway: bool) -> Iterator[Object]:
    yield from mib.system(lambda n: f"Linux {n.device.id} 2.6.33 #1 mips", f"{E}.10002.1")
    ports = [Port(index=1, name="lo", kind=24, speed_mbps=10, takes_in="none"),
             Port(index=2, name="eth0", kind=6, speed_mbps=100, takes_in="down"),
             Port(index=5, name="ath0", kind=71, speed_mbps=150, takes_in="up", share=0.97)]  # fmt: skip
    yield from mib.interfaces(ports)
    yield from mib.host(62_464, 1)
    yield from _frogfoot(62_464)
    yield text(f"{DOT11_PRODUCT}.3.5", lambda n: n.device.model)
    yield fixed(f"{DOT11_PRODUCT}.4.5", STRING, b"XM.ar7240.v6.3.22.33437.240927.1538")
    base = f"{UBNT}.1.4"
    yield fixed(f"{base}.1.1.2.1", INTEGER, 3)  # mode: access point
    yield fixed(f"{base}.1.1.4.1", INTEGER, 5785)
    yield fixed(f"{base}.1.1.6.1", INTEGER, 22)
    yield fixed(f"{base}.5.1.2.1", STRING, SSID)
    yield Object(f"{base}.5.1.5.1", INTEGER, lambda n: -58 - round(6 * n.state.airtime_ratio))
    yield Object(f"{base}.5.1.7.1", INTEGER, lambda n: round(970 - 300 * n.state.airtime_ratio))
    yield fixed(f"{base}.5.1.8.1", INTEGER, -96)
    yield fixed(f"{base}.5.1.9.1", INTEGER, 130_000_000)
    yield fixed(f"{base}.5.1.10.1", INTEGER, 117_000_000)
    yield Object(f"{base}.5.1.15.1", INTEGER, lambda n: n.state.clients)
    yield Object(f"{base}.6.1.7.1", GAUGE, lambda n: round(1000 * n.state.airtime_ratio))
    yield Object(f"{base}.8.3.0", INTEGER, lambda n: round(n.state.cpu_percent * 100))
    yield Object(f"{base}.8.4.0", INTEGER, lambda n: round(n.state.temperature_c))


# --- net-snmp on Linux ---------------------------------------------------------------------------------------------


def _ucd(memory_kb: int) -> Iterator[Object]:
    yield fixed(f"{UCD}.4.5.0", INTEGER, memory_kb)
    yield Object(f"{UCD}.4.6.0", INTEGER, lambda n: int(memory_kb * (1 - n.state.memory_ratio) * 0.5))
    yield Object(f"{UCD}.4.14.0", INTEGER, lambda n: int(memory_kb * (1 - n.state.memory_ratio) * 0.1))
    yield Object(f"{UCD}.4.15.0", INTEGER, lambda n: int(memory_kb * (1 - n.state.memory_ratio) * 0.4))
    for place in (1, 2, 3):
        yield Object(f"{UCD}.10.1.3.{place}", STRING, lambda n: b"%.2f" % (n.state.cpu_percent / 40))
    yield Object(f"{UCD}.11.11.0", INTEGER, lambda n: round(100 - n.state.cpu_percent))


def _openwrt(gateway: bool) -> Iterator[Object]:
    yield from mib.system(lambda n: f"Linux {n.device.id} 5.15.167 #0 SMP OpenWrt mips", LINUX_ID)
    ports = _ports(("eth0", "eth1"), wifi=("wlan0", "wlan1"), gateway=gateway)
    yield from mib.interfaces(ports, hc=True)
    yield from mib.host(122_880, 1)
    yield from _ucd(122_880)
    yield from _extend("distro", lambda _: b"OpenWrt 23.05.5")
    yield from _extend("hardware", lambda n: n.device.model.encode())
    yield from _extend("clients-wlan0", lambda n: b"%d" % _part(n, 0))
    yield from _extend("clients-wlan1", lambda n: b"%d" % _part(n, 1))


def _extend(name: str, get: Callable[[Now], bytes]) -> Iterator[Object]:
    """One entry of NET-SNMP-EXTEND-MIB: first line, all lines, result. Indexed by the length and octets of its name."""
    index = ".".join(str(n) for n in (len(name), *name.encode()))
    yield Object(f"{NET_SNMP}.1.3.2.3.1.1.{index}", STRING, get)
    yield Object(f"{NET_SNMP}.1.3.2.3.1.2.{index}", STRING, get)
    yield fixed(f"{NET_SNMP}.1.3.2.3.1.4.{index}", INTEGER, 0)


def _linux(_gateway: bool) -> Iterator[Object]:
    yield from mib.system(lambda n: f"Linux {n.device.id} 6.1.0-28-amd64 #1 SMP Debian x86_64", LINUX_ID)
    ports = [Port(index=1, name="lo", kind=24, speed_mbps=10, takes_in="none"),
             Port(index=2, name="eth0", kind=6, speed_mbps=1000, takes_in="down", alias="uplink"),
             Port(index=3, name="eth1", kind=6, speed_mbps=1000, takes_in="up", share=0.98)]  # fmt: skip
    yield from mib.interfaces(ports)
    yield from mib.host(2_016_000, 4, disk_kb=15_350_000)
    yield from _ucd(2_016_000)
    yield from _extend("hardware", lambda n: n.device.model.encode())


def _radio_clients(part: int) -> Callable[[Now], int]:
    return lambda n: _part(n, part)


def _part(n: Now, part: int) -> int:
    """Clients of one of two radios: a third hang on 2.4 GHz."""
    low = n.state.clients // 3
    return low if part == 0 else n.state.clients - low


def _while(row: int, get: Callable[[Now], int | bytes]) -> Callable[[Now], int | bytes | None]:
    return lambda n: get(n) if row < n.state.clients else None


_FAMILIES: dict[str, Callable[[bool], Iterator[Object]]] = {
    "routeros-plain": _routeros_plain,
    "routeros-wireless": _routeros_wireless,
    "routeros-wifi": _routeros_wifi,
    "unifi": _unifi,
    "airos-ap": _airos,
    "airos-sector": _airos,
    "openwrt": _openwrt,
    "linux": _linux,
}
