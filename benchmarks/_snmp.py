"""What the SNMP benchmarks share: the objects asked for, responders on 127/8, CPU of a process."""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.model import Target
from devices.transport.snmp import ber
from devices.transport.snmp.api import Agent, Community, UsmUser
from devices.transport.snmp.client import SnmpClient
from devices.transport.snmp.usm_agent import UsmAgent

SCALARS = (
    "1.3.6.1.2.1.1.3.0",
    "1.3.6.1.2.1.2.1.0",
    "1.3.6.1.2.1.25.1.1.0",
    "1.3.6.1.2.1.25.1.6.0",
    "1.3.6.1.2.1.25.1.5.0",
    "1.3.6.1.4.1.2021.4.5.0",
    "1.3.6.1.4.1.2021.4.6.0",
    "1.3.6.1.4.1.2021.11.11.0",
)
WHO = SCALARS[4]  # the responder puts the low 24 bits of its address here
COLUMNS = (
    "1.3.6.1.2.1.31.1.1.1.6",
    "1.3.6.1.2.1.31.1.1.1.10",
    "1.3.6.1.2.1.2.2.1.8",
    "1.3.6.1.2.1.31.1.1.1.1",
)
ROWS = 6
SERVED = "1.3.6.1.4.1.99999.1.0"
COMMUNITY = Community(community=b"public")
USER = UsmUser(name=b"bench", auth="sha1", auth_password=b"bench-auth-1", priv="aes128", priv_password=b"bench-priv-1")
RESULTS = Path(__file__).with_name("results")


def host(i: int, *, dead: bool = False) -> str:
    """Address of device `i`; 127.99.x.y never answers."""
    return f"127.{99 if dead else 1 + i // 62_500}.{i // 250 % 250}.{i % 250 + 1}"


def agents(n: int, port: int, credential: Community | UsmUser = COMMUNITY, **kwargs: Any) -> list[Agent]:
    """The first `n` devices."""
    return [Agent(target=Target(domain="", host=host(i), port=port), credential=credential, **kwargs) for i in range(n)]


def arguments(description: str | None) -> argparse.Namespace:
    """The command line of every benchmark."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    return parser.parse_args()


def write(name: str, results: dict[str, Any]) -> None:
    """Keep the figures beside those of the other benchmarks."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")


def own_cpu_s() -> float:
    """CPU of this process until now, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_s(pid: int) -> float:
    """CPU of another process until now, all its threads, from /proc (clock ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port that is free on all addresses now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("", 0))
        return int(sock.getsockname()[1])


@contextmanager
def process(command: Sequence[str], **kwargs: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A child that ends with the block."""
    child = subprocess.Popen(command, **kwargs)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def responder_v2c() -> Iterator[tuple[int, str]]:
    """The C responder, if a compiler is here, else two Python processes: (port, which)."""
    compiler = shutil.which("cc")
    if compiler is None:
        with responder_python(2) as port:
            yield port, "2 Python processes"
        return
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "responder"
        source = Path(__file__).with_name("_snmp_responder.c")
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        port = free_port()
        with process([str(program), str(port), str(ROWS)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            yield port, "1 C process"


@contextmanager
def responder_python(processes: int) -> Iterator[int]:
    """Python responders that share a port (SO_REUSEPORT) and speak v2c and v3; an engine for each address."""
    port = free_port()
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    children = [context.Process(target=_respond, args=(port, ready), daemon=True) for _ in range(processes)]
    for child in children:
        child.start()
    for _ in children:
        ready.get(timeout=30)
    try:
        yield port
    finally:
        for child in children:
            child.terminate()
            child.join()


def _respond(port: int, ready: Any) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
    sock.bind(("", port))
    ready.put(True)
    engines: dict[bytes, UsmAgent] = {}
    while True:
        data, control, _, address = sock.recvmsg(4000, 64)
        here = control[0][2][8:12]
        if here[1] == 99:
            continue
        engine = engines.get(here)
        if engine is None:
            engine = engines[here] = UsmAgent(b"\x80\x00\x1f\x88\x04" + here, (USER,))
        answer = _answer(data, engine, here)
        sock.sendmsg([answer], [(socket.IPPROTO_IP, 8, struct.pack("=I4s4s", 0, here, here))], 0, address)


def _answer(data: bytes, engine: UsmAgent, here: bytes) -> bytes:
    now = int(time.monotonic())
    if ber.read_version(data)[0] == ber.VERSION_2C:
        community, pdu = ber.read_message(data)
        return ber.message(community, _reply(pdu, here))
    opened = engine.open(data, now)
    return opened if isinstance(opened, bytes) else engine.seal(opened, _reply(opened.pdu, here), now)


_BODIES = {ber.oid_body(name): name for name in SCALARS}
_COLUMN_BODIES = [ber.oid_body(name) for name in COLUMNS]


def _reply(pdu: ber.Pdu, here: bytes) -> bytes:
    """The answers of the C responder to the requests of these benchmarks."""
    who, now = int.from_bytes(here[1:], "big"), int(time.monotonic() * 100)
    if pdu.tag == ber.GET:
        values = [ber.integer(who if _BODIES.get(o) == WHO else now, ber.GAUGE32) for o in pdu.oids]
        bindings = b"".join(map(ber.varbind, pdu.oids, values))
        return ber.pdu(ber.RESPONSE, pdu.request_id, bindings)
    out = []
    for row in range(1, (pdu.error_index if pdu.tag == ber.GET_BULK else 1) + 1):
        for oid in pdu.oids:
            column = next((c for c in _COLUMN_BODIES if oid.startswith(c)), None)
            number = row + (oid[-1] if column is not None and oid != column else 0)
            if column is None or number > ROWS:
                out.append(ber.varbind(oid, b"\x82\x00"))
                continue
            value = b"\x04\x06ether%d" % number if column == _COLUMN_BODIES[3] else ber.integer(now << 20, 0x46)
            out.append(
                ber.varbind(column + bytes((number,)), value if column != _COLUMN_BODIES[2] else b"\x02\x01\x01")
            )
    return ber.pdu(ber.RESPONSE, pdu.request_id, b"".join(out))


async def sweep(client: SnmpClient, fleet: Sequence[Agent], in_flight: int, *, thorough: bool = True) -> int:
    """Poll every device once, `in_flight` at a time; number of right answers. Dead devices give none.

    The check of every value costs a fifth of a poll, and no peer does it: `thorough` False looks only whether the
    answer is the right device's and has all its parts.
    """
    waiting = iter(zip(fleet, [_who(a) for a in fleet], strict=True))
    right = 0

    async def work() -> None:
        nonlocal right
        for agent, who in waiting:
            try:
                poll = await client.poll(agent, SCALARS, COLUMNS, rows=ROWS)
            except TimeoutError:
                continue
            if poll.scalars[WHO] == who and len(poll.scalars) == len(SCALARS) and len(poll.columns) == len(COLUMNS):
                right += not thorough or all(len(rows) == ROWS and all(rows.values()) for rows in poll.columns.values())

    await asyncio.gather(*[work() for _ in range(in_flight)])
    return right


def _who(agent: Agent) -> int:
    """What the responder says at this device's address."""
    return int.from_bytes(socket.inet_aton(agent.target.host)[1:], "big")


def run(main: Any) -> Any:
    """On uvloop where it is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def fail(why: str) -> None:
    """Say why a part cannot run here."""
    print(why, file=sys.stderr)
