"""Every accepted inventory, as it was written and as it was understood; never changed afterwards.

One compressed file a version, `<time>-<hash>.json.gz`; `current` names the one that runs; `refused.json` holds why
newer files do not. All are replaced atomically, so that other processes may read at any moment.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.inventories.errors import InventoriesError
from devices.errors import Complaint
from devices.inventory import load_plain, plain
from devices.model import Inventory

_FORMAT = 1
_HASH = 16
_CURRENT = "current"
_REFUSED = "refused.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One version: when it was accepted and the hash of its texts."""

    name: str
    at: datetime
    version: str


class Versions:
    """The folder. Keeps the last inventory read in memory, so asking again is cheap."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: tuple[str, Inventory] | None = None

    def keep(self, inventory: Inventory, texts: Mapping[str, str], *, now: datetime) -> Accepted:
        """Write a version and make it the current one; it is on disk when this returns."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{inventory.version[:_HASH]}.json.gz"
        content = {
            "format": _FORMAT,
            "accepted_at": now.astimezone(UTC).isoformat(),
            "version": inventory.version,
            "files": list(inventory.files),
            "texts": dict(texts),
            "inventory": plain(inventory),
        }
        self._replace(name, gzip.compress(json.dumps(content, ensure_ascii=False).encode(), 6))
        self._replace(_CURRENT, name.encode())
        self._read = (name, inventory)
        return Accepted(name=name, at=now, version=inventory.version)

    def current(self) -> Inventory | None:
        """The inventory that runs; None before the first one was accepted."""
        name = self.current_name()
        return None if name is None else self.inventory(name)

    def current_name(self) -> str | None:
        """Name of the current version; a change of it is how other processes notice."""
        try:
            return (self.folder / _CURRENT).read_text().strip() or None
        except FileNotFoundError:
            return None

    def runs(self, version: str) -> bool:
        """True when the current version has this hash."""
        name = self.current_name()
        return name is not None and name.endswith(f"-{version[:_HASH]}.json.gz")

    def inventory(self, name: str) -> Inventory:
        """A version as it was understood when it was accepted.

        Raises:
            InventoriesError: the file is missing, damaged or of a newer program.
        """
        if self._read is None or self._read[0] != name:
            content = self._content(name)
            inventory = load_plain(content["inventory"], version=content["version"], files=tuple(content["files"]))
            self._read = (name, inventory)
        return self._read[1]

    def texts(self, name: str) -> dict[str, str]:
        """The files of a version as people wrote them, by path.

        Raises:
            InventoriesError: as `inventory`.
        """
        texts: dict[str, str] = self._content(name)["texts"]
        return texts

    def all(self) -> list[Accepted]:
        """Every version, oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.json.gz")):
            stamp, _, rest = path.name.partition("-")
            at = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
            found.append(Accepted(name=path.name, at=at, version=rest.removesuffix(".json.gz")))
        return found

    def refuse(self, complaints: Sequence[Complaint]) -> None:
        """Let every process know why the files as they are now do not run; empty: they do."""
        if complaints:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._replace(_REFUSED, json.dumps([asdict(c) for c in complaints], ensure_ascii=False).encode())
        else:
            (self.folder / _REFUSED).unlink(missing_ok=True)

    def refused(self) -> tuple[Complaint, ...]:
        """Why newer files do not run; empty when they do."""
        try:
            return tuple(Complaint(**entry) for entry in json.loads((self.folder / _REFUSED).read_bytes()))
        except FileNotFoundError:
            return ()

    def _content(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        except (OSError, EOFError, ValueError) as error:
            raise InventoriesError(f"{path}: cannot be read: {error}") from error
        if content.get("format") != _FORMAT:
            raise InventoriesError(f"{path}: format {content.get('format')} is not of this program")
        return content

    def _replace(self, name: str, data: bytes) -> None:
        fresh = self.folder / f".{name}.new"
        with fresh.open("wb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(self.folder / name)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
