"""The readable history: masked text, one file a device, in a git repository of its own.

git's own program with fixed arguments, no hooks, no configuration of the user or the machine: measured as fast as its
library and without linking to it. One writer at a time (a lock file); readers need no lock.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.configurations.errors import HistoryUnavailable, NoSuchRevision

_TREE: Final = "devices"
_END: Final = ".cfg"
_FIELD: Final = "\x1f"
_DEADLINE_S: Final = 120.0
_SETTINGS: Final = (
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "core.autocrlf=false",
    "core.fsync=committed,index",
    "gc.autoDetach=false",
)
#: So many revisions are added before git's index of changed paths is written again.
_INDEX_EVERY: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of one device's configuration."""

    id: str  # 40 hex digits
    at: float  # epoch s, UTC
    who: str
    why: str
    added: int  # lines
    removed: int


class History:
    """The repository. Nothing is made before the first `record`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def record(self, texts: Mapping[str, str], *, at: float, who: str, why: str) -> str | None:
        """Keep the masked configurations of some devices as one revision.

        Args:
            texts: masked and normalised, by device id (legal file names by the rules of the inventory).
            at: epoch s, UTC.
            who: a person or a job.
            why: one line.

        Returns:
            The revision, None where nothing differs from the last.

        Raises:
            HistoryUnavailable: git is missing, or the folder cannot be written.
        """
        with self._writing():
            tree = self._folder / _TREE
            for device, text in texts.items():
                path = tree / f"{device}{_END}"
                if not path.exists() or path.read_text() != text:
                    part = self._folder / "part"
                    part.write_text(text)
                    part.replace(path)
            self._git("add", "--", _TREE)
            if not self._git("diff", "--cached", "--name-only"):
                return None
            stamp = f"{int(at)} +0000"
            # The commit's own times are those of the fetch: a clock of the machine has no say in evidence.
            who_line = who.replace("<", "").replace(">", "").replace("\n", " ").strip() or "merata"
            told = {"GIT_AUTHOR_NAME": who_line, "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
            self._git("commit", "--quiet", "--no-verify", "--message", why.splitlines()[0] if why else "-", more=told)
            revision = self._git("rev-parse", "HEAD").strip()
            if int(self._git("rev-list", "--count", "HEAD")) % _INDEX_EVERY == 0:
                self._git("commit-graph", "write", "--reachable", "--changed-paths")
            return revision

    def devices(self) -> list[str]:
        """Every device that has a history, by id."""
        tree = self._folder / _TREE
        found = tree.glob(f"*{_END}") if tree.is_dir() else ()
        return sorted(path.name.removesuffix(_END) for path in found if not path.name.startswith("."))

    def newest(self, device: str) -> str | None:
        """The newest text of a device; None where there is none."""
        try:
            return (self._folder / _TREE / f"{device}{_END}").read_text()
        except OSError:
            return None

    def log(self, device: str, *, limit: int = 50) -> list[Revision]:
        """The revisions in which a device changed, newest first."""
        if not (self._folder / ".git").is_dir():
            return []
        text = self._git(
            "log", f"--max-count={limit}", "--numstat", f"--format=%x1e%H{_FIELD}%at{_FIELD}%an{_FIELD}%s",
            "--", _path(device),
        )  # fmt: skip
        return [_revision(entry) for entry in text.split("\x1e")[1:]]

    def text(self, device: str, revision: str) -> str:
        """A device's text at a revision.

        Raises:
            NoSuchRevision: there is none.
        """
        try:
            return self._git("show", "--no-textconv", f"{self._named(revision)}:{_path(device)}")
        except HistoryUnavailable as error:
            raise NoSuchRevision(f"{device!r} has no revision {revision!r}") from error

    def diff(self, device: str, old: str, new: str) -> str:
        """What changed from one revision to another, as a unified diff without git's headers.

        Raises:
            NoSuchRevision: there is none of these names.
        """
        text = self._git(
            "diff", "--no-color", "--no-ext-diff", "--no-textconv", self._named(old), self._named(new),
            "--", _path(device),
        )  # fmt: skip
        return text[text.index("\n@@") + 1 :] if "\n@@" in text else ""

    def _named(self, revision: str) -> str:
        """A revision's full name from its first digits.

        Raises:
            NoSuchRevision: not hexadecimal, or there is none.
        """
        if not 4 <= len(revision) <= 40 or not all(c in "0123456789abcdef" for c in revision):
            raise NoSuchRevision(f"{revision!r} is no revision: at least four digits of those that `history` lists")
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
        except HistoryUnavailable as error:
            raise NoSuchRevision(f"there is no revision {revision!r}, or several that begin so") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            (self._folder / _TREE).mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._folder / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not (self._folder / ".git").is_dir():
                    self._git("init", "--quiet", "--initial-branch=main", "--template=")
                # Left by a writer that died: we hold the lock, so nobody else is at work.
                (self._folder / ".git" / "index.lock").unlink(missing_ok=True)
                yield
        except OSError as error:
            raise HistoryUnavailable(f"{self._folder}: {error.strerror or error}") from error

    def _git(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        return _run(self._folder, arguments, more or {})


def _run(folder: Path, arguments: Sequence[str], more: Mapping[str, str]) -> str:
    program = shutil.which("git")
    if program is None:
        raise HistoryUnavailable("git is not installed: sudo apt-get install git")
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_AUTHOR_NAME": "merata",
        "GIT_AUTHOR_EMAIL": "merata@localhost",
        "GIT_COMMITTER_NAME": "merata",
        "GIT_COMMITTER_EMAIL": "merata@localhost",
        **more,
    }
    settings = (*_SETTINGS, f"safe.directory={folder}")
    fixed = [word for setting in settings for word in ("-c", setting)]
    try:
        done = subprocess.run(
            [program, "-C", str(folder), *fixed, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HistoryUnavailable(f"git {arguments[0]} did not end within {_DEADLINE_S:.0f} s") from None
    if done.returncode != 0:
        said = next(iter(done.stderr.decode(errors="replace").strip().splitlines()), "no reason given")
        raise HistoryUnavailable(f"git {arguments[0]}: {said}")
    return done.stdout.decode(errors="replace")


def _path(device: str) -> str:
    return f"{_TREE}/{device}{_END}"


def _revision(entry: str) -> Revision:
    head, _, stat = entry.partition("\n")
    name, at, who, why = head.split(_FIELD)
    numbers = next((line.split("\t") for line in stat.splitlines() if "\t" in line), ["0", "0"])
    added, removed = (int(n) if n.isdigit() else 0 for n in numbers[:2])
    return Revision(id=name, at=float(at), who=who, why=why, added=added, removed=removed)
