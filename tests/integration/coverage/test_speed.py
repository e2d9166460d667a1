"""A light active test over a real SSH server, from a real HTTP server on loopback, or with a real iperf3."""

from __future__ import annotations

import asyncio
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collectors.speed import Means, command, download, download_here, measure, parse
from controller.coverage.speed import SpeedBook
from devices.configuring.registry import terminal_of
from devices.credentials import Secret, SshLogin
from devices.errors import UnexpectedReply
from devices.hostkeys import HostKeys
from devices.model import Device, DeviceId, Domain, Role, SiteId, SshSettings, Target
from devices.transport.ssh import SshShell
from devices.transport.ssh_session import SshSessions
from merata.cli import cli
from simulator.shells import Box, dialects, serve
from simulator.shells.routeros import RouterosRouter, RouterosTerminal
from tests.integration.ssh.conftest import (
    Server,
    access_point,
    enroll,
    free_port,
    keys,
    shell,
    sshd,
    wait_until_open,
)

__all__ = ["keys", "sshd"]  # fixtures
OCTETS_A_SECOND = 500_000  # 4 Mbit/s


class Throttled(BaseHTTPRequestHandler):
    """Gives /slow and /mega (of 700,000 octets) at 4 Mbit/s, /tiny at once, nothing else."""

    def do_GET(self) -> None:
        if self.path == "/tiny":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 100)
            return
        most = {"/slow": 20_000_000, "/mega": 700_000}.get(self.path, 0)
        self.send_response(200 if most else 404)
        self.end_headers()
        began, sent = time.monotonic(), 0
        try:
            while sent < most:
                self.wfile.write(b"x" * 10_000)
                sent += 10_000
                time.sleep(max(0.0, began + sent / OCTETS_A_SECOND - time.monotonic()))
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Throttled)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.needs("sshd")
def test_a_router_tells_how_fast_it_downloaded(sshd: Server, keys: HostKeys, web: str) -> None:
    router = access_point(sshd)
    enroll(keys, router)
    found = asyncio.run(download(shell(keys, sshd), router, f"{web}/slow", most_bytes=700_000))
    assert found.octets == 700_000
    assert found.down_bps == pytest.approx(4e6, rel=0.15)


@pytest.mark.needs("sshd")
def test_a_test_ends_at_its_time(sshd: Server, keys: HostKeys, web: str) -> None:
    router = access_point(sshd)
    enroll(keys, router)
    found = asyncio.run(download(shell(keys, sshd), router, f"{web}/slow", most_bytes=50_000_000, most_s=1))
    assert found.down_bps == pytest.approx(4e6, rel=0.25)
    assert found.seconds < 1.6


@pytest.mark.needs("sshd")
@pytest.mark.parametrize("path", ["/tiny", "/missing"])
def test_an_error_page_is_no_speed(sshd: Server, keys: HostKeys, web: str, path: str) -> None:
    router = access_point(sshd)
    enroll(keys, router)
    with pytest.raises(UnexpectedReply, match="bytes arrived"):
        asyncio.run(download(shell(keys, sshd), router, f"{web}{path}"))


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///etc/passwd", "http://", "x; reboot"])
def test_other_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https"):
        command(url, most_bytes=1, most_s=1)


def test_an_address_cannot_leave_its_quotes() -> None:
    line = command("http://x/$(reboot)'`reboot`", most_bytes=1, most_s=1)
    assert "'http://x/$(reboot)'\"'\"'`reboot`'" in line


def test_an_answer_without_figures_is_an_error() -> None:
    with pytest.raises(UnexpectedReply, match="did not tell"):
        parse("ash: wget: not found")


@pytest.fixture(scope="module")
def iperf3() -> Iterator[str]:
    """A real iperf3 server; it serves one test at a time."""
    port = free_port()
    process = subprocess.Popen(["iperf3", "-s", "-B", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL)
    wait_until_open(port, process)
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.mark.needs("sshd", "iperf3")
def test_a_device_measures_with_iperf3(sshd: Server, keys: HostKeys, iperf3: str) -> None:
    box = access_point(sshd)
    enroll(keys, box)
    found = asyncio.run(measure(shell(keys, sshd), box, Means.IPERF3, iperf3, most_bytes=5_000_000))
    assert 5_000_000 <= found.octets < 5_300_000
    assert found.down_bps > 50e6


@pytest.mark.needs("sshd", "iperf3")
def test_iperf3_that_is_cut_at_its_time_still_tells_how_much_arrived(sshd: Server, keys: HostKeys, iperf3: str) -> None:
    box = access_point(sshd)
    enroll(keys, box)
    found = asyncio.run(measure(shell(keys, sshd), box, Means.IPERF3, iperf3, most_bytes=10**13, most_s=1))
    assert found.seconds == pytest.approx(1.0, abs=0.5)


@pytest.mark.needs("sshd", "iperf3")
def test_no_iperf3_server_is_an_error_and_no_speed(sshd: Server, keys: HostKeys) -> None:
    box = access_point(sshd)
    enroll(keys, box)
    with pytest.raises(UnexpectedReply, match="refused"):
        asyncio.run(measure(shell(keys, sshd), box, Means.IPERF3, f"127.0.0.1:{free_port()}"))


def test_this_machine_downloads_itself_where_it_stands_at_the_site(web: str) -> None:
    found = asyncio.run(download_here(f"{web}/slow", most_bytes=400_000))
    assert found.octets == 400_000
    assert found.down_bps == pytest.approx(4e6, rel=0.15)
    for path in ("/tiny", "/missing"):
        with pytest.raises(UnexpectedReply):
            asyncio.run(download_here(f"{web}{path}"))


class Fetching(RouterosTerminal):
    """A simulated RouterOS that knows `/tool fetch` as documented, and really downloads."""

    def line(self, text: str) -> str:
        asked = re.fullmatch(r':put \[:time \{/tool fetch url="([^"]+)" output=none duration=\d+s\}\]', text)
        if asked is None:
            return super().line(text)
        began = time.monotonic()
        with urllib.request.urlopen(asked[1]) as answer:
            octets = len(answer.read())
        took = time.monotonic() - began
        told = f"      status: finished\n  downloaded: {octets // 1024}KiB\n       total: {octets // 1024}KiB\n"
        return f"{told}    duration: {int(took)}s\n\n00:00:{took:06.3f}\n"


class FetchingRouter(RouterosRouter):
    def terminal(self, number: int, username: str) -> Fetching:
        return Fetching(self, number, username)


def test_routeros_fetches_over_its_own_terminal(web: str, keys: HostKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dialects._DIALECTS, "routeros", FetchingRouter)
    with serve([Box(dialect="routeros")]) as shells:
        router = shells.router("127.0.0.1")
        device = Device(
            id=DeviceId("mikrotik"), site=SiteId("s1"), name="mikrotik", role=Role.ROUTER, platform="routeros",
            target=Target(domain="here", host="127.0.0.1"),
            ssh=SshSettings(credential="k", username=router.box.username, port=router.port),
        )  # fmt: skip
        enroll(keys, device)
        login = SshLogin(username=router.box.username, proof=Secret(router.box.password))
        sessions = SshSessions(
            login=lambda _: login, host_keys=keys, domain=lambda _: Domain(name="here"), terminal=terminal_of
        )
        nothing = shell_without_use(keys, login)
        found = asyncio.run(measure(nothing, device, Means.FETCH, f"{web}/mega", sessions=sessions))
        assert found.octets == pytest.approx(700_000, abs=1024)
        assert found.down_bps == pytest.approx(4e6, rel=0.3)


def shell_without_use(keys: HostKeys, login: SshLogin) -> SshShell:
    return SshShell(login=lambda _: login, host_keys=keys, domain=lambda _: Domain(name="here"))


INVENTORY = """
sites:
  - id: s1
    name: School
    area: 61.01.01.2001
    lat: 1.0
    lon: 109.0
    kind: school
    devices:
      - id: gw
        name: Router
        host: 127.0.0.1
        role: router
        ssh: {{credential: k, username: {user}, port: {port}}}
credentials:
  k:
    key: key:{key}
"""


@pytest.mark.needs("sshd")
def test_the_command_writes_the_test_down_and_keeps_to_the_data_budget(sshd: Server, web: str, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(INVENTORY.format(user=sshd.username, port=sshd.port, key=sshd.key))
    state = tmp_path / "state"
    state.mkdir()

    def run(*words: str) -> Result:
        where = ["--state", str(state), "--inventory", str(tmp_path / "inventory.yaml")]
        return CliRunner().invoke(cli, [*where, *words])

    enrolled = run("hostkey", "enroll", "gw", "--yes")
    assert enrolled.exit_code == 0, enrolled.output
    told = run("plan", "test-speed", "s1", "--url", f"{web}/slow", "--max-mb", "0.6", "--monthly-mb", "1")
    assert told.exit_code == 0, told.output
    tests = SpeedBook(state / "coverage").between(0, 2**40)["s1"]
    assert tests[0].down_bps == pytest.approx(4e6, rel=0.2)
    again = run("plan", "test-speed", "s1", "--url", f"{web}/slow", "--max-mb", "0.6", "--monthly-mb", "1")
    assert (again.exit_code, again.stderr) == (2, "merata: s1: 1 of 1 MB are spent this month\n")
