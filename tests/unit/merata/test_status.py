"""`merata status` beside a state directory: what a device is, and when it said so."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.journal.journal import Journal
from devices.facts import Identity
from measurements.sqlite.store import SqliteStore
from merata.cli import cli
from merata.settings import StatePaths
from tests.unit.measurements.make import reading

BOX = Identity(told_at=0.0, platform="routeros", vendor="MikroTik", model="hAP ac2", version="7.16.2", serial="S1")


def status(state: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--state", str(state), "status", *words])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    store = SqliteStore.open(tmp_path)
    store.write([reading(slot=1_790_035_200, octets=600)])
    store.close()
    return tmp_path


def told(state: Path, device: str) -> Identity:
    """Ten minutes ago the device said what it is."""
    box = replace(BOX, told_at=time.time() - 600)
    journal = Journal.open(StatePaths(root=state).journal)
    journal.keep_identities({device: box})
    journal.close()
    return box


def stored(state: Path) -> str:
    (device,) = json.loads(status(state, "--json").output)["devices"]
    return str(device)


def test_one_device_is_shown_with_what_it_is_and_when_it_said_so(state: Path) -> None:
    device = stored(state)
    box = told(state, device)
    said = status(state, "--device", device)
    assert said.exit_code == 3  # no controller runs here
    assert f"{device}, as told 10 min ago" in said.output
    assert "MikroTik" in said.output
    assert "serial      S1" in said.output
    assert "mac         –" in said.output
    assert json.loads(status(state, "--json").output)["devices"][device]["identity"] == asdict(box)


def test_a_device_that_never_said_what_it_is_is_told_as_such(state: Path) -> None:
    device = stored(state)
    assert f"{device}: never said what it is" in status(state, "--device", device).output
    assert json.loads(status(state, "--json", "--device", device).output)["devices"][device]["identity"] is None
    assert not StatePaths(root=state).journal.exists()


def test_a_journal_that_cannot_be_read_hides_nothing_else(state: Path) -> None:
    StatePaths(root=state).journal.write_bytes(b"this is no journal" * 400)
    (device,) = json.loads(status(state, "--json").stdout)["devices"].values()
    assert device["identity"] is None


def test_a_device_of_which_nothing_is_stored_is_refused_by_name(state: Path) -> None:
    said = status(state, "--device", "nobody")
    assert said.exit_code == 2
    assert "nobody" in said.output
