"""IOS, Ruijie and VRP on simulated devices behind real SSH: what is shown, what is refused, guards that act."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from devices.configuring.dialect import GuardKind, GuardState, Refused
from devices.configuring.lined import Lined
from devices.configuring.registry import dialect_of
from devices.errors import NotSupported, UnexpectedReply, Unreachable
from devices.model import Device
from devices.transport.session import Session
from simulator.shells.router import Box, Loss, Router
from simulator.shells.server import serve
from tests.integration.shells.conftest import Door, until

PORT = {"ios": "interface GigabitEthernet0/0", "ruijie": "interface GigabitEthernet 0/0",
        "vrp": "interface GigabitEthernet0/0/0"}  # fmt: skip
OFF = {"ios": "no", "ruijie": "no", "vrp": "undo"}
RENAME = {"ios": "hostname baru", "ruijie": "hostname baru", "vrp": "sysname baru"}
FAST = 300.0  # a minute of the device in a fifth of a second


class Bench:
    """One simulated device and its dialect."""

    def __init__(self, door: Door, router: Router, platform: str) -> None:
        self.router, self.platform = router, platform
        found = dialect_of(platform)
        assert isinstance(found, Lined)
        self.dialect = found
        self._door = door
        self.device: Device = door.device(router.box.host, router.port, platform)

    def session(self, deadline_s: float = 20.0) -> Session:
        return self._door.open(self.device, deadline_s=deadline_s)

    def shown(self) -> str:
        return self.dialect.normalise(self.router.running())


@pytest.fixture
def start(door: Door) -> Iterator[Callable[..., Bench]]:
    running = []

    def begin(platform: str, *, speed: float = 1.0, config: str | None = None) -> Bench:
        served = serve([Box(dialect=platform, name="gerbang", speed=speed, config=config)])
        running.append(served)
        return Bench(door, served.__enter__().routers[0], platform)

    yield begin
    door.close()
    for served in running:
        served.__exit__(None, None, None)


every = pytest.mark.parametrize("platform", ["ios", "ruijie", "vrp"])

CHANGES = {
    "ios": [
        [PORT["ios"], "description ke menara", "exit", "ntp server 10.9.9.9", "no ntp server 10.0.0.1"],
        ["hostname baru", "ip name-server 1.1.1.1", "no ip name-server 8.8.8.8", "clock timezone WIB 7"],
        ["banner motd ~", "Milik Diskominfo.", "! bukan komentar", "~", "snmp-server location Sambas"],
        ["interface GigabitEthernet0/1", "no shutdown", "ip address 10.5.0.1 255.255.255.0", "exit",
         "line vty 0 4", "exec-timeout 5 0"],
        ["policy-map NAIK", "class class-default", "police cir 2000000", "exit", "exit",
         PORT["ios"], "service-policy input NAIK"],
        ["no snmp-server community lama", "snmp-server community baru RO", "username tamu privilege 1 secret abc"],
    ],
    "ruijie": [
        [PORT["ruijie"], "description ke menara", "exit", "ntp server 10.9.9.9", "snmp-server community baru ro"],
        ["wlan-config 1 Lama", "ssid Baru", "exit", "wlansec 1", "security rsn akm psk set-key ascii katakunci9"],
        ["hostname baru", "no ip route 0.0.0.0 0.0.0.0 127.0.0.1", "ip route 0.0.0.0 0.0.0.0 127.0.0.9"],
    ],
    "vrp": [
        [PORT["vrp"], "description ke menara", "quit", "ntp-service unicast-server 10.9.9.9"],
        ["sysname baru", "undo dns server 8.8.8.8", "dns server 1.1.1.1", "clock timezone WIB add 07:00:00"],
        ["interface GigabitEthernet0/0/1", "undo shutdown", "ip address 10.5.0.1 255.255.255.0", "quit", "aaa",
         "local-user tamu password irreversible-cipher Abc12345", "local-user tamu service-type ssh"],
    ],
}  # fmt: skip


@pytest.mark.parametrize(("platform", "number"), [(p, n) for p, all_ in CHANGES.items() for n in range(len(all_))])
def test_what_is_expected_is_shown_and_can_be_taken_back(
    start: Callable[..., Bench], platform: str, number: int
) -> None:
    bench, lines = start(platform), CHANGES[platform][number]
    dialect, session = bench.dialect, bench.session()
    base = dialect.normalise(dialect.fetch(session))
    assert base == bench.shown()
    assert dialect.missing(base, lines)
    expected = dialect.after(base, lines)
    # What a device shows of accounts in an order and cipher of its own is not foretold.
    assert (expected is None) == (platform == "vrp" and any("local-user" in line for line in lines))
    dialect.send(session, lines)
    if expected is not None:
        # The simulator shows lines of a section in the order of typing, a device in its own.
        assert sorted(bench.shown().splitlines()) == sorted(expected.splitlines())
    assert dialect.missing(bench.shown(), lines) == []
    dialect.send(session, dialect.undoing(bench.shown(), base))
    assert sorted(bench.shown().splitlines()) == sorted(base.splitlines())
    assert dialect.fetch(session)
    session.close()


@every
def test_a_refused_line_is_named_nothing_follows_it_and_no_secret_is_told(
    start: Callable[..., Bench], platform: str
) -> None:
    bench = start(platform)
    bench.router.faults.refuse.append("rahasiasekali")
    lines = [PORT[platform], "description a", "password rahasiasekali", "description b"]
    with pytest.raises(Refused) as caught:
        bench.dialect.send(bench.session(), lines)
    assert caught.value.line == 2
    assert "rahasiasekali" not in f"{caught.value} {caught.value.said}"
    assert "description b" not in bench.shown()


@every
def test_a_restart_is_the_guard_where_all_was_saved(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform, speed=FAST)
    base = bench.dialect.fetch(bench.session())
    guard = bench.dialect.arm(bench.session(), "m1-1", 61, base, GuardKind.RELOAD)
    assert (guard.seconds, guard.survives_restart) == (120, True)
    bench.dialect.send(bench.session(), [PORT[platform], f"{OFF[platform]} description"])
    until(lambda: bench.router.restarts == 1 and bench.router.answers())
    session = bench.session()
    assert bench.dialect.guard_state(session, "m1-1") is GuardState.ABSENT
    assert bench.dialect.fetch(session) == base


@every
def test_a_change_that_cuts_its_own_way_is_undone_by_the_device(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform, speed=60.0)
    base = bench.dialect.fetch(bench.session())
    bench.dialect.arm(bench.session(), "m1-1", 60, base, GuardKind.RELOAD)
    with pytest.raises(Unreachable):
        bench.dialect.send(bench.session(deadline_s=1.0), [PORT[platform], f"{OFF[platform]} ip address", "shutdown"])
    assert not bench.router.answers()
    until(bench.router.answers)
    assert bench.dialect.fetch(bench.session()) == base


@every
def test_a_kept_change_is_saved_and_disarming_twice_is_no_error(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform)
    session = bench.session()
    guard = bench.dialect.arm(session, "m1-1", 600, bench.dialect.fetch(session), GuardKind.RELOAD)
    assert bench.dialect.obstacles(bench.session()) != []
    bench.dialect.send(session, [PORT[platform], "description tetap"])
    other = bench.session()
    assert bench.dialect.guard_state(other, "m1-1") is GuardState.ARMED
    bench.dialect.disarm(other, guard)
    bench.dialect.disarm(other, guard)
    assert bench.dialect.guard_state(other, "m1-1") is GuardState.ABSENT
    assert "tetap" not in bench.router.startup()
    bench.dialect.save(other)
    assert "tetap" in bench.router.startup()


@every
def test_undoing_leaves_the_old_configuration_and_no_guard(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform)
    session = bench.session()
    base = bench.dialect.fetch(session)
    guard = bench.dialect.arm(session, "m1-1", 600, base, GuardKind.RELOAD)
    bench.dialect.send(session, [PORT[platform], "description salah", RENAME[platform]])
    for _ in range(2):
        bench.dialect.undo(session, guard, base)
        assert bench.dialect.fetch(session) == base
        assert bench.router.guard() is None


def test_what_is_not_saved_leaves_no_guard_by_restart(start: Callable[..., Bench]) -> None:
    bench = start("vrp")
    session = bench.session()
    bench.dialect.send(session, [PORT["vrp"], "description belum disimpan"])
    with pytest.raises(NotSupported, match="not what is saved"):
        bench.dialect.arm(session, "m1-1", 60, bench.dialect.fetch(session), GuardKind.RELOAD)
    assert bench.router.guard() is None


@every
def test_a_full_flash_is_an_error_though_the_device_goes_on(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform)
    session = bench.session()
    bench.dialect.send(session, [PORT[platform], "description x"])
    bench.router.faults.disk_full = True
    with pytest.raises(UnexpectedReply):
        bench.dialect.save(session)


def test_a_session_that_is_lost_is_unreachable(start: Callable[..., Bench]) -> None:
    bench = start("vrp")
    bench.router.faults.lose.append(Loss(pattern="description", after=True))
    with pytest.raises(Unreachable):
        bench.dialect.send(bench.session(), [PORT["vrp"], "description x"])


def test_an_answer_that_never_comes_ends_at_the_deadline(start: Callable[..., Bench]) -> None:
    bench = start("vrp")
    bench.router.faults.hang.append("description")
    with pytest.raises(Unreachable):
        bench.dialect.send(bench.session(deadline_s=1.5), [PORT["vrp"], "description x"])


@every
def test_lines_on_the_way_to_the_device_are_told(start: Callable[..., Bench], platform: str) -> None:
    bench = start(platform)
    leave = "quit" if platform == "vrp" else "exit"
    lines = [PORT[platform], "description x", f"{OFF[platform]} shutdown", leave, "interface Loopback9", "shutdown"]
    assert bench.dialect.management(bench.shown(), lines, bench.device) == [2]


# What only IOS has


def test_the_revert_timer_puts_back_without_a_restart(start: Callable[..., Bench]) -> None:
    bench = start("ios", speed=60.0)
    base = bench.dialect.fetch(bench.session())
    guard = bench.dialect.arm(bench.session(), "m1-1", 60, base, GuardKind.TIMER)
    assert guard.seconds == 60
    with pytest.raises(Unreachable):
        bench.dialect.send(bench.session(deadline_s=0.8), [PORT["ios"], "no ip address"])
    until(bench.router.answers)
    session = bench.session()
    assert bench.dialect.fetch(session) == base
    assert bench.dialect.guard_state(session, "m1-1") is GuardState.ABSENT
    assert bench.router.restarts == 0


def test_the_revert_timer_is_confirmed_or_taken_back_at_once(start: Callable[..., Bench]) -> None:
    bench = start("ios")
    session = bench.session()
    base = bench.dialect.fetch(session)
    guard = bench.dialect.arm(session, "m1-1", 600, base, GuardKind.TIMER)
    bench.dialect.send(session, [PORT["ios"], "description salah"])
    assert bench.dialect.obstacles(bench.session()) == ["somebody's revert timer is armed"]
    bench.dialect.undo(session, guard, base)
    assert bench.dialect.fetch(session) == base
    assert bench.router.guard() is None
    guard = bench.dialect.arm(session, "m1-2", 600, base, GuardKind.TIMER)
    bench.dialect.send(session, [PORT["ios"], "description benar"])
    bench.dialect.disarm(session, guard)
    bench.dialect.disarm(session, guard)
    assert bench.router.guard() is None
    assert "benar" in bench.shown()


def test_without_an_archive_there_is_no_revert_timer(start: Callable[..., Bench]) -> None:
    config = "version 15.7\nhostname gerbang\ninterface GigabitEthernet0/0\n ip address 127.0.0.1 255.255.255.0\n"
    bench = start("ios", config=config)
    session = bench.session()
    base = bench.dialect.fetch(session)
    with pytest.raises(NotSupported, match="archive"):
        bench.dialect.arm(session, "m1-1", 60, base, GuardKind.TIMER)
    assert bench.dialect.arm(session, "m1-1", 60, base, GuardKind.RELOAD).kind is GuardKind.RELOAD
