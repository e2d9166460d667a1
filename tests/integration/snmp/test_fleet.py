"""Many devices at once: dead ones, a busy event loop, two networks with the same addresses."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
import uuid
from typing import Any

import pytest

from devices.errors import NotSupported, Unreachable
from devices.model import Domain, Target
from devices.transport.snmp import ber
from devices.transport.snmp.api import Agent, Community
from devices.transport.snmp.client import SnmpClient
from tests.integration.snmp.agents import SYS_NAME, FakeAgent, ask_of, serving


class Fleet(FakeAgent):
    """Each address of 127/8 is a device of its own name (one socket on the wildcard address)."""

    def __init__(self) -> None:
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("0.0.0.0", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def readable(self) -> None:
        for _ in range(64):
            try:
                data, control, _, address = self.socket.recvmsg(2000, 64)
            except BlockingIOError:
                return
            here = control[0][2][8:12]
            if here[1] == 99:
                continue
            community, pdu = ber.read_message(data)
            name = ber.varbind(pdu.oids[0], ber.tlv(ber.OCTET_STRING, socket.inet_ntoa(here).encode()))
            answer = ber.message(community, ber.pdu(ber.RESPONSE, pdu.request_id, name))
            info = bytes(4) + here + here  # struct in_pktinfo: any interface, answer from this address
            self.socket.sendmsg([answer], [(socket.IPPROTO_IP, 8, info)], 0, address)


def test_two_thousand_devices_of_which_four_hundred_are_dead() -> None:
    async def ask() -> None:
        fleet = Fleet()
        loop = asyncio.get_running_loop()
        loop.add_reader(fleet.socket.fileno(), fleet.readable)
        # Every fifth is dead. All are asked at once.
        hosts = [f"127.{99 if i % 5 == 0 else 1}.{i // 200}.{i % 200 + 1}" for i in range(2000)]
        agents = [ask_of(fleet.port, host=h, timeout_s=1.0, retries=1) for h in hosts]
        order: list[str] = []

        async def one(agent: Agent) -> object:
            try:
                return (await client.get(agent, [SYS_NAME]))[SYS_NAME]
            except Unreachable:
                return None
            finally:
                order.append(agent.target.host)

        async with SnmpClient() as client:
            answers = await asyncio.gather(*map(one, agents))
            # No false timeout, and every answer is that of the device asked.
            assert answers == [None if h.startswith("127.99.") else h.encode() for h in hosts]
            # The living did not wait for the dead: all of them came first.
            assert all(not h.startswith("127.99.") for h in order[:1600])
            assert client.statistics.timeouts == 400
        loop.remove_reader(fleet.socket.fileno())
        fleet.socket.close()

    asyncio.run(ask())


def test_a_blocked_event_loop_calls_no_device_dead() -> None:
    async def ask() -> None:
        thread_agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        thread_agent.bind(("127.0.0.1", 0))

        def answer_one() -> None:
            data, address = thread_agent.recvfrom(2000)
            community, pdu = ber.read_message(data)
            value = ber.varbind(pdu.oids[0], ber.tlv(ber.OCTET_STRING, b"in time"))
            thread_agent.sendto(ber.message(community, ber.pdu(ber.RESPONSE, pdu.request_id, value)), address)

        answering = asyncio.get_running_loop().run_in_executor(None, answer_one)
        async with SnmpClient() as client:
            target = ask_of(thread_agent.getsockname()[1], timeout_s=0.2, retries=0)
            asked = asyncio.ensure_future(client.get(target, [SYS_NAME]))
            await asyncio.sleep(0)
            time.sleep(0.6)  # noqa: ASYNC251 - something else keeps the loop busy beyond the timeout
            assert await asked == {SYS_NAME: b"in time"}
            await answering
        thread_agent.close()

    asyncio.run(ask())


def test_a_cancelled_question_leaves_nothing_behind() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        agent.spoil = lambda *_: []
        async with serving(agent) as port, SnmpClient() as client:
            asked = asyncio.ensure_future(client.get(ask_of(port, timeout_s=30), [SYS_NAME]))
            await asyncio.sleep(0.05)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert client.under_way == 0

    asyncio.run(ask())


def test_a_deadline_ends_everything_that_a_call_does() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        agent.spoil = lambda *_: []
        async with serving(agent) as port, SnmpClient() as client:
            with pytest.raises(Unreachable) as caught:
                await client.get(ask_of(port, timeout_s=30), [SYS_NAME], deadline_s=0.1)
            assert caught.value.elapsed_s is not None
            assert caught.value.elapsed_s < 30

    asyncio.run(ask())


def test_the_client_may_move_to_another_event_loop() -> None:
    client = SnmpClient()

    async def ask() -> object:
        async with serving(FakeAgent()) as port:
            return await client.get(ask_of(port), [SYS_NAME])

    assert asyncio.run(ask()) == asyncio.run(ask()) == {SYS_NAME: b"fake"}


@pytest.mark.parametrize(
    "domain",
    [
        Domain(name="test", netns="no-such-namespace"),
        Domain(name="test", interface="no-such-if"),
        Domain(name="test", source_address="203.0.113.77"),
    ],
)
def test_a_domain_that_cannot_be_used_is_not_a_dead_device(domain: Domain) -> None:
    async def ask() -> None:
        async with SnmpClient({"test": domain}) as client:
            with pytest.raises(NotSupported, match="domain 'test'"):
                await client.get(ask_of(161), [SYS_NAME])

    asyncio.run(ask())


def test_a_source_address_is_used() -> None:
    async def ask() -> None:
        seen: list[Any] = []
        agent = FakeAgent()
        agent.spoil = lambda self, request, answer, address: seen.append(address) or None
        domain = Domain(name="test", source_address="127.44.44.44")
        async with serving(agent) as port, SnmpClient({"test": domain}) as client:
            await client.get(ask_of(port), [SYS_NAME])
        assert seen[0][0] == "127.44.44.44"

    asyncio.run(ask())


@pytest.mark.needs("snmpd", "root", "netns")
def test_two_networks_may_hold_the_same_addresses(fresh_snmpd) -> None:
    names = [f"merata-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
            subprocess.run(["ip", "-n", name, "addr", "add", "192.168.1.1/24", "dev", "lo"], check=True)
        for name in names:
            agent = fresh_snmpd(prefix=("ip", "netns", "exec", name), extra=f"sysname {name}", autostart=False)
            agent.start("udp:192.168.1.1:161")

        async def ask() -> list[object]:
            domains = {name: Domain(name=name, netns=name) for name in names}
            async with SnmpClient(domains) as client:
                agents = [
                    Agent(target=Target(domain=name, host="192.168.1.1"), credential=Community(community=b"public"))
                    for name in names * 20
                ]
                answers = await asyncio.gather(*[client.get(a, [SYS_NAME]) for a in agents])
                return [a[SYS_NAME] for a in answers]

        assert asyncio.run(ask()) == [name.encode() for name in names * 20]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)
