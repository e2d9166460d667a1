"""Ingest and fleet queries of both back ends in one run: SQLite, and InfluxDB 1.6.7 behind the tests' shim.

    python -m benchmarks.store [--quick] [--devices 100] [--hours 24] [--fleet 10000]

Ingest: `--devices` devices polled every minute for `--hours` hours (device, ping, uplink and second port, radio),
handed over minute by minute as a controller does, rolled up every five minutes. Fleet: state intervals of `--fleet`
devices over 30 days. Queries are asked as pages ask them, through a reader of their own; beside them what InfluxDB
itself would need.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Connection
from measurements.influx.lines import point_line
from measurements.influx.setup import apply, look
from measurements.influx.store import InfluxStore
from measurements.intervals import Interval, State
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading
from measurements.sqlite.reader import open_reader
from measurements.sqlite.store import SqliteStore
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Shim

RESULTS = Path(__file__).with_name("results") / "store.json"
DAY_S = 86_400
NOW = int(time.time()) // DAY_S * DAY_S
VALUES = 12 + 4 + 2 * 10 + 4  # fields told in one reading: device, ping, two ports, radio


def reading(device: int, minute: int, start: int) -> Reading:
    slot, name = start + minute * 60, f"ap-{device:05d}"
    load = (device * 7919 + minute * 31) % 1000
    ports = tuple(
        InterfaceRow(
            device=name, if_name=port, slot=slot, if_index=n + 1, oper_status=1, admin_status=1, speed_bps=10**9,
            if_hc_in_octets=minute * 7_500_000 + load * 1000, if_hc_out_octets=minute * 1_500_000 + load * 100,
            if_in_errors=minute // 60, if_out_errors=0, if_in_discards=0, is_uplink=n == 0,
        )
        for n, port in enumerate(("ether1", "wlan1"))
    )  # fmt: skip
    return Reading(
        device=name, slot=slot, at=slot + device % 60 + 0.125,
        row=DeviceRow(
            device=name, slot=slot, ping_ok=True, snmp_ok=True, sys_up_time=minute * 6000,
            uptime_s=minute * 60.0 + 1000, clients=load % 60,
            cpu_ratio=load / 1000, memory_ratio=0.5, temperature_c=40 + load % 20 / 2,
            snmp_rtt_ms=3 + load % 90 / 10, poll_ms=12 + load % 40 / 10,
        ),
        ping=PingRow(device=name, slot=slot, sent=5, received=5, rtt_avg_ms=8 + load % 60 / 10),
        radios=(RadioRow(device=name, radio="wlan1", slot=slot, clients=load % 60, channel=6, noise_dbm=-95.0),),
        interfaces=ports,
    )  # fmt: skip


def serve(backend: int, pipe: Pipe) -> None:
    shim = Shim(backend)
    pipe.send(shim.url)
    pipe.recv()


@contextmanager
def influx(folder: Path) -> Iterator[tuple[Influx, InfluxSettings]]:
    """A server and, in a process of its own so that its CPU is not ours, the shim."""
    server = Influx(folder)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(server.port, there), daemon=True)
    process.start()
    settings = InfluxSettings(
        url=here.recv(), read_timeout_s=120, query_timeout_s=120, retention_s={"raw": 0, "5m": 0, "1h": 0, "1d": 0}
    )
    connection = Connection(settings)
    found, plans = look(connection)
    for plan in plans:
        apply(connection, found, plan)
    try:
        yield server, settings
    finally:
        here.send("end")
        process.join(10)
        server.stop()


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def ingest(store: SqliteStore | InfluxStore, devices: int, minutes: int, start: int) -> dict[str, Any]:
    worst, began, cpu = 0.0, time.perf_counter(), time.process_time()
    for minute in range(minutes):
        batch = [reading(device, minute, start) for device in range(devices)]
        at = time.perf_counter()
        store.write(batch)
        worst = max(worst, time.perf_counter() - at)
        if minute % 5 == 4:
            store.maintain(start + minute * 60 + 150.0)
    store.maintain(start + minutes * 60 + 400.0)
    wall, spent = time.perf_counter() - began, time.process_time() - cpu
    readings = devices * minutes
    return {
        "readings": readings,
        "values": readings * VALUES,
        "wall_s": round(wall, 1),
        "readings_per_s": round(readings / wall),
        "values_per_s": round(readings * VALUES / wall),
        "cpu_us_per_reading": round(spent / readings * 1e6, 1),
        "worst_write_ms": round(worst * 1000, 1),
    }


def making(devices: int, minutes: int, start: int) -> float:
    """CPU of making the readings themselves, µs each, to be taken off."""
    began = time.process_time()
    for minute in range(min(minutes, 20)):
        for device in range(devices):
            reading(device, minute, start)
    return (time.process_time() - began) / (min(minutes, 20) * devices) * 1e6


def timed(ask: Callable[[], Any], repeats: int = 5) -> float:
    """Median in ms; the first run is dropped."""
    ask()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        found.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(found), 2)


def fleet(store: SqliteStore, count: int) -> None:
    """30 days of state intervals: each device is down for an hour a week."""
    start = NOW - 30 * DAY_S
    for first in range(0, count, 1000):
        some: list[Interval] = []
        for number in range(first, min(count, first + 1000)):
            subject, at = f"device:ap-{number:05d}", float(start)
            for week in range(5):
                down = start + week * 7 * DAY_S + number % 100 * 3600.0
                if down >= NOW:
                    break
                some.append(Interval(subject=subject, question="snmp", state=State.UP, start=at, end=down))
                some.append(Interval(subject=subject, question="snmp", state=State.DOWN, start=down, end=down + 3600))
                at = down + 3600
            some.append(Interval(subject=subject, question="snmp", state=State.UP, start=at, end=float(NOW)))
        store.write_intervals(some)
    store.maintain(NOW + 7 * 3600.0)


def fleet_lines(connection: Connection, count: int) -> None:
    """The same daily rows as points, as if pages asked InfluxDB for them."""
    bucket = connection.settings.bucket("1d")
    for day in range(30):
        slot = NOW - (30 - day) * DAY_S
        lines = [
            point_line("day_state", {"device": f"ap-{n:05d}"}, slot=slot, integers={},
                       floats={"up_s": 82_800.0 + n % 3600, "down_s": 3600.0 - n % 3600})
            for n in range(count)
        ]  # fmt: skip
        for first in range(0, count, 10_000):
            answer = connection.write(bucket, lines[first : first + 10_000])
            assert answer.status == 204, answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--devices", type=int)
    parser.add_argument("--hours", type=int)
    parser.add_argument("--fleet", type=int)
    said = parser.parse_args()
    if shutil.which("influxd") is None:
        print("influxd is not installed: sudo bash tests/daemons.sh")
        return 1
    devices = said.devices or (50 if said.quick else 100)
    hours = said.hours or (2 if said.quick else 24)
    count = said.fleet or (500 if said.quick else 10_000)
    with tempfile.TemporaryDirectory(prefix="merata-bench-store-") as folder:
        found = measure(Path(folder), devices, hours, count)
    show(found)
    if not said.quick:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(folder: Path, devices: int, hours: int, count: int) -> dict[str, Any]:
    start, minutes = NOW - hours * 3600, hours * 60
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_average": [round(each, 1) for each in os.getloadavg()],
        "devices": devices, "hours": hours, "fleet": count, "values_per_reading": VALUES,
        "making_us_per_reading": round(making(devices, minutes, start), 1),
    }  # fmt: skip
    one = f"ap-{devices // 2:05d}"
    day = {"start": NOW - min(hours, 24) * 3600, "end": NOW, "step_s": 300}
    fields = ["clients", "cpu_ratio", "uptime_s"]
    month = {"start": NOW - 30 * DAY_S, "end": NOW}

    with SqliteStore.open(folder / "sqlite") as store:
        sqlite: dict[str, Any] = {"version": sqlite3.sqlite_version, "ingest": ingest(store, devices, minutes, start)}
        sqlite["bytes_per_value"] = round(size_of(folder / "sqlite") / sqlite["ingest"]["values"], 2)
        sqlite["latest_all_ms"] = timed(open_reader(folder / "sqlite").latest)
        sqlite["day_of_one_device_ms"] = timed(lambda: store.series("wifi_device", one, fields, **day))
    with SqliteStore.open(folder / "fleet") as store:
        fleet(store, count)
        asked = store.summary("snmp", **month)
        assert len(asked) == count
        assert asked[0].unknown_s == 0
        sqlite["month_of_fleet_ms"] = timed(lambda: store.summary("snmp", **month))

    with influx(folder / "influxd") as (server, settings):
        clock = [float(NOW)]
        with InfluxStore.open(
            folder / "influx", settings, clock=lambda: clock[0], send=False, local_first=False
        ) as both:
            ours: dict[str, Any] = {"ingest": ingest(both, devices, minutes, start)}
            waiting = both.status()
            ours["spool_bytes_per_line"] = round(waiting.spool_bytes / waiting.details["spool_lines"], 1)
            began, cpu, theirs = time.perf_counter(), time.process_time(), cpu_of(server.pid)
            while both.sender.step() == 0:
                pass
            wall = time.perf_counter() - began
            lines = waiting.details["spool_lines"]
            ours["delivery"] = {
                "lines": lines, "wall_s": round(wall, 1), "lines_per_s": round(lines / wall),
                "our_cpu_us_per_line": round((time.process_time() - cpu) / lines * 1e6, 2),
                "influxd_cpu_us_per_line": round((cpu_of(server.pid) - theirs) / lines * 1e6, 2),
            }  # fmt: skip
            ours["local_bytes_per_value"] = round(size_of(folder / "influx") / ours["ingest"]["values"], 2)
            raw = settings.bucket("raw")
            connection = Connection(settings)
            ours["latest_all_ms"] = timed(open_reader(folder / "influx").latest)
            question = f'SELECT last("clients"), * FROM "wifi_device" WHERE time >= {NOW - 3600}s GROUP BY "device"'
            ours["latest_all_asked_of_influxdb_ms"] = timed(partial(connection.query, raw, question))
            ours["day_of_one_device_ms"] = timed(lambda: both.series("wifi_device", one, fields, **day))
        ours["influxd_bytes_per_value"] = round(
            (size_of(folder / "influxd" / "data") + size_of(folder / "influxd" / "wal")) / ours["ingest"]["values"], 2
        )
        connection = Connection(settings)
        with SqliteStore.open(folder / "fleet") as store:
            fleet_lines(connection, count)
            ours["month_of_fleet_ms"] = timed(lambda: store.summary("snmp", **month))
        since = f"time >= {month['start']}s AND time < {NOW}s"
        question = f'SELECT sum("up_s"), sum("down_s") FROM "day_state" WHERE {since} GROUP BY "device"'
        ours["month_of_fleet_asked_of_influxdb_ms"] = timed(
            lambda: connection.query(settings.bucket("1d"), question), 3
        )
        ours["influxd"] = connection.server().version
    found |= {
        "sqlite": sqlite,
        "influxdb": ours,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    return found


def show(found: dict[str, Any]) -> None:
    sqlite, both = found["sqlite"], found["influxdb"]
    one, other = sqlite["ingest"], both["ingest"]
    rows: list[tuple[str, object, object]] = [
        ("readings/s acknowledged", one["readings_per_s"], other["readings_per_s"]),
        ("values/s acknowledged", one["values_per_s"], other["values_per_s"]),
        ("CPU µs a reading, making it included", one["cpu_us_per_reading"], other["cpu_us_per_reading"]),
        ("worst write, ms", one["worst_write_ms"], other["worst_write_ms"]),
        ("delivered lines/s", "-", both["delivery"]["lines_per_s"]),
        ("delivery, CPU µs a line: ours / influxd", "-",
         f"{both['delivery']['our_cpu_us_per_line']} / {both['delivery']['influxd_cpu_us_per_line']}"),
        ("bytes a value on disk, all tiers", sqlite["bytes_per_value"],
         f"{both['influxd_bytes_per_value']} + local {both['local_bytes_per_value']}"),
        (f"latest of all {found['devices']}, ms", sqlite["latest_all_ms"],
         f"{both['latest_all_ms']} (asked of InfluxDB: {both['latest_all_asked_of_influxdb_ms']})"),
        ("24 h of one device, 5 min, ms", sqlite["day_of_one_device_ms"], both["day_of_one_device_ms"]),
        (f"30 d availability of {found['fleet']}, ms", sqlite["month_of_fleet_ms"],
         f"{both['month_of_fleet_ms']} (asked of InfluxDB: {both['month_of_fleet_asked_of_influxdb_ms']})"),
    ]  # fmt: skip
    print(f"{found['machine']}, SQLite {sqlite['version']}; load {found['load_average']}")
    print(f"{found['devices']} devices x {found['hours']} h")
    print(f"{'':42} {'SQLite':>12}  InfluxDB 1.6.7 behind the spool")
    for name, left, right in rows:
        print(f"{name:42} {left!s:>12}  {right}")


if __name__ == "__main__":
    sys.exit(main())
