"""Simulated consoles, line by line and without SSH: what they take, refuse, guard and lose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.shells.dialects import build
from simulator.shells.router import Box, Router, Terminal


class Clock:
    """Timers that fire when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[_Timer] = []

    def later(self, seconds: float, action: Callable[[], None]) -> _Timer:
        timer = _Timer(self.now + seconds, action)
        self._due.append(timer)
        return timer

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [t for t in self._due if t.at <= end and not t.done]:
            first = min(due, key=lambda t: t.at)
            self.now, first.done = first.at, True
            first.action()
        self.now = end


class _Timer:
    def __init__(self, at: float, action: Callable[[], None]) -> None:
        self.at, self.action, self.done = at, action, False

    def cancel(self) -> None:
        self.done = True


def switched_on(dialect: str, **more: str) -> tuple[Router, Terminal, Clock]:
    clock = Clock()
    router = build(Box(dialect=dialect, host="127.0.0.9", name="r1", **more), later=clock.later)  # type: ignore[arg-type]
    return router, router.sign_in("admin"), clock


def typed(router: Router, terminal: Terminal, *lines: str) -> list[str]:
    return [router.take(terminal, line) for line in lines]


def test_ios_takes_sections_replaces_single_values_and_removes() -> None:
    router, terminal, _ = switched_on("ios")
    said = typed(router, terminal, "configure terminal", "interface GigabitEthernet0/1", "description a",
                 "description b", "ip address 10.0.0.1 255.255.255.0", "no shutdown", "hostname r2",
                 "ip name-server 1.1.1.1 9.9.9.9", "no ip name-server 8.8.8.8", "end")  # fmt: skip
    assert said[1:] == [""] * 9
    section = "interface GigabitEthernet0/1\n ip address 10.0.0.1 255.255.255.0\n description b\n!"
    assert set(section.splitlines()) <= set(router.running().splitlines())
    assert "shutdown" not in router.running()
    assert "ip name-server 1.1.1.1\nip name-server 9.9.9.9\n" in router.running()
    assert terminal.prompt() == "r2#"
    assert router.startup() != router.running()
    assert "[OK]" in typed(router, terminal, "write memory")[0]
    assert router.startup() == router.running()


@pytest.mark.parametrize(("dialect", "enter", "words"), [
    ("ios", "configure terminal", "% Invalid input"), ("ruijie", "configure terminal", "% Invalid input"),
    ("vrp", "system-view", "Error: Unrecognized command"),
])  # fmt: skip
def test_what_is_not_known_is_refused_and_nothing_changes(dialect: str, enter: str, words: str) -> None:
    router, terminal, _ = switched_on(dialect)
    typed(router, terminal, enter)
    before = router.running()
    assert words in typed(router, terminal, "florble a b")[0]
    router.faults.refuse.append("sysname|hostname")
    assert words in typed(router, terminal, "hostname x" if dialect != "vrp" else "sysname x")[0]
    assert router.running() == before


def test_ios_reverts_by_its_timer_unless_confirmed() -> None:
    router, terminal, clock = switched_on("ios")
    before = router.running()
    typed(router, terminal, "configure terminal revert timer 2", "hostname lain", "end")
    assert router.guard() == "revert"
    clock.pass_(119)
    assert router.running() != before
    clock.pass_(2)
    assert router.running() == before
    typed(router, terminal, "configure terminal revert timer 2", "hostname lain", "end", "configure confirm")
    clock.pass_(600)
    assert "hostname lain" in router.running()


def test_ios_without_an_archive_has_no_revert_timer() -> None:
    router, terminal, _ = switched_on("ios")
    typed(router, terminal, "configure terminal", "no archive", "end")
    assert "not enabled" in typed(router, terminal, "configure terminal revert timer 2")[0]
    assert terminal.prompt() == "r1#"
    assert router.guard() is None


@pytest.mark.parametrize(("dialect", "arm", "cancel", "change"), [
    ("ios", ["reload in 5", "no", ""], "reload cancel", ["configure terminal", "hostname lain", "end"]),
    ("ruijie", ["reload in 5", "y"], "reload cancel", ["configure terminal", "hostname lain", "end"]),
    ("vrp", ["schedule reboot delay 5", "y"], "undo schedule reboot", ["system-view", "sysname lain", "return"]),
])  # fmt: skip
def test_a_scheduled_reload_brings_back_what_was_saved(
    dialect: str, arm: list[str], cancel: str, change: list[str]
) -> None:
    router, terminal, clock = switched_on(dialect)
    before = router.running()
    typed(router, terminal, *change, *arm)
    assert router.guard()
    clock.pass_(301)
    assert router.restarts == 1
    assert not router.answers()
    clock.pass_(60)
    assert router.answers()
    assert router.running() == before
    terminal = router.sign_in("admin")
    typed(router, terminal, *arm[:1], *(arm[2:] if dialect == "ios" else arm[1:]), cancel)
    assert router.guard() is None


@pytest.mark.parametrize(("dialect", "save", "words"), [
    ("ios", ["write memory"], "No space left"), ("vrp", ["save", "y"], "insufficient"),
])  # fmt: skip
def test_a_full_disk_saves_nothing_and_says_so(dialect: str, save: list[str], words: str) -> None:
    router, terminal, _ = switched_on(dialect)
    router.faults.disk_full = True
    change = (
        ["configure terminal", "hostname lain", "end"]
        if dialect == "ios"
        else ["system-view", "sysname lain", "return"]
    )
    typed(router, terminal, *change)
    saved = router.startup()
    assert words in typed(router, terminal, *save)[-1]
    assert router.startup() == saved


def test_vrp_asks_before_it_saves_and_a_no_saves_nothing() -> None:
    router, terminal, _ = switched_on("vrp")
    typed(router, terminal, "system-view", "sysname lain", "return", "save")
    assert terminal.prompt().endswith("[Y/N]:")
    typed(router, terminal, "n")
    assert "sysname r1" in router.startup()
    typed(router, terminal, "save", "y")
    assert "sysname lain" in router.startup()


def test_ruijie_shows_nothing_before_enable_and_the_password_is_not_echoed() -> None:
    router, terminal, _ = switched_on("ruijie", enable_password="masuk")
    assert terminal.prompt() == "r1>"
    assert "Invalid" in typed(router, terminal, "show running-config")[0]
    typed(router, terminal, "enable")
    assert (terminal.prompt(), terminal.echo) == ("Password: ", False)
    typed(router, terminal, "masuk")
    assert (terminal.prompt(), terminal.echo) == ("r1#", True)


@pytest.mark.parametrize(("dialect", "lines"), [
    ("ios", ["configure terminal", "interface GigabitEthernet0/0", "no ip address"]),
    ("ios", ["configure terminal", "interface GigabitEthernet0/0", "shutdown"]),
    ("ruijie", ["configure terminal", "interface GigabitEthernet 0/0", "no ip address"]),
    ("vrp", ["system-view", "interface GigabitEthernet0/0/0", "undo ip address"]),
    ("routeros", ["/interface ethernet disable ether1"]),
    ("routeros", ["/ip service set ssh disabled=yes"]),
    ("routeros", ["/ip firewall filter add chain=input protocol=tcp dst-port=22 action=drop"]),
])  # fmt: skip
def test_a_change_can_cut_the_way_to_the_device(dialect: str, lines: list[str]) -> None:
    router, terminal, _ = switched_on(dialect)
    assert router.answers()
    typed(router, terminal, *lines)
    assert not router.answers()


def test_safe_mode_is_undone_when_lost_kept_when_left_and_handed_over_when_asked() -> None:
    router, terminal, _ = switched_on("routeros")
    before = router.running()
    for end in ("lost", "quit", "hijack"):
        session = router.sign_in("admin+ct511w4098h")
        assert session.prompt() == "[admin@r1] > "
        assert session.key("\x18") == "[Safe Mode taken]\n"
        assert session.prompt() == "[admin@r1] <SAFE> "
        typed(router, session, f"/snmp set contact={end}")
        if end == "quit":
            typed(router, session, "/quit")
        elif end == "hijack":
            assert terminal.key("\x18") == ""
            assert terminal.prompt().startswith("Hijacking Safe Mode from someone")
            typed(router, terminal, "u")
            assert terminal.key("\x18") == "[Safe Mode released]\n"
        router.leave(session)
        assert (f"contact={end}" in router.running()) == (end == "quit")
        typed(router, terminal, '/snmp set contact=""')
    assert router.running() == before


def test_a_script_waits_in_the_devices_own_time_and_dies_with_a_restart() -> None:
    router, terminal, clock = switched_on("routeros")
    typed(router, terminal, ':execute ":delay 30s; /snmp set contact=a; :delay 30s; /snmp set contact=b"')
    clock.pass_(31)
    assert "contact=a" in router.running()
    router.restart()
    clock.pass_(90)
    assert "contact=a" in router.running()
