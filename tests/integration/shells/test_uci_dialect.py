"""The dialects of devices with a shell on a real sshd: precise changes, a guard that fires alone or at a restart."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.intents import (
    Bandwidth,
    Dns,
    Encryption,
    Intent,
    Ntp,
    SnmpAccess,
    Ssid,
    TimeZone,
    secret,
)
from devices.configuring.secrets import fill
from devices.configuring.uci import UciDialect
from devices.credentials import KeyFile, Secret
from devices.errors import DeviceError, UnexpectedReply
from devices.model import Device
from devices.transport.session import Session
from tests.integration.shells.conftest import Door, until
from tests.integration.shells.hosts import Host, furnish, linux_dialect, start_sshd, uci_dialect
from tests.integration.ssh.conftest import stop

pytestmark = pytest.mark.needs("sshd")
SSID = ["uci set wireless.default_radio0.ssid='Baru'", "uci set wireless.default_radio0.key='rahasia baru'"]


def kill_with_children(pid: int) -> None:
    """End one process and what it waits for, each by its own number."""
    assert pid > 1
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and b"merata-guard" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = start_sshd(tmp_path_factory.mktemp("openwrt"))
    yield host
    stop(host.process)


@pytest.fixture
def host(server: Host) -> Iterator[Host]:
    """The same server with its files as at first."""
    for path in ("etc", "bin", "staged", "reloads"):
        subprocess.run(["rm", "-rf", str(server.root / path)], check=True)
    furnish(server.root)
    yield server
    assert not list(server.file("/etc").glob("merata-guard/*/armed")), "a test left a guard armed"


@pytest.fixture
def device(door: Door, host: Host) -> Device:
    door.first = f"PATH={host.root}/bin:/usr/bin:/bin:/usr/sbin:/sbin"  # a login shell sets its own
    return door.device("127.0.0.1", host.port, "openwrt", username=host.username, uplink="eth1")


@pytest.fixture
def session(door: Door, device: Device, host: Host) -> Session:
    return door.open(device, KeyFile(host.key))


@pytest.fixture
def uci(host: Host) -> UciDialect:
    return uci_dialect(host)


def test_a_good_change_is_kept_and_saved(
    uci: UciDialect, session: Session, host: Host, door: Door, device: Device
) -> None:
    assert uci.obstacles(session) == []
    base = uci.fetch(session)
    guard = uci.arm(session, "t1", 60, base, GuardKind.TIMER)
    assert guard.survives_restart == (os.geteuid() == 0)
    uci.send(session, SSID)
    session.close()
    new = door.open(device, KeyFile(host.key))
    after = uci.normalise(uci.fetch(new))
    assert after == uci.after(uci.normalise(base), SSID)
    assert uci.missing(after, SSID) == []
    assert uci.guard_state(new, "t1") is GuardState.ARMED
    uci.disarm(new, guard)
    uci.disarm(new, guard)
    uci.save(new)
    assert uci.guard_state(new, "t1") is GuardState.ABSENT
    assert "Baru" in host.config("wireless")
    assert host.reloads() == 1
    assert not host.file("/etc/merata-guard").exists()
    assert not host.file("/etc/init.d/merata-guard").exists()


def test_a_change_that_nobody_confirms_is_undone_after_the_session_is_lost(
    uci: UciDialect, session: Session, host: Host, door: Door, device: Device
) -> None:
    before = {p.name: p.read_bytes() for p in host.file("/etc/config").iterdir()}
    base = uci.fetch(session)
    guard = uci.arm(session, "t2", 2, base, GuardKind.TIMER)
    uci.send(
        session,
        [*SSID, "uci set network.lan.ipaddr='10.0.0.1'", "printf '%s\\n' 'Halo' > " + str(host.file("/etc/banner"))],
    )
    (host.file("/etc/config") / "asing").write_text("config baru\n")
    session.cut()
    until(lambda: host.file("/etc/merata-guard/t2/fired").exists())
    assert {p.name: p.read_bytes() for p in host.file("/etc/config").iterdir()} == before
    assert host.file("/etc/banner").read_text() == "OpenWrt\n"
    until(lambda: host.reloads() == 2)
    new = door.open(device, KeyFile(host.key))
    assert uci.guard_state(new, "t2") is GuardState.FIRED
    with pytest.raises(UnexpectedReply):
        uci.disarm(new, guard)
    uci.undo(new, guard, base)
    uci.undo(new, guard, base)
    assert uci.guard_state(new, "t2") is GuardState.ABSENT


@pytest.mark.needs("root")
def test_the_guard_fires_at_a_restart_before_its_time(uci: UciDialect, session: Session, host: Host) -> None:
    guard = uci.arm(session, "t3", 600, "", GuardKind.TIMER)
    assert guard.survives_restart
    uci.send(session, SSID)
    session.cut()
    timer = int(host.file("/etc/merata-guard/t3/pid").read_text())
    kill_with_children(timer)  # what a restart does to it
    links = list(host.file("/etc/rc.d").iterdir())
    assert [link.name for link in links] == ["S11merata-guard"]
    subprocess.run(["sh", str(host.file("/etc/rc.common")), str(links[0].resolve()), "boot"], check=True)
    assert "Lama" in host.config("wireless")
    assert host.file("/etc/merata-guard/t3/fired").exists()
    assert host.reloads() == 1  # only after sending: at a start services have not begun yet


def test_undoing_before_the_deadline_leaves_no_guard(uci: UciDialect, session: Session, host: Host) -> None:
    base = uci.fetch(session)
    guard = uci.arm(session, "t4", 600, base, GuardKind.TIMER)
    timer = int(host.file("/etc/merata-guard/t4/pid").read_text())
    uci.send(session, SSID)
    uci.undo(session, guard, base)
    assert uci.normalise(uci.fetch(session)) == uci.normalise(base)
    until(lambda: not is_running(timer))
    uci.undo(session, guard, base)


def test_a_configuration_is_put_back_without_a_guard(uci: UciDialect, session: Session, host: Host) -> None:
    base = uci.fetch(session)
    uci.send(session, [*SSID, "uci add wireless wifi-iface", "uci delete system.ntp"])
    uci.undo(session, Guard(kind=GuardKind.NONE, token="t5", seconds=0), base)
    assert uci.normalise(uci.fetch(session)) == uci.normalise(base)


def test_somebodys_staged_changes_are_an_obstacle(uci: UciDialect, session: Session, host: Host) -> None:
    host.uci("set", "wireless.default_radio0.key=milik orang")
    said = uci.obstacles(session)
    assert said == ["changes are staged and not committed in: wireless"]


def test_a_refused_line_is_told_without_its_secret(uci: UciDialect, session: Session, host: Host) -> None:
    guard = uci.arm(session, "t6", 600, "", GuardKind.TIMER)
    with pytest.raises(Refused) as told:
        uci.send(session, [SSID[0], "uci set nothere.x.key='jangan-terlihat'", SSID[1]])
    assert told.value.line == 1
    assert "Entry not found" in told.value.said
    assert "jangan-terlihat" not in f"{told.value} {told.value.said}"
    uci.undo(session, guard, "")
    assert host.uci("changes") == ""
    assert "Lama" in host.config("wireless")


def test_a_line_that_must_not_be_sent_is_refused_before_any_other(
    uci: UciDialect, session: Session, host: Host
) -> None:
    for line in ("uci set a.b.c='terbuka", "reboot", "sysupgrade /tmp/x", "uci show\nreboot"):
        with pytest.raises(Refused) as told:
            uci.send(session, [*SSID, line])
        assert told.value.line == 2
    assert host.uci("changes") == ""


def test_a_long_line_arrives_whole(uci: UciDialect, session: Session, host: Host) -> None:
    value = "x" * 1200
    uci.send(session, [f"uci set system.@system[0].description='{value}'"])
    assert value in host.config("system")


def test_a_session_lost_in_the_middle_leaves_it_to_the_guard(uci: UciDialect, session: Session, host: Host) -> None:
    base = uci.fetch(session)
    uci.arm(session, "t7", 3, base, GuardKind.TIMER)
    threading.Timer(0.3, session.cut).start()
    with pytest.raises(DeviceError):
        uci.send(session, [SSID[0], "sleep 2", SSID[1]])
    until(lambda: host.file("/etc/merata-guard/t7/fired").exists())
    assert host.uci("changes") == ""
    assert "Lama" in host.config("wireless")


INTENTS: list[Intent] = [
    Ssid(ssid="Layanan 'Publik'", passphrase=secret("env:PSK")),
    Ssid(ssid="Terbuka", encryption=Encryption.OPEN, radio="radio0", replaces="Layanan 'Publik'"),
    Ssid(ssid="Campur", passphrase=secret("env:PSK"), encryption=Encryption.WPA2_WPA3),
    Ntp(servers=("0.id.pool.ntp.org", "10.0.0.2")),
    Dns(servers=("1.1.1.1", "9.9.9.9")),
    SnmpAccess(community=secret("env:PSK")),
    Bandwidth(down_kbps=20000, up_kbps=5500),
    TimeZone(name="Asia/Pontianak"),
]


def test_each_intent_is_taken_as_foretold_and_says_nothing_twice(
    uci: UciDialect, session: Session, device: Device
) -> None:
    after = uci.normalise(uci.fetch(session))
    for intent in INTENTS:
        before = after
        lines = fill(uci.intent_lines(intent, before, device), lambda _: Secret("ra'ha $ia\"1"), uci.quote)
        uci.send(session, lines)
        after = uci.normalise(uci.fetch(session))
        assert after != before
        assert after == uci.after(before, lines)
        assert uci.missing(after, lines) == []
        assert [x for x in uci.intent_lines(intent, after, device) if "⟦" not in x] == []
        assert "ha $ia" not in uci.mask(after)
        assert "ha $ia" not in uci.mask("\n".join(lines))
        assert uci.mask(after).count("\n") == after.count("\n")


def test_plain_hosts_change_files_under_the_same_guard(
    session: Session, host: Host, door: Door, device: Device
) -> None:
    linux = linux_dialect(host)
    motd = host.file("/etc/motd")
    lines = [f"printf '%s\\n' 'Milik publik' 'Kalbar' > {motd}", f"rm -f {host.file('/etc/banner')}"]
    base = linux.fetch(session)
    linux.arm(session, "t8", 600, base, GuardKind.TIMER)
    linux.send(session, lines)
    after = linux.normalise(linux.fetch(session))
    assert after == linux.after(linux.normalise(base), lines)
    assert linux.missing(after, lines) == []
    assert linux.missing(linux.normalise(base), lines) == [0, 1]
    linux.undo(session, Guard(kind=GuardKind.TIMER, token="t8", seconds=600), base)
    assert not motd.exists()
    assert host.file("/etc/banner").read_text() == "OpenWrt\n"
