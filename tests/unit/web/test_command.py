"""`merata web`: who may listen where, and that it starts on an empty machine and stops when told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import create_environ, run_wsgi_app

from controller.accounts import manage
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role
from controller.journal.journal import Journal
from devices.facts import Identity
from devices.model import Inventory
from merata.cli import cli
from merata.commands.web import Listening, is_loopback, load_app
from merata.reading import CurrentInventory, Kept, sources
from merata.settings import StatePaths
from tests.unit.web.world import inventory


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.61.0.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("merata.example", False), ("", False)],
)  # fmt: skip
def test_only_loopback_counts_as_this_machine_alone(host: str, alone: bool):
    assert is_loopback(host) is alone


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1"])
def test_listening_wider_without_a_sign_in_is_refused_with_one_sentence(tmp_path: Path, host: str):
    told = CliRunner().invoke(cli, ["--state", str(tmp_path), "web", "--host", host])
    assert told.exit_code == 2
    assert "--i-know-this-is-open" in told.output
    assert told.output.count("\n") == 1


def test_listening_wider_needs_encryption_for_the_passwords(tmp_path: Path):
    journal = Journal.open(StatePaths(root=tmp_path).journal)
    fast = Passwords(memory_kib=64, time_cost=1)
    manage.add(
        journal, "ratna", "sampan di Sungai Kapuas", full_name="", role=Role.VIEWER, at=0, by="t", passwords=fast
    )
    told = CliRunner().invoke(cli, ["--state", str(tmp_path), "web", "--host", "0.0.0.0"])
    assert told.exit_code == 2
    assert "--tls-cert" in told.output
    assert "--trusted-proxy" in told.output
    manage.set_enabled(journal, "ratna", False, at=0, by="t")
    told = CliRunner().invoke(cli, ["--state", str(tmp_path), "web", "--trusted-proxy", "127.0.0.1"])
    assert told.exit_code == 2
    assert "merata account add" in told.output


def test_certificate_and_key_belong_together(tmp_path: Path):
    (tmp_path / "chain.pem").write_text("")
    told = CliRunner().invoke(cli, ["--state", str(tmp_path), "web", "--tls-cert", str(tmp_path / "chain.pem")])
    assert told.exit_code == 2
    assert "belong together" in told.output


@pytest.mark.parametrize(("proxies", "is_believed"), [((), False), (("10.0.0.1",), False), (("127.0.0.1",), True)])
def test_only_a_named_proxy_is_believed(tmp_path: Path, proxies: tuple[str, ...], is_believed: bool):
    """Else anybody could say that he comes from elsewhere, and guess passwords without end."""
    app = load_app(tmp_path, tmp_path / "none.yaml", Listening(sign_in=True, any_name=True, proxies=proxies))
    said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    environ = create_environ("/masuk", "http://merata.example", headers=said)
    environ["REMOTE_ADDR"] = "127.0.0.1"
    _, status, headers = run_wsgi_app(app, environ)
    assert status.startswith("200")
    assert any("__Host-merata-form" in c for c in headers.getlist("Set-Cookie")) is is_believed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, within_s: float) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port} after {within_s} s")


def test_it_serves_an_empty_state_and_ends_cleanly_on_sigterm(tmp_path: Path):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "merata", "--state", str(tmp_path), "--inventory", str(tmp_path / "none.yaml"), "web",
         "--port", str(port), "--workers", "1"],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for(port, 60)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            assert answer.status == 200
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "Belum ada lokasi." in answer.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/merata.css", timeout=60) as answer:
            assert answer.headers["Content-Type"].startswith("text/css")
            assert "Access-Control-Allow-Origin" not in answer.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def test_the_state_directory_is_only_read(tmp_path: Path):
    found = sources(tmp_path, tmp_path / "none.yaml")
    assert found.inventory() is None
    assert found.reader.latest() == {}
    assert found.events(None, 0, 1) == ()
    assert found.identity("d1") is None
    assert found.run_status() == {}
    assert list(tmp_path.iterdir()) == []


def test_a_broken_inventory_leaves_the_one_before(tmp_path: Path):
    path = tmp_path / "inventory.yaml"
    path.write_text("sites: [")
    assert CurrentInventory(tmp_path / "inventories", path)() is None


def test_people_are_counted_once_a_version():
    counted: list[str] = []

    def count(given: Inventory) -> int:
        counted.append(given.version)
        return len(given.sites)

    kept = Kept(lambda i: i.version, count)
    small, large = inventory(20), inventory(40)
    assert [kept(small), kept(small), kept(large)] == [20, 20, 40]
    assert counted == [small.version, large.version]


def test_what_a_device_said_it_is_comes_from_the_journal_as_soon_as_there_is_one(tmp_path: Path):
    found = sources(tmp_path, tmp_path / "none.yaml")
    assert found.identity("d1") is None
    said = Identity(told_at=1000.5, platform="routeros", model="hAP ac2", version="7.15")
    journal = Journal.open(StatePaths(root=tmp_path).journal)
    journal.keep_identities({"d1": said})
    assert found.identity("d1") == said
    journal.keep_identities({"d1": replace(said, told_at=2000.0, version="7.16")})
    journal.close()
    assert found.identity("d1") == replace(said, told_at=2000.0, version="7.16")
    assert found.identity("d2") is None
