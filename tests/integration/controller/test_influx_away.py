"""`merata run --store influx`: the database is pulled while it runs, and nothing acknowledged is missing afterwards."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.controller.agents import laboratory
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Shim

pytestmark = pytest.mark.needs("snmpd", "influxd")

COUNT = 20


def rows(server: Influx, device: str) -> Counter[int]:
    """Rows of a device in InfluxDB by slot."""
    answer = json.loads(server.query(f"SELECT snmp_ok FROM wifi_device WHERE device = '{device}'", "wifi_raw"))
    series = answer["results"][0].get("series", [])
    return Counter(int(row[0]) for one in series for row in one["values"])


def test_cycles_go_on_without_the_database_and_every_slot_arrives_once_when_it_is_back(tmp_path: Path) -> None:
    server = Influx(tmp_path / "influxd")
    shim = Shim(server.port)
    try:
        for tier in ("raw", "5m", "1h", "1d"):
            server.query(f'CREATE DATABASE "wifi_{tier}"')
        with laboratory(tmp_path, COUNT, prefix="127.81.4", interval_s=2.0) as (_, controller):
            controller.words = ("--store", "influx")
            controller.environ = {"MERATA_INFLUX_URL": shim.url, "MERATA_INFLUX_TOKEN": "merata:s3cret"}
            controller.start()
            acknowledged: set[int] = set()

            def cycles(count: int) -> None:
                wanted = len(acknowledged) + count

                def enough() -> bool:
                    acknowledged.update({controller.cycles()} - {0})
                    return len(acknowledged) >= wanted

                controller.until(enough, 60, f"{count} cycles")

            cycles(2)
            server.stop(signal.SIGKILL)
            cycles(3)
            assert controller.status()["writing"]["unavailable"] is None
            assert controller.verdict("device:d20") == ("up", None)
            server.start()
            cycles(1)
            controller.until(
                lambda: acknowledged <= rows(server, "d20").keys() and acknowledged <= rows(server, "d01").keys(),
                60, "what waited has arrived",
            )  # fmt: skip
            assert set(rows(server, "d20").values()) == {1}
            assert controller.signal(signal.SIGTERM) == 0
    finally:
        shim.close()
        server.stop()
