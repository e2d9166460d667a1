"""The supervisor starts in order, stops in reverse and leaves no orphan; real child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from merata.supervisor import Part, supervise

CHILD = """
import os, signal, sys, time
name, folder, life = sys.argv[1], sys.argv[2], float(sys.argv[3])
def leave(*_):
    open(f"{folder}/log", "a").write(f"{name} stopped\\n"); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
open(f"{folder}/log", "a").write(f"{name} started\\n")
open(f"{folder}/{name}.pid", "w").write(str(os.getpid()))
print("READY", flush=True)
time.sleep(life)
"""


def part(name: str, folder: Path, life: float = 30.0) -> Part:
    return Part(name=name, command=(sys.executable, "-c", CHILD, name, str(folder), str(life)), ready="READY")


def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    code = asyncio.run(supervise([part("a", tmp_path), part("b", tmp_path)], say=lambda _: None, on_ready=interrupt))
    assert code == 0
    assert (tmp_path / "log").read_text().split("\n")[:-1] == ["a started", "b started", "b stopped", "a stopped"]


def test_one_part_that_ends_by_itself_stops_the_rest_with_code_one(tmp_path: Path) -> None:
    parts = [part("a", tmp_path), part("b", tmp_path, life=0.2)]
    assert asyncio.run(supervise(parts, say=lambda _: None, on_ready=lambda: None)) == 1
    assert "a stopped" in (tmp_path / "log").read_text()


def test_a_part_that_cannot_start_is_named_and_nothing_stays(tmp_path: Path, capfd) -> None:
    broken = Part(name="broken", command=(sys.executable, "-c", "raise SystemExit(3)"), ready="READY")
    assert asyncio.run(supervise([part("a", tmp_path), broken], say=lambda _: None, on_ready=lambda: None)) == 1
    assert "broken ended with code 3" in capfd.readouterr().err
    assert "a stopped" in (tmp_path / "log").read_text()


def test_killing_the_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib; from tests.unit.merata.test_supervisor import part, supervise;"
        f"a = part('a', pathlib.Path({str(tmp_path)!r}));"
        "asyncio.run(supervise([a], say=print, on_ready=lambda: print('UP', flush=True)))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while process.stdout.readline().strip() != "UP":
        assert process.poll() is None
    child = int((tmp_path / "a.pid").read_text())
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline, "the child outlived its supervisor"
        time.sleep(0.02)


def test_a_part_may_be_ready_when_its_port_accepts(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = (
        "import http.server as h, sys;"
        "h.HTTPServer(('127.0.0.1', int(sys.argv[1])), h.BaseHTTPRequestHandler).serve_forever()"
    )
    serving = Part(name="page", command=(sys.executable, "-c", server, str(port)), ready_port=port, grace_s=2)
    reached = []

    def look() -> None:
        with socket.create_connection(("127.0.0.1", port)):
            reached.append(port)
        os.kill(os.getpid(), signal.SIGINT)

    assert asyncio.run(supervise([serving], say=lambda _: None, on_ready=look)) == 0
    assert reached == [port]
