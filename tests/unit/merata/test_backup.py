"""One archive of the state: made beside a writer, verified, put back; nothing is touched by half."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.configurations.copies import Copies
from controller.configurations.keys import own_key
from measurements.errors import StoreBusy
from measurements.sqlite.reader import open_reader
from measurements.sqlite.store import SqliteStore
from merata.backup import BackupError, create, restore, verify
from merata.cli import cli
from tests.unit.measurements.make import reading, span

NOW = datetime(2026, 11, 21, 10, 45, tzinfo=UTC)
MIDNIGHT = 1_790_035_200


def fill(store: SqliteStore, first: int, count: int) -> None:
    store.write([reading(slot=MIDNIGHT + 60 * n, octets=600 * n) for n in range(first, first + count)])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a bit of everything."""
    root = tmp_path / "state"
    with SqliteStore.open(root) as store:
        fill(store, 0, 100)
        store.write_intervals([span(MIDNIGHT, None, seen=MIDNIGHT + 6000)])
        store.maintain(MIDNIGHT + 9000)
    db = sqlite3.connect(root / "journal.db")
    db.execute("CREATE TABLE jobs (id INTEGER)")
    db.execute("INSERT INTO jobs VALUES (7)")
    db.commit()
    db.close()
    (root / "inventories").mkdir()
    (root / "inventories" / "abc.json").write_text("{}")
    (root / "known_hosts.d").mkdir()
    (root / "known_hosts.d" / "ap-1").write_text("ap-1 ssh-ed25519 AAAA\n")
    return root


def made(state: Path) -> Path:
    archive = state.parent / "backup.tar"
    create(state, archive, now=NOW, program="0.1.0")
    return archive


def test_what_was_archived_is_there_after_a_restore(state: Path, tmp_path: Path) -> None:
    archive = made(state)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    found = verify(archive)
    names = {member.name for member in found.members}
    assert {"history.db", "journal.db", "inventories/abc.json", "known_hosts.d/ap-1", "raw/raw-2026-09-22.db"} <= names
    assert not any(name.startswith("run") or name.endswith(("-wal", "-shm")) for name in names)
    target = tmp_path / "elsewhere"
    restore(archive, target, replace=False, now=NOW)
    assert (target / "known_hosts.d" / "ap-1").read_text().startswith("ap-1 ssh-ed25519")
    assert sqlite3.connect(target / "journal.db").execute("SELECT id FROM jobs").fetchall() == [(7,)]
    with SqliteStore.open(target) as store:
        assert store.latest()["ap-1"].slot == MIDNIGHT + 99 * 60
        store.maintain(MIDNIGHT + 9000)
        polls = store.series("wifi_device", "ap-1", ["polls"], start=MIDNIGHT, end=MIDNIGHT + 6000, step_s=300)
        assert list(polls.columns["polls"]) == [5.0] * 20
        assert store.intervals(None, "snmp", start=MIDNIGHT, end=MIDNIGHT + 1) == [
            span(MIDNIGHT, None, seen=MIDNIGHT + 6000)
        ]


def test_a_running_controller_is_not_disturbed_and_what_it_had_acknowledged_is_in_the_archive(state: Path) -> None:
    with SqliteStore.open(state) as store:
        fill(store, 100, 50)
        archive = made(state)
        fill(store, 150, 10)
    target = state.parent / "elsewhere"
    restore(archive, target, replace=False, now=NOW)
    assert open_reader(target).latest()["ap-1"].slot == MIDNIGHT + 149 * 60


def test_a_state_that_is_not_empty_is_refused_and_moved_aside_only_when_told(state: Path) -> None:
    archive = made(state)
    with SqliteStore.open(state) as store:
        fill(store, 100, 1)
    with pytest.raises(BackupError, match="not empty"):
        restore(archive, state, replace=False, now=NOW)
    assert open_reader(state).latest()["ap-1"].slot == MIDNIGHT + 100 * 60
    restore(archive, state, replace=True, now=NOW)
    assert open_reader(state).latest()["ap-1"].slot == MIDNIGHT + 99 * 60
    assert open_reader(state / "replaced-20261121T104500Z").latest()["ap-1"].slot == MIDNIGHT + 100 * 60
    create(state, state.parent / "again.tar", now=NOW, program="0.1.0")
    names = {member.name for member in verify(state.parent / "again.tar").members}
    assert not any(name.startswith("replaced-") for name in names)


def test_keys_are_in_no_archive_and_stay_where_they_are_after_a_restore(state: Path, tmp_path: Path) -> None:
    copies = Copies(state / "configurations" / "copies", own_key(state / "keys" / "configurations.key"))
    reference = copies.keep("ap-1", "hostname a\n", at=1.79e9)
    archive = tmp_path / "a.tar"
    made = create(state, archive, now=NOW, program="test")
    assert not any(member.name.startswith("keys/") for member in made.members)
    assert any(member.name.endswith(f"{reference}.cfgz") for member in made.members)
    restore(archive, state, replace=True, now=NOW)
    again = Copies(state / "configurations" / "copies", own_key(state / "keys" / "configurations.key"))
    assert again.get("ap-1", reference) == "hostname a\n"


def test_a_state_in_use_is_not_restored_over(state: Path) -> None:
    archive = made(state)
    with SqliteStore.open(state), pytest.raises(StoreBusy):
        restore(archive, state, replace=True, now=NOW)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_a_changed_byte_is_found_and_nothing_is_restored(state: Path, at: float) -> None:
    archive = made(state)
    data = bytearray(archive.read_bytes())
    data[int(len(data) * at) // 512 * 512 + 100] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(BackupError):
        verify(archive)
    target = state.parent / "elsewhere"
    with pytest.raises(BackupError):
        restore(archive, target, replace=False, now=NOW)
    assert not (target / "history.db").exists()


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_an_archive_that_was_cut_short_is_found(state: Path, kept: float) -> None:
    archive = made(state)
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(BackupError):
        verify(archive)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "history.db"])
def test_a_member_that_would_leave_the_folder_or_stands_twice_is_refused(
    state: Path, tmp_path: Path, name: str
) -> None:
    archive = tmp_path / "bad.tar"
    with tarfile.open(archive, "w") as tar:
        for each in ("history.db", name):
            info = tarfile.TarInfo(each)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"evil"))
    with pytest.raises(BackupError, match="does not belong"):
        verify(archive)


def test_a_database_that_is_broken_though_its_hash_is_right_is_found(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with SqliteStore.open(state) as store:
        fill(store, 0, 2000)
    raw = state / "raw" / "raw-2026-09-22.db"
    archive = made(state)
    with tarfile.open(archive) as tar:
        members = {i.name: tar.extractfile(i).read() for i in tar}
    manifest = json.loads(members.pop("manifest.json"))
    broken = bytearray(members["raw/" + raw.name])
    broken[8192:12288] = b"\x55" * 4096
    members["raw/" + raw.name] = bytes(broken)
    import hashlib

    for member in manifest["members"]:
        if member["name"] == "raw/" + raw.name:
            member["sha256"] = hashlib.sha256(broken).hexdigest()
    archive.unlink()
    with tarfile.open(archive, "w") as tar:
        for name, data in [*members.items(), ("manifest.json", json.dumps(manifest).encode())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(BackupError, match=r"raw-2026-09-22\.db"):
        verify(archive)


def test_the_commands_say_what_they_did(state: Path, tmp_path: Path) -> None:
    run = CliRunner()
    archive = tmp_path / "one.tar"
    said = run.invoke(cli, ["--state", str(state), "backup", "create", str(archive)])
    assert said.exit_code == 0, said.output
    assert "files" in said.output
    assert "whole" in run.invoke(cli, ["backup", "verify", str(archive)]).output
    again = run.invoke(cli, ["--state", str(tmp_path / "new"), "backup", "restore", str(archive)])
    assert again.exit_code == 0, again.output
    assert isinstance(
        run.invoke(cli, ["--state", str(state), "backup", "restore", str(archive)]).exception, BackupError
    )
    assert isinstance(run.invoke(cli, ["--state", str(tmp_path / "no"), "backup", "create"]).exception, BackupError)


def test_store_status_and_retention_speak(state: Path) -> None:
    run = CliRunner()
    status = run.invoke(cli, ["--state", str(state), "store", "status", "--json"])
    assert json.loads(status.stdout)["newest_slot"] == MIDNIGHT + 99 * 60
    assert "newest reading" in run.invoke(cli, ["--state", str(state), "store", "status"]).output
    shown = run.invoke(cli, ["--state", str(state), "store", "retention"])
    assert "raw days: 7" in shown.output
    # The readings of this test lie months in the past: three days would delete them.
    asked = run.invoke(cli, ["--state", str(state), "store", "retention", "--raw-days", "3"])
    assert asked.exit_code == 1
    assert "would be deleted for good: raw devices, 1 days" in asked.output
    assert not (state / "retention.json").exists()
    told = run.invoke(cli, ["--state", str(state), "store", "retention", "--raw-days", "3", "--yes"])
    assert told.exit_code == 0, told.output
    assert json.loads((state / "retention.json").read_text())["raw_days"] == 3
