"""Where the program keeps its things. Read once, at the command line; then passed as arguments."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePaths:
    """The layout of the state directory."""

    root: Path

    @property
    def raw(self) -> Path:
        """Folder of the day files raw-YYYY-MM-DD.db."""
        return self.root / "raw"

    @property
    def history(self) -> Path:
        """latest, 5 min, 1 h, 1 day, area tables."""
        return self.root / "history.db"

    @property
    def journal(self) -> Path:
        """Users, requests, jobs, audit."""
        return self.root / "journal.db"

    @property
    def spool(self) -> Path:
        """Batches on their way to InfluxDB."""
        return self.root / "spool.db"

    @property
    def inventories(self) -> Path:
        """Each accepted inventory, with its links from-to."""
        return self.root / "inventories"

    @property
    def known_hosts(self) -> Path:
        """One known_hosts file a device."""
        return self.root / "known_hosts.d"

    @property
    def geo(self) -> Path:
        """Imported layers: boundaries, population, points, each with its versions."""
        return self.root / "geo"

    @property
    def configurations(self) -> Path:
        """What the routers hold: `history` (git, masked) and `copies` (encrypted, restorable)."""
        return self.root / "configurations"

    @property
    def keys(self) -> Path:
        """Keys that this installation made for itself; not in backups unless asked for."""
        return self.root / "keys"

    @property
    def run(self) -> Path:
        """Lock and status of the running controller."""
        return self.root / "run"


def in_clone() -> bool:
    """True when the program runs from a clone (editable install)."""
    return (Path(__file__).resolve().parent.parent / "pyproject.toml").exists()


def default_state() -> Path:
    """`MERATA_STATE`, else ./var in a clone, else /var/lib/merata."""
    if named := os.environ.get("MERATA_STATE"):
        return Path(named)
    if in_clone():
        return Path(__file__).resolve().parent.parent / "var"
    return Path("/var/lib/merata")


def open_state(root: Path) -> StatePaths:
    """Create the state directory (mode 0700) where it is missing.

    Raises:
        PermissionError: it cannot be made.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = StatePaths(root=root)
    for folder in (paths.raw, paths.inventories, paths.known_hosts, paths.run):
        folder.mkdir(exist_ok=True, mode=0o700)
    return paths
