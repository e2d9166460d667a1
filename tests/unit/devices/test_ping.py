"""Ping on loopback, with whatever kind of ICMP socket this kernel permits; and what is said when it permits none."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import NotSupported, PingNotPermitted
from devices.transport import ping
from devices.transport.ping import HOW_TO_PERMIT, Pinger, PingResult, checksum
from devices.transport.tcp import connects


def permitted() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


needs_ping = pytest.mark.skipif(not permitted(), reason=HOW_TO_PERMIT)


@needs_ping
@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1"])
def test_a_host_that_answers_has_a_round_trip_time(host: str) -> None:
    async def ask() -> PingResult:
        pinger = Pinger()
        try:
            assert pinger.permitted() is None
            return await pinger.ping(host, count=3, interval_s=0.001, timeout_s=5)
        finally:
            await pinger.close()

    result = asyncio.run(ask())
    assert (result.sent, result.received) == (3, 3)
    assert result.rtt_min_ms is not None
    assert result.rtt_avg_ms is not None
    assert result.rtt_max_ms is not None
    assert 0 < result.rtt_min_ms <= result.rtt_avg_ms <= result.rtt_max_ms < 5000


@needs_ping
def test_five_hundred_hosts_share_one_socket_and_none_is_lost() -> None:
    async def ask() -> list[PingResult]:
        pinger = Pinger()
        try:
            hosts = [f"127.7.{i // 250}.{i % 250 + 1}" for i in range(500)]
            return await asyncio.gather(*[pinger.ping(h, count=2, interval_s=0.01, timeout_s=5) for h in hosts])
        finally:
            assert len(pinger._sockets) == 1
            await pinger.close()

    assert sum(r.received for r in asyncio.run(ask())) == 1000


@needs_ping
@pytest.mark.needs("root", "netns")
def test_a_silent_host_is_lost_echoes_and_not_an_error() -> None:
    import subprocess
    import uuid

    from devices.model import Domain

    name = f"merata-{uuid.uuid4().hex[:8]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:  # a namespace without any route: nothing can answer

        async def ask() -> PingResult:
            pinger = Pinger({name: Domain(name=name, netns=name)})
            try:
                return await pinger.ping("192.0.2.1", domain=name, count=2, interval_s=0.01, timeout_s=0.05)
            finally:
                await pinger.close()

        assert asyncio.run(ask()) == PingResult(sent=2, received=0)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


def test_not_permitted_is_said_with_the_way_to_permit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(ping, "open_socket", refuse)

    async def ask() -> None:
        pinger = Pinger()
        told = pinger.permitted()
        assert told is not None
        assert "net.ipv4.ping_group_range" in told
        with pytest.raises(PingNotPermitted):
            await pinger.ping("127.0.0.1")

    asyncio.run(ask())


def test_a_name_is_not_an_address() -> None:
    with pytest.raises(NotSupported, match="not an IP address"):
        asyncio.run(Pinger().ping("gateway.example"))


@settings(deadline=None, derandomize=True)
@given(st.binary(min_size=2, max_size=64).map(lambda b: b[: len(b) // 2 * 2]))
def test_a_packet_with_its_checksum_sums_to_zero(data: bytes) -> None:
    assert checksum(data + checksum(data).to_bytes(2, "big")) == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_listens_connects_and_one_that_does_not_is_none(host: str) -> None:
    async def ask() -> tuple[float | None, float | None]:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), host, 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            open_ms = await connects(host, port, 5)
        return open_ms, await connects(host, port, 5)

    open_ms, closed_ms = asyncio.run(ask())
    assert open_ms is not None
    assert open_ms > 0
    assert closed_ms is None
