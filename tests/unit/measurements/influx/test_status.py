"""What a person is told of the way to InfluxDB."""

from __future__ import annotations

from pathlib import Path

from measurements.influx.status import with_spool
from measurements.spool import Spool, SpoolLimits, peek
from measurements.store import StoreStatus

LOCAL = StoreStatus(kind="sqlite", version="3", path="/s", bytes_on_disk=1000, newest_slot=None, lag_s=None)


def test_lines_that_wait_long_were_dropped_or_refused_are_alarms(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", SpoolLimits(max_age_s={"5m": 10.0}))
    spool.put("5m", ["old"], now=0.0)
    spool.expire(now=100.0)
    spool.put("raw", ["bad"], now=100.0)
    batch = spool.oldest(1)
    assert batch is not None
    spool.sent(batch, dead={"bad": "type conflict"}, now=101.0)
    spool.put("raw", ["waits"], now=200.0)
    found = with_spool(LOCAL, spool.status(), 200.0 + 3600)
    assert [alarm.split(",")[0] for alarm in found.alarms] == [
        "1 lines wait for InfluxDB",
        "the spool was full or too old: 1 lines were dropped",
        "InfluxDB will never take 1 lines: see `merata store dead`",
    ]
    assert (found.spool_rows, found.spool_oldest_s, found.dropped, found.dead) == (1, 3600.0, 1, 1)
    assert found.bytes_on_disk > LOCAL.bytes_on_disk
    spool.close()


def test_before_the_first_run_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert with_spool(LOCAL, peek(tmp_path / "spool.db"), 0.0).alarms == ()
