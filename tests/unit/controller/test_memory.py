"""What is kept of devices over a restart, and what is dropped."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from collectors.learned import Known, Learned, compiled
from controller.polling import recall
from controller.polling.lanes import Lane, LaneMemory, LaneRules, Outcome
from controller.polling.memory import Memory
from devices.facts import Facts, InterfaceFacts
from devices.model import Device, SnmpSettings
from devices.platforms.recognise import platforms
from devices.transport.snmp.api import Limits
from tests.unit.controller.world import device

BOX = device("d1", "s1", snmp=SnmpSettings())


def learned(platform: str) -> Learned:
    """A device of that platform for which every first way to each figure was seen with two rows."""
    found = platforms()[platform]
    recipe = tuple(
        (figure, len(sources) - 1, tuple((c, ("1", "2")) for c in sources[-1].columns if sources[-1].fixed))
        for figure in ("uptime", "clients", "cpu", "memory", "temperature", "radios")
        if (sources := found.sources(figure))
    )
    known = Known(
        **{f.name: 2 for f in fields(Known) if f.type == "int"},  # type: ignore[arg-type]
        platform=platform, facts=Facts(platform=platform, sys_name="sd-1", cpu_percent=(1.0, 2.0)),
        ask=compiled(platform, recipe), ports={"3": InterfaceFacts(if_index=3, if_name="ether1", speed_bps=10**9)},
        port_rows=frozenset(("3", "4")),
        pulse=("1.3.6.1.2.1.2.2.1.8",), limits=Limits(max_oids=20), uplink="ether1", mac="aa:bb:cc:00:11:22",
        table_last_change=7, told_at=1_790_000_000.5,
    )  # fmt: skip
    return Learned(known=known, sys_up_time=123, polls=4, due_after=50)


@pytest.mark.parametrize("platform", sorted(platforms()))
def test_what_was_learned_of_any_platform_comes_back_as_it_was(platform: str) -> None:
    before = learned(platform)
    after = recall.decode(BOX, json.loads(json.dumps(recall.encode(BOX, before))))
    assert after is not None
    walked = {column for columns in before.known.ask.walks for column in columns}
    assert {g for g in before.known.ask.gets if g.rpartition(".")[0] not in walked} <= set(after.known.ask.gets)
    assert set(after.known.ask.gets) <= set(before.known.ask.gets)
    assert dict(after.known.ask.cells) == dict(before.known.ask.cells)
    assert after.known.ask.walks == before.known.ask.walks
    assert all(a is b for (_, a), (_, b) in zip(after.known.ask.reads, before.known.ask.reads, strict=True))
    assert replace(after.known, ask=before.known.ask) == before.known
    assert (after.sys_up_time, after.polls, after.due_after) == (123, 4, 50)


def kept(folder: Path) -> tuple[Path, Memory]:
    memory = Memory()
    memory.of(BOX.id).learned = learned("generic")
    path = folder / "learned.json"
    memory.save(path, {BOX.id: BOX}, recall.encode)
    return path, memory


def test_a_device_that_the_inventory_describes_otherwise_is_learned_anew(tmp_path: Path) -> None:
    path, _ = kept(tmp_path)
    other: Device = replace(BOX, platform="routeros")
    assert Memory().load(path, {BOX.id: BOX}, recall.decode) == 1
    assert Memory().load(path, {BOX.id: other}, recall.decode) == 0


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format":99,"learned":{}}', '{"format":2,"learned":{"d1":{}}}'])
def test_a_damaged_cache_is_no_error(tmp_path: Path, damage: str) -> None:
    path, _ = kept(tmp_path)
    path.write_text(damage)
    assert Memory().load(path, {BOX.id: BOX}, recall.decode) == 0


def test_the_cache_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path, _ = kept(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_lanes_change_after_three_silent_polls_two_slow_ones_and_three_quick_ones() -> None:
    rules, memory = LaneRules(), LaneMemory()
    assert [memory.note(Outcome.SILENT, 0, rules) for _ in range(3)] == [Lane.FAST, Lane.FAST, Lane.SILENT]
    assert memory.note(Outcome.NOT_ASKED, 0, rules) is Lane.SILENT
    assert memory.note(Outcome.ANSWERED, 10, rules) is Lane.FAST
    assert [memory.note(Outcome.ANSWERED, 6000, rules) for _ in range(2)] == [Lane.FAST, Lane.SLOW]
    assert [memory.note(Outcome.ANSWERED, 10, rules) for _ in range(3)] == [Lane.SLOW, Lane.SLOW, Lane.FAST]
    assert [memory.note(Outcome.LATE, 0, rules) for _ in range(2)] == [Lane.FAST, Lane.SLOW]
