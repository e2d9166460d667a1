"""ICMP echo for a whole fleet: one socket for each domain and address family, however many devices are asked.

Linux offers two ways: SOCK_DGRAM (no privilege, if net.ipv4.ping_group_range includes our group; Debian 12 leaves it
empty, even for root) and SOCK_RAW (CAP_NET_RAW). The first permitted one is taken. If neither is, `PingNotPermitted`
says what to set; the state of the device is then unknown, not down.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from devices.errors import PingNotPermitted
from devices.model import Domain
from devices.transport.snmp.endpoint import Address, open_socket, resolve

HOW_TO_PERMIT: Final = (
    "ping is not permitted here: run `sysctl -w net.ipv4.ping_group_range='0 2147483647'` "
    "(and write it to /etc/sysctl.d/), or give the process CAP_NET_RAW"
)
_ICMP6: Final = 58  # IPPROTO_ICMPV6
_TOKEN: Final = struct.Struct("!8sQ")
_HEADER: Final = struct.Struct("!BBHHH")
_READ_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PingResult:
    """Echo requests to one host. Round-trip times are None when nothing came back."""

    sent: int
    received: int
    rtt_min_ms: float | None = None
    rtt_avg_ms: float | None = None
    rtt_max_ms: float | None = None


class _Series:
    """The echoes to one host that are under way."""

    __slots__ = ("address", "all_back", "expected", "rtts_s", "sent_at")

    def __init__(self, address: Address, expected: int, all_back: asyncio.Future[None]) -> None:
        self.address = address
        self.expected = expected
        self.all_back = all_back
        self.sent_at: dict[int, float] = {}
        self.rtts_s: list[float] = []


class _Echoes:
    """One ICMP socket. A token in the payload tells echoes apart: 16 bits of sequence are too few for a fleet."""

    def __init__(self, domain: Domain, family: socket.AddressFamily, loop: asyncio.AbstractEventLoop) -> None:
        self._v6 = family == socket.AF_INET6
        protocol = _ICMP6 if self._v6 else socket.IPPROTO_ICMP
        try:
            self._socket, self._raw = open_socket(domain, family, socket.SOCK_DGRAM, protocol), False
        except PermissionError:
            try:
                self._socket, self._raw = open_socket(domain, family, socket.SOCK_RAW, protocol), True
            except PermissionError as err:
                raise PingNotPermitted(HOW_TO_PERMIT) from err
        if self._raw:
            self._only_replies()
        self._loop = loop
        self._secret = os.urandom(8)
        self._ident = int.from_bytes(os.urandom(2), "big")
        self._count = 0
        self._waiting: dict[int, _Series] = {}
        loop.add_reader(self._socket.fileno(), self._readable)

    def _only_replies(self) -> None:
        """A raw socket sees every ICMP message of the host; let the kernel drop all but echo replies."""
        with suppress(OSError):  # only saves work: `_take` looks at the type itself
            if self._v6:
                blocked = [0xFFFFFFFF] * 8
                blocked[129 >> 5] &= ~(1 << (129 & 31)) & 0xFFFFFFFF
                self._socket.setsockopt(_ICMP6, 1, struct.pack("@8I", *blocked))  # ICMPV6_FILTER
            else:
                self._socket.setsockopt(255, 1, struct.pack("@I", ~1 & 0xFFFFFFFF))  # SOL_RAW, ICMP_FILTER

    def send(self, series: _Series) -> None:
        """Send one echo request; what the kernel refuses counts as lost."""
        self._count += 1
        token = self._count
        payload = _TOKEN.pack(self._secret, token)
        kind = 128 if self._v6 else 8
        head = _HEADER.pack(kind, 0, 0, self._ident, token & 0xFFFF)
        if self._raw and not self._v6:  # everywhere else the kernel fills in the checksum
            head = _HEADER.pack(kind, 0, checksum(head + payload), self._ident, token & 0xFFFF)
        self._waiting[token] = series
        series.sent_at[token] = self._loop.time()
        host, *rest = series.address
        with suppress(OSError):
            self._socket.sendto(head + payload, (host, 0, *rest[1:]))

    def forget(self, series: _Series) -> None:
        """Wait no longer for these echoes."""
        for token in series.sent_at:
            self._waiting.pop(token, None)

    def _readable(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                data, source = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._take(data, source)

    def _take(self, data: bytes, source: Address) -> None:
        if self._raw and not self._v6 and data:
            data = data[(data[0] & 0x0F) * 4 :]  # raw IPv4 comes with its IP header
        if len(data) < _HEADER.size + _TOKEN.size or data[0] != (129 if self._v6 else 0):
            return
        secret, token = _TOKEN.unpack_from(data, _HEADER.size)
        series = self._waiting.get(token)
        if secret != self._secret or series is None or source[0] != series.address[0]:
            return
        del self._waiting[token]
        series.rtts_s.append(self._loop.time() - series.sent_at[token])
        if len(series.rtts_s) == series.expected and not series.all_back.done():
            series.all_back.set_result(None)

    def close(self) -> None:
        """Stop reading and close the socket."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class Pinger:
    """Pings any number of hosts at once, from the event loop it is used in.

    Args:
        domains: how each domain's addresses are reached; a domain not named here is reached the usual way.
    """

    def __init__(self, domains: Mapping[str, Domain] | None = None) -> None:
        self._domains = dict(domains or {})
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[tuple[str, socket.AddressFamily], _Echoes] = {}

    async def ping(
        self, host: str, *, domain: str = "", count: int = 3, timeout_s: float = 1.0, interval_s: float = 0.2
    ) -> PingResult:
        """Send `count` echo requests `interval_s` apart and wait for each at most `timeout_s`.

        Args:
            host: an IPv4 or IPv6 address.
            domain: from where it is reached.
            count: requests, at least 1.
            timeout_s: how long the last one may take; earlier ones may take as much longer as they were sent earlier.
            interval_s: pause between requests.

        Raises:
            PingNotPermitted: the kernel permits no echo; nothing is known of the host.
            NotSupported: not an address, or the domain cannot be used here.
        """
        settings = self._domains.get(domain, Domain(name=domain))
        family, address = resolve(host, 0, settings)
        echoes = self._echoes(settings, family)
        loop = asyncio.get_running_loop()
        series = _Series(address, count, loop.create_future())
        try:
            for i in range(count):
                echoes.send(series)
                await asyncio.wait((series.all_back,), timeout=timeout_s if i == count - 1 else interval_s)
        finally:
            echoes.forget(series)
        return _result(count, series.rtts_s)

    def permitted(self) -> str | None:
        """None when ping works here, else one sentence on what to set. Call it within the event loop."""
        try:
            self._echoes(Domain(name=""), socket.AF_INET)
        except PingNotPermitted as err:
            return str(err)
        return None

    async def close(self) -> None:
        """Close all sockets."""
        self._shut()

    def _shut(self) -> None:
        for echoes in self._sockets.values():
            echoes.close()
        self._sockets.clear()
        self._loop = None

    def _echoes(self, domain: Domain, family: socket.AddressFamily) -> _Echoes:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._shut()
            self._loop = loop
        key = (domain.name, family)
        if key not in self._sockets:
            self._sockets[key] = _Echoes(domain, family, loop)
        return self._sockets[key]


def _result(sent: int, rtts_s: list[float]) -> PingResult:
    if not rtts_s:
        return PingResult(sent=sent, received=0)
    return PingResult(
        sent=sent,
        received=len(rtts_s),
        rtt_min_ms=min(rtts_s) * 1000,
        rtt_avg_ms=sum(rtts_s) / len(rtts_s) * 1000,
        rtt_max_ms=max(rtts_s) * 1000,
    )


def checksum(data: bytes) -> int:
    """Internet checksum of an even number of octets (RFC 1071)."""
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
