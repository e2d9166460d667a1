"""Each folder PLATFORM/HARDWARE_FIRMWARE holds a walk (values made up) and what must be read from it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from devices.facts import Facts
from devices.model import Target
from devices.platforms.recognise import recognise
from devices.platforms.survey import survey
from devices.transport.snmp.api import Agent, Community
from merata.commands.probe import as_printed
from tests.platforms.recorded import RecordedAgent, read_snmprec

HERE = Path(__file__).parent
CASES = sorted(p.parent.relative_to(HERE).as_posix() for p in HERE.glob("*/*/walk.txt"))
AGENT = Agent(target=Target(domain="test", host="192.0.2.1"), credential=Community(community=b"test"))


async def facts_of(ask: RecordedAgent) -> Facts:
    found = await recognise(ask, AGENT)
    return (await survey(found.platform, ask, AGENT, answers=found.answers)).facts


def read(case: str) -> tuple[Facts, dict[str, Any]]:
    ask = RecordedAgent(read_snmprec(HERE / case / "walk.txt"))
    return asyncio.run(facts_of(ask)), json.loads((HERE / case / "expected.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_everything_a_walk_tells_is_read_and_nothing_else(case: str) -> None:
    facts, expected = read(case)
    printed = as_printed(facts)
    ports = {i["name"]: [i["oper_status"], i["in_octets"], i["out_octets"]] for i in printed.pop("interfaces")}
    radios = {r.name: [r.clients, r.frequency_mhz] for r in facts.radios}
    assert ports == expected.pop("interfaces")
    assert radios == expected.pop("radios")
    del printed["profile"], printed["radios"]
    assert printed == expected


def test_old_counters_say_their_width() -> None:
    facts, _ = read("generic/switch_2.5")
    assert {i.counter_bits for i in facts.interfaces} == {32}
    assert {i.speed_bps for i in facts.interfaces} == {100_000_000}


@pytest.mark.parametrize("name", ["routeros", "unifi", "airos", "openwrt", "linux", "generic"])
def test_every_first_platform_has_a_walk(name: str) -> None:
    assert any(case.startswith(f"{name}/") for case in CASES)
