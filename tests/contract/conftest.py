"""Every adapter of a port runs through the same suite: add one here, edit no test."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from measurements.influx.config import InfluxSettings
from measurements.influx.store import InfluxStore
from measurements.sqlite.store import SqliteStore
from measurements.store import MeasurementStore, Series
from tests.integration.influx.conftest import influxd, settings, shim

__all__ = ["influxd", "settings", "shim"]  # fixtures: a real InfluxDB 1.6.7 behind the shim

Open = Callable[[], MeasurementStore]
NOW = 1_790_500_000.0  # some days after what the suite writes


class Delivered(InfluxStore):
    """Sends all that waits before a series is asked for, and draws all of it from InfluxDB."""

    def series(self, *args: Any, **more: Any) -> Series:
        while self.sender.step() == 0:
            pass
        found = super().series(*args, **more)
        assert found.note is None, found.note
        assert self.status().dead == 0
        return found


@pytest.fixture(params=["sqlite", pytest.param("influx", marks=pytest.mark.needs("influxd"))])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again: what was written before stays. The one before is closed."""
    opened: list[MeasurementStore] = []
    folder = tmp_path / "state"

    def sqlite() -> MeasurementStore:
        return SqliteStore.open(folder)

    def influx() -> MeasurementStore:
        found: InfluxSettings = request.getfixturevalue("settings")
        kept = dataclasses.replace(found, retention_s=dict.fromkeys(found.retention_s, 0))
        return Delivered.open(folder, kept, clock=lambda: NOW, seed=1, send=False, local_first=False)

    def again() -> MeasurementStore:
        while opened:
            opened.pop().close()
        opened.append({"sqlite": sqlite, "influx": influx}[request.param]())
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


@pytest.fixture
def store(reopen: Open) -> MeasurementStore:
    """A store on an empty state directory."""
    return reopen()
