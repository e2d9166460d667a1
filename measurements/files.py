"""SQLite files that outlive a version of the program: identity, migration after a copy, locks, the rules of opening.

Every file carries `application_id` (what it is) and `user_version` (its shape). An older file is copied, then migrated;
a newer one is refused untouched. Exactly one connection writes a file; all others open it `mode=ro`, which never
checkpoints: SQLite 3.7.0 to 3.51.2 can corrupt a WAL file when two connections write or checkpoint at the same moment
(sqlite.org/wal.html, "WAL-reset bug"; fixed in 3.51.3, 3.50.7 and 3.44.6).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from measurements.errors import StoreBusy, StoreError, StoreUnavailable, VersionTooNew

BUSY_MS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One sort of file: what it is called, its number, its shape now, and how older shapes become it.

    migrations[n] turns version n into n + 1 and runs inside one transaction. `readable`: the oldest version that
    readers understand as it is; None: only the newest.
    """

    name: str
    application_id: int
    version: int
    schema: str
    migrations: Mapping[int, Callable[[sqlite3.Connection], None]] = field(default_factory=dict)
    readable: int | None = None


def open_to_write(path: Path, kind: FileKind, *, journal_mode: str = "WAL") -> sqlite3.Connection:
    """Open the one writing connection of a file; create or migrate it first where needed.

    Transactions are explicit (`BEGIN IMMEDIATE`), every commit is fsynced (synchronous=FULL).

    Raises:
        VersionTooNew: the file belongs to a newer program; it was not changed.
        StoreError: it is some other file.
        StoreUnavailable: it cannot be opened, read or written.
    """
    try:
        if not path.exists() or path.stat().st_size == 0:
            _create(path, kind, journal_mode)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
        try:
            version = _identify(db, path, kind)
            if version < kind.version:
                _migrate(db, path, kind, version)
            db.execute(f"PRAGMA journal_mode={journal_mode}")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            db.close()
            raise
    except (sqlite3.Error, OSError) as err:
        raise StoreUnavailable(f"{path}: {err}") from err
    else:
        return db


def open_to_read(path: Path, kind: FileKind, *, immutable: bool = False) -> sqlite3.Connection:
    """Open a file that another connection may be writing. `immutable` only for a file that nobody writes any more.

    Raises:
        VersionTooNew, StoreError, StoreUnavailable: as `open_to_write`; an older file waits for `merata run`.
    """
    uri = f"file:{quote(str(path))}?mode=ro{'&immutable=1' if immutable else ''}"
    try:
        db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
        try:
            version = _identify(db, path, kind)
        except BaseException:
            db.close()
            raise
    except sqlite3.Error as err:
        raise StoreUnavailable(f"{path}: {err}") from err
    if version < (kind.version if kind.readable is None else kind.readable):
        db.close()
        raise StoreUnavailable(
            f"{path}: version {version} is older than this program's {kind.version}: start `merata run` once"
        )
    return db


def _identify(db: sqlite3.Connection, path: Path, kind: FileKind) -> int:
    """The file's version."""
    found = int(db.execute("PRAGMA application_id").fetchone()[0])
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found != kind.application_id:
        raise StoreError(f"{path}: is no {kind.name} file of this program (application_id {found:#x})")
    if version > kind.version:
        raise VersionTooNew(f"{path}: version {version} was written by a newer program (this one knows {kind.version})")
    return version


def _create(path: Path, kind: FileKind, journal_mode: str) -> None:
    """Make a new file aside and rename it: no reader and no kill ever meets half of one."""
    aside = path.with_name(f"{path.name}.part")
    # A log left beside a file that is gone would be taken for the new one's.
    for name in (path.name, aside.name):
        for end in ("", "-journal", "-wal", "-shm"):
            path.with_name(name + end).unlink(missing_ok=True)
    aside.touch(mode=0o600)
    db = sqlite3.connect(aside, isolation_level=None)
    try:
        db.executescript(
            f"BEGIN IMMEDIATE;\n{kind.schema}\n"
            f"PRAGMA application_id={kind.application_id}; PRAGMA user_version={kind.version}; COMMIT;"
        )
        # Kept in the header: to change it later would be a write that a kill can cut in two.
        db.execute(f"PRAGMA journal_mode={journal_mode}")
    finally:
        db.close()
    sync(aside)
    os.replace(aside, path)
    sync(path.parent)


def _migrate(db: sqlite3.Connection, path: Path, kind: FileKind, version: int) -> None:
    """Copy beside (`name.v1`), then migrate step by step in one transaction."""
    copy_database(path, path.with_name(f"{path.name}.v{version}"))
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in range(version, kind.version):
            kind.migrations[step](db)
        db.execute(f"PRAGMA user_version={kind.version}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a live file (SQLite's backup interface), complete or absent: written aside, synced, renamed.

    Raises:
        StoreUnavailable: the source cannot be read or the copy not written.
    """
    aside = target.with_name(f"{target.name}.part")
    try:
        aside.unlink(missing_ok=True)
        # Not mode=ro: a file left by a kill has a log to recover; `open_to_write` recovers it, this only reads.
        old = sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=BUSY_MS / 1000)
        new = sqlite3.connect(aside)
        try:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
        finally:
            new.close()
            old.close()
        sync(aside)
        os.replace(aside, target)
        sync(target.parent)
    except (sqlite3.Error, OSError) as err:
        raise StoreUnavailable(f"{source}: cannot be copied to {target}: {err}") from err


def sync(path: Path) -> None:
    """Fsync a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sqlite_note(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """One line for the log: the library's version, and whether the WAL-reset bug is in it."""
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    text = "SQLite " + ".".join(str(part) for part in version)
    return (
        text
        if fixed
        else f"{text} (has the WAL-reset bug: one writing connection a file, readers mode=ro; kept by this program)"
    )


class StateLock:
    """Holds the state directory for one process (flock, freed by the kernel when the process ends).

    Raises:
        StoreBusy: another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "lock"
        self._file: IO[str] | None = self.path.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            self._file = None
            raise StoreBusy(f"{folder.parent}: the state directory belongs to a running process (pid {owner})") from err
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go; again is harmless."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
