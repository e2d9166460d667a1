"""Agents in this process that answer as a test wishes: honest, slow, broken, lying."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from devices.model import Target
from devices.transport.snmp import ber
from devices.transport.snmp.api import Agent, Community, Limits, UsmUser
from devices.transport.snmp.usm_agent import UsmAgent

SYS_NAME = "1.3.6.1.2.1.1.5.0"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
IF_IN = "1.3.6.1.2.1.31.1.1.1.6"
OBJECTS: dict[str, tuple[int, Any]] = {
    SYS_NAME: (ber.OCTET_STRING, b"fake"),
    **{f"{IF_NAME}.{i}": (ber.OCTET_STRING, b"ether%d" % i) for i in range(1, 31)},
    **{f"{IF_IN}.{i}": (ber.COUNTER64, 2**63 + i) for i in range(1, 31)},
}


class FakeAgent(asyncio.DatagramProtocol):
    """Answers v2c of one community and v3 of its users; `spoil` may turn an answer into any datagrams."""

    def __init__(self, objects: Mapping[str, tuple[int, Any]] = OBJECTS, users: tuple[UsmUser, ...] = ()) -> None:
        self.objects = sorted((tuple(map(int, o.split("."))), ber.oid_body(o), v) for o, v in objects.items())
        self.keys = [o for o, _, _ in self.objects]
        self.engine = UsmAgent(b"\x80\x00\x1f\x88\x04fake", users)
        self.born = time.monotonic()
        self.requests: list[ber.Pdu] = []
        self.spoil: Callable[[FakeAgent, bytes, bytes, Any], list[bytes] | None] | None = None
        self.most = 100_000  # octets of the longest answer
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    @property
    def engine_time(self) -> int:
        return int(time.monotonic() - self.born)

    def datagram_received(self, data: bytes, address: Any) -> None:
        answer = self.answer(data)
        out = [answer]
        if self.spoil is not None:
            spoilt = self.spoil(self, data, answer, address)
            out = [answer] if spoilt is None else spoilt
        for datagram in out:
            self.transport.sendto(datagram, address)

    def answer(self, data: bytes) -> bytes:
        version, _ = ber.read_version(data)
        if version == ber.VERSION_2C:
            community, pdu = ber.read_message(data)
            return ber.message(community, self.reply(pdu))
        opened = self.engine.open(data, self.engine_time)
        if isinstance(opened, bytes):
            return opened
        return self.engine.seal(opened, self.reply(opened.pdu), self.engine_time)

    def reply(self, pdu: ber.Pdu) -> bytes:
        self.requests.append(pdu)
        oids = [tuple(map(int, ber.oid_text(o).split("."))) for o in pdu.oids]
        bindings = []
        if pdu.tag == ber.GET:
            for oid, body in zip(oids, pdu.oids, strict=True):
                at = bisect_right(self.keys, oid) - 1
                found = at >= 0 and self.keys[at] == oid
                bindings.append(ber.varbind(body, ber.value(*self.objects[at][2]) if found else b"\x81\x00"))
        else:
            places = [bisect_right(self.keys, oid) for oid in oids]
            for _ in range(pdu.error_index if pdu.tag == ber.GET_BULK else 1):
                for i, place in enumerate(places):
                    if place < len(self.objects):
                        _, body, value = self.objects[place]
                        bindings.append(ber.varbind(body, ber.value(*value)))
                    else:
                        bindings.append(ber.varbind(pdu.oids[i], b"\x82\x00"))
                    places[i] += 1
        joined = b"".join(bindings)
        if len(joined) > self.most:
            return ber.pdu(ber.RESPONSE, pdu.request_id, b"", status=ber.TOO_BIG)
        return ber.pdu(ber.RESPONSE, pdu.request_id, joined)


@asynccontextmanager
async def serving(agent: FakeAgent, host: str = "127.0.0.1", port: int = 0):
    """The agent on a free port; gives the port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: agent, local_addr=(host, port))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def ask_of(
    port: int,
    credential: Community | UsmUser | None = None,
    *,
    host: str = "127.0.0.1",
    timeout_s: float = 0.3,
    retries: int = 1,
    limits: Limits | None = None,
) -> Agent:
    """An `Agent` for a server of the tests."""
    return Agent(
        target=Target(domain="test", host=host, port=port),
        credential=credential or Community(community=b"public"),
        timeout_s=timeout_s,
        retries=retries,
        limits=limits or Limits(),
    )
