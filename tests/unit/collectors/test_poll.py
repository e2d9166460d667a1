from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from collectors.asks import Asks
from collectors.learned import QUIET_POLLS, REFRESH_POLLS, Learned
from collectors.poll import Polled, poll
from devices.errors import AuthenticationFailed, Unreachable
from devices.model import Device, DeviceId, Role, SiteId, SnmpSettings, SshSettings, Target
from devices.platforms import if_mib
from devices.platforms.platform import SYS_UP_TIME
from devices.transport.snmp.api import Agent, Community, Value
from tests.platforms.recorded import RecordedAgent, read_snmprec

WALKS = Path(__file__).parents[2] / "platforms"
TARGET = Target(domain="test", host="192.0.2.1")
AGENT = Agent(target=TARGET, credential=Community(community=b"test"))
DEVICE = Device(
    id=DeviceId("ap-1"), site=SiteId("s-1"), name="AP", target=TARGET, role=Role.AP, snmp=SnmpSettings(credential="c")
)
NOW = 1_700_000_000.0


def recorded(case: str = "routeros/hap-ac_6.49") -> RecordedAgent:
    return RecordedAgent(read_snmprec(WALKS / case / "walk.txt"))


class Clock:
    """A clock that moves a tenth of a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def ask_once(
    ask: Any, learned: Learned | None = None, device: Device = DEVICE, *, slot: int = 60, **doors: Any
) -> Polled:
    asks = Asks(snmp=ask, agent=AGENT, clock=Clock(), **doors)
    return asyncio.run(poll(device, asks=asks, learned=learned, slot=slot, now=NOW))


class Broken(RecordedAgent):
    """Answers until it is told not to."""

    error: Exception | None = None
    walks_fail: Exception | None = None

    async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
        if self.error:
            raise self.error
        return await super().get(agent, oids)

    async def walk(
        self, agent: Agent, columns: Sequence[str], *, deadline_s: float | None = None
    ) -> dict[str, dict[str, Value]]:
        if self.walks_fail:
            raise self.walks_fail
        return await super().walk(agent, columns)


def test_the_first_poll_learns_the_device_and_is_a_reading_too() -> None:
    polled = ask_once(recorded())
    row = polled.reading.row
    assert (row.snmp_ok, row.ping_ok, row.service_ok) == (True, None, None)
    assert (row.clients, row.cpu_ratio, row.memory_ratio, row.temperature_c) == (7, 0.16, 0.3125, 41.5)
    assert polled.reading.box == ("MADEUP000001", "02:00:00:00:00:01")
    assert [i.if_name for i in polled.reading.interfaces] == ["ether1", "wlan1", "wlan2"]
    assert [i.if_name for i in polled.reading.interfaces if i.is_uplink] == ["ether1"]
    assert {r.radio: r.clients for r in polled.reading.radios} == {"wlan1": 7, "wlan2": 0}
    assert polled.learned is not None
    assert polled.learned.platform == "routeros"


def test_what_the_box_is_stays_known_with_the_time_it_was_told() -> None:
    first = ask_once(recorded())
    assert first.learned is not None
    told = first.learned.identity
    assert (told.vendor, told.platform, told.serial, told.mac) == (
        "MikroTik", "routeros", "MADEUP000001", "02:00:00:00:00:01",
    )  # fmt: skip
    assert (told.model, told.version, told.sys_name) != (None, None, None)
    assert NOW < told.told_at < NOW + 5
    later = ask_once(recorded(), first.learned, slot=120)
    assert later.learned is not None
    assert later.learned.polls == 1
    assert later.learned.identity == told


@pytest.mark.parametrize(
    "case", ["routeros/hap-ac_6.49", "routeros/hap-ax2_7.19", "unifi/u6-lite_6.6", "airos/litebeam-5ac_8.7",
             "openwrt/archer-c7_23.05", "linux/debian_12", "generic/switch_2.5", "routeros/capsman_6.49"],
)  # fmt: skip
def test_a_known_device_tells_the_same_in_few_requests(case: str) -> None:
    ask = recorded(case)
    first = ask_once(ask)
    ask.gets.clear()
    ask.walks.clear()
    second = ask_once(ask, first.learned, slot=120)
    assert len(ask.gets) == 1
    assert len(ask.walks) <= 2
    same = {"slot": 60, "poll_ms": None, "snmp_rtt_ms": None}
    assert replace(second.reading.row, **same) == replace(first.reading.row, **same)
    assert [replace(i, slot=60) for i in second.reading.interfaces] == list(first.reading.interfaces)
    assert [replace(r, slot=60) for r in second.reading.radios] == list(first.reading.radios)
    assert second.reading.box == first.reading.box


def test_counters_stay_whole_numbers_beyond_what_a_float_holds() -> None:
    ask = recorded()
    ask.objects[if_mib.IN_64 + ".1"] = 2**63 + 1
    first = ask_once(ask)
    second = ask_once(ask, first.learned)
    assert first.reading.interfaces[0].if_hc_in_octets == 2**63 + 1
    assert second.reading.interfaces[0].if_hc_in_octets == 2**63 + 1


def test_silence_is_a_value_and_what_was_learned_stays() -> None:
    ask = Broken(recorded().objects)
    first = ask_once(ask)
    ask.error = Unreachable("no answer", target="192.0.2.1")
    second = ask_once(ask, first.learned)
    assert second.reading.row.snmp_ok is False
    assert (second.reading.error_kind, second.reading.error) == ("unreachable", "no answer")
    assert second.reading.row.clients is None
    assert second.reading.interfaces == ()
    assert second.learned == first.learned


def test_a_refused_credential_is_told_apart_from_silence() -> None:
    ask = Broken(recorded().objects)
    ask.error = AuthenticationFailed("who are you")
    assert ask_once(ask).reading.error_kind == "authentication"


def test_a_device_that_answers_and_then_stops_is_up_and_says_what_failed() -> None:
    ask = Broken(recorded().objects)
    first = ask_once(ask)
    ask.walks_fail = Unreachable("the walk got no answer")
    second = ask_once(ask, first.learned)
    assert second.reading.row.snmp_ok is True
    assert second.reading.row.clients == 7
    assert second.reading.interfaces == ()
    assert second.reading.error_kind == "unreachable"


def test_a_bug_in_one_poll_is_caught_logged_with_the_device_and_said(caplog: pytest.LogCaptureFixture) -> None:
    ask = Broken(recorded().objects)
    ask.error = KeyError("oops")
    with caplog.at_level(logging.ERROR):
        reading = ask_once(ask).reading
    assert (reading.error_kind, reading.error) == ("internal", "KeyError")
    assert "ap-1" in caplog.text


def test_a_restart_is_learned_again_at_once() -> None:
    ask = recorded()
    first = ask_once(ask)
    ask.objects[SYS_UP_TIME] = 100
    ask.objects[if_mib.NAME + ".2"] = b"wifi-renamed"
    second = ask_once(ask, first.learned)
    assert "wifi-renamed" in [i.if_name for i in second.reading.interfaces]
    assert second.learned is not None
    assert second.learned.polls == 0


def test_ticks_that_wrap_after_497_days_are_no_restart() -> None:
    ask = recorded()
    ask.objects[SYS_UP_TIME] = 2**32 - 10
    first = ask_once(ask)
    ask.objects[SYS_UP_TIME] = 50
    second = ask_once(ask, first.learned)
    assert second.learned is not None
    assert second.learned.polls == 1


def test_a_changed_table_of_interfaces_is_learned_again_but_not_at_every_poll() -> None:
    ask = recorded()
    ask.objects[if_mib.TABLE_LAST_CHANGE] = 5
    first = ask_once(ask)
    ask.objects[if_mib.TABLE_LAST_CHANGE] = 6
    assert first.learned is not None
    soon = ask_once(ask, replace(first.learned, polls=QUIET_POLLS - 1))
    assert soon.learned is not None
    assert soon.learned.polls == QUIET_POLLS
    later = ask_once(ask, soon.learned)
    assert later.learned is not None
    assert later.learned.polls == 0


def test_a_new_port_is_found_where_the_device_does_not_say_that_its_table_changed() -> None:
    ask = recorded()
    first = ask_once(ask)
    assert first.learned is not None
    for column, value in ((if_mib.NAME, b"ether9"), (if_mib.OPER, 1), (if_mib.IN_64, 9), (if_mib.OUT_64, 9)):
        ask.objects[f"{column}.9"] = value
    second = ask_once(ask, replace(first.learned, polls=QUIET_POLLS))
    assert "ether9" in [i.if_name for i in second.reading.interfaces]


def test_place_holders_in_the_table_do_not_make_a_device_strange() -> None:
    ask = recorded()
    for column, value in ((if_mib.OPER, 1), (if_mib.TYPE, 0), (if_mib.IN_64, 0), (if_mib.OUT_64, 0)):
        ask.objects[f"{column}.40"] = value
    first = ask_once(ask)
    assert first.learned is not None
    assert "40" not in first.learned.known.ports
    second = ask_once(ask, replace(first.learned, polls=QUIET_POLLS))
    assert second.learned is not None
    assert second.learned.polls == QUIET_POLLS + 1


def test_a_poll_that_is_called_off_takes_its_ping_along() -> None:
    called_off: list[bool] = []

    class Hanging(RecordedAgent):
        async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
            await asyncio.Event().wait()
            raise AssertionError

    async def ping(_: Target) -> Burst | None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            called_off.append(True)
            raise
        return None

    async def story() -> None:
        asks = Asks(snmp=Hanging({}), agent=AGENT, ping=ping)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await poll(DEVICE, asks=asks, learned=None, slot=0, now=NOW)
        await asyncio.sleep(0)

    asyncio.run(story())
    assert called_off == [True]


def test_everything_is_asked_again_in_time_and_not_by_all_devices_at_once() -> None:
    ask = recorded()
    dues = set()
    for n in range(50):
        device = replace(DEVICE, id=DeviceId(f"ap-{n}"))
        learned = ask_once(ask, device=device).learned
        assert learned is not None
        dues.add(learned.due_after)
        assert REFRESH_POLLS / 2 <= learned.due_after < REFRESH_POLLS * 1.5
    assert len(dues) > 20


def test_the_agent_asked_is_the_same_object_each_time() -> None:
    seen: list[int] = []

    class Watching(RecordedAgent):
        async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
            seen.append(id(agent))
            return await super().get(agent, oids)

    ask = Watching(recorded("airos/litebeam-5ac_8.7").objects)
    learned = ask_once(ask).learned
    learned = ask_once(ask, learned).learned
    seen.clear()
    for _ in range(3):
        learned = ask_once(ask, learned).learned
    assert len(set(seen)) == 1


def test_the_limits_of_the_platform_hold_unless_the_inventory_says_otherwise() -> None:
    ask = recorded("airos/litebeam-5ac_8.7")
    learned = ask_once(ask).learned
    assert learned is not None
    assert learned.known.limits.bulk is False
    said = replace(DEVICE, snmp=SnmpSettings(credential="c", bulk=True, max_oids=3))
    learned = ask_once(ask, device=said).learned
    assert learned is not None
    assert (learned.known.limits.bulk, learned.known.limits.max_oids) == (True, 3)


def test_a_declared_platform_is_not_guessed_and_an_unknown_one_is_said() -> None:
    ask = recorded("linux/debian_12")
    learned = ask_once(ask, device=replace(DEVICE, platform="openwrt")).learned
    assert learned is not None
    assert learned.platform == "openwrt"
    reading = ask_once(ask, device=replace(DEVICE, platform="nonesuch")).reading
    assert (reading.row.snmp_ok, reading.error_kind) == (False, "not-supported")


def test_what_is_not_asked_is_neither_yes_nor_no() -> None:
    reading = ask_once(None).reading
    assert (reading.row.snmp_ok, reading.row.ping_ok, reading.error_kind) == (None, None, None)
    reading = ask_once(recorded(), device=replace(DEVICE, snmp=None)).reading
    assert reading.row.snmp_ok is None


@dataclass(frozen=True)
class Burst:
    sent: int = 3
    received: int = 3
    rtt_min_ms: float | None = 1.0
    rtt_avg_ms: float | None = 2.0
    rtt_max_ms: float | None = 3.0


def test_ping_is_its_own_question_and_unknown_where_it_is_not_permitted() -> None:
    async def answers(_: Target) -> Burst | None:
        return Burst()

    async def silent(_: Target) -> Burst | None:
        return Burst(received=0, rtt_min_ms=None, rtt_avg_ms=None, rtt_max_ms=None)

    async def refused(_: Target) -> Burst | None:
        return None

    async def breaks(_: Target) -> Burst | None:
        raise RuntimeError("a bug in the pinger")

    ask = recorded()
    assert ask_once(ask, ping=answers).reading.row.ping_ok is True
    lost = ask_once(ask, ping=silent).reading
    assert lost.row.ping_ok is False
    assert lost.ping is not None
    assert (lost.ping.sent, lost.ping.received, lost.ping.rtt_avg_ms) == (3, 0, None)
    assert ask_once(ask, ping=refused).reading.row.ping_ok is None
    broken = ask_once(ask, ping=breaks).reading
    assert (broken.row.ping_ok, broken.row.snmp_ok) == (None, True)
    assert ask_once(ask, device=replace(DEVICE, ping=False), ping=answers).reading.row.ping_ok is None


def test_the_shell_is_asked_for_clients_only_where_snmp_tells_none() -> None:
    asked: list[str] = []

    async def shell(device: Device) -> int | None:
        asked.append(device.id)
        return 11

    by_shell = replace(DEVICE, ssh=SshSettings(credential="c", username="root"))
    assert ask_once(recorded("openwrt/bare_22.03"), device=by_shell, shell=shell).reading.row.clients == 11
    assert ask_once(recorded("openwrt/archer-c7_23.05"), device=by_shell, shell=shell).reading.row.clients == 6
    assert ask_once(recorded("unifi/u6-lite_6.6"), device=by_shell, shell=shell).reading.row.clients == 14
    assert ask_once(recorded("openwrt/bare_22.03"), shell=shell).reading.row.clients is None
    assert asked == ["ap-1"]


def test_a_shell_that_fails_does_not_undo_what_snmp_said() -> None:
    async def shell(_: Device) -> int | None:
        raise AuthenticationFailed("wrong key")

    by_shell = replace(DEVICE, ssh=SshSettings(credential="c", username="root"))
    reading = ask_once(recorded("openwrt/bare_22.03"), device=by_shell, shell=shell).reading
    assert (reading.row.snmp_ok, reading.row.clients, reading.error_kind) == (True, None, "authentication")


def test_the_time_of_a_reading_is_that_of_the_answer() -> None:
    reading = ask_once(recorded()).reading
    assert NOW < reading.at < NOW + 5
    assert reading.row.poll_ms is not None
    assert reading.row.poll_ms > 0


def test_a_client_that_can_ask_scalars_and_a_table_at_once_is_asked_so() -> None:
    class Steady(RecordedAgent):
        polls = 0

        async def poll(
            self, agent: Agent, scalars: Sequence[str], columns: Sequence[str], *, rows: int | None = None
        ) -> Any:
            self.polls += 1
            got = await RecordedAgent.get(self, agent, scalars)
            tables = await RecordedAgent.walk(self, agent, columns)

            class Heard:
                scalars = got
                columns = tables

            return Heard()

    ask = Steady(recorded().objects)
    first = ask_once(ask)
    second = ask_once(ask, first.learned)
    assert ask.polls == 1
    assert [i.if_hc_in_octets for i in second.reading.interfaces] == [
        i.if_hc_in_octets for i in first.reading.interfaces
    ]
