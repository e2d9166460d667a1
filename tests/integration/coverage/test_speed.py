"""A light active test over a real SSH server, from a real HTTP server on loopback that gives so many bytes a second."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collectors.speed import command, download, parse
from controller.coverage.speed import SpeedBook
from devices.errors import UnexpectedReply
from devices.hostkeys import HostKeys
from merata.cli import cli
from tests.integration.ssh.conftest import Server, access_point, enroll, keys, shell, sshd

__all__ = ["keys", "sshd"]  # fixtures
OCTETS_A_SECOND = 500_000  # 4 Mbit/s


class Throttled(BaseHTTPRequestHandler):
    """Gives /slow at 4 Mbit/s for as long as anybody listens, /tiny at once, nothing else."""

    def do_GET(self) -> None:
        if self.path == "/tiny":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 100)
            return
        self.send_response(200 if self.path == "/slow" else 404)
        self.end_headers()
        began, sent = time.monotonic(), 0
        try:
            while self.path == "/slow" and sent < 20_000_000:
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
