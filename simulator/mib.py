"""What an agent can be asked: sorted objects of a device, each with its type and how its value follows from the state.

Objects are the simulator's own data, so that a mistake in `devices.platforms` is not repeated here. Numbers are those
of SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), HOST-RESOURCES-MIB (RFC 2790) and SNMP-FRAMEWORK-MIB (RFC 3411).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from devices.transport.snmp import ber
from devices.transport.snmp.api import Value
from simulator.province import SimDevice, SimSite
from simulator.story import State
from simulator.traits import Traits

INTEGER, STRING, OID = ber.INTEGER, ber.OCTET_STRING, ber.OBJECT_IDENTIFIER
COUNTER32, GAUGE, TICKS, COUNTER64 = ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.COUNTER64

WRAP_32 = 2**32


@dataclass(frozen=True, slots=True)
class Now:
    """What values are made of: a device at one moment."""

    device: SimDevice
    site: SimSite
    traits: Traits
    state: State

    @property
    def ticks(self) -> int:
        """Uptime as TimeTicks."""
        return int(self.state.uptime_s * 100) % WRAP_32


Get = Callable[[Now], Value]


@dataclass(frozen=True, slots=True)
class Object:
    """One instance. A value of None: it is not there now (a row of a client who left)."""

    oid: str
    tag: int
    get: Get
    never_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An interface. `down` and `up` are the shares of the device's traffic that enter and leave through it."""

    index: int
    name: str
    kind: int  # ifType: 6 ethernet, 24 loopback, 71 ieee80211, 209 bridge
    speed_mbps: int
    takes_in: str  # which figure comes in: "down", "up" or "none"; the other one goes out
    alias: str = ""
    share: float = 1.0
    connected: bool = True


def fixed(oid: str, tag: int, value: Value) -> Object:
    """An object that never changes."""
    return Object(oid, tag, lambda _: value, never_changes=True)


def text(oid: str, get: Callable[[Now], str]) -> Object:
    """An object that holds text."""
    return Object(oid, STRING, lambda n: get(n).encode())


def system(descr: Callable[[Now], str], object_id: str) -> Iterator[Object]:
    """The system group."""
    base = "1.3.6.1.2.1.1"
    yield text(f"{base}.1.0", descr)
    yield fixed(f"{base}.2.0", OID, object_id)
    yield Object(f"{base}.3.0", TICKS, lambda n: n.ticks)
    yield fixed(f"{base}.4.0", STRING, b"data contoh")
    yield text(f"{base}.5.0", lambda n: n.device.id)
    yield text(f"{base}.6.0", lambda n: f"{n.site.name} ({n.site.area})")
    yield fixed(f"{base}.7.0", INTEGER, 78)


def interfaces(ports: Sequence[Port], *, hc: bool = True, name_is_descr: bool = True) -> Iterator[Object]:
    """ifNumber, ifTable and, with `hc`, ifXTable."""
    yield fixed("1.3.6.1.2.1.2.1.0", INTEGER, len(ports))
    for port in ports:
        yield from _if_entry(port, name_is_descr)
        if hc:
            yield from _ifx_entry(port)


def _if_entry(port: Port, name_is_descr: bool) -> Iterator[Object]:
    i, base = port.index, "1.3.6.1.2.1.2.2.1"
    descr = port.name if name_is_descr else f"interface {port.name}"
    yield fixed(f"{base}.1.{i}", INTEGER, i)
    yield fixed(f"{base}.2.{i}", STRING, descr.encode())
    yield fixed(f"{base}.3.{i}", INTEGER, port.kind)
    yield fixed(f"{base}.4.{i}", INTEGER, 65536 if port.kind == 24 else 1500)
    yield fixed(f"{base}.5.{i}", GAUGE, min(port.speed_mbps * 1_000_000, WRAP_32 - 1))
    yield Object(f"{base}.6.{i}", STRING, lambda n: b"" if port.kind == 24 else _mac(n, i))
    yield fixed(f"{base}.7.{i}", INTEGER, 1)
    yield fixed(f"{base}.8.{i}", INTEGER, 1 if port.connected else 2)
    yield fixed(f"{base}.9.{i}", TICKS, 1500)
    yield Object(f"{base}.10.{i}", COUNTER32, lambda n: octets_in(n, port) % WRAP_32)
    yield Object(f"{base}.11.{i}", COUNTER32, lambda n: octets_in(n, port) // 820 % WRAP_32)
    yield Object(f"{base}.13.{i}", COUNTER32, lambda n: errors(n, port) // 3)
    yield Object(f"{base}.14.{i}", COUNTER32, lambda n: errors(n, port))
    yield Object(f"{base}.16.{i}", COUNTER32, lambda n: octets_out(n, port) % WRAP_32)
    yield Object(f"{base}.17.{i}", COUNTER32, lambda n: octets_out(n, port) // 640 % WRAP_32)
    yield fixed(f"{base}.19.{i}", COUNTER32, 0)
    yield fixed(f"{base}.20.{i}", COUNTER32, 0)


def _ifx_entry(port: Port) -> Iterator[Object]:
    i, base = port.index, "1.3.6.1.2.1.31.1.1.1"
    yield fixed(f"{base}.1.{i}", STRING, port.name.encode())
    yield Object(f"{base}.6.{i}", COUNTER64, lambda n: octets_in(n, port))
    yield Object(f"{base}.10.{i}", COUNTER64, lambda n: octets_out(n, port))
    yield fixed(f"{base}.15.{i}", GAUGE, port.speed_mbps)
    yield fixed(f"{base}.18.{i}", STRING, port.alias.encode())
    yield fixed(f"{base}.19.{i}", TICKS, 0)


def host(memory_kb: int, cores: int, *, memory_row: int = 1, disk_kb: int = 0, disk_row: int = 31) -> Iterator[Object]:
    """HOST-RESOURCES: uptime, memory, disk, one load a processor."""
    yield Object("1.3.6.1.2.1.25.1.1.0", TICKS, lambda n: n.ticks)
    yield from _storage(memory_row, "1.3.6.1.2.1.25.2.1.2", b"main memory", memory_kb, lambda n: n.state.memory_ratio)
    if disk_kb:
        disk_type = "1.3.6.1.2.1.25.2.1.4"
        yield from _storage(disk_row, disk_type, b"/", disk_kb, lambda n: n.state.disk_ratio)
    for core in range(1, cores + 1):
        yield fixed(f"1.3.6.1.2.1.25.3.3.1.1.{core}", OID, "0.0")
        yield Object(f"1.3.6.1.2.1.25.3.3.1.2.{core}", INTEGER, lambda n: round(n.state.cpu_percent))


def _storage(row: int, kind: str, name: bytes, size_kb: int, ratio: Callable[[Now], float]) -> Iterator[Object]:
    base = "1.3.6.1.2.1.25.2.3.1"
    yield fixed(f"{base}.1.{row}", INTEGER, row)
    yield fixed(f"{base}.2.{row}", OID, kind)
    yield fixed(f"{base}.3.{row}", STRING, name)
    yield fixed(f"{base}.4.{row}", INTEGER, 1024)
    yield fixed(f"{base}.5.{row}", INTEGER, size_kb)
    yield Object(f"{base}.6.{row}", INTEGER, lambda n: int(size_kb * ratio(n)))


def engine() -> Iterator[Object]:
    """The SNMP engine's own clock."""
    base = "1.3.6.1.6.3.10.2.1"
    yield Object(f"{base}.1.0", STRING, lambda n: engine_id(n.device))
    yield Object(f"{base}.2.0", INTEGER, lambda n: n.state.boots)
    yield Object(f"{base}.3.0", INTEGER, lambda n: int(n.state.uptime_s) % (2**31))
    yield fixed(f"{base}.4.0", INTEGER, 8192)


def engine_id(device: SimDevice) -> bytes:
    """RFC 3411 engine id: net-snmp's enterprise number, format 5 (octets), the device's index."""
    return b"\x80\x00\x1f\x88\x05" + b"sim" + device.index.to_bytes(4, "big")


def octets_in(n: Now, port: Port) -> int:
    """Octets that came in through a port since the last start."""
    return _octets(n, port, port.takes_in)


def octets_out(n: Now, port: Port) -> int:
    """Octets that went out through a port since the last start."""
    return _octets(n, port, {"down": "up", "up": "down"}.get(port.takes_in, "none"))


def _octets(n: Now, port: Port, which: str) -> int:
    if which == "none":
        return 0
    total = n.state.octets_in if which == "down" else n.state.octets_out
    return total if port.share == 1.0 else int(total * port.share)


def errors(n: Now, port: Port) -> int:
    """Broken frames that came in."""
    return n.state.errors_in if port.takes_in == "down" else 0


def mac_of(n: Now, number: int) -> bytes:
    """A made-up, locally administered address of the device."""
    return _mac(n, number)


def _mac(n: Now, number: int) -> bytes:
    return port_mac(n.traits, number)


def port_mac(traits: Traits, number: int) -> bytes:
    """A made-up, locally administered address of one port."""
    return bytes((0x02 + ((number & 0x3F) << 2), *traits.mac[1:]))


#: Columns that pollers begin at, remembered a view; anything may be asked, so not without end.
MOST_REMEMBERED = 4096


def _still(object_: Object, head: bytes) -> bytes | None:
    """The varbind of an object that never changes."""
    if not object_.never_changes:
        return None
    return _bind(head, ber.value(object_.tag, object_.get(None)))  # type: ignore[arg-type] # it looks at nothing


def _bind(head: bytes, value: bytes) -> bytes:
    size = len(head) + len(value)
    return (bytes((ber.SEQUENCE, size)) if size < 128 else b"\x30" + ber.length(size)) + head + value


class View:
    """Objects in the order of their identifiers, as a walk goes through them."""

    def __init__(self, objects: Iterable[Object]) -> None:
        ordered = sorted(((tuple(map(int, o.oid.split("."))), o) for o in objects), key=lambda pair: pair[0])
        self.numbers = [numbers for numbers, _ in ordered]
        if len(set(self.numbers)) != len(self.numbers):
            raise ValueError("an object is there twice")
        self.bodies = [ber.oid_body(o.oid) for _, o in ordered]
        self._objects = [o for _, o in ordered]
        self._heads = [ber.tlv(OID, body) for body in self.bodies]
        self._ready = [_still(o, head) for o, head in zip(self._objects, self._heads, strict=True)]
        self._found: dict[bytes, int] = {}
        self._at = {body: place for place, body in enumerate(self.bodies)}
        self._columns = {numbers[:-1] for numbers in self.numbers}

    def __len__(self) -> int:
        return len(self.bodies)

    def exact(self, body: bytes) -> int | None:
        """Place of an object identifier (contents octets)."""
        return self._at.get(body)

    def after(self, body: bytes) -> int:
        """Place of the first object after an identifier, there or not; `len(view)` at the end."""
        place = self._at.get(body)
        if place is not None:
            return place + 1
        place = self._found.get(body)
        if place is None:
            place = bisect_right(self.numbers, tuple(map(int, ber.oid_text(body).split("."))))
            if len(self._found) < MOST_REMEMBERED:
                self._found[body] = place
        return place

    def varbind(self, place: int, now: Now) -> bytes | None:
        """The encoded varbind of an object, None while it is not there."""
        ready = self._ready[place]
        if ready is not None:
            return ready
        object_ = self._objects[place]
        value = object_.get(now)
        return None if value is None else _bind(self._heads[place], ber.value(object_.tag, value))

    def knows_column(self, body: bytes) -> bool:
        """True when other instances of the same object exist (noSuchInstance rather than noSuchObject)."""
        numbers = tuple(map(int, ber.oid_text(body).split(".")))
        return any(numbers[:cut] in self._columns for cut in range(len(numbers) - 1, 6, -1))
