"""`merata probe` and `collectors.poll` against net-snmp's own daemon."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from collectors.asks import Asks
from collectors.poll import poll
from devices.model import Device, DeviceId, Role, SiteId, SnmpSettings, Target
from devices.transport.snmp.api import Agent, Community
from devices.transport.snmp.client import SnmpClient
from merata.commands.probe import command
from tests.integration.probe.conftest import Snmpd, free_port

pytestmark = pytest.mark.needs("snmpd")


def probe(daemon: Snmpd, *options: str) -> dict[str, Any]:
    arguments = ["--host", "127.0.0.1", "--port", str(daemon.port), "--json", *options]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_linux_tells_what_it_is_and_how_it_does(snmpd: Snmpd) -> None:
    told = probe(snmpd, "--community", "baca")
    assert (told["platform"], told["sys_name"]) == ("linux", "desa-uji")
    assert told["clients"] is None
    assert 0 < told["memory_percent"] < 100
    assert all(0 <= core <= 100 for core in told["cpu_percent"])
    loopback = next(i for i in told["interfaces"] if i["name"] == "lo")
    assert loopback["oper_status"] == "up"
    assert loopback["in_octets"] > 0


def test_version_3_with_privacy_tells_the_same(snmpd: Snmpd) -> None:
    told = probe(
        snmpd, "--v3", "pengamat", "--auth", "sha1", "--auth-password", "kata-sandi-satu",
        "--priv", "aes128", "--priv-password", "kata-sandi-dua",
    )  # fmt: skip
    assert (told["platform"], told["sys_name"]) == ("linux", "desa-uji")


def test_getnext_and_small_requests_tell_the_same(snmpd: Snmpd) -> None:
    plain = probe(snmpd, "--community", "baca")
    small = probe(snmpd, "--community", "baca", "--no-bulk", "--max-oids", "2")
    assert [i["name"] for i in small["interfaces"]] == [i["name"] for i in plain["interfaces"]]
    assert small["version"] == plain["version"]


def test_scripts_on_snmpd_make_it_openwrt_with_clients(openwrt: Snmpd) -> None:
    told = probe(openwrt, "--community", "baca")
    assert (told["platform"], told["version"], told["model"], told["clients"]) == (
        "openwrt", "23.05.3", "Router Uji", 9,
    )  # fmt: skip


def test_a_person_gets_a_table(snmpd: Snmpd) -> None:
    done = CliRunner().invoke(command, ["--host", "127.0.0.1", "--port", str(snmpd.port), "--community", "baca"])
    assert done.exit_code == 0
    assert "platform        linux" in done.stdout
    assert "desa-uji" in done.stdout


def test_silence_is_said_in_one_sentence() -> None:
    arguments = ["--host", "127.0.0.1", "--port", str(free_port()), "--timeout", "0.1", "--retries", "0", "--json"]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "unreachable" in done.stderr


def test_a_known_device_is_polled_in_few_requests_and_learned_again_after_a_restart(snmpd: Snmpd) -> None:
    target = Target(domain="uji", host="127.0.0.1", port=snmpd.port)
    agent = Agent(target=target, credential=Community(community=b"baca"))
    device = Device(
        id=DeviceId("uji-1"), site=SiteId("uji"), name="uji", target=target, role=Role.ROUTER,
        snmp=SnmpSettings(credential="uji", port=snmpd.port),
    )  # fmt: skip

    async def story() -> None:
        async with SnmpClient() as client:
            asks = Asks(snmp=client, agent=agent)
            first = await poll(device, asks=asks, learned=None, slot=0, now=1000.0)
            assert first.reading.row.snmp_ok is True
            before = client.statistics.requests
            second = await poll(device, asks=asks, learned=first.learned, slot=60, now=1060.0)
            assert second.learned is not None
            assert second.learned.polls == 1
            assert client.statistics.requests - before <= 1 + 1 + len(second.reading.interfaces) // 8
            names = {i.if_name: i for i in first.reading.interfaces}
            assert {i.if_name for i in second.reading.interfaces} == set(names)
            for port in second.reading.interfaces:
                assert (port.if_hc_in_octets or 0) >= (names[port.if_name].if_hc_in_octets or 0)
            # The daemon begins again: its ticks fall below what was seen.
            known = replace(second.learned, sys_up_time=10_000_000)
            await asyncio.to_thread(snmpd.restart)
            third = await poll(device, asks=asks, learned=known, slot=120, now=1120.0)
            assert third.reading.error is None
            assert third.learned is not None
            assert third.learned.polls == 0

    asyncio.run(story())


def test_a_daemon_that_dies_is_silence_and_answers_again_when_it_is_back(snmpd: Snmpd) -> None:
    target = Target(domain="uji", host="127.0.0.1", port=snmpd.port)
    agent = Agent(target=target, credential=Community(community=b"baca"), timeout_s=0.2, retries=0)
    device = Device(
        id=DeviceId("uji-1"), site=SiteId("uji"), name="uji", target=target, role=Role.ROUTER,
        snmp=SnmpSettings(credential="uji"),
    )  # fmt: skip

    async def story() -> None:
        async with SnmpClient() as client:
            asks = Asks(snmp=client, agent=agent)
            first = await poll(device, asks=asks, learned=None, slot=0, now=1000.0)
            await asyncio.to_thread(snmpd.stop)
            dead = await poll(device, asks=asks, learned=first.learned, slot=60, now=1060.0)
            assert (dead.reading.row.snmp_ok, dead.reading.error_kind) == (False, "unreachable")
            await asyncio.to_thread(snmpd.restart)
            back = await poll(device, asks=asks, learned=dead.learned, slot=120, now=1120.0)
            assert back.reading.row.snmp_ok is True

    asyncio.run(story())
