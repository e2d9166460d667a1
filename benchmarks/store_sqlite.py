"""The embedded store at the size of a province: ingest a minute of the whole fleet, and the fleet's 30-day figures.

    python -m benchmarks.store_sqlite [--quick] [--devices 10000] [--minutes 12]

Ingest: every device with six ports (one uplink), in contiguous ranges of ids as a controller hands them over (60 writes
a minute), 3 % of the readings late, roll-ups as they fall due, a second process reading `latest` and a series.
Bytes are those the kernel was asked to write (/proc/self/io). Fleet: packed days and intervals of 30 days of all.
Beside InfluxDB: `benchmarks.store`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from measurements.intervals import Interval, State
from measurements.reading import DeviceRow, InterfaceRow, PingRow, Reading
from measurements.sqlite.reader import open_reader
from measurements.sqlite.store import SqliteStore

RESULTS = Path(__file__).with_name("results") / "store_sqlite.json"
PORTS = 6
WRITES_A_MINUTE = 60
DAY_S = 86_400
START = 1_790_035_200  # midnight UTC


def reading(device: int, minute: int) -> Reading:
    slot, name = START + minute * 60, f"ap-{device:06d}"
    load = (device * 7919 + minute * 31) % 1000
    return Reading(
        device=name, slot=slot, at=slot + device % 60 + 0.125,
        row=DeviceRow(
            device=name, slot=slot, ping_ok=True, snmp_ok=True, service_ok=True, sys_up_time=minute * 6000 + 10**6,
            uptime_s=minute * 60.0 + 10_000, clients=load % 60, cpu_ratio=load / 1000, memory_ratio=0.5,
            temperature_c=40 + load % 20 / 2, snmp_rtt_ms=3 + load % 90 / 10, poll_ms=12 + load % 40 / 10,
        ),
        ping=PingRow(device=name, slot=slot, sent=5, received=5, rtt_avg_ms=8 + load % 60 / 10),
        interfaces=tuple(
            InterfaceRow(
                device=name, if_name=f"ether{n + 1}", slot=slot, if_index=n + 1, oper_status=1, admin_status=1,
                speed_bps=10**9, if_hc_in_octets=minute * 7_500_000 + load * 1000,
                if_hc_out_octets=minute * 1_500_000 + load * 100, if_in_errors=0, if_out_errors=0, if_in_discards=0,
                is_uplink=n == 0,
            )
            for n in range(PORTS)
        ),
    )  # fmt: skip


def written() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        name, value = line.split(": ")
        if name == "write_bytes":
            return int(value)
    return 0


def read(root: Path, pipe: Connection) -> None:
    """As the pages do, without pause; sends how long each answer took."""
    reader, took = open_reader(root), []
    while not pipe.poll():
        at = time.perf_counter()
        reader.latest()
        reader.series("wifi_device", "ap-000007", ["clients", "in_bps"], start=START, end=START + 3600, step_s=60)
        took.append(time.perf_counter() - at)
    pipe.send(took)


def ingest(root: Path, devices: int, minutes: int) -> dict[str, Any]:
    here, there = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(target=read, args=(root, there), daemon=True)
    share = -(-devices // WRITES_A_MINUTE)
    acknowledged, cpu, upkeep_cpu, wall = [], 0.0, 0.0, 0.0
    late: list[Reading] = []
    with SqliteStore.open(root) as store:
        store.write([reading(device, 0) for device in range(devices)])
        other.start()
        before = written()
        for minute in range(1, minutes + 1):
            fleet = [reading(device, minute) for device in range(devices)]
            then, late = late, [r for n, r in enumerate(fleet) if n % 33 == minute % 33]
            slow = {r.device for r in late}
            began, used = time.perf_counter(), time.process_time()
            for first in range(0, devices, share):
                at = time.perf_counter()
                store.write([r for r in fleet[first : first + share] if r.device not in slow])
                acknowledged.append(time.perf_counter() - at)
            store.write(then)
            cpu += time.process_time() - used
            if minute % 5 == 2:
                used = time.process_time()
                store.maintain(float(START + minute * 60))
                upkeep_cpu += time.process_time() - used
            wall += time.perf_counter() - began
        moved = written() - before
        here.send("stop")
        took = here.recv() if here.poll(60) else []
        other.join(10)
    acknowledged.sort()
    return {
        "devices": devices, "ports": devices * PORTS, "minutes": minutes,
        "cpu_s_per_minute": round(cpu / minutes, 3), "upkeep_cpu_s_per_minute": round(upkeep_cpu / minutes, 3),
        "wall_s_per_minute": round(wall / minutes, 3), "mb_written_per_minute": round(moved / minutes / 1e6, 1),
        "write_p50_ms": ms(acknowledged[len(acknowledged) // 2]), "write_worst_ms": ms(acknowledged[-1]),
        "reader_p50_ms": ms(statistics.median(took)) if took else None,
        "reader_p95_ms": ms(sorted(took)[int(len(took) * 0.95)]) if took else None,
        "bytes_a_device_row": round(size(root, "raw-*.db") / devices / minutes, 1),
        "bytes_a_port_row": round(size(root, "interface-*.db") / devices / minutes / PORTS, 1),
    }  # fmt: skip


def size(root: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in (root / "raw").glob(pattern))


def ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def fleet(root: Path, devices: int) -> dict[str, Any]:
    """30 days of state intervals, a change every 18 hours; readings once a day so that days are made."""
    with SqliteStore.open(root) as store:
        for day in range(31):
            store.write([reading(device, day * 1440) for device in range(devices)])
        spans = []
        for device in range(devices):
            edges = [START + n * 64_800 + device % 3600 for n in range(41)]
            for n, (low, high) in enumerate(itertools.pairwise(edges)):
                state = State.UP if n % 8 else State.DOWN
                subject = f"device:ap-{device:06d}"
                spans.append(Interval(subject=subject, question="state", state=state, start=low, end=high))
        for at in range(0, len(spans), 20_000):
            store.write_intervals(spans[at : at + 20_000])
        used = time.process_time()
        store.maintain(float(START + 30 * DAY_S + 7200))
        upkeep = time.process_time() - used
    reader = open_reader(root)
    first = START + 17 * 3600  # midnight in Pontianak
    month = (first, first + 28 * DAY_S)
    return {
        "devices": devices,
        "upkeep_of_30_days_cpu_s": round(upkeep, 1),
        "summary_28_whole_days": timed(lambda: reader.summary("state", start=month[0], end=month[1])),
        "summary_30_days_with_edges": timed(
            lambda: reader.summary("state", start=START + 3600, end=START + 30 * DAY_S + 3600)
        ),
        "summary_of_one_device": timed(
            lambda: reader.summary("state", start=month[0], end=month[1], subjects=["device:ap-000007"])
        ),
        "latest_of_all": timed(reader.latest),
        "series_30_days_hourly": timed(
            lambda: reader.series(
                "wifi_device", "ap-000007", ["clients", "clients_max"], start=month[0], end=month[1], step_s=3600
            )
        ),
    }


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Median and best wall time, and CPU, of five calls after a first one."""
    work()
    walls, cpus = [], []
    for _ in range(5):
        at, used = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - at)
        cpus.append(time.process_time() - used)
    return {"median_ms": ms(statistics.median(walls)), "best_ms": ms(min(walls)), "cpu_ms": ms(statistics.median(cpus))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--minutes", type=int, default=12)
    arguments = parser.parse_args()
    devices, minutes = (500, 6) if arguments.quick else (arguments.devices, arguments.minutes)
    with tempfile.TemporaryDirectory() as folder:
        found = {"ingest": ingest(Path(folder) / "ingest", devices, minutes)}
        print(json.dumps(found["ingest"], indent=1), flush=True)
        found["fleet"] = fleet(Path(folder) / "fleet", devices)
        print(json.dumps(found["fleet"], indent=1))
    if not arguments.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
