"""`merata demo` as a newcomer runs it: prepares, prints its address, shows polled data, stops cleanly, starts again."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing


@contextmanager
def demo(state: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The running demo: its address and process."""
    command = [sys.executable, "-m", "merata", "--state", str(state), "demo", "--devices", "40", "--port", "18021"]
    log = state / "demo.log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    yield found[0], process
                    break
            else:
                pytest.fail(f"no address was printed:\n{log.read_text()[-3000:]}")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def parts_of(pid: int) -> list[int]:
    """The child processes that are commands of the program (not Python's own resource tracker)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(p) for p in children if b"\0-m\0merata\0" in Path(f"/proc/{p}/cmdline").read_bytes()]


def status(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((state / "demo" / "state" / "run" / "status.json").read_text())
    return found


def signed_in(address: str, state: Path) -> str:
    """The page that somebody sees who signed in with the printed password."""
    name, password = next(iter(json.loads((state / "demo" / "accounts.json").read_text()).items()))
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = browser.open(address + "/masuk", timeout=20).read().decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    data = urllib.parse.urlencode({**hidden, "nama": name, "sandi": password}).encode()
    asked = urllib.request.Request(address + "/masuk", data=data, headers={"Origin": address})
    return str(browser.open(asked, timeout=20).read().decode())


def rollout(state: Path) -> dict[str, int]:
    """How many devices of the change under way stand where."""
    path = state / "demo" / "state" / "journal.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return {"ok": 0, **dict(db.execute("SELECT step, count(*) FROM rollout_device GROUP BY step"))}


def speed_tests(state: Path) -> list[str]:
    """Who measured, and how: of the tests that the controller made by itself."""
    book = state / "demo" / "state" / "coverage" / "speed-tests.jsonl"
    lines = book.read_text().splitlines() if book.exists() else []
    return [said for line in lines[1:] if (said := json.loads(line)["by"]).endswith("by itself")]


def test_the_demo_polls_shows_stops_and_starts_again(tmp_path: Path) -> None:
    with demo(tmp_path) as (address, process):
        page = fetch(address + "/")
        assert "Data contoh" in page
        assert "gangguan" in page.lower()
        running = parts_of(process.pid)
        assert len(running) >= 3  # the executor comes after the pages
        deadline = time.monotonic() + 90
        while not (tmp_path / "demo" / "state" / "run" / "status.json").exists():
            assert time.monotonic() < deadline, "no cycle was finished"
            time.sleep(0.5)
        while not (made := speed_tests(tmp_path)):
            assert time.monotonic() < deadline, "no site was tested"
            time.sleep(0.5)
        assert "Sari (penulis)" in signed_in(address, tmp_path)
        while not (found := rollout(tmp_path)) or found["ok"] == 0:
            assert time.monotonic() < deadline + 60, f"no device was changed: {found}"
            time.sleep(0.5)
        assert "Satu nama Wi-Fi" in fetch(address + "/perubahan")
        # Where sshd cannot give an ordinary user a terminal, the demonstration measures from here and says so.
        how = "here, http, " if missing("sshd") else "-gw, http, "
        assert how in made[0]
    assert process.returncode == 0
    assert not [pid for pid in running if Path(f"/proc/{pid}").exists()]
    assert status(tmp_path)

    scene = (tmp_path / "demo" / "scene.json").read_text()
    with demo(tmp_path) as (address, process):
        assert "Data contoh" in fetch(address + "/")
    assert process.returncode == 0
    assert (tmp_path / "demo" / "scene.json").read_text() == scene, "the second start goes on with the same story"


def test_an_interrupted_preparation_leaves_nothing_half_done(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "merata", "--state", str(tmp_path), "demo", "--devices", "600", "--port", "18121"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    while "%" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert process.returncode == 0
    assert not (tmp_path / "demo").exists()
