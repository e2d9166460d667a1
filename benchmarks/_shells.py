"""Simulated routers for the measurements of bulk change, in a process of their own: their CPU is not counted.

    python -m benchmarks._shells FOLDER COUNT LOGIN_S REPLY_S

writes `id` (the client's key), `known_hosts` (all) and `known_hosts.d/<device>` (one line each) into FOLDER, prints
READY, and serves until it is ended. Device k answers on 127.66.<k // 250>.<k % 250 + 1>, port 2222.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh

from simulator.shells.router import Box
from simulator.shells.server import Shells

PORT = 2222
USER = "admin"


def host(number: int) -> str:
    """Address of a device."""
    return f"127.66.{number // 250}.{number % 250 + 1}"


def name(number: int) -> str:
    """Id of a device."""
    return f"r{number:04d}"


@contextmanager
def served(folder: Path, count: int, *, login_s: float, reply_s: float) -> Iterator[None]:
    """Simulated routers for the length of a `with`."""
    command = [sys.executable, "-m", "benchmarks._shells", str(folder), str(count), str(login_s), str(reply_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "READY":
            raise SystemExit("the simulated routers did not start")
        yield
    finally:
        process.terminate()
        process.wait(20)


async def _serve(folder: Path, count: int, login_s: float, reply_s: float) -> None:
    ours, theirs = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    path = folder / "id"
    path.write_bytes(ours.export_private_key())
    path.chmod(0o600)
    public = ours.export_public_key().decode().strip()
    pinned = " ".join(theirs.export_public_key().decode().split()[:2])
    (folder / "known_hosts.d").mkdir(exist_ok=True)
    for number in range(count):
        line = f"[{host(number)}]:{PORT} {pinned}\n"
        (folder / "known_hosts.d" / name(number)).write_text(line)
        with (folder / "known_hosts").open("a") as every:
            every.write(line)
    boxes = [
        Box(dialect="ios", host=host(n), port=PORT, name=name(n), username=USER, authorized_key=public,
            host_key=theirs.export_private_key())
        for n in range(count)
    ]  # fmt: skip
    shells = Shells(boxes)
    await shells.start()
    for router in shells.routers:
        router.faults.login_delay_s, router.faults.delay_s = login_s, reply_s
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # clients that hang up are the measurement
    print("READY", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells that whoever measures was killed
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
