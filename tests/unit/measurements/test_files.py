"""Files that outlive a version of the program: identity, migration after a copy, refusal of newer ones, the lock."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from measurements.errors import StoreBusy, StoreError, StoreUnavailable, VersionTooNew
from measurements.files import FileKind, StateLock, copy_database, open_to_read, open_to_write, sqlite_note

ONE = FileKind(name="thing", application_id=0x4D527431, version=1, schema="CREATE TABLE t (a INTEGER) STRICT;")


def _two(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE t ADD COLUMN b TEXT")
    db.execute("UPDATE t SET b = 'from one'")


TWO = replace(ONE, version=2, schema="CREATE TABLE t (a INTEGER, b TEXT) STRICT;", migrations={1: _two})


def old_file(path: Path) -> Path:
    """A file as version 1 left it, made by its own code."""
    db = open_to_write(path, ONE)
    db.execute("INSERT INTO t VALUES (41)")
    db.close()
    return path


def test_a_new_file_has_its_identity_and_belongs_to_its_owner(tmp_path: Path) -> None:
    db = open_to_write(tmp_path / "a.db", ONE)
    assert db.execute("PRAGMA application_id").fetchone()[0] == ONE.application_id
    assert db.execute("PRAGMA user_version").fetchone()[0] == 1
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


def test_an_older_file_is_copied_and_then_migrated(tmp_path: Path) -> None:
    path = old_file(tmp_path / "a.db")
    db = open_to_write(path, TWO)
    assert db.execute("SELECT a, b FROM t").fetchall() == [(41, "from one")]
    assert db.execute("PRAGMA user_version").fetchone()[0] == 2
    copy = open_to_read(tmp_path / "a.db.v1", ONE)
    assert copy.execute("SELECT * FROM t").fetchall() == [(41,)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = old_file(tmp_path / "a.db")

    def breaks(db: sqlite3.Connection) -> None:
        _two(db)
        db.execute("INSERT INTO nothing VALUES (1)")

    with pytest.raises(StoreUnavailable):
        open_to_write(path, replace(TWO, migrations={1: breaks}))
    assert open_to_read(path, ONE).execute("SELECT * FROM t").fetchall() == [(41,)]


def test_a_newer_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    open_to_write(tmp_path / "a.db", TWO).close()
    before = (tmp_path / "a.db").read_bytes()
    for opening in (open_to_write, open_to_read):
        with pytest.raises(VersionTooNew, match="version 2"):
            opening(tmp_path / "a.db", ONE)
    assert (tmp_path / "a.db").read_bytes() == before


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "a.db")
    db.execute("CREATE TABLE theirs (x)")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="no thing file"):
        open_to_write(tmp_path / "a.db", ONE)
    (tmp_path / "b.db").write_text("name,value\n" * 100)
    with pytest.raises(StoreUnavailable):
        open_to_write(tmp_path / "b.db", ONE)


def test_a_reader_does_not_migrate_and_says_what_would(tmp_path: Path) -> None:
    path = old_file(tmp_path / "a.db")
    with pytest.raises(StoreUnavailable, match="merata run"):
        open_to_read(path, TWO)
    with pytest.raises(sqlite3.OperationalError):
        open_to_read(path, ONE).execute("INSERT INTO t VALUES (1)")


def test_a_copy_of_a_file_that_is_being_written_is_whole(tmp_path: Path) -> None:
    db = open_to_write(tmp_path / "a.db", ONE)
    db.execute("INSERT INTO t VALUES (1)")
    copy_database(tmp_path / "a.db", tmp_path / "copy.db")
    db.execute("INSERT INTO t VALUES (2)")
    assert open_to_read(tmp_path / "copy.db", ONE).execute("SELECT * FROM t").fetchall() == [(1,)]
    assert not list(tmp_path.glob("*.part"))


def test_a_state_directory_has_one_owner_and_the_second_learns_who(tmp_path: Path) -> None:
    with StateLock(tmp_path / "run"), pytest.raises(StoreBusy, match=r"pid \d+"):
        StateLock(tmp_path / "run")
    StateLock(tmp_path / "run").release()  # free again


def test_the_note_on_the_library_names_the_bug_only_where_it_is() -> None:
    assert "WAL-reset" in sqlite_note((3, 40, 1))
    assert "WAL-reset" in sqlite_note((3, 51, 2))
    for fixed in ((3, 51, 3), (3, 50, 7), (3, 44, 6), (3, 52, 0)):
        assert "WAL-reset" not in sqlite_note(fixed)
