"""What the simulator costs: CPU a poll it answers, memory, start. It must not be what limits a measurement.

    python -m benchmarks.simulator            10,000 devices, v2c and v3
    python -m benchmarks.simulator --quick    500 devices

A poll is one GET of 8 scalars and one GETBULK over 4 columns x 5 rows, sent by our own client from this process;
CPU and memory of the simulator's process are read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from devices.errors import DeviceError
from devices.model import Target
from devices.transport.snmp.api import Agent, Community
from devices.transport.snmp.client import SnmpClient
from simulator.agent import COMMUNITY, USER
from simulator.province import Province, build

RESULTS = Path(__file__).with_name("results")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SCALARS = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0",
           "1.3.6.1.2.1.2.1.0", "1.3.6.1.2.1.25.1.1.0", "1.3.6.1.6.3.10.2.1.3.0")  # fmt: skip
COLUMNS = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.10", "1.3.6.1.2.1.2.2.1.8")
ROWS = 5
IN_FLIGHT = 300


def cpu_s(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) * TICK_S


def peak_mb(pid: int) -> float:
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


async def sweep(client: SnmpClient, agents: list[Agent]) -> tuple[int, int]:
    """Ask everybody once; (answered, objects)."""
    answered = objects = 0
    queue = iter(agents)

    async def worker() -> None:
        nonlocal answered, objects
        for agent in queue:
            try:
                found = await client.poll(agent, SCALARS, COLUMNS, rows=ROWS)
            except DeviceError:
                continue
            answered += 1
            objects += len(found.scalars) + sum(map(len, found.columns.values()))

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return answered, objects


def agents_of(province: Province, port: int, *, v3: bool) -> list[Agent]:
    return [
        Agent(target=Target(domain="default", host=d.address, port=port), timeout_s=3.0,
              credential=USER if d.v3 else Community(community=COMMUNITY))
        for d in province.devices.values() if d.v3 is v3
    ]  # fmt: skip


async def measure(province: Province, port: int, pid: int, *, v3: bool, sweeps: int) -> dict[str, float]:
    agents = agents_of(province, port, v3=v3)
    async with SnmpClient() as client:
        await sweep(client, agents)  # first contact
        costs, walls, answered, objects = [], [], 0, 0
        for _ in range(sweeps):
            before, began = cpu_s(pid), time.perf_counter()
            answered, objects = await sweep(client, agents)
            walls.append(time.perf_counter() - began)
            costs.append((cpu_s(pid) - before) * 1000 / max(1, answered))
    middle = sorted(costs)[len(costs) // 2]
    return {
        "devices": len(agents), "answered": answered, "objects_a_poll": round(objects / max(1, answered), 1),
        "cpu_ms_a_poll": round(middle, 3), "cpu_ms_worst": round(max(costs), 3),
        "polls_a_s": round(answered / min(walls)), "core_at_60_s": round(middle * len(agents) / 60_000, 3),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    devices = 500 if parser.parse_args().quick else 10_000
    began = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "merata",
        "simulate",
        "--devices",
        str(devices),
        "--port",
        "0",
        "--quiet",
        "--v3-every",
        "3",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split()[1])
            result: dict[str, object] = {"devices": devices, "start_s": round(time.perf_counter() - began, 1)}
            province = build(devices=devices, v3_every=3)
            for name, v3 in (("v2c", False), ("v3", True)):
                result[name] = asyncio.run(measure(province, port, process.pid, v3=v3, sweeps=5))
            result["peak_mb"] = round(peak_mb(process.pid))
        finally:
            process.terminate()
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "simulator.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
