"""Watches the inventory's files: good ones run, broken ones are refused while the old one runs on."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from controller.inventories.links import Links
from controller.inventories.versions import Versions
from devices.errors import Complaint
from devices.inventory import Draft, read
from devices.model import Inventory

#: A file younger than this may still be being written: it is looked at again at the next poll.
SETTLE_S = 1.0

_Stamps: TypeAlias = "tuple[tuple[str, int, int, int], ...]"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the files were when they were last read."""

    stamps: _Stamps
    digest: str


class InventoryKeeper:
    """Decides which inventory runs. `poll` parses what changed (a second for 10,000 devices): call it in a thread."""

    def __init__(self, folder: Path, source: Path, *, known_area: Callable[[str], bool] | None = None) -> None:
        """Prepare; nothing is read yet.

        Args:
            folder: where accepted versions and links are kept.
            source: the main inventory file.
            known_area: tells whether an area code exists; None: not asked.
        """
        self.versions = Versions(folder)
        self.links = Links(folder)
        self.running: Inventory | None = None
        self.refused: tuple[Complaint, ...] = ()
        self.warnings: tuple[Complaint, ...] = ()
        self._source = source
        self._known_area = known_area
        self._patterns: tuple[tuple[str, str], ...] = ()
        self._seen: _Seen | None = None
        self._waiting: _Stamps | None = None

    def poll(self, now: datetime) -> Inventory | None:
        """Look at the files.

        Args:
            now: aware; the moment from which an accepted inventory holds.

        Returns:
            The inventory to run from now on when it is another than before; None: nothing to do. At the first call
            that is the one of the files or, when they are refused, the last accepted one.
        """
        stamps = self._stamps()
        if self._seen is not None and stamps == self._seen.stamps:
            return None
        if self._seen is not None and not self._settled(stamps, now):
            return None
        first = self._seen is None
        draft = self._read_when_changed(stamps)
        if draft is None:
            return None
        if draft.inventory is None:
            self._refuse(draft)
            return self._fall_back() if first else None
        return self._accept(draft, draft.inventory, now)

    def _settled(self, stamps: _Stamps, now: datetime) -> bool:
        """True when no file is fresh, or all have been as they are for two polls (a clock may run ahead)."""
        newest = max((mtime for _, mtime, _, _ in stamps), default=0) / 1e9
        if not 0 <= now.timestamp() - newest < SETTLE_S or self._waiting == stamps:
            self._waiting = None
            return True
        self._waiting = stamps
        return False

    def _read_when_changed(self, stamps: _Stamps) -> Draft | None:
        """The draft, or None when the files were only touched."""
        digest = self._digest(stamps)
        if self._seen is not None and digest == self._seen.digest:
            self._seen = _Seen(stamps, digest)
            return None
        draft = read(self._source, known_area=self._known_area)
        # Files that this reading discovered were not stamped before it: the next poll reads once more and then knows.
        complete = draft.patterns == self._patterns
        self._patterns = draft.patterns
        self._seen = _Seen(stamps, digest) if complete else _Seen((), "")
        return draft

    def _refuse(self, draft: Draft) -> None:
        self.refused = draft.complaints
        self.versions.refuse(draft.complaints)

    def _accept(self, draft: Draft, inventory: Inventory, now: datetime) -> Inventory | None:
        self.refused = ()
        self.warnings = draft.warnings
        if self.running is not None and self.running.version == inventory.version:
            self.versions.refuse(())
            return None
        if not self.versions.runs(inventory.version):
            self.links.accept(inventory, now=now)
            self.versions.keep(inventory, draft.texts, now=now)
        self.versions.refuse(())
        self.running = inventory
        return inventory

    def _fall_back(self) -> Inventory | None:
        self.running = self.versions.current()
        return self.running

    def _stamps(self) -> _Stamps:
        """Name, time, size and inode of every file that belongs or would belong."""
        names = {str(self._source)}
        for folder, pattern in self._patterns:
            if glob.has_magic(pattern):
                names.update(os.path.join(folder, n) for n in glob.glob(pattern, root_dir=folder, recursive=True))
            else:
                names.add(os.path.join(folder, pattern))
        return tuple(stamp for name in sorted(names) if (stamp := _stamp(name)) is not None)

    def _digest(self, stamps: _Stamps) -> str:
        digest = hashlib.sha256()
        for name, *_ in stamps:
            digest.update(name.encode() + b"\0")
            try:
                digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
            except OSError as error:
                digest.update(str(error.errno).encode())
        return digest.hexdigest()


def _stamp(name: str) -> tuple[str, int, int, int] | None:
    try:
        status = os.stat(name)
    except OSError:
        return (name, 0, -1, 0)
    if os.path.isdir(name):
        return None
    return (name, status.st_mtime_ns, status.st_size, status.st_ino)
