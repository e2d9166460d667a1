"""One influxd for the session behind a shim for each test; every test has buckets of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Connection
from tests.integration.influx.server import Influx
from tests.integration.influx.shim import Shim

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    server = Influx(tmp_path_factory.mktemp("influxd"))
    yield server
    server.stop()


@pytest.fixture
def shim(influxd: Influx) -> Iterator[Shim]:
    opened = Shim(influxd.port)
    yield opened
    opened.close()


@pytest.fixture
def settings(shim: Shim, influxd: Influx) -> InfluxSettings:
    made = InfluxSettings(url=shim.url, token="merata:s3cret", prefix=f"wifi{next(_NUMBERS)}_", read_timeout_s=10)
    for tier in ("raw", "5m", "1h", "1d"):
        influxd.query(f'CREATE DATABASE "{made.bucket(tier)}"')
    return made


@pytest.fixture
def connection(settings: InfluxSettings) -> Iterator[Connection]:
    opened = Connection(settings)
    yield opened
    opened.close()


@pytest.fixture
def spool_path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"
