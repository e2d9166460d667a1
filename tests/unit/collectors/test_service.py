from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

import pytest

from collectors.service import Check, check, parse
from measurements.reading import ServiceRow


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp:192.0.2.1:443", Check(kind="tcp", host="192.0.2.1", port=443)),
        ("tcp:[2001:db8::1]:22", Check(kind="tcp", host="2001:db8::1", port=22)),
        ("dns:kalbarprov.go.id", Check(kind="dns", host="", port=53, name="kalbarprov.go.id")),
        ("dns:example.id@192.0.2.53", Check(kind="dns", host="192.0.2.53", port=53, name="example.id")),
        ("http:http://a.id/x?y=1", Check(kind="http", host="a.id", port=80, path="/x?y=1")),
        ("http:https://a.id", Check(kind="https", host="a.id", port=443, path="/")),
        ("tcp:nohost", None),
        ("http:ftp://a.id", None),
        ("smoke:signal", None),
        ("", None),
    ],
)
def test_a_check_is_read_or_refused(text: str, expected: Check | None) -> None:
    assert parse(text) == expected


async def served(reply: bytes, text: Callable[[int], str]) -> ServiceRow:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        clock = asyncio.get_running_loop().time
        return await check(text(port), device="ap-1", slot=60, clock=clock, timeout_s=2)


@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 302 Found\r\n\r\n", True),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", True),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", False),
        (b"SSH-2.0-dropbear\r\n", False),
        (b"", False),
    ],
)
def test_a_web_service_works_when_its_status_says_so(reply: bytes, ok: bool) -> None:
    row = asyncio.run(served(reply, lambda port: f"http:http://127.0.0.1:{port}/"))
    assert row.ok is ok
    assert (row.latency_ms is not None) is ok


def test_an_open_port_is_a_working_service() -> None:
    row = asyncio.run(served(b"", lambda port: f"tcp:127.0.0.1:{port}"))
    assert row.ok is True


def test_a_closed_port_is_not() -> None:
    async def refused() -> ServiceRow:
        server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        clock = asyncio.get_running_loop().time
        return await check(f"tcp:127.0.0.1:{port}", device="ap-1", slot=60, clock=clock)

    row = asyncio.run(refused())
    assert (row.ok, row.latency_ms) == (False, None)


def test_a_silent_service_ends_in_time() -> None:
    async def silent() -> ServiceRow:
        stop = asyncio.Event()

        async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await stop.wait()
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        clock = asyncio.get_running_loop().time
        row = await check(f"http:http://127.0.0.1:{port}/", device="ap-1", slot=60, clock=clock, timeout_s=0.2)
        stop.set()
        server.close()
        return row

    assert asyncio.run(silent()).ok is False


def test_a_check_that_nobody_knows_is_not_asked() -> None:
    async def unknown() -> ServiceRow:
        return await check("smoke:signal", device="ap-1", slot=60, clock=asyncio.get_running_loop().time)

    assert asyncio.run(unknown()).ok is None


class Resolver(asyncio.DatagramProtocol):
    """Answers any question with `flags` and one record, or with garbage."""

    def __init__(self, flags: int, answers: int, *, garbage: bool = False) -> None:
        self.flags, self.answers, self.garbage = flags, answers, garbage

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        ident = struct.unpack("!H", data[:2])[0]
        reply = b"?" if self.garbage else struct.pack("!HHHHHH", ident, self.flags, 1, self.answers, 0, 0) + data[12:]
        self.transport.sendto(reply, addr)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("resolver", "ok"),
    [
        (Resolver(0x8180, 1), True),
        (Resolver(0x8180, 0), False),
        (Resolver(0x8183, 0), False),
        (Resolver(0x8180, 1, garbage=True), False),
    ],
)
def test_a_name_resolves_when_the_named_server_gives_an_address(resolver: Resolver, ok: bool) -> None:
    async def asked() -> ServiceRow:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: resolver, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        row = await check(f"dns:kantor.example@127.0.0.1:{port}", device="a", slot=0, clock=loop.time, timeout_s=2)
        transport.close()
        return row

    assert asyncio.run(asked()).ok is ok
