"""Change files below the inventory's folder, found for the page that asks for a plan."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from controller.changes.errors import ChangeError
from controller.changes.file import FILE, MAX_BYTES, read_change
from controller.views.new_change import ChangeFile
from devices.configuring.registry import DIALECTS
from devices.platforms.recognise import platforms
from geography.units import Units

#: A folder that holds more than this is no folder of changes: nearer files come first.
_ENTRIES: Final = 20_000
_FILES: Final = 300
_DEPTH: Final = 4
_KEEP_S: Final = 5.0
_NOT_OURS: Final = ("node_modules", "__pycache__", "site-packages")
_NAMED: Final = re.compile(r"^name:\s*\S", re.MULTILINE)
_MEANS: Final = re.compile(r"^(?:intent|templates):", re.MULTILINE)


class ChangeFolder:
    """The change files of one installation.

    Args:
        home: the inventory's folder; nothing outside it is listed or read.
        state: the state directory, where no change stands.
    """

    def __init__(self, home: Path, state: Path) -> None:
        self._home, self._state = home.resolve(), state.resolve()
        self._lock = threading.Lock()
        self._listed: tuple[ChangeFile, ...] = ()
        self._looked = float("-inf")

    def listed(self, units: Units) -> tuple[ChangeFile, ...]:
        """Every change file, by name; looked for again after five seconds."""
        with self._lock:
            if time.monotonic() - self._looked >= _KEEP_S:
                names = sorted({self._name(path) for path in self._candidates()})[:_FILES]
                found = (self.one(name, units) for name in names)
                self._listed = tuple(one for one in found if one is not None)
                self._looked = time.monotonic()
            return self._listed

    def one(self, name: str, units: Units) -> ChangeFile | None:
        """A change file by its path from the folder, read anew; None where there is none, or it is no change."""
        if not name or "\x00" in name:
            return None
        path = self._home / name
        try:
            file = (path / FILE if path.is_dir() else path).resolve(strict=True)
        except OSError:
            return None
        if not file.is_relative_to(self._home) or file.is_relative_to(self._state) or not _is_change(file):
            return None
        try:
            change = read_change(path, units=units, platforms=_platforms())
        except ChangeError as wrong:
            told = tuple(str(replace(c, path=self._short(c.path))) for c in wrong.complaints)
            return ChangeFile(name=name, title=name, change=None, complaints=told)
        return ChangeFile(name=name, title=change.title, change=change)

    def _name(self, file: Path) -> str:
        """A folder for the change.yaml in it: so is it named everywhere."""
        inside = file.relative_to(self._home)
        return str(inside.parent if file.name == FILE and len(inside.parts) > 1 else inside)

    def _short(self, path: str) -> str:
        """A path from the folder on: pages tell nothing of the machine."""
        try:
            return str(Path(path).relative_to(self._home))
        except ValueError:
            return Path(path).name

    def _candidates(self) -> Iterator[Path]:
        """YAML files that look like changes, the nearest first."""
        left, here = _ENTRIES, [self._home]
        for _ in range(_DEPTH + 1):
            deeper: list[Path] = []
            for folder in here:
                try:
                    entries = sorted(os.scandir(folder), key=lambda e: e.name)
                except OSError:
                    continue
                left -= len(entries)
                if left < 0:
                    return
                for entry in entries:
                    if entry.name.startswith(".") or entry.name in _NOT_OURS:
                        continue
                    path = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False) and path != self._state:
                        deeper.append(path)
                    elif path.suffix in (".yaml", ".yml") and entry.is_file(follow_symlinks=False) and _is_change(path):
                        yield path
            here = deeper


@cache
def _platforms() -> frozenset[str]:
    return frozenset({*platforms(), *DIALECTS.values()})


def _is_change(file: Path) -> bool:
    try:
        if file.stat().st_size > MAX_BYTES:
            return False
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return _NAMED.search(text) is not None and _MEANS.search(text) is not None
