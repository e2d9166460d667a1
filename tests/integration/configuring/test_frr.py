"""The dialect of FRR on real routers: vtysh behind sshd, real loss of the way, the router's own undoing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.frr import DIALECT
from devices.errors import NotSupported, UnexpectedReply, Unreachable
from devices.model import Device
from devices.transport.session import Session
from tests.lab.frr import FrrLab, Router

pytestmark = pytest.mark.needs("netns", "frr", "sshd", "snmpd")
FRR_ROUTERS = 3
SOON = 2  # seconds of a guard that is meant to fire
LATER = 300


class Bench:
    """One router, its device, and sessions that are cut in the end."""

    def __init__(self, lab: FrrLab, device: Device) -> None:
        self.device = device
        self.router: Router = lab.router(device.id)
        self._sessions = lab.sessions()
        self._open: list[Session] = []

    def session(self, deadline_s: float = 60) -> Session:
        session = self._sessions.open(self.device, deadline_s=deadline_s)
        self._open.append(session)
        return session

    def shown(self) -> str:
        return DIALECT.normalise(self.router.running())

    def close(self) -> None:
        for session in self._open:
            session.cut()


@pytest.fixture
def bench(frr_lab: FrrLab) -> Iterator[Bench]:
    bench = Bench(frr_lab, frr_lab.devices[0])
    yield bench
    bench.close()
    bench.router.power_cycle()  # what was not saved is gone


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def armed(bench: Bench, token: str, seconds: int) -> tuple[str, Guard]:
    session = bench.session()
    base = DIALECT.fetch(session)
    return base, DIALECT.arm(session, token, seconds, base, GuardKind.TIMER)


CHANGES = {
    "a description replaced": ["interface eth0", "description ke menara", "exit"],
    "routes added and removed": ["ip route 9.0.0.0/8 blackhole", "ip route 203.0.113.0/24 10.77.0.1",
                                 "no ip route 192.0.2.0/24 Null0"],
    "an address more": ["interface lo", " ip address 10.98.0.1/32", " description diri sendiri"],
    "lists in their order": ["ip prefix-list A seq 10 permit 10.0.0.0/8", "ip prefix-list A seq 5 deny any",
                             "access-list K seq 5 permit 10.77.0.0/24"],
    "a route map": ["route-map RM permit 10", "match ip address prefix-list A", "set metric 20", "exit",
                    "route-map RM deny 20"],
    "logging and passwords": ["log syslog informational", "password rahasia1", "enable password rahasia2"],
    "a tunnel to come": ["interface tun7", "description nanti", "bandwidth 1000", "exit"],
    "off and on": ["interface eth0", "no description", "description x", "no description"],
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_expected_after_a_change_is_what_the_router_shows(frr_lab: FrrLab, name: str) -> None:
    bench = Bench(frr_lab, frr_lab.devices[1])
    lines, session = CHANGES[name], bench.session()
    fetched = DIALECT.fetch(session)
    base = DIALECT.normalise(fetched)
    expected = DIALECT.after(base, lines)
    DIALECT.send(session, lines)
    shown = bench.shown()
    assert shown == expected
    assert DIALECT.missing(shown, lines) == []
    assert DIALECT.after(shown, lines) in (shown, None)
    DIALECT.send(session, DIALECT.undoing(shown, base))
    assert bench.shown() == base
    bench.close()


def test_what_is_fetched_is_what_the_router_runs_and_normalising_twice_changes_nothing(bench: Bench) -> None:
    text = DIALECT.normalise(DIALECT.fetch(bench.session()))
    assert text == bench.shown() == DIALECT.normalise(text)
    assert " ip address 10.77.0.11/24\n" in text
    assert DIALECT.obstacles(bench.session()) == []


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (["interface eth0", "description a", "descriptoin b", "description c"], 2),
        (["ip route 300.0.0.0/8 Null0"], 0),
        (["! a comment", "router bgp 65000"], 1),
        (["no ip route 5.0.0.0/8 Null0"], 0),
        (["interface eth0", "ip address"], 1),
    ],
)
def test_the_refused_line_is_named_and_nothing_after_it_is_sent(
    frr_lab: FrrLab, lines: list[str], refused: int
) -> None:
    bench = Bench(frr_lab, frr_lab.devices[2])
    with pytest.raises(Refused) as caught:
        DIALECT.send(bench.session(), lines)
    assert caught.value.line == refused
    assert "description c" not in bench.shown()
    bench.close()


def test_a_refusal_tells_no_secret(bench: Bench) -> None:
    with pytest.raises(Refused) as caught:
        DIALECT.send(bench.session(), ["pasword password sangatrahasia"])
    assert "sangatrahasia" not in caught.value.said + str(caught.value)


def test_a_change_that_cuts_its_own_way_is_undone_by_the_router(bench: Bench) -> None:
    base, _ = armed(bench, "putus-1", SOON)
    with pytest.raises(Unreachable):
        DIALECT.send(
            bench.session(deadline_s=1.5), ["interface eth0", "no ip address 10.77.0.11/24", "description mati"]
        )
    assert not bench.router.reachable()
    assert within(SOON + 10, bench.router.reachable)
    session = bench.session()
    assert within(10, lambda: DIALECT.guard_state(session, "putus-1") is GuardState.FIRED)
    assert DIALECT.normalise(DIALECT.fetch(session)) == DIALECT.normalise(base)


def test_a_kept_change_stays_and_the_guard_is_gone(bench: Bench) -> None:
    _, guard = armed(bench, "tetap-1", SOON)
    DIALECT.send(bench.session(), ["interface eth0", "description tetap"])
    other = bench.session()
    assert DIALECT.guard_state(other, "tetap-1") is GuardState.ARMED
    DIALECT.disarm(other, guard)
    DIALECT.disarm(other, guard)
    assert DIALECT.guard_state(other, "tetap-1") is GuardState.ABSENT
    assert not within(SOON + 1, lambda: "tetap" not in bench.shown())
    assert "sleep" not in bench.router.shell("ps ax")


def test_a_guard_that_was_first_cannot_be_disarmed(bench: Bench) -> None:
    base, guard = armed(bench, "awal-1", 1)
    session = bench.session()
    assert within(10, lambda: DIALECT.guard_state(session, "awal-1") is GuardState.FIRED)
    with pytest.raises(UnexpectedReply, match="has put the old configuration back"):
        DIALECT.disarm(session, guard)
    again = bench.session()
    DIALECT.undo(again, guard, base)
    assert DIALECT.guard_state(again, "awal-1") is GuardState.ABSENT


def test_undoing_puts_back_what_frr_reload_leaves_and_twice_is_no_error(bench: Bench) -> None:
    base, guard = armed(bench, "balik-1", LATER)
    lines = ["password rahasia1", "interface dummy7", "ip address 10.5.0.1/24", "exit", "ip route 9.0.0.0/8 Null0"]
    DIALECT.send(bench.session(), lines)
    session = bench.session()
    for _ in range(2):
        DIALECT.undo(session, guard, base)
        assert bench.shown() == DIALECT.normalise(base)
        assert DIALECT.guard_state(session, "balik-1") is GuardState.ABSENT
    assert bench.router.shell("ls /run/merata").strip() == ""


def test_a_restart_undoes_what_was_not_saved_and_the_guard_says_so_beforehand(bench: Bench) -> None:
    _, guard = armed(bench, "listrik-1", LATER)
    assert guard.survives_restart
    DIALECT.send(bench.session(), ["interface eth0", "description hilang"])
    bench.router.power_cycle()
    assert "hilang" not in bench.shown()
    assert DIALECT.guard_state(bench.session(), "listrik-1") is GuardState.ABSENT
    DIALECT.send(bench.session(), ["interface eth0", "description tak disimpan"])
    assert not armed(bench, "listrik-2", LATER)[1].survives_restart


def test_saving_is_seen_in_the_file_and_a_full_disk_is_an_error(frr_lab: FrrLab) -> None:
    bench = Bench(frr_lab, frr_lab.devices[2])
    DIALECT.send(bench.session(), ["interface eth0", "description disimpan"])
    assert "disimpan" not in (DIALECT.fetch_saved(bench.session()) or "")
    DIALECT.save(bench.session())
    assert "disimpan" in bench.router.saved()
    bench.router.shell("mount -t tmpfs -o size=4k tmpfs /etc/frr && head -c 4096 /dev/zero >/etc/frr/penuh || :")
    with pytest.raises(UnexpectedReply):
        DIALECT.save(bench.session())
    bench.close()


def test_no_room_for_the_snapshot_means_no_guard(bench: Bench) -> None:
    session = bench.session()
    base = DIALECT.fetch(session)
    bench.router.shell("head -c 9000000 /dev/zero >/run/penuh 2>/dev/null || :")
    with pytest.raises(NotSupported, match="no room"):
        DIALECT.arm(session, "penuh-1", LATER, base, GuardKind.TIMER)
    assert DIALECT.guard_state(bench.session(), "penuh-1") is not GuardState.ARMED


def test_a_foreign_guard_is_an_obstacle(bench: Bench) -> None:
    armed(bench, "orang-lain", LATER)
    assert DIALECT.obstacles(bench.session()) == ["a change is already under way (guard orang-lain)"]


def test_lines_on_the_way_to_the_router_are_told(frr_lab: FrrLab) -> None:
    router, device = frr_lab.routers[1], frr_lab.devices[1]
    running = DIALECT.normalise(router.running())
    lines = ["interface eth0", "description x", "no ip address 10.77.0.12/24", "exit", "interface lo",
             "ip address 10.1.1.1/32", "exit", "ip route 0.0.0.0/0 10.77.0.9", "hostname y"]  # fmt: skip
    assert DIALECT.management(running, lines, device) == [2, 7, 8]  # the name is not modelled: in doubt it does
