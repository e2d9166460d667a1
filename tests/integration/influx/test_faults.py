"""Spool, sender and a real InfluxDB: whatever happens in between, every acknowledged point is there, once."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Connection, Verdict
from measurements.influx.sender import Sender
from measurements.spool import Spool
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Fault, Shim

pytestmark = pytest.mark.needs("influxd")

NOW = int(time.time()) // 60 * 60 - 86_400


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Line:
    """Spool, sender and a clock that the test moves."""

    def __init__(self, spool: Spool, connection: Connection, lines: int = 1000) -> None:
        self.spool = spool
        self.connection = connection
        self.bucket = connection.settings.bucket("raw")
        self.clock = Clock()
        self.sender = Sender(spool, connection, clock=self.clock, rng=random.Random(7), batch_lines=lines)

    def put(self, start: int, count: int, field: str = "clients") -> None:
        lines = [f"wifi_device,device=d{n % 7} {field}={n}i {NOW + n}" for n in range(start, start + count)]
        self.spool.put(self.bucket, lines, now=self.clock.now)

    def steps(self, most: int = 30) -> None:
        """Step until the spool is empty, moving the clock over the waits."""
        for _ in range(most):
            self.clock.now += self.sender.step()
            if not self.spool.status().lines:
                return

    def points(self, field: str = "clients") -> tuple[int, int]:
        """(points, sum of values) that the server holds."""
        question = f'SELECT count("{field}"), sum("{field}") FROM "wifi_device"'
        found = self.connection.query(self.bucket, question)
        return (int(found[0]["values"][0][1]), int(found[0]["values"][0][2])) if found else (0, 0)


@pytest.fixture
def line(spool_path: Path, connection: Connection) -> Iterator[Line]:
    spool = Spool(spool_path)
    yield Line(spool, connection)
    spool.close()


def whole(count: int) -> tuple[int, int]:
    return count, count * (count - 1) // 2


def test_lines_arrive_compressed_and_in_batches(line: Line, shim: Shim) -> None:
    line.put(0, 2500)
    line.put(2500, 10)
    line.steps()
    assert line.points() == whole(2510)
    sent = [(lines, status) for _, lines, status in shim.writes]
    assert sent == [(1000, 204), (1000, 204), (500, 204), (10, 204)]


def test_a_server_that_goes_down_and_comes_up_again_misses_nothing(tmp_path: Path, spool_path: Path) -> None:
    server = Influx(tmp_path / "influxd")
    shim = Shim(server.port)
    settings = InfluxSettings(url=shim.url, prefix="w_")
    server.query('CREATE DATABASE "w_raw"')
    line = Line(Spool(spool_path), Connection(settings))
    line.put(0, 100)
    line.steps()
    server.stop(signal.SIGKILL)
    for n in range(1, 5):
        line.put(n * 100, 100)
        line.clock.now += line.sender.step()
    assert line.spool.status().lines == 400
    assert "503" in line.sender.status().alarms[0]
    server.start()
    line.steps()
    assert line.points() == whole(500)
    assert line.sender.status().alarms == ()
    shim.close()
    server.stop()


def test_nobody_listening_is_an_outage_and_not_a_loss(spool_path: Path, settings: InfluxSettings, shim: Shim) -> None:
    shim.close()
    line = Line(Spool(spool_path), Connection(settings))
    line.put(0, 10)
    line.sender.step()
    assert line.spool.status().lines == 10
    assert "no connection" in line.sender.status().alarms[0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_after_the_time_it_names(line: Line, shim: Shim, status: int) -> None:
    shim.faults.append(Fault(status=status, headers={"Retry-After": "77"}))
    line.put(0, 10)
    assert line.sender.step() == 77
    line.clock.now += 77
    line.steps()
    assert line.points() == whole(10)


def test_a_connection_cut_before_or_after_the_server_stored_a_batch_counts_nothing_twice(
    line: Line, shim: Shim
) -> None:
    shim.faults.extend([Fault(cut="before"), Fault(cut="after"), Fault(cut="after")])
    line.put(0, 500)
    line.steps()
    assert [status for _, _, status in shim.writes] == [204, 204, 204]  # stored three times, one answer heard
    assert line.points() == whole(500)
    assert line.spool.status().sent == 500


def test_a_slow_server_delays_only_the_sender(shim: Shim, settings: InfluxSettings, spool_path: Path) -> None:
    release = threading.Event()
    shim.faults.append(Fault(hold=release))
    line = Line(Spool(spool_path), Connection(settings))
    line.put(0, 10)
    line.sender.start()
    while shim.faults:  # until the sender hangs in its request
        threading.Event().wait(0.01)
    for n in range(1, 20):
        line.put(n * 10, 10)  # acknowledged while the server says nothing
    assert line.spool.status().put == 200
    release.set()
    line.sender.stop()
    line.steps()
    assert line.points() == whole(200)


def test_a_server_slower_than_the_timeout_is_asked_again(
    shim: Shim, settings: InfluxSettings, spool_path: Path
) -> None:
    import dataclasses

    release = threading.Event()
    shim.faults.append(Fault(hold=release))
    line = Line(Spool(spool_path), Connection(dataclasses.replace(settings, read_timeout_s=0.2)))
    line.put(0, 10)
    wait = line.sender.step()
    assert wait == 1.0
    release.set()
    line.clock.now += wait
    line.steps()
    assert line.points() == whole(10)


def test_a_batch_above_the_servers_limit_is_halved_until_it_fits(line: Line, shim: Shim) -> None:
    shim.most_bytes = 4000
    line.put(0, 800)
    line.steps()
    assert line.points() == whole(800)
    assert {status for _, _, status in shim.writes} == {413, 204}
    before = len(shim.writes)
    line.put(800, 60)
    line.steps()
    assert {status for _, _, status in shim.writes[before:]} == {204}


def test_points_of_a_changed_type_go_to_dead_and_the_good_ones_of_the_batch_are_stored(line: Line) -> None:
    line.put(0, 50)
    line.spool.put(line.bucket, [f"wifi_device,device=d0 clients=1.5 {NOW + 900}"], now=line.clock.now)
    line.put(50, 50)
    line.steps()
    assert line.points() == whole(100)
    [(bucket, _, reason, lines)] = line.spool.dead_letters()
    assert (bucket, lines) == (line.bucket, f"wifi_device,device=d0 clients=1.5 {NOW + 900}")
    assert "field type conflict" in reason


def test_points_older_than_the_retention_go_to_dead(line: Line, influxd: Influx) -> None:
    influxd.query(f'ALTER RETENTION POLICY "autogen" ON "{line.bucket}" DURATION 7d')
    line.put(0, 10)
    line.spool.put(line.bucket, ["wifi_device,device=d0 clients=1i 1000"], now=line.clock.now)
    line.steps()
    assert line.points() == whole(10)
    assert "retention" in line.spool.dead_letters()[0][2]


def test_a_whole_batch_refused_for_one_line_as_2x_does_loses_only_that_line(line: Line, shim: Shim) -> None:
    bad = b"device=d0 clients=77i "
    refused = Fault(status=400, body='{"code": "invalid", "message": "unable to parse"}')
    shim.before = lambda _bucket, body: refused if bad in body else None
    line.put(0, 300)
    line.steps()
    assert line.points() == (299, whole(300)[1] - 77)
    assert line.spool.status().dead == 1


def test_a_bucket_that_is_missing_waits_with_an_alarm_until_somebody_makes_it(line: Line, influxd: Influx) -> None:
    hours = f"{line.bucket}_not_yet"
    line.spool.put(hours, [f"wifi_device,device=d0 clients=3i {NOW}"], now=line.clock.now)
    line.put(0, 20)
    line.steps(3)
    assert line.points() == whole(20)
    assert "database not found" in line.sender.status().alarms[0]
    influxd.query(f'CREATE DATABASE "{hours}"')
    line.clock.now += 60
    line.steps()
    assert line.spool.status().lines == 0
    assert line.sender.status().alarms == ()


def test_a_wrong_token_keeps_every_line_and_sends_them_once_it_is_right(tmp_path: Path, spool_path: Path) -> None:
    server = Influx(tmp_path / "influxd", auth=True)
    shim = Shim(server.port)
    server.query('CREATE DATABASE "w_raw"')
    wrong = InfluxSettings(url=shim.url, token="merata:guess", prefix="w_")
    spool = Spool(spool_path)
    line = Line(spool, Connection(wrong))
    line.put(0, 40)
    line.sender.step()
    assert spool.status().lines == 40
    [alarm] = line.sender.status().alarms
    assert "401" in alarm
    assert "guess" not in alarm + repr(wrong)
    right = Line(spool, Connection(InfluxSettings(url=shim.url, token="merata:s3cret", prefix="w_")))
    right.steps()
    assert right.points() == whole(40)
    shim.close()
    server.stop()


def test_a_page_that_says_200_is_not_taken_for_a_database(line: Line, shim: Shim) -> None:
    shim.faults.append(Fault(status=200, body="<html>Selamat datang, silakan masuk</html>"))
    line.put(0, 10)
    line.sender.step()
    assert line.spool.status().lines == 10
    assert "not an InfluxDB's 204" in line.sender.status().alarms[0]
    line.clock.now += 60
    line.steps()
    assert line.points() == whole(10)


def test_the_server_says_who_it_is_and_a_wrong_query_is_told_apart_from_an_outage(connection: Connection) -> None:
    assert (connection.server().major, connection.server().version) == (1, "1.6.7~rc0")
    from measurements.errors import StoreUnavailable, WriteRejected

    with pytest.raises(WriteRejected):
        connection.query("none", "SELEC")
    gone = Connection(InfluxSettings(url="http://127.0.0.1:9", connect_timeout_s=0.5))
    with pytest.raises(StoreUnavailable):
        gone.query("raw", "SELECT 1")
    with pytest.raises(StoreUnavailable):
        gone.server()
    assert gone.write("raw", ["a b=1 1"]).verdict is Verdict.LATER


def test_names_that_a_device_chose_badly_are_stored_and_found_again(line: Line) -> None:
    from measurements.influx.lines import row_line, tag_value
    from measurements.reading import RadioRow

    names = ["wlan 0", 'a"b', "it's", "x=y,z", "back\\slash", "ends\\", "naïve Ω", " lead", "line\nbreak"]
    rows = [RadioRow(device="ap", radio=name, slot=NOW, clients=n) for n, name in enumerate(names)]
    line.spool.put(line.bucket, [row_line(row) for row in rows], now=line.clock.now)
    line.steps()
    assert line.spool.status().dead == 0
    found = line.connection.query(line.bucket, 'SELECT "clients" FROM "radio" GROUP BY "radio"')
    assert {series["tags"]["radio"]: series["values"][0][1] for series in found} == {
        tag_value(name): n for n, name in enumerate(names)
    }
    assert json.dumps(found)
