"""Thousands of SNMP agents in one process: one UDP socket, told apart by the address that was asked.

Linux answers on all of 127.0.0.0/8 without configuration; IP_PKTINFO says which address a packet was sent to and
from which the answer must come. Packets for addresses where nobody lives are dropped, as are those for devices that
are off.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.transport.snmp import ber
from devices.transport.snmp.api import UsmUser
from devices.transport.snmp.usm_agent import UsmAgent
from simulator import platforms
from simulator.answers import answer
from simulator.mib import Now, View, engine_id
from simulator.province import SimDevice
from simulator.story import Story

COMMUNITY = b"merata-demo"
USER = UsmUser(name=b"merata", auth="sha256", auth_password=b"merata-demo-auth", priv="aes128",
               priv_password=b"merata-demo-priv")  # fmt: skip
#: One figure serves requests that come this close together (the two or three of one poll).
SAME_MOMENT_S = 0.05
_BATCH = 128
_PKTINFO = struct.Struct("=I4s4s")
_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)  # Linux; the constant came to Python after 3.11


@dataclass(slots=True)
class _Resident:
    """A device as the socket sees it."""

    device: SimDevice
    view: View
    now: Now | None = None
    at: float = 0.0
    engine: UsmAgent | None = None  # made when first asked: its keys cost 20 ms


@dataclass(slots=True)
class Counts:
    """What came in and what became of it."""

    received: int = 0
    answered: int = 0
    nobody: int = 0
    silent: int = 0
    lost: int = 0
    refused: int = 0
    garbage: int = 0


class Agents:
    """Answers for every device of a story.

    Args:
        story: who is there and how they are.
        community: the community that v2c requests must bring.
        user: who may ask devices that speak v3.
        clock: the time (epoch s); given in tests.
        clients: how many hang on a device, of as many as the story tells: for what happens to it besides the story.
    """

    def __init__(
        self,
        story: Story,
        *,
        community: bytes = COMMUNITY,
        user: UsmUser = USER,
        clock: Callable[[], float] = time.time,
        clients: Callable[[SimDevice, int], int] | None = None,
    ) -> None:
        self.story = story
        self.user = user
        self.community = community
        self.counts = Counts()
        self._clock = clock
        self._clients = clients
        self._chance = random.Random(story.province.seed)  # noqa: S311 - which packets are lost is no secret
        self._residents = {
            socket.inet_aton(d.address): _Resident(d, platforms.view(d.platform, d.is_gateway))
            for d in story.province.devices.values()
        }
        self._socket: socket.socket | None = None

    def respond(self, address: bytes, request: bytes) -> tuple[bytes, float] | None:
        """The answer of the device at `address` (4 octets) and after how many seconds it is sent; None: silence."""
        resident = self._residents.get(address)
        if resident is None:
            self.counts.nobody += 1
            return None
        now = self._now(resident)
        if not now.state.reachable:
            self.counts.silent += 1
            return None
        try:
            reply = self._reply(resident, now, request)
        except ber.BerError:
            self.counts.garbage += 1
            return None
        if reply is None:
            self.counts.refused += 1
            return None
        if now.state.loss and self._chance.random() < now.state.loss:
            self.counts.lost += 1
            return None
        self.counts.answered += 1
        return reply, now.state.delay_s

    def _reply(self, resident: _Resident, now: Now, request: bytes) -> bytes | None:
        version, _ = ber.read_version(request)
        if resident.device.v3:
            return self._reply_v3(resident, now, request) if version == ber.VERSION_3 else None
        if version != ber.VERSION_2C:
            return None
        community, pdu = ber.read_message(request)
        if community != self.community:
            return None
        body = answer(pdu, resident.view, now)
        return None if body is None else ber.message(community, body)

    def _reply_v3(self, resident: _Resident, now: Now, request: bytes) -> bytes | None:
        engine = resident.engine
        if engine is None:
            engine = resident.engine = UsmAgent(engine_id(resident.device), [self.user])
        engine.boots = now.state.boots
        clock = int(now.state.uptime_s)
        opened = engine.open(request, clock)
        if isinstance(opened, bytes):
            return opened
        body = answer(opened.pdu, resident.view, now)
        return None if body is None else engine.seal(opened, body, clock)

    def _now(self, resident: _Resident) -> Now:
        at = self._clock()
        if resident.now is None or not 0 <= at - resident.at < SAME_MOMENT_S:
            story, device = self.story, resident.device
            resident.at = at
            state = story.state(device, at)
            if self._clients is not None and (here := self._clients(device, state.clients)) != state.clients:
                state = replace(state, clients=here)
            resident.now = Now(device, story.province.sites[device.site], story.traits(device), state)
        return resident.now

    def warm(self) -> None:
        """Work out every device once, so that the first poll of all of them is answered as fast as the next."""
        for resident in self._residents.values():
            self._now(resident)
            if resident.device.v3:
                resident.engine = UsmAgent(engine_id(resident.device), [self.user])

    # --- the socket --------------------------------------------------------------------------------------------------

    def open(self, port: int) -> int:
        """Bind 0.0.0.0:`port` (0: any) and answer in the running event loop; gives the port.

        Raises:
            OSError: the port is taken.
        """
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
        sock.setblocking(False)
        sock.bind(("0.0.0.0", port))  # noqa: S104 - only addresses of 127.0.0.0/8 live here, see _readable
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock, self._readable)
        return int(sock.getsockname()[1])

    def close(self) -> None:
        """Stop answering."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self) -> None:
        sock, loop = self._socket, asyncio.get_running_loop()
        if sock is None:
            return
        for _ in range(_BATCH):
            try:
                data, ancillary, _, sender = sock.recvmsg(65_535, 64)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of an earlier answer
            self.counts.received += 1
            address = next((d[8:12] for level, kind, d in ancillary if kind == _IP_PKTINFO and level == 0), b"")
            if address[:1] != b"\x7f" or (answered := self.respond(address, data)) is None:
                continue
            reply, delay_s = answered
            if delay_s < 0.001:
                self._send(reply, address, sender)
            else:
                loop.call_later(delay_s, self._send, reply, address, sender)

    def _send(self, reply: bytes, address: bytes, to: tuple[str, int]) -> None:
        if self._socket is not None:
            info = _PKTINFO.pack(0, address, address)
            with contextlib.suppress(OSError):  # a full buffer or a gone asker is a lost packet, as in any network
                self._socket.sendmsg([reply], [(socket.IPPROTO_IP, _IP_PKTINFO, info)], 0, to)
