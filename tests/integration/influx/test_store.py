"""The store with InfluxDB behind it: what comes back, what happens while it is out, and after kill -9."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Connection
from measurements.influx.replay import Replay
from measurements.influx.store import InfluxStore
from measurements.intervals import Interval, State
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow
from measurements.sqlite.reader import open_reader
from measurements.sqlite.store import SqliteStore
from measurements.store import Series
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Shim

pytestmark = pytest.mark.needs("influxd")

ROOT = Path(__file__).resolve().parents[3]
START = (int(time.time()) - 12 * 3600) // 3600 * 3600
CASES: list[tuple[str, list[str], str | None]] = [
    ("wifi_device", ["clients", "in_bps", "snmp_ok", "uptime_s", "loss_ratio"], None),
    ("wifi_device", ["clients", "clients_max", "snmp_ok", "polls", "reboots"], None),
    ("ping", ["rtt_avg_ms", "loss_ratio"], None),
    ("interface", ["in_bps", "out_bps", "in_octets", "utilisation_ratio"], "wan"),
    ("interface", ["in_bps"], None),
    ("interface", ["in_bps"], "lan"),
    ("radio", ["clients", "noise_dbm"], "wlan 0"),
    ("service", ["ok", "latency_ms"], "dns"),
]


class Clock:
    now = float(START)

    def __call__(self) -> float:
        return self.now


def reading(device: int, minute: int) -> Reading:
    """A minute of a device's life: it reboots once, is silent for a while, and its counter is large."""
    slot, name = START + minute * 60, f"d{device}"
    if 70 <= minute < 76:
        return Reading(device=name, slot=slot, at=slot + 3.0, row=DeviceRow(device=name, slot=slot, snmp_ok=False))
    up = minute if minute < 120 else minute - 120
    octets = 2**62 + minute * 1_000_003 * (device + 1) if minute < 120 else minute * 999_983
    return Reading(
        device=name,
        slot=slot,
        at=slot + 0.25 * device,
        box=(f"S{device}", None),
        row=DeviceRow(
            device=name, slot=slot, ping_ok=True, snmp_ok=minute % 9 != 0, clients=minute % 13,
            cpu_ratio=minute % 7 / 7, uptime_s=500.0 + up * 60, snmp_rtt_ms=minute % 11 * 1.37,
            disk_ratio=minute % 8 / 8,
        ),
        ping=PingRow(device=name, slot=slot, sent=5, received=5 - minute % 3, rtt_avg_ms=20 + minute % 17 / 3),
        radios=(RadioRow(device=name, radio="wlan 0", slot=slot, clients=minute % 13, noise_dbm=-95 + minute % 4),),
        interfaces=(
            InterfaceRow(device=name, if_name="wan", slot=slot, if_hc_in_octets=octets, if_hc_out_octets=octets // 3,
                         is_uplink=True, speed_bps=10**9),
            InterfaceRow(device=name, if_name="lan", slot=slot, if_hc_in_octets=minute * 777, if_hc_out_octets=1),
        ),
        services=(ServiceRow(device=name, check="dns", slot=slot, ok=minute % 5 != 0, latency_ms=minute % 23 / 7),),
    )  # fmt: skip


Open = Callable[..., InfluxStore]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, settings: InfluxSettings, clock: Clock) -> Iterator[Open]:
    stores: list[InfluxStore] = []

    def make(**more: object) -> InfluxStore:
        arguments: dict[str, object] = {"clock": clock, "seed": 1, "send": False, "local_first": False, **more}
        stores.append(InfluxStore.open(tmp_path / "state", settings, **arguments))  # type: ignore[arg-type]  # a test's own
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def deliver(store: InfluxStore) -> None:
    while store.sender.step() == 0:
        pass


def live(store: InfluxStore, clock: Clock, minutes: range, devices: int = 3) -> None:
    for first in range(minutes.start, minutes.stop, 20):
        some = range(first, min(first + 20, minutes.stop))
        clock.now = START + some.stop * 60 - 30.0
        store.write([reading(device, minute) for minute in some for device in range(devices)])
    clock.now = START + minutes.stop * 60 + 200.0
    store.maintain(clock.now)


def series_of(store: InfluxStore | SqliteStore, step: int | None, end: int) -> list[Series]:
    return [
        store.series(kind, "d1", fields, start=START, end=end, step_s=step, name=name) for kind, fields, name in CASES
    ]


def test_a_series_out_of_influxdb_is_the_one_out_of_local_rows(opened: Open, clock: Clock) -> None:
    store = opened()
    live(store, clock, range(150))
    deliver(store)
    end = START + 150 * 60
    for step in (None, 120, 300, 900, 3600):
        found = series_of(store, step, end)
        assert [each.note for each in found] == [None] * len(CASES)
        assert found == series_of(store._store, step, end)
        assert all(any(v is not None for c in each.columns.values() for v in c) for each in found), step


def test_how_full_the_disk_is_comes_back_out_of_influxdb(opened: Open, clock: Clock) -> None:
    store = opened()
    live(store, clock, range(30))
    deliver(store)
    for step in (None, 120):
        asked = {"start": START, "end": START + 30 * 60, "step_s": step}
        found = store.series("wifi_device", "d1", ["disk_ratio", "cpu_ratio"], **asked)
        assert found.note is None
        assert found == store._store.series("wifi_device", "d1", ["disk_ratio", "cpu_ratio"], **asked)
        assert max(v for v in found.columns["disk_ratio"] if v is not None) > 0.8


def test_late_and_repeated_readings_give_the_series_that_timely_ones_would(opened: Open, clock: Clock) -> None:
    store = opened()
    minutes = [*range(20), 22, 23, 20, 24, 21, *range(25, 40), 30]
    for minute in minutes:
        clock.now = START + minute * 60 + 30.0
        store.write([reading(1, minute)])
    clock.now = START + 45 * 60.0
    store.maintain(clock.now)
    store.write([reading(1, 40)])
    deliver(store)
    found = series_of(store, 60, START + 41 * 60)
    assert found == series_of(store._store, 60, START + 41 * 60)
    told = found[0].columns["in_bps"]
    assert [value is None for value in told] == [True] + [False] * 40
    # Grafana reads the rates beside the counters: they are as whole.
    rates = store._connection.query(
        store._connection.settings.bucket("raw"), 'SELECT count("in_bps") FROM "wifi_device" WHERE "device" = \'d1\''
    )
    assert rates[0]["values"][0][1] == 40


def test_older_rows_come_from_influxdb_and_newer_ones_from_local_without_a_seam(opened: Open, clock: Clock) -> None:
    store = opened(local_first=True)
    live(store, clock, range(150))
    deliver(store)
    end = START + 150 * 60
    expected = {step: series_of(store._store, step, end) for step in (60, 900)}
    raw = store._store.root / "raw"
    day = time.strftime("%Y-%m-%d", time.gmtime(START + 100 * 60))
    import sqlite3

    for table in ("wifi_device", "interface"):
        name = {"wifi_device": "raw"}.get(table, table)
        with sqlite3.connect(raw / f"{name}-{day}.db") as db:
            db.execute(f"DELETE FROM {table} WHERE slot < ?", (START + 100 * 60,))
        for other in raw.glob(f"{name}-*.db"):
            if other.name < f"{name}-{day}.db":
                other.unlink()
    store._store._writer.call(
        lambda: [store._store._history_db.execute(f"DELETE FROM {table}_5m WHERE bucket < {START + 6000}")
                 for table in ("wifi_device", "interface", "radio", "service")]
    )  # fmt: skip
    for step, whole in expected.items():
        assert series_of(store, step, end) == whole


def test_while_influxdb_is_out_writing_goes_on_and_a_series_says_that_it_is_local(
    opened: Open, clock: Clock, shim: Shim, influxd: Influx
) -> None:
    store = opened()
    shim.backend = 9  # nobody listens there
    live(store, clock, range(40))
    store.sender.step()
    found = store.series("wifi_device", "d1", ["clients"], start=START, end=START + 2400, step_s=60)
    assert found.note is not None
    assert found.note.startswith("local only")
    shim.backend = influxd.port
    soon = store.series("wifi_device", "d1", ["clients"], start=START, end=START + 2400, step_s=60)
    assert soon.note == found.note, "a page does not wait for every chart again"
    shim.backend = 9
    assert found.columns["clients"][:3] == [0.0, 1.0, 2.0]
    assert set(store.latest()) == {"d0", "d1", "d2"}
    status = store.status()
    assert status.kind == "influxdb"
    assert status.details["spool_lines"] > 600
    assert "503" in status.alarms[0]
    shim.backend = influxd.port
    clock.now += 60
    deliver(store)
    assert store.status().spool_rows == 0
    again = store.series("wifi_device", "d1", ["clients"], start=START, end=START + 2400, step_s=60)
    assert (again.note, again.columns) == (None, found.columns)


def test_what_waits_in_the_spool_is_sent_after_a_restart(opened: Open, clock: Clock, connection: Connection) -> None:
    store = opened()
    live(store, clock, range(10))
    store.close()
    again = opened()
    deliver(again)
    found = connection.query(connection.settings.bucket("raw"), 'SELECT count("at") FROM "wifi_device"')
    assert found[0]["values"][0][1] == 30


def test_hours_days_and_areas_reach_their_buckets(opened: Open, clock: Clock, connection: Connection) -> None:
    store = opened()
    store.areas = lambda subject, at: "61.71" if subject != "device:d2" else "61.72"
    store.write_intervals(
        [Interval(subject="device:d0", question="snmp", state=State.UP, start=START, seen=START + 9000)]
    )
    live(store, clock, range(140))
    deliver(store)
    hours = connection.settings.bucket("1h")
    [polls] = connection.query(hours, 'SELECT sum("polls") FROM "wifi_device" WHERE "device" = \'d1\'')
    assert polls["values"][0][1] == 120  # the hour under way is not made yet
    question = 'SELECT "up_s", "in_octets" FROM "area_1h" WHERE "question" = \'snmp\' GROUP BY "area"'
    [area] = connection.query(hours, question)
    assert area["tags"] == {"area": "61.71"}
    assert [value[1] for value in area["values"]] == [3600.0, 3600.0]


def test_a_replay_fills_an_empty_influxdb_with_what_is_local_and_again_changes_nothing(
    tmp_path: Path, settings: InfluxSettings, clock: Clock, connection: Connection, opened: Open
) -> None:
    local = SqliteStore.open(tmp_path / "local")
    local.write([reading(device, minute) for minute in range(150) for device in range(3)])
    local.maintain(START + 150 * 60 + 200.0)
    run = Replay(open_reader(tmp_path / "local"), connection, settings, pause=lambda _s: None, rng=random.Random(1))
    progress = list(run.run(start=None, end=START + 150 * 60, now=time.time()))
    assert progress[-1].dead == 0
    counts = [connection.query(settings.bucket(t), "SELECT count(*) FROM /.*/") for t in ("raw", "5m", "1h")]
    filled = opened()
    live(filled, clock, range(150, 151))
    end = START + 145 * 60
    assert series_of(filled, 60, end) == series_of(local, 60, end)
    lines = progress[-1].lines
    again = Replay(open_reader(tmp_path / "local"), connection, settings, pause=lambda _s: None, rng=random.Random(1))
    assert list(again.run(start=None, end=START + 150 * 60, now=time.time()))[-1].lines == lines
    assert counts == [connection.query(settings.bucket(t), "SELECT count(*) FROM /.*/") for t in ("raw", "5m", "1h")]
    local.close()


WRITER = """
import sys, time
from pathlib import Path
from measurements.influx.config import InfluxSettings
from measurements.influx.store import InfluxStore
import tests.integration.influx.test_store as t
state, url, prefix, first, start = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
t.START = start
store = InfluxStore.open(state, InfluxSettings(url=url, prefix=prefix), clock=time.time, seed=first)
for minute in range(first, 700):
    store.write([t.reading(device, minute) for device in range(5)])
    print(minute, flush=True)
    if minute % 10 == 9:
        store.maintain(start + minute * 60 + 130.0)
"""


def test_nothing_acknowledged_is_missing_or_counted_twice_after_kills_at_any_moment(
    tmp_path: Path, settings: InfluxSettings, shim: Shim, connection: Connection, opened: Open, clock: Clock
) -> None:
    state = tmp_path / "state"
    rng = random.Random(20261121)
    acknowledged = -1
    for _ in range(6):
        arguments = [str(state), shim.url, settings.prefix, str(acknowledged + 1), str(START)]
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        assert first, "the writer died by itself"
        threading.Event().wait(rng.uniform(0.0, 0.6))
        writer.kill()
        said = [first, *writer.stdout.readlines()]
        writer.wait()
        acknowledged = max(int(line) for line in said if line.endswith("\n"))
    assert acknowledged < 690, "the writer ran out of minutes before it was killed"
    store = opened()
    clock.now = START + (acknowledged + 20) * 60.0
    store.maintain(clock.now)
    deliver(store)
    stored = connection.query(
        settings.bucket("raw"), 'SELECT "clients", "snmp_ok", "at" FROM "wifi_device" GROUP BY "device"'
    )
    expected = {START + minute * 60: reading(1, minute).row.clients for minute in range(acknowledged + 1)}
    for series in stored:
        told = {value[0]: value[1] for value in series["values"]}
        assert expected.items() <= told.items(), "an acknowledged reading is missing"
        assert len(told) - len(expected) in (0, 1), "more than the one write that was under way"
    assert len(stored) == 5
    polls = connection.query(settings.bucket("5m"), 'SELECT sum("polls") FROM "wifi_device" GROUP BY "device"')
    local = [each.device for each in store._store.raw.readings(START, START + 86_400, ports="none")]
    assert {series["tags"]["device"]: series["values"][0][1] for series in polls} == Counter(local)
