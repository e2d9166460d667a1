"""One archive of the whole state directory: made beside a running controller, verified, put back.

A tar file: every file of the state directory, `manifest.json` last (an archive that was cut short has none).
Databases are copied through SQLite's backup interface, history before raw: raw rows are the truth, and what was rolled
up while the raw files were copied is made again after a restore.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from measurements.errors import StoreError
from measurements.files import StateLock, copy_database, open_to_write, sync
from measurements.rollup import FIVE_MINUTES
from measurements.sqlite.history_schema import HISTORY

FORMAT = 1
MANIFEST = "manifest.json"
_MAGIC = b"SQLite format 3\x00"
_LEFT_OUT = (
    "run",
    "backups",
    "restore.part",
    "keys",
)  # locks of this machine, archives themselves, a restore that was cut short, what encrypts (an archive goes places)
_LEFT_OUT_ENDS = ("-wal", "-shm", "-journal", ".part")
_REPLACED = "replaced-"
_REDO_S = 86_400  # how far back from the newest bucket summaries are made again after a restore
_PIECE = 1 << 20


class BackupError(StoreError):
    """An archive cannot be made, is not whole, or must not be put where it was asked to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive. application_id and version: of databases."""

    name: str
    size: int
    sha256: str
    application_id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds."""

    format: int
    made_at: str  # ISO 8601, UTC
    program: str
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(member.size for member in self.members)


def create(state: Path, archive: Path, *, now: datetime, program: str) -> Manifest:
    """Write an archive of a state directory; a controller may be running on it.

    Args:
        state: the state directory.
        archive: where to; it appears only when it is complete, readable by its owner only.
        now: aware time that the manifest names.
        program: version of this program.

    Raises:
        BackupError: there is no state, or the archive exists.
        StoreUnavailable: a database cannot be copied.
    """
    if not (state / "history.db").exists() and not (state / "journal.db").exists():
        raise BackupError(f"{state}: nothing to back up (no history.db, no journal.db)")
    if archive.exists():
        raise BackupError(f"{archive}: exists")
    aside = archive.with_name(f"{archive.name}.part")
    try:
        aside.touch(mode=0o600)
        with (
            tempfile.TemporaryDirectory(dir=archive.parent, prefix=".merata-backup-") as folder,
            tarfile.open(aside, "w", format=tarfile.PAX_FORMAT) as tar,
        ):
            members = tuple(_add(tar, state, path, Path(folder)) for path in _files(state))
            made_at = now.astimezone(UTC).isoformat()
            manifest = Manifest(format=FORMAT, made_at=made_at, program=program, members=members)
            text = json.dumps(asdict(manifest), indent=1).encode()
            _put(tar, MANIFEST, io.BytesIO(text), len(text), now.timestamp())
        sync(aside)
        os.replace(aside, archive)
        sync(archive.parent)
    except OSError as err:
        raise BackupError(f"{archive}: {err}") from err
    finally:
        aside.unlink(missing_ok=True)
    return manifest


def _files(state: Path) -> Iterator[Path]:
    """What belongs into an archive: history first, raw files last."""
    found = []
    for path in sorted(state.rglob("*")):
        parts = path.relative_to(state).parts
        skipped = parts[0] in _LEFT_OUT or parts[0].startswith(_REPLACED) or path.name.endswith(_LEFT_OUT_ENDS)
        if not skipped and path.is_file() and not path.is_symlink():
            found.append(path)
    yield from sorted(found, key=lambda p: (p.name != "history.db", p.parent == state / "raw", p))


def _add(tar: tarfile.TarFile, state: Path, path: Path, folder: Path) -> Member:
    name = path.relative_to(state).as_posix()
    source = path
    identity: tuple[int | None, int | None] = (None, None)
    if _is_database(path):
        source = folder / "copy.db"
        source.unlink(missing_ok=True)
        copy_database(path, source)
        identity = _identity(source)
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        hashing = _Hashing(file, size)
        _put(tar, name, hashing, size, path.stat().st_mtime)
    return Member(
        name=name, size=size, sha256=hashing.digest.hexdigest(), application_id=identity[0], version=identity[1]
    )


def _put(tar: tarfile.TarFile, name: str, source: io.BufferedIOBase | _Hashing, size: int, changed: float) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(changed)
    tar.addfile(info, source)


class _Hashing:
    """A file that is hashed while tarfile reads it. A file that grows meanwhile is taken up to its first size."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self._file = file
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """As any file's."""
        piece = self._file.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(piece)
        self.digest.update(piece)
        return piece


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _identity(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute("PRAGMA application_id").fetchone()[0], db.execute("PRAGMA user_version").fetchone()[0]


def verify(archive: Path) -> Manifest:
    """Read a whole archive: every hash, and `integrity_check` of every database.

    Raises:
        BackupError: names the first thing that is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="merata-verify-") as folder:
        return _unpack(archive, Path(folder), keep=False)


def restore(archive: Path, state: Path, *, replace: bool, now: datetime) -> Manifest:
    """Put an archive into a state directory. Nothing is changed before the whole archive is verified.

    Args:
        archive: made by `create`.
        state: must be empty, or `replace` be true: then what is there is moved to `replaced-TIME` inside it.
        replace: see above.
        now: aware time, for that name.

    Raises:
        BackupError: the archive is not whole, or the state is not empty.
        StoreBusy: a controller runs on the state directory.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with StateLock(state / "run"):
        there = [
            # Keys stay: an archive holds none, and copies of before open with them only.
            p
            for p in state.iterdir()
            if p.name not in ("run", "restore.part", "keys") and not p.name.startswith(_REPLACED)
        ]
        holds = [p for p in there if p.is_file() or any(p.iterdir())]
        if holds and not replace:
            raise BackupError(f"{state}: is not empty ({holds[0].name}, ...); --replace moves what is there aside")
        aside = state / "restore.part"
        _remove(aside)
        aside.mkdir(mode=0o700)
        manifest = _unpack(archive, aside, keep=True)
        _make_again(aside / "history.db")
        if there:
            old = state / f"{_REPLACED}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            old.mkdir(mode=0o700)
            for path in there:
                os.replace(path, old / path.name)
        for path in aside.iterdir():
            os.replace(path, state / path.name)
        aside.rmdir()
        sync(state)
    return manifest


def _remove(folder: Path) -> None:
    """Delete what a restore that was cut short left."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with suppress(FileNotFoundError):
        folder.rmdir()


def _unpack(archive: Path, folder: Path, *, keep: bool) -> Manifest:
    """Read every member into `folder` and check it; without `keep` each is deleted again."""
    read: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, "r:") as tar:
            for info in tar:
                if manifest is not None or not info.isreg() or not _is_safe(info.name) or info.name in read:
                    raise BackupError(f"{archive}: {info.name}: does not belong there")
                source = tar.extractfile(info)
                if source is None:
                    raise BackupError(f"{archive}: {info.name}: cannot be read")
                if info.name == MANIFEST:
                    manifest = _manifest(archive, source.read())
                    continue
                target = folder / info.name
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                read[info.name] = _copy(source, target)
                if _is_database(target):
                    _check_database(archive, info.name, target)
                if not keep:
                    target.unlink()
    except (tarfile.TarError, OSError, EOFError) as err:
        raise BackupError(f"{archive}: {err}") from err
    if manifest is None:
        raise BackupError(f"{archive}: has no {MANIFEST}: it was cut short or is no backup of this program")
    said = {member.name: (member.size, member.sha256) for member in manifest.members}
    for name in sorted({*said, *read}):
        if said.get(name) != read.get(name):
            raise BackupError(f"{archive}: {name}: is not what the manifest says")
    return manifest


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)


def _manifest(archive: Path, text: bytes) -> Manifest:
    try:
        said = json.loads(text)
        if said["format"] > FORMAT:
            raise BackupError(f"{archive}: was written by a newer program ({said['program']})")
        members = tuple(Member(**member) for member in said.pop("members"))
        return Manifest(members=members, **said)
    except (ValueError, KeyError, TypeError) as err:
        raise BackupError(f"{archive}: {MANIFEST}: {err}") from err


def _copy(source: IO[bytes], target: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    target.touch(mode=0o600)
    with target.open("wb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _check_database(archive: Path, name: str, path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
            said = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as err:
        said = str(err)
    if said != "ok":
        raise BackupError(f"{archive}: {name}: {said}")


def _make_again(history: Path) -> None:
    """Name the last day's buckets to be made again: the raw files were copied after history and may hold more."""
    if not history.exists():
        return
    with closing(open_to_write(history, HISTORY)) as db:
        row = db.execute("SELECT done FROM watermark WHERE tier = '5m'").fetchone()
        if row is not None:
            buckets = range(row[0] - _REDO_S, row[0], FIVE_MINUTES)
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR IGNORE INTO touched VALUES ('5m', ?)", [(bucket,) for bucket in buckets])
            db.execute("COMMIT")


def default_name(now: datetime) -> str:
    """`merata-20261121T104500Z.tar`."""
    return f"merata-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"


def clock() -> datetime:
    """Now, aware."""
    return datetime.fromtimestamp(time.time(), UTC)
