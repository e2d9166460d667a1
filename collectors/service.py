"""Does what people came for work? One declared check a device: `tcp:HOST:PORT`, `dns:NAME[@SERVER[:PORT]]`, `http:URL`.

Asked from where the program runs: it tells about a service, not about the device's own uplink.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from measurements.reading import ServiceRow

TIMEOUT_S = 5.0
#: A server that answers so is there and works (RFC 9110): success, redirects, and "please sign in".
_WELL = frozenset({*range(200, 400), 401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A parsed check."""

    kind: str
    host: str
    port: int
    path: str = "/"
    name: str = ""


def parse(text: str) -> Check | None:
    """Read `tcp:HOST:PORT`, `dns:NAME`, `dns:NAME@SERVER[:PORT]` or `http:URL`; None when it is none of these."""
    kind, _, rest = text.partition(":")
    if kind == "tcp":
        host, _, digits = rest.rpartition(":")
        return Check(kind=kind, host=host.strip("[]"), port=int(digits)) if host and digits.isdecimal() else None
    if kind == "dns" and rest:
        name, _, server = rest.partition("@")
        host, _, digits = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
        return Check(kind=kind, host=host, port=int(digits), name=name) if digits.isdecimal() else None
    if kind == "http":
        url = urlsplit(rest if "://" in rest else f"http://{rest}")
        if url.scheme not in {"http", "https"} or not url.hostname:
            return None
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        port = url.port or (443 if url.scheme == "https" else 80)
        return Check(kind=url.scheme, host=url.hostname, port=port, path=path)
    return None


async def check(
    text: str, *, device: str, slot: int, clock: Callable[[], float], timeout_s: float = TIMEOUT_S
) -> ServiceRow:
    """Do one check. `ok` is None when the check is not one we know."""
    parsed = parse(text)
    if parsed is None:
        return ServiceRow(device=device, check=text, slot=slot, ok=None)
    began = clock()
    try:
        async with asyncio.timeout(timeout_s):
            ok = await _DO[parsed.kind](parsed)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, struct.error):
        ok = False
    return ServiceRow(device=device, check=text, slot=slot, ok=ok, latency_ms=(clock() - began) * 1000 if ok else None)


async def _tcp(one: Check) -> bool:
    _, writer = await asyncio.open_connection(one.host, one.port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _http(one: Check) -> bool:
    """A GET whose status line says the server works; the body is not read."""
    secure = ssl.create_default_context() if one.kind == "https" else None
    reader, writer = await asyncio.open_connection(one.host, one.port, ssl=secure)
    try:
        host = f"[{one.host}]" if ":" in one.host else one.host
        standard = {"http": 80, "https": 443}[one.kind]
        suffix = "" if one.port == standard else f":{one.port}"
        request = f"GET {one.path} HTTP/1.1\r\nHost: {host}{suffix}\r\nUser-Agent: merata\r\nConnection: close\r\n\r\n"
        writer.write(request.encode("ascii", "replace"))
        await writer.drain()
        words = (await reader.readline()).split()
    finally:
        writer.close()
    return len(words) >= 2 and words[0].startswith(b"HTTP/1.") and words[1].isdigit() and int(words[1]) in _WELL


async def _dns(one: Check) -> bool:
    """An address for the name: from the named server, else from the resolver of this machine."""
    loop = asyncio.get_running_loop()
    if not one.host:
        return bool(await loop.getaddrinfo(one.name, None, type=socket.SOCK_STREAM))
    answered: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _FirstDatagram(answered), remote_addr=(one.host, one.port)
    )
    try:
        question = _question(one.name)
        transport.sendto(question)
        reply = await answered
    finally:
        transport.close()
    ident, flags, _, answers = struct.unpack("!HHHH", reply[:8])
    return bool(ident == _IDENT and flags & 0x8000 and not flags & 0xF and answers)


_IDENT = 0x4D45


def _question(name: str) -> bytes:
    """A recursive question for an A record (RFC 1035)."""
    labels = b"".join(bytes([len(part)]) + part for part in name.rstrip(".").encode("idna").split(b"."))
    return struct.pack("!6H", _IDENT, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


class _FirstDatagram(asyncio.DatagramProtocol):
    """Hands over the first answer, or the refusal."""

    def __init__(self, answered: asyncio.Future[bytes]) -> None:
        self._answered = answered

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """Take the answer."""
        if not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Take the refusal."""
        if not self._answered.done():
            self._answered.set_exception(exc)


_DO = {"tcp": _tcp, "http": _http, "https": _http, "dns": _dns}
