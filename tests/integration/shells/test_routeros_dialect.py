"""The RouterOS dialect against the simulated console: safe mode, scheduled restore, refusals, comparison."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.configuring.dialect import GuardKind, GuardState, Refused
from devices.configuring.intents import (
    Bandwidth,
    Banner,
    Dns,
    Encryption,
    Intent,
    Ntp,
    SnmpAccess,
    Ssid,
    TimeZone,
    UserAccount,
    secret,
)
from devices.configuring.routeros import DIALECT
from devices.configuring.secrets import fill
from devices.credentials import Secret
from devices.errors import DeviceError, NotSupported, Unreachable
from devices.model import Device
from simulator.shells import Box, Loss, Router, Shells, serve
from tests.integration.shells.conftest import Door, until

HOST = "127.46.0.1"
DNS = ["/ip dns set servers=1.1.1.1,9.9.9.9"]


@pytest.fixture
def shells() -> Iterator[Shells]:
    box = Box(dialect="routeros", host=HOST, name="ap-1", speed=30.0, tcp_timeout_s=75.0, restart_s=4.0)
    with serve([box]) as running:
        yield running


@pytest.fixture
def router(shells: Shells) -> Router:
    return shells.routers[0]


@pytest.fixture
def device(door: Door, router: Router) -> Device:
    return door.device(HOST, router.port, "routeros", uplink="ether1")


def same(router: Router, text: str) -> bool:
    return DIALECT.normalise(router.running()) == DIALECT.normalise(text)


def test_what_is_fetched_is_what_the_router_runs(door: Door, device: Device, router: Router) -> None:
    assert same(router, DIALECT.fetch(door.open(device)))


def test_a_change_in_safe_mode_is_undone_when_the_session_is_cut(door: Door, device: Device, router: Router) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    DIALECT.arm(session, "t1", 60, base, GuardKind.HELD)
    DIALECT.send(session, DNS)
    assert "1.1.1.1" in router.running()
    session.cut()
    until(lambda: router.guard() is None)
    assert same(router, base)


def test_a_change_in_safe_mode_is_kept_once_released(door: Door, device: Device, router: Router) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t1", 60, base, GuardKind.HELD)
    DIALECT.send(session, DNS)
    other = door.open(device)
    assert DIALECT.guard_state(other, "t1") is GuardState.ARMED
    DIALECT.disarm(session, guard)
    DIALECT.disarm(session, guard)
    session.cut()
    assert DIALECT.guard_state(other, "t1") is GuardState.ABSENT
    assert same(router, DIALECT.after(DIALECT.normalise(base), DNS) or "")


def test_quitting_keeps_what_cutting_would_undo(door: Door, device: Device, router: Router) -> None:
    session = door.open(device)
    DIALECT.arm(session, "t1", 60, "", GuardKind.HELD)
    DIALECT.send(session, DNS)
    session.close()
    until(lambda: router.guard() is None)
    assert "1.1.1.1" in router.running()


def test_a_foreign_safe_mode_is_an_obstacle_and_never_taken(door: Door, device: Device, router: Router) -> None:
    foreign = door.open(device)
    foreign.press("\x18", expect="SAFE")
    session = door.open(device)
    assert DIALECT.obstacles(session) == ["another session holds safe mode"]
    with pytest.raises(NotSupported, match="safe mode"):
        DIALECT.arm(session, "t1", 60, "", GuardKind.HELD)
    assert router.guard() == "safe-mode"
    assert DIALECT.obstacles(door.open(device))  # and still is


def test_safe_mode_that_lost_its_session_is_unrolled_from_a_new_one(door: Door, device: Device, router: Router) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t1", 60, base, GuardKind.HELD)
    DIALECT.send(session, DNS)
    new = door.open(device)
    DIALECT.undo(new, guard, base)
    assert same(router, base)
    assert router.guard() is None


def test_more_than_a_hundred_actions_leave_safe_mode_and_undo_by_commands(
    door: Door, device: Device, router: Router
) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t1", 60, base, GuardKind.HELD)
    DIALECT.send(session, ["; ".join(f"/snmp set contact=orang{n}" for n in range(101))])
    assert router.guard() is None
    session.cut()
    assert "orang100" in router.running()
    DIALECT.undo(door.open(device), guard, base)
    assert same(router, base)


def test_a_change_that_cuts_its_own_way_in_safe_mode_is_undone_by_the_router(
    door: Door, device: Device, router: Router
) -> None:
    session = door.open(device, deadline_s=2.0)
    base = DIALECT.fetch(session)
    DIALECT.arm(session, "t1", 60, base, GuardKind.HELD)
    with pytest.raises(Unreachable):
        DIALECT.send(session, ["/ip address remove [ find comment=kelola ]"])
    session.cut()
    with pytest.raises(Unreachable):
        door.open(device, deadline_s=1.0)
    until(router.answers)  # after the device's own TCP timeout
    assert same(router, base)


def test_the_scheduler_restores_and_restarts_when_nobody_confirms(door: Door, device: Device, router: Router) -> None:
    session = door.open(device, deadline_s=3.0)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t2", 60, base, GuardKind.RELOAD)
    with pytest.raises(Unreachable):
        DIALECT.send(session, ["/ip address remove [ find comment=kelola ]"])
    until(lambda: router.restarts == 1 and router.answers())
    assert same(router, base)
    new = door.open(device)
    assert DIALECT.guard_state(new, "t2") is GuardState.FIRED
    with pytest.raises(DeviceError):
        DIALECT.disarm(new, guard)
    DIALECT.undo(new, guard, base)
    assert DIALECT.guard_state(new, "t2") is GuardState.ABSENT
    assert router.restarts == 1


def test_the_scheduled_restore_survives_a_restart(door: Door, device: Device, router: Router, shells: Shells) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    DIALECT.arm(session, "t3", 60, base, GuardKind.RELOAD)
    DIALECT.send(session, DNS)
    shells.restart(router)
    until(lambda: router.restarts == 1 and router.answers())
    assert "1.1.1.1" in router.running()
    until(lambda: router.restarts == 2 and router.answers())
    assert same(router, base)


def test_a_disarmed_restore_leaves_nothing_behind(door: Door, device: Device, router: Router) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t4", 60, base, GuardKind.RELOAD)
    assert router.guard() == "scheduler"
    assert DIALECT.obstacles(door.open(device)) == ["a guard is armed already"]
    DIALECT.send(session, DNS)
    new = door.open(device)
    assert same(router, DIALECT.fetch(new))  # the guard's own entries are not part of the configuration
    DIALECT.disarm(new, guard)
    DIALECT.disarm(new, guard)
    assert "merata" not in router.running()
    assert DIALECT.guard_state(new, "t4") is GuardState.ABSENT


def test_a_full_disk_arms_nothing(door: Door, device: Device, router: Router) -> None:
    router.faults.disk_full = True
    session = door.open(device)
    assert any("free" in o for o in DIALECT.obstacles(session))
    with pytest.raises(NotSupported):
        DIALECT.arm(session, "t5", 60, "", GuardKind.RELOAD)
    assert router.guard() is None


REFUSED = [
    "/ip address add address=10.1.1.1/24 interface=ether9",
    "/ip foo add a=b",
    "/ip address add address=10.1.1.1/24 interface=ether2 colour=red",
    "/interface wireless set wlan7 ssid=x",
    "/interface wifi security add name=a passphrase=kurang",
]


def test_a_refused_line_is_told_with_its_place(door: Door, device: Device) -> None:
    session = door.open(device)
    for line in REFUSED:
        with pytest.raises(Refused) as told:
            DIALECT.send(session, [*DNS, line])
        assert told.value.line == 1, line
        assert told.value.said


def test_a_lost_session_in_the_middle_is_an_error_at_once(door: Door, device: Device, router: Router) -> None:
    router.faults.lose.append(Loss(pattern="9.9.9.9"))
    session = door.open(device)
    with pytest.raises(Unreachable):
        DIALECT.send(session, DNS)
    assert "9.9.9.9" not in router.running()


def test_question_marks_quotes_and_dollars_arrive_as_they_are(door: Door, device: Device, router: Router) -> None:
    value = 'Wi-Fi "apa?" $50 \\ selesai é'
    DIALECT.send(door.open(device), [f"/system identity set name={DIALECT.quote(value)}"])
    with router.lock:
        assert router.tree.settings["system identity"]["name"] == value  # type: ignore[attr-defined]


def test_a_restore_by_commands_puts_a_whole_change_back_without_a_restart(
    door: Door, device: Device, router: Router
) -> None:
    session = door.open(device)
    base = DIALECT.fetch(session)
    guard = DIALECT.arm(session, "t6", 600, base, GuardKind.RELOAD)
    DIALECT.send(
        session,
        [
            *DNS,
            "/interface wireless set [ find default-name=wlan1 ] ssid=Baru",
            "/ip pool add name=lain ranges=10.6.0.2-10.6.0.9",
            "/ip pool set [ find name=tamu ] ranges=10.5.50.20-10.5.50.30",
            "/snmp set contact=kantor",
            "/ip firewall nat remove [ find chain=srcnat ]",
        ],
    )
    DIALECT.undo(door.open(device), guard, base)
    assert same(router, base)
    assert router.restarts == 0
    assert router.guard() is None


INTENTS: list[tuple[Intent, str]] = [
    (Ssid(ssid="Layanan Publik", passphrase=secret("env:PSK")), "Layanan Publik"),
    (Ssid(ssid="Terbuka", encryption=Encryption.OPEN), "Terbuka"),
    (Ntp(servers=("0.id.pool.ntp.org", "10.0.0.2")), "0.id.pool.ntp.org"),
    (Dns(servers=("1.1.1.1", "9.9.9.9")), "1.1.1.1,9.9.9.9"),
    (SnmpAccess(community=secret("env:PSK")), "ra ha?sia$1"),
    (SnmpAccess(user="poll", auth="sha1", auth_password=secret("env:PSK")), "poll"),
    (Banner(text='Milik publik\nTanya? "Kantor"'), "Milik publik"),
    (Bandwidth(down_kbps=20000, up_kbps=5500), "20M/5500k"),
    (TimeZone(name="Asia/Pontianak"), "Asia/Pontianak"),
]


def test_each_intent_is_taken_found_and_says_nothing_twice(door: Door, device: Device) -> None:
    session = door.open(device)
    for intent, shown in INTENTS:
        before = DIALECT.normalise(DIALECT.fetch(session))
        marked = DIALECT.intent_lines(intent, before, device)
        lines = fill(marked, lambda _: Secret("ra ha?sia$1"), DIALECT.quote)
        expected = DIALECT.after(before, lines)
        DIALECT.send(session, lines)
        after = DIALECT.normalise(DIALECT.fetch(session))
        assert shown in after.replace("\\3F", "?").replace("\\$", "$")
        assert DIALECT.missing(after, lines) == []
        assert expected in (None, after)
        assert "ra ha" not in DIALECT.mask(after)
        assert "ra ha" not in DIALECT.mask("\n".join(lines))
        again = [x for x in DIALECT.intent_lines(intent, after, device) if "⟦" not in x and "mode=none" not in x]
        assert again == []


def test_an_account_is_made_and_then_changed(door: Door, device: Device, router: Router) -> None:
    intent = UserAccount(name="teknisi", password=secret("env:PW"))
    session = door.open(device)
    base = DIALECT.normalise(DIALECT.fetch(session))
    lines = DIALECT.intent_lines(intent, base, device)
    assert DIALECT.after(base, lines) is None  # no export tells of accounts
    for password in ("pertama", "ke dua"):
        DIALECT.send(session, fill(lines, lambda _, p=password: Secret(p), DIALECT.quote))  # type: ignore[misc]
        assert router.accounts["teknisi"] == password
    assert "ke dua" not in DIALECT.mask("\n".join(fill(lines, lambda _: Secret("ke dua"), DIALECT.quote)))
