"""The client against net-snmp: every security level and algorithm, both address families, restarts; pysnmp agrees."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from devices.errors import AuthenticationFailed, Unreachable
from devices.transport.snmp.api import Community, Limits, Oid, UsmUser
from devices.transport.snmp.client import SnmpClient
from tests.integration.snmp.agents import ask_of
from tests.integration.snmp.conftest import users

pytestmark = pytest.mark.needs("snmpd")
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
IF_DESCR, IF_IN = "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.6"
OR_DESCR = "1.3.6.1.2.1.1.9.1.3"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_every_kind_of_authentication_and_privacy_is_spoken(snmpd, host: str) -> None:
    async def ask() -> dict[bytes, object]:
        async with SnmpClient() as client:
            agents = {u.name: ask_of(snmpd.port, u, host=host, timeout_s=2) for u in users()}
            answers = await asyncio.gather(*[client.get(a, [SYS_NAME]) for a in agents.values()])
            tables = await asyncio.gather(*[client.walk(a, [IF_DESCR]) for a in agents.values()])
            assert all(t[IF_DESCR]["1"] == b"lo" for t in tables)
            assert client.statistics.ignored == 0
            return dict(zip(agents, answers, strict=True))

    answers = asyncio.run(ask())
    assert len(answers) == 1 + 6 + 6 * 5
    assert all(a == {SYS_NAME: b"real"} for a in answers.values())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_v2c_gets_and_walks(snmpd, host: str) -> None:
    async def ask():
        async with SnmpClient() as client:
            agent = ask_of(snmpd.port, host=host, timeout_s=2)
            values = await client.get(agent, [SYS_NAME, SYS_OBJECT_ID, "1.3.6.1.2.1.1.99.0"])
            rows = await client.walk(agent, [IF_DESCR, IF_IN, "1.3.6.1.2.1.99"])
            return values, rows

    values, rows = asyncio.run(ask())
    assert values == {SYS_NAME: b"real", SYS_OBJECT_ID: Oid("1.3.6.1.4.1.8072.3.2.10")}
    assert isinstance(values[SYS_OBJECT_ID], Oid)
    assert rows[IF_DESCR]["1"] == b"lo"
    assert rows[IF_IN].keys() == rows[IF_DESCR].keys()
    assert rows["1.3.6.1.2.1.99"] == {}


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(bulk=False),
        Limits(max_oids=1),
        Limits(bulk=False, max_oids=1),
        Limits(max_repetitions=1),
        Limits(max_repetitions=500),
    ],
)
def test_limits_change_how_it_is_asked_and_not_what_is_found(snmpd, limits: Limits) -> None:
    async def ask(how: Limits):
        async with SnmpClient() as client:
            return await client.walk(ask_of(snmpd.port, timeout_s=2, limits=how), [OR_DESCR, IF_DESCR])

    assert asyncio.run(ask(limits)) == asyncio.run(ask(Limits()))


def test_the_whole_system_group_is_what_snmpwalk_finds(snmpd) -> None:
    async def ask():
        async with SnmpClient() as client:
            return (await client.walk(ask_of(snmpd.port, timeout_s=2), ["1.3.6.1.2.1.1"]))["1.3.6.1.2.1.1"]

    command = ["snmpwalk", "-v2c", "-c", "public", "-On", "-m", "", f"127.0.0.1:{snmpd.port}", "1.3.6.1.2.1.1"]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [
        line.split(" = ")[0].removeprefix(".1.3.6.1.2.1.1.") for line in theirs.splitlines() if line.startswith(".")
    ]
    assert list(asyncio.run(ask())) == names


def test_pysnmp_gives_the_same_answers(snmpd) -> None:
    from pysnmp.hlapi.v3arch.asyncio import (
        CommunityData,
        ContextData,
        ObjectIdentity,
        ObjectType,
        SnmpEngine,
        UdpTransportTarget,
        bulk_cmd,
    )

    async def both():
        target = await UdpTransportTarget.create(("127.0.0.1", snmpd.port))
        roots = [ObjectType(ObjectIdentity(c)) for c in (IF_DESCR, OR_DESCR)]
        error, status, _, found = await bulk_cmd(
            SnmpEngine(), CommunityData("public"), target, ContextData(), 0, 1, *roots, lookupMib=False
        )
        assert not error
        assert not status
        theirs = {str(oid): bytes(value) for oid, value in found}
        async with SnmpClient() as client:
            walked = await client.walk(ask_of(snmpd.port, timeout_s=2), [IF_DESCR, OR_DESCR])
        ours = {f"{column}.{index}": value for column, rows in walked.items() for index, value in rows.items()}
        return theirs, ours

    theirs, ours = asyncio.run(both())
    assert len(theirs) == 2
    assert theirs.items() <= ours.items()


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (UsmUser(name=b"stranger", auth="sha1", auth_password=b"whatever-it-is"), "does not know the user"),
        (UsmUser(name=b"sha1", auth="sha1", auth_password=b"not-the-secret"), "authentication password"),
        (UsmUser(name=b"nobody", auth="sha1", auth_password=b"auth-sha1-secret"), "security level"),
    ],
)
def test_a_refused_user_is_told_from_a_silent_device_at_once(snmpd, user: UsmUser, words: str) -> None:
    async def ask():
        async with SnmpClient() as client:
            agent = ask_of(snmpd.port, user, timeout_s=60)
            with pytest.raises(AuthenticationFailed, match=words):
                await asyncio.wait_for(client.get(agent, [SYS_NAME]), 10)

    asyncio.run(ask())


def test_a_wrong_privacy_password_never_gives_an_answer(snmpd) -> None:
    user = UsmUser(
        name=b"sha1-aes128",
        auth="sha1",
        auth_password=b"auth-sha1-secret",
        priv="aes128",
        priv_password=b"not-the-secret",
    )

    async def ask():
        async with SnmpClient() as client:
            with pytest.raises((AuthenticationFailed, Unreachable)):
                await client.get(ask_of(snmpd.port, user), [SYS_NAME])

    asyncio.run(ask())


def test_a_wrong_community_is_silence(snmpd) -> None:
    async def ask():
        async with SnmpClient() as client:
            with pytest.raises(Unreachable) as caught:
                await client.get(ask_of(snmpd.port, Community(community=b"wrong")), [SYS_NAME])
            assert isinstance(caught.value, TimeoutError)
            assert "wrong" not in str(caught.value)

    asyncio.run(ask())


def test_a_restarted_agent_is_followed_by_an_authentic_report(fresh_snmpd) -> None:
    agent = fresh_snmpd()
    user = next(u for u in users() if u.name == b"sha256-aes256")

    async def ask():
        async with SnmpClient() as client:
            target = ask_of(agent.port, user, timeout_s=2)
            await client.get(target, [SYS_NAME])
            agent.stop()
            agent.start()
            assert await client.get(target, [SYS_NAME]) == {SYS_NAME: b"real"}
            assert client.statistics.time_resyncs == 1
            assert client.statistics.discoveries == 1

    asyncio.run(ask())


def test_an_exchanged_device_is_found_again_after_some_failures(fresh_snmpd) -> None:
    old = fresh_snmpd(extra="exactEngineID 0x8000000001020304")
    user = next(u for u in users() if u.name == b"sha1-aes128")

    async def ask():
        async with SnmpClient() as client:
            target = ask_of(old.port, user, timeout_s=0.1, retries=0)
            await client.get(target, [SYS_NAME])
            old.stop()
            old.extra = "exactEngineID 0x8000000005060708"
            old.folder = old.folder / "new"
            old.start()
            failures = 0
            while failures < 10:
                try:
                    await client.get(target, [SYS_NAME])
                    break
                except Exception:
                    failures += 1
            assert failures == 3
            assert client.statistics.rediscoveries == 1
            assert "another SNMPv3 engine" in client.notes[-1].what

    asyncio.run(ask())
