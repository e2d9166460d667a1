"""Agents that break the rules: each is counted and harms nobody, not even its own poll where the truth follows."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import pytest

from devices.errors import AuthenticationFailed, UnexpectedReply, Unreachable
from devices.transport.snmp import ber, usm
from devices.transport.snmp.api import Limits, UsmUser
from devices.transport.snmp.client import SnmpClient
from devices.transport.snmp.endpoint import MAX_DATAGRAM
from tests.integration.snmp.agents import IF_IN, IF_NAME, SYS_NAME, FakeAgent, ask_of, serving

SAFE = UsmUser(name=b"ops", auth="sha256", auth_password=b"maplesyrup", priv="aes128", priv_password=b"maplesyrup-too")


def other_id(answer: bytes) -> bytes:
    community, pdu = ber.read_message(answer)
    bindings = b"".join(ber.varbind(o, ber.tlv(4, b"lie")) for o in pdu.oids)
    return ber.message(community, ber.pdu(ber.RESPONSE, pdu.request_id ^ 1, bindings))


def other_community(answer: bytes) -> bytes:
    _, pdu = ber.read_message(answer)
    bindings = b"".join(ber.varbind(o, ber.tlv(4, b"lie")) for o in pdu.oids)
    return ber.message(b"private", ber.pdu(ber.RESPONSE, pdu.request_id, bindings))


def other_pdu(answer: bytes) -> bytes:
    community, pdu = ber.read_message(answer)
    bindings = b"".join(ber.varbind(o, ber.tlv(4, b"lie")) for o in pdu.oids)
    return ber.message(community, ber.pdu(ber.GET, pdu.request_id, bindings))


@pytest.mark.parametrize(
    ("lie", "counter"),
    [
        (lambda a: b"\x30", "truncated"),
        (lambda a: b"\x16\x03\x01" + bytes(60), "garbage"),
        (lambda a: a[: len(a) // 2], "truncated"),
        (lambda a: a[:-3], "truncated"),
        (lambda a: a + bytes(MAX_DATAGRAM), "oversized"),
        (other_id, "wrong_id"),
        (other_community, "wrong_community"),
        (other_pdu, "unexpected_pdu"),
        (lambda a: a.replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04", 1), "wrong_version"),
    ],
)
def test_a_lie_before_the_answer_is_counted_and_ignored(lie: Any, counter: str) -> None:
    async def ask() -> None:
        agent = FakeAgent()
        agent.spoil = lambda self, request, answer, address: [lie(answer), answer]
        async with serving(agent) as port, SnmpClient() as client:
            assert await client.get(ask_of(port), [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert getattr(client.statistics, counter) == 1
            assert client.statistics.ignored == 1

    asyncio.run(ask())


def test_an_answer_from_another_port_is_not_taken() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

        def spoil(self: FakeAgent, request: bytes, answer: bytes, address: Any) -> list[bytes]:
            stranger.sendto(answer.replace(b"fake", b"liar"), address)
            return [answer] if len(self.requests) > 1 else []

        agent.spoil = spoil
        async with serving(agent) as port, SnmpClient() as client:
            assert await client.get(ask_of(port, timeout_s=0.1), [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert client.statistics.wrong_source == 2
        stranger.close()

    asyncio.run(ask())


def test_only_garbage_is_told_from_silence() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        agent.spoil = lambda *_: [b"garbage"]
        async with serving(agent) as port, SnmpClient() as client:
            with pytest.raises(UnexpectedReply, match="not SNMP"):
                await client.get(ask_of(port, timeout_s=0.05), [SYS_NAME])

    asyncio.run(ask())


def test_a_late_answer_is_counted_as_late() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        kept: list[bytes] = []

        def spoil(self: FakeAgent, request: bytes, answer: bytes, address: Any) -> list[bytes]:
            kept.append(answer)
            return kept if len(kept) == 2 else []

        agent.spoil = spoil
        async with serving(agent) as port, SnmpClient() as client:
            with pytest.raises(Unreachable):
                await client.get(ask_of(port, timeout_s=0.05, retries=0), [SYS_NAME])
            await client.get(ask_of(port, timeout_s=1, retries=0), [SYS_NAME])
            assert client.statistics.late == 1

    asyncio.run(ask())


@pytest.mark.parametrize(("retries", "said"), [(0, "a request"), (1, "2 requests")])
def test_a_known_device_that_fell_silent_is_one_error_in_good_english_and_leaves_none_unread(
    retries: int, said: str
) -> None:
    unread: list[dict[str, Any]] = []

    async def ask() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context))
        agent = FakeAgent()
        async with serving(agent) as port, SnmpClient() as client:
            asked = ask_of(port, timeout_s=0.2, retries=retries)
            await client.get(asked, [SYS_NAME])  # now it is known
            agent.spoil = lambda *_: []
            with pytest.raises(Unreachable, match=rf"did not answer {said} within \d"):
                await client.poll(asked, [SYS_NAME], [IF_NAME], rows=30)
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(ask())
    gc.collect()
    assert unread == []


def test_the_answer_to_the_first_of_two_requests_is_still_an_answer() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        first: list[bytes] = []

        def spoil(self: FakeAgent, request: bytes, answer: bytes, address: Any) -> list[bytes]:
            first.append(answer)
            return [first[0]] if len(first) == 2 else []

        agent.spoil = spoil
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port, timeout_s=0.1, retries=1)
            assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"fake"}
            rtt_ms = client.rtt_ms(target.target)
            assert rtt_ms is not None
            assert rtt_ms >= 100  # measured against the transmission that was answered

    asyncio.run(ask())


def test_a_walk_in_a_circle_ends_with_a_note() -> None:
    async def ask() -> None:
        agent = FakeAgent({f"{IF_IN}.7": (ber.COUNTER64, 1)})
        agent.keys = [(9,) * 20]  # whatever is asked, the same object comes next
        async with serving(agent) as port, SnmpClient() as client:
            found = await client.walk(ask_of(port, limits=Limits(bulk=False)), [IF_IN])
            assert found == {IF_IN: {"7": 1}}
            assert client.statistics.not_increasing == 1
            assert client.notes[-1].what == "objects do not increase"

    asyncio.run(ask())


def test_an_endless_table_ends_at_the_deadline() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        count = 0

        def reply(pdu: ber.Pdu) -> bytes:
            nonlocal count
            count += 1
            return ber.pdu(ber.RESPONSE, pdu.request_id, ber.varbind(ber.oid_body(f"{IF_IN}.{count}"), ber.integer(1)))

        agent.reply = reply  # type: ignore[method-assign]
        async with serving(agent) as port, SnmpClient() as client:
            with pytest.raises(Unreachable):
                await client.walk(ask_of(port, limits=Limits(max_rows=10**9)), [IF_IN], deadline_s=0.3)
            found = await client.walk(ask_of(port, limits=Limits(max_rows=50)), [IF_IN])
            assert len(found[IF_IN]) == 50
            assert client.statistics.too_many_rows == 1

    asyncio.run(ask())


@pytest.mark.parametrize("most", [900, 300, 60])
def test_too_big_is_halved_until_everything_has_been_read(most: int) -> None:
    async def ask() -> None:
        agent = FakeAgent()
        agent.most = most
        async with serving(agent) as port, SnmpClient() as client:
            found = await client.walk(ask_of(port), [IF_NAME, IF_IN])
            assert list(found[IF_NAME].values()) == [b"ether%d" % i for i in range(1, 31)]
            assert list(found[IF_IN].values()) == [2**63 + i for i in range(1, 31)]
            names = [f"{IF_NAME}.{i}" for i in range(1, 31)]
            assert await client.get(ask_of(port), names) == {n: b"ether%d" % (i + 1) for i, n in enumerate(names)}
            assert client.statistics.too_big > 0

    asyncio.run(ask())


def test_an_object_that_gives_an_error_does_not_cost_the_others() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        honest = agent.reply
        bad = ber.oid_body(f"{IF_IN}.2")

        def reply(pdu: ber.Pdu) -> bytes:
            if bad in pdu.oids:
                at = pdu.oids.index(bad) + 1
                return ber.pdu(ber.RESPONSE, pdu.request_id, b"", status=ber.GEN_ERR, index=at)
            return honest(pdu)

        agent.reply = reply  # type: ignore[method-assign]
        async with serving(agent) as port, SnmpClient() as client:
            found = await client.get(ask_of(port), [f"{IF_IN}.1", f"{IF_IN}.2", f"{IF_IN}.3"])
            assert found == {f"{IF_IN}.1": 2**63 + 1, f"{IF_IN}.3": 2**63 + 3}

    asyncio.run(ask())


def test_polls_of_a_known_device_survive_a_change_of_its_rows() -> None:
    async def ask() -> None:
        agent = FakeAgent()
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port)
            await client.get(target, [SYS_NAME])
            for rows in (3, 3, 30, 40):
                poll = await client.poll(target, [SYS_NAME], [IF_NAME, IF_IN], rows=rows)
                assert poll.scalars == {SYS_NAME: b"fake"}
                assert list(poll.columns[IF_IN].values()) == [2**63 + i for i in range(1, min(rows, 30) + 1)]
                assert poll.complete == (rows > 30)
            whole = await client.poll(target, [SYS_NAME], [IF_NAME, IF_IN])
            assert len(whole.columns[IF_NAME]) == 30
            assert whole.complete

    asyncio.run(ask())


# --- SNMPv3 -----------------------------------------------------------------------------------------------------------


def unsigned_report(agent: FakeAgent, request: bytes, counter: bytes, *, engine: bytes, boots: int, time: int) -> bytes:
    """What anybody who has seen a request can send."""
    version, at = ber.read_version(request)
    assert version == ber.VERSION_3
    message = usm.read(request, at)
    report = ber.pdu(ber.REPORT, 0, ber.varbind(counter, ber.integer(1, ber.COUNTER32)))
    return usm.seal(
        None,
        usm.scoped(engine, b"", report),
        msg_id=message.msg_id,
        flags=0,
        engine_id=engine,
        boots=boots,
        time=time,
        user=message.user,
    )


def test_unsigned_reports_about_a_known_engine_change_nothing() -> None:
    async def ask() -> None:
        agent = FakeAgent(users=(SAFE,))
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port, SAFE, timeout_s=1)
            await client.get(target, [SYS_NAME])
            lies = [usm.NOT_IN_TIME_WINDOWS, usm.UNKNOWN_ENGINE_IDS, usm.WRONG_DIGESTS, usm.UNKNOWN_USER_NAMES]

            def spoil(self: FakeAgent, request: bytes, answer: bytes, address: Any) -> list[bytes]:
                forged = [
                    unsigned_report(self, request, lie, engine=b"\x80somebody-else", boots=9999, time=1) for lie in lies
                ]
                return [*forged, answer]

            agent.spoil = spoil
            for _ in range(3):
                assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert client.statistics.unauthenticated_reports == 3 * len(lies)
            assert client.statistics.time_resyncs == client.statistics.rediscoveries == 0
            agent.spoil = None
            before = client.statistics.sent
            assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert client.statistics.sent == before + 1  # boots and time were not touched: no second try was needed

    asyncio.run(ask())


@pytest.mark.parametrize("boots", [7, 1])
def test_a_restart_is_followed_even_when_boots_go_backwards(boots: int) -> None:
    async def ask() -> None:
        agent = FakeAgent(users=(SAFE,))
        agent.engine.boots = 5
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port, SAFE, timeout_s=1)
            await client.get(target, [SYS_NAME])
            agent.engine.boots = boots
            assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert client.statistics.time_resyncs == 1

    asyncio.run(ask())


def test_an_engine_id_that_changes_is_believed_after_three_failures_only() -> None:
    async def ask() -> None:
        agent = FakeAgent(users=(SAFE,))
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port, SAFE, timeout_s=0.05, retries=0)
            await client.get(target, [SYS_NAME])
            agent.engine = FakeAgent(users=(SAFE,)).engine
            agent.engine.engine_id = b"\x80\x00\x1f\x88\x04other"
            for _ in range(3):
                with pytest.raises(UnexpectedReply, match="another SNMPv3 engine"):
                    await client.get(target, [SYS_NAME])
            assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"fake"}
            assert client.statistics.rediscoveries == 1
            assert "another SNMPv3 engine" in client.notes[-1].what

    asyncio.run(ask())


def test_a_downgraded_or_foreign_answer_is_no_answer() -> None:
    async def ask() -> None:
        agent = FakeAgent(users=(SAFE,))
        async with serving(agent) as port, SnmpClient() as client:
            target = ask_of(port, SAFE, timeout_s=0.05, retries=0)
            await client.get(target, [SYS_NAME])

            def plain(self: FakeAgent, request: bytes, answer: bytes, address: Any) -> list[bytes]:
                _, at = ber.read_version(request)
                message = usm.read(request, at)
                pdu = ber.pdu(ber.RESPONSE, message.msg_id, ber.varbind(ber.oid_body(SYS_NAME), ber.tlv(4, b"lie")))
                scoped = usm.scoped(self.engine.engine_id, b"", pdu)
                engine = self.engine.engine_id
                return [
                    usm.seal(None, scoped, msg_id=message.msg_id, flags=0, engine_id=engine, user=b"ops", boots=1),
                    answer[:-1] + bytes((answer[-1] ^ 1,)),
                ]

            agent.spoil = plain
            with pytest.raises(Unreachable):
                await client.get(target, [SYS_NAME])
            assert client.statistics.unauthenticated == 1
            assert client.statistics.wrong_digest == 1

    asyncio.run(ask())


def test_a_wrong_password_is_said_so_and_one_user_does_not_disturb_another() -> None:
    async def ask() -> None:
        other = UsmUser(name=b"ops", auth="sha256", auth_password=b"another-one", priv="aes128", priv_password=b"x" * 8)
        first, second = FakeAgent(users=(SAFE,)), FakeAgent(users=(other,))
        async with serving(first) as a, serving(second) as b, SnmpClient() as client:
            good = [client.get(ask_of(p, u, timeout_s=1), [SYS_NAME]) for p, u in ((a, SAFE), (b, other))]
            assert await asyncio.gather(*good) == [{SYS_NAME: b"fake"}] * 2
            with pytest.raises(AuthenticationFailed) as caught:
                await client.get(ask_of(a, other, timeout_s=1), [SYS_NAME])
            assert "another-one" not in str(caught.value)

    asyncio.run(ask())
