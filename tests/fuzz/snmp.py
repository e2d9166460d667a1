"""Mutated packets against every reader of SNMP: `python -m tests.fuzz.snmp --packets 1000000 --seed 1`.

Each packet is thrown at the client (which waits for the very answer that was mutated), at an agent and at the codec. It
must end in a counter, a `BerError` or an answer; a signed answer is taken only if not one octet of it was changed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from devices.errors import DeviceError
from devices.model import Target
from devices.transport.snmp import ber, usm
from devices.transport.snmp.api import Agent, Community, UsmUser
from devices.transport.snmp.client import SnmpClient
from devices.transport.snmp.usm_agent import UsmAgent
from devices.transport.snmp.usm_client import UsmSecurity

NAMES = ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.31.1.1.1.6.1", "1.3.6.1.2.1.1.2.0", "1.3.6.1.4.1.9.1.0"]
VALUES = [
    (ber.OCTET_STRING, b"name" * 40),
    (ber.COUNTER64, 2**63),
    (ber.OBJECT_IDENTIFIER, "1.3.6.1"),
    (ber.OPAQUE, 1.5),
]
BINDINGS = b"".join(ber.varbind(ber.oid_body(n), ber.value(*v)) for n, v in zip(NAMES, VALUES, strict=True))
USER = UsmUser(name=b"ops", auth="sha1", auth_password=b"maplesyrup", priv="aes128", priv_password=b"maplesyrup")


@dataclass
class Outcome:
    """What became of the packets."""

    packets: int = 0
    answered: int = 0
    elapsed_s: float = 0.0
    counters: Counter[str] = field(default_factory=Counter)


def mutate(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """One to four random changes: bits, octets, lengths, cuts, repeats, splices."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out)) if out else 0
        match chance.randrange(9) if out else 8:
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                out[at] = chance.choice((0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0x30, 0x02, 0x04, 0x06))
            case 2:
                del out[at:]
            case 3:
                del out[at : at + chance.randint(1, 8)]
            case 4:
                out[at:at] = chance.randbytes(chance.randint(1, 8))
            case 5:
                out[at:at] = out[at : at + chance.randint(1, 40)]
            case 6:
                out[at] = chance.randrange(256)
            case 7:
                other = chance.choice(others)
                out[at:] = other[chance.randrange(len(other)) :]
            case _:
                out[:] = chance.randbytes(chance.randint(0, 100))
    return bytes(out)


class _Line:
    """One question under way to an agent that never answers, and the answer that would be right."""

    def __init__(self, client: SnmpClient, agent: Agent, silent: socket.socket, engine: UsmAgent) -> None:
        self.client, self.agent, self.silent, self.engine = client, agent, silent, engine
        self.asked: asyncio.Task[object] | None = None
        self.right = b""

    async def renew(self) -> None:
        """Ask (again) if the last question has ended."""
        while self.asked is None or self.asked.done():
            if self.asked is not None and not self.asked.cancelled():
                self.asked.exception()
            self.asked = asyncio.ensure_future(self.client.get(self.agent, NAMES))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            while True:
                try:
                    request, address = self.silent.recvfrom(4000)
                except BlockingIOError:
                    break
                self.right = self.answer(request)
                if isinstance(self.agent.credential, UsmUser) and len(self.right) < 150:  # the report to a probe
                    self.silent.sendto(self.right, address)
                    await asyncio.sleep(0.01)

    def answer(self, request: bytes) -> bytes:
        """The right answer."""
        version, _ = ber.read_version(request)
        if version == ber.VERSION_2C:
            community, pdu = ber.read_message(request)
            return ber.message(community, ber.pdu(ber.RESPONSE, pdu.request_id, BINDINGS))
        opened = self.engine.open(request, 1000)
        if isinstance(opened, bytes):
            return opened
        return self.engine.seal(opened, ber.pdu(ber.RESPONSE, opened.pdu.request_id, BINDINGS), 1000)


async def run(packets: int, seed: int) -> Outcome:
    """Throw the packets; raises what a packet should never raise."""
    chance = random.Random(seed)
    outcome = Outcome()
    engine = UsmAgent(b"\x80\x00\x1f\x88\x04fuzz", (USER,))
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    silent.setblocking(False)
    target = Target(domain="fuzz", host="127.0.0.1", port=silent.getsockname()[1])
    community = Community(community=b"public")
    expected = {n: v for n, (_, v) in zip(NAMES, VALUES, strict=True)}
    started = time.monotonic()
    async with SnmpClient() as client:
        lines = [
            _Line(client, Agent(target=target, credential=c, timeout_s=3600, retries=0), silent, engine)
            for c in (community, USER)
        ]
        # A first authentic answer, so that the engine is known and nothing unsigned may change what is known of it.
        await lines[1].renew()
        _deliver(client, target, lines[1].right)
        assert lines[1].asked is not None
        assert await lines[1].asked == expected
        security = next(s for s in client._securities.values() if isinstance(s, UsmSecurity))
        known = (security.engine_id, security._boots)
        while outcome.packets < packets:
            for line in lines:
                await line.renew()
            corpus = [line.right for line in lines] + [_report(lines[1].right), _request(engine, client, target)]
            for _ in range(min(500, packets - outcome.packets)):
                chosen = chance.randrange(len(corpus))
                data = mutate(corpus[chosen], corpus, chance)
                _throw(data, client, target, engine)
                outcome.packets += 1
            for line in lines:
                assert line.asked is not None
                await asyncio.sleep(0)
                if line.asked.done():
                    outcome.answered += 1
                    _judge(line, expected)
            assert (security.engine_id, security._boots) == known, "an unsigned packet changed what is known"
        numbers = client.statistics.snapshot()
        assert numbers["received"] == numbers["answered"] + client.statistics.ignored + _used(numbers), numbers
        outcome.counters.update({k: v for k, v in numbers.items() if v})
        for line in lines:
            if line.asked is not None:
                line.asked.cancel()
    silent.close()
    outcome.elapsed_s = time.monotonic() - started
    return outcome


def _used(numbers: dict[str, int]) -> int:
    """Reports that were neither answers nor ignored: they were acted upon."""
    return numbers["discoveries"] - 1 + numbers["time_resyncs"]


def _judge(line: _Line, expected: dict[str, object]) -> None:
    """An answer over v3 is the right one to the octet; over v2c it may be anything that parses."""
    assert line.asked is not None
    error = line.asked.exception()
    assert error is None or isinstance(error, DeviceError), error
    if isinstance(line.agent.credential, UsmUser) and error is None:
        assert line.asked.result() == expected


def _deliver(client: SnmpClient, target: Target, data: bytes) -> None:
    peer = client._peers[target]
    client.statistics.received += 1
    client._receive(data, peer.address, peer.endpoint)


def _throw(data: bytes, client: SnmpClient, target: Target, engine: UsmAgent) -> None:
    _deliver(client, target, data)
    for read in (ber.read_message, lambda d: engine.open(d, 1000), ber.read_response):
        try:
            read(data)
        except ber.BerError:
            continue


def _report(signed: bytes) -> bytes:
    """An unsigned report with the id that is waited for and another clock."""
    message = usm.read(signed, ber.read_version(signed)[1])
    binding = ber.varbind(usm.NOT_IN_TIME_WINDOWS, ber.integer(1, ber.COUNTER32))
    plain = usm.scoped(message.engine_id, b"", ber.pdu(ber.REPORT, 0, binding))
    return usm.seal(None, plain, msg_id=message.msg_id, flags=0, engine_id=message.engine_id, boots=77, time=9)


def _request(engine: UsmAgent, client: SnmpClient, target: Target) -> bytes:
    security = next(s for s in client._securities.values() if isinstance(s, UsmSecurity))
    from devices.transport.snmp import question

    return security.seal(0x11223344, question.get(tuple(NAMES)), 0.0)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcome = asyncio.run(run(arguments.packets, arguments.seed))
    rate = outcome.packets / outcome.elapsed_s
    print(f"{outcome.packets} packets in {outcome.elapsed_s:.1f} s ({rate:.0f}/s), {outcome.answered} questions ended")
    for name, count in outcome.counters.most_common():
        print(f"{name:>24} {count}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
