from __future__ import annotations

import asyncio

import pytest

from devices.errors import UnexpectedReply
from devices.model import Target
from devices.platforms.recognise import GENERIC, platforms, recognise
from devices.platforms.standard import extend
from devices.transport.snmp.api import Agent, Community, Oid, Value
from tests.platforms.recorded import RecordedAgent

NETSNMP = "1.3.6.1.4.1.8072.3.2.10"
AGENT = Agent(target=Target(domain="test", host="192.0.2.1"), credential=Community(community=b"test"))


def system(object_id: str, descr: bytes, **extra: Value) -> dict[str, Value]:
    return {"1.3.6.1.2.1.1.1.0": descr, "1.3.6.1.2.1.1.2.0": Oid(object_id), "1.3.6.1.2.1.1.3.0": 1, **extra}


def name_of(objects: dict[str, Value]) -> str:
    return asyncio.run(recognise(RecordedAgent(objects), AGENT)).platform.name


def test_one_identity_of_net_snmp_is_told_apart_by_a_second_look() -> None:
    linux = b"Linux somewhere 5.15.150 #0 SMP mips"
    assert name_of(system(NETSNMP, linux)) == "linux"
    assert name_of(system(NETSNMP, linux, **{extend("distro"): b"OpenWrt 23.05.3"})) == "openwrt"
    assert name_of(system(NETSNMP, linux, **{extend("distro"): b"DD-WRT v3.0"})) == "ddwrt"
    assert name_of(system(NETSNMP, linux, **{"1.3.6.1.4.1.41112.1.6.3.3.0": b"U6-Pro"})) == "unifi"
    assert name_of(system(NETSNMP, b"UAP-AC-Lite 6.2.44.14098")) == "unifi"
    assert name_of(system(NETSNMP, linux, **{"1.3.6.1.4.1.42397.1.1.2.1.0": b"GWN7615"})) == "grandstream"
    assert name_of(system(NETSNMP, b"Linux Teltonika-RUT240.com 3.18.44 #1 mips")) == "rutos"
    assert name_of(system(NETSNMP, b"USG FLEX 100H")) == "zyxelusg"


def test_the_first_generation_of_unifi_is_known_by_the_name_of_its_product() -> None:
    product = "1.2.840.10036.3.1.2.1.3."
    plain = system("1.3.6.1.4.1.10002.1", b"Linux 2.6.32.33 #1 mips")
    assert name_of({**plain, product + "5": b"UAP-LR"}) == "unifi"
    assert name_of({**plain, product + "5": b"NanoStation M5"}) == "airos"


def test_a_device_that_nobody_knows_is_generic() -> None:
    assert name_of(system("1.3.6.1.4.1.99999", b"a switch")) == GENERIC
    assert name_of({"1.3.6.1.2.1.1.3.0": 5}) == GENERIC


def test_a_device_without_the_system_group_is_an_unexpected_reply() -> None:
    with pytest.raises(UnexpectedReply):
        name_of({"1.3.6.1.2.1.2.2.1.2.1": b"lo"})


def test_recognising_costs_two_gets_and_no_walk() -> None:
    ask = RecordedAgent(system(NETSNMP, b"Linux x 5 mips"))
    asyncio.run(recognise(ask, AGENT))
    assert len(ask.gets) == 2
    assert ask.walks == []


def test_a_longer_prefix_wins_over_a_shorter_one_and_whole_numbers_are_compared() -> None:
    assert name_of(system("1.3.6.1.4.1.14988.2", b"CSS326")) == "swos"
    assert name_of(system("1.3.6.1.4.1.14988.1", b"RouterOS RB750")) == "routeros"
    assert name_of(system("1.3.6.1.4.1.149881", b"x")) == GENERIC


def test_a_leading_dot_in_the_identity_does_not_matter() -> None:
    assert name_of(system(".1.3.6.1.4.1.14988.1", b"RouterOS RB750")) == "routeros"


@pytest.mark.parametrize("platform", platforms().values(), ids=lambda p: p.name)
def test_every_platform_can_be_recognised_and_asked(platform: object) -> None:
    from devices.platforms.platform import GAUGES, IDENTITY, Platform

    assert isinstance(platform, Platform)
    assert platform.recognise
    assert platform.uptime
    for figure in (*IDENTITY, *GAUGES):
        for source in platform.sources(figure):
            assert source.oids or source.columns
            for oid in (*source.oids, *source.columns):
                assert all(part.isdecimal() for part in oid.split(".")), f"{platform.name} {figure}: {oid}"


def test_every_driver_named_exists_in_netmiko() -> None:
    from netmiko.ssh_dispatcher import CLASS_MAPPER

    named = {p.netmiko for p in platforms().values() if p.netmiko}
    assert named <= set(CLASS_MAPPER)
