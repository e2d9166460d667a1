"""One UDP socket for all devices of a domain and address family, opened where the domain says."""

from __future__ import annotations

import asyncio
import ctypes
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias, TypeVar

from devices.errors import NotSupported
from devices.model import Domain
from devices.transport.snmp.statistics import Statistics

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
Receive: TypeAlias = "Callable[[bytes, Address, Endpoint], None]"
T = TypeVar("T")

#: Longest datagram read. SNMP over UDP is asked in pieces of a few kilobytes; longer ones are counted and dropped.
MAX_DATAGRAM: Final = 32_768
#: Datagrams read before other work of the event loop gets its turn.
_READ_AT_ONCE: Final = 128
#: Datagrams sent before the socket is read in between: a burst of questions must not overflow the buffer of answers.
_SENDS_PER_READ: Final = 32
_BUFFER: Final = 8 << 20
_SO_SNDBUFFORCE: Final = 32  # linux/asm-generic/socket.h; not named by the socket module
_SO_RCVBUFFORCE: Final = 33
_CLONE_NEWNET: Final = 0x40000000
_NETNS_FOLDER: Final = "/run/netns"


def resolve(host: str, port: int, domain: Domain) -> tuple[socket.AddressFamily, Address]:
    """The kernel's spelling of an address, so that the source of an answer compares equal.

    Raises:
        NotSupported: `host` is no IPv4 or IPv6 address (names are resolved before they come here).
    """
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        raise NotSupported(f"{host!r} is not an IP address", target=host) from None
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return socket.AF_INET, (str(ip.ipv4_mapped), port)
        scope = 0
        if ip.scope_id:
            name = ip.scope_id
            scope = int(name) if name.isdigit() else in_namespace(domain, lambda: socket.if_nametoindex(name))
        return socket.AF_INET6, (socket.inet_ntop(socket.AF_INET6, ip.packed), port, 0, scope)
    return socket.AF_INET, (str(ip), port)


def in_namespace(domain: Domain, make: Callable[[], T]) -> T:
    """Result of `make` run inside the domain's network namespace: a socket stays in the namespace it was born in.

    A thread that lives only for this enters the namespace, so the program's other threads never leave theirs.

    Raises:
        NotSupported: the namespace does not exist or may not be entered, or `make` met an OSError.
    """
    if domain.netns is None:
        try:
            return make()
        except OSError as err:
            raise NotSupported(f"domain {domain.name!r} cannot be used: {err}") from err
    outcome: list[T] = []
    failure: list[OSError] = []
    path = os.path.join(_NETNS_FOLDER, domain.netns)

    def run() -> None:
        try:
            _enter(path)
            outcome.append(make())
        except OSError as err:
            failure.append(err)

    thread = threading.Thread(target=run, name=f"netns-{domain.netns}")
    thread.start()
    thread.join()
    if failure:
        raise NotSupported(f"domain {domain.name!r} cannot be used: {failure[0]}") from failure[0]
    return outcome[0]


def _enter(path: str) -> None:
    """Move this thread into a network namespace (os.setns came with Python 3.12)."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(fd, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)


def open_socket(domain: Domain, family: socket.AddressFamily, kind: int, protocol: int = 0) -> socket.socket:
    """A non-blocking socket that leaves by the domain's namespace, interface and source address.

    Raises:
        NotSupported: one of the three does not exist here or may not be used.
        PermissionError: this kind of socket is not permitted (ICMP without the right; decided by the kernel).
    """
    denied: list[PermissionError] = []

    def make() -> socket.socket | None:
        try:
            sock = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
        except PermissionError as err:
            denied.append(err)
            return None
        try:
            if domain.interface:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, domain.interface.encode() + b"\0")
            if domain.source_address and (":" in domain.source_address) == (family == socket.AF_INET6):
                sock.bind((domain.source_address, 0))
        except OSError:
            sock.close()
            raise
        return sock

    made = in_namespace(domain, make)
    if made is None:
        raise denied[0]
    if kind != socket.SOCK_STREAM:
        _widen(made)
    return made


def _widen(sock: socket.socket) -> None:
    """Buffers as large as we may have them: a fleet is asked and answers in bursts."""
    for force, plain in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            sock.setsockopt(socket.SOL_SOCKET, force, _BUFFER)
        except OSError:  # the forced ones need CAP_NET_ADMIN
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, plain, _BUFFER)


class Endpoint:
    """The socket of one (domain, address family), read by the event loop."""

    def __init__(
        self,
        domain: Domain,
        family: socket.AddressFamily,
        *,
        loop: asyncio.AbstractEventLoop,
        receive: Receive,
        statistics: Statistics,
    ) -> None:
        self._socket = open_socket(domain, family, socket.SOCK_DGRAM)
        self._loop = loop
        self._receive = receive
        self._statistics = statistics
        self._sends = 0
        self._draining = False
        loop.add_reader(self._socket.fileno(), self._readable)

    def send(self, data: bytes, address: Address) -> bool:
        """Hand one datagram to the kernel; False when it refused, which counts as lost."""
        self._sends += 1
        if self._sends >= _SENDS_PER_READ:
            self._sends = 0
            self._readable()
        self._statistics.sent += 1
        try:
            self._socket.sendto(data, address)
        except OSError:
            self._statistics.send_errors += 1
            return False
        return True

    def _readable(self) -> None:
        self.drain(_READ_AT_ONCE)

    def drain(self, at_most: int) -> None:
        """Read what waits. Errors that the kernel reports here belong to other datagrams and are no answer."""
        if self._draining:  # what is received may lead to a send, and a send comes by here
            return
        self._draining = True
        receive, recvfrom, statistics = self._receive, self._socket.recvfrom, self._statistics
        try:
            for _ in range(at_most):
                try:
                    data, address = recvfrom(MAX_DATAGRAM + 1)
                except BlockingIOError:
                    return
                except OSError:
                    continue
                statistics.received += 1
                if len(data) > MAX_DATAGRAM:
                    statistics.oversized += 1
                else:
                    receive(data, address, self)
        finally:
            self._draining = False

    def close(self) -> None:
        """Stop reading and close the socket."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
