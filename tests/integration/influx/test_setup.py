"""Buckets and retention on a real 1.6.7; the calls to 2.x and 3 against answers as their documentation has them."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from measurements.errors import StoreUnavailable
from measurements.influx.config import DAY_S, InfluxSettings, duration, seconds_of
from measurements.influx.connection import Connection
from measurements.influx.setup import apply, look
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Shim


@pytest.mark.needs("influxd")
def test_setup_makes_the_buckets_of_1x_with_their_retention_and_is_idempotent(shim: Shim, influxd: Influx) -> None:
    wanted = InfluxSettings(url=shim.url, prefix="setup_")
    connection = Connection(wanted)
    server, plans = look(connection)
    assert (server.major, [plan.exists for plan in plans]) == (1, [False] * 4)
    assert [apply(connection, server, plan) for plan in plans] == ["created"] * 4
    _, plans = look(connection)
    assert [plan.found_s for plan in plans] == [30 * DAY_S, 365 * DAY_S, 3 * 365 * DAY_S, 0]
    assert [apply(connection, server, plan) for plan in plans] == ["as it should be"] * 4
    shorter = Connection(
        dataclasses.replace(wanted, retention_s={"raw": 7 * DAY_S, "5m": 365 * DAY_S, "1h": 0, "1d": 0})
    )
    _, plans = look(shorter)
    assert [plan.deletes for plan in plans] == [True, False, False, False]
    assert [apply(shorter, server, plan) for plan in plans] == [
        "changed",
        "as it should be",
        "changed",
        "as it should be",
    ]
    assert [plan.found_s for plan in look(shorter)[1]] == [7 * DAY_S, 365 * DAY_S, 0, 0]


@pytest.mark.parametrize("text", ["", "7", "7x", "d", "7d "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "INF"), (30 * DAY_S, "30d"), (5400, "90m"), (3 * 3600, "3h"), (61, "61s")]
)
def test_durations_are_written_in_whole_units(seconds: int, text: str) -> None:
    assert duration(seconds) == text


class Recorded:
    """A server that answers as documentation says, and remembers what it was asked."""

    def __init__(self, version: str) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.asked: list[tuple[str, str, str, Any]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                owner.asked.append((self.command, self.path, self.headers.get("Authorization", ""), body))
                path = self.path.split("?")[0]
                found = owner.answers.get((self.command, path))
                content = b"" if found is None else json.dumps(found).encode()
                self.send_response(204 if path == "/ping" else 200)
                self.send_header("X-Influxdb-Version", version)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PATCH = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def two() -> Iterator[Recorded]:
    server = Recorded("v2.7.6")
    yield server
    server.close()


@pytest.fixture
def three() -> Iterator[Recorded]:
    server = Recorded("3.1.0")
    yield server
    server.close()


def test_setup_asks_2x_for_buckets_with_expiry_rules_and_the_organisation(two: Recorded) -> None:
    two.answers["GET", "/api/v2/buckets"] = {"buckets": []}
    two.answers["GET", "/api/v2/orgs"] = {"orgs": [{"id": "0123456789abcdef", "name": "kominfo"}]}
    two.answers["POST", "/api/v2/buckets"] = {"id": "1", "name": "wifi_raw", "retentionRules": []}
    connection = Connection(InfluxSettings(url=two.url, token="t0ken", org="kominfo"))
    server, plans = look(connection)
    assert (server.major, plans[0].exists) == (2, False)
    assert apply(connection, server, plans[0]) == "created"
    method, path, authorization, body = two.asked[-1]
    assert (method, path, authorization) == ("POST", "/api/v2/buckets", "Token t0ken")
    assert (body["name"], body["orgID"]) == ("wifi_raw", "0123456789abcdef")
    assert body["retentionRules"] == [{"type": "expire", "everySeconds": 30 * DAY_S}]


def test_setup_changes_the_retention_of_a_bucket_of_2x_that_is_there(two: Recorded) -> None:
    bucket = {"id": "b1", "orgID": "o", "name": "wifi_1d", "retentionRules": [{"type": "expire", "everySeconds": 3600}]}
    two.answers["GET", "/api/v2/buckets"] = {"buckets": [bucket]}
    two.answers["PATCH", "/api/v2/buckets/b1"] = bucket
    connection = Connection(InfluxSettings(url=two.url, token="t0ken", org="kominfo"))
    server, plans = look(connection)
    assert (plans[3].found_s, plans[3].wanted_s) == (3600, 0)
    assert apply(connection, server, plans[3]) == "changed"
    assert (two.asked[-1][0], two.asked[-1][3]["retentionRules"]) == ("PATCH", [])


def test_setup_asks_3_for_databases_with_a_retention_period_and_leaves_those_that_are_there(three: Recorded) -> None:
    three.answers["GET", "/api/v3/configure/database"] = [{"iox::database": "_internal"}, {"iox::database": "wifi_5m"}]
    connection = Connection(InfluxSettings(url=three.url, token="apiv3_x"))
    server, plans = look(connection)
    assert (server.major, [plan.exists for plan in plans]) == (3, [False, True, False, False])
    assert apply(connection, server, plans[0]) == "created"
    method, path, authorization, body = three.asked[-1]
    assert (method, path, authorization) == ("POST", "/api/v3/configure/database", "Bearer apiv3_x")
    assert body == {"db": "wifi_raw", "retention_period": "30d"}
    assert apply(connection, server, plans[1]).startswith("exists")
    assert apply(connection, server, plans[3]) == "created"
    assert three.asked[-1][3] == {"db": "wifi_1d"}


def test_something_that_is_no_influxdb_is_told_so() -> None:
    server = Recorded("")
    with pytest.raises(StoreUnavailable, match=r"1\.8\+, 2\.x or 3 is needed"):
        look(Connection(InfluxSettings(url=server.url)))
    server.close()
