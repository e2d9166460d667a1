"""What coverage reads of a state directory without geography: measurements, the fleet, the folder of what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from controller.coverage.measured import Fleet, History
from controller.health.tree import draw
from devices.model import Inventory
from measurements.intervals import Interval
from measurements.sqlite.reader import SqliteReader, open_reader
from measurements.sqlite.tierscan import Scan, scan


def folder_of(state: Path) -> Path:
    """Where results, tests and the ledger are kept."""
    return state / "coverage"


def fleet_of(inventory: Inventory) -> Fleet:
    """An inventory with its sites sorted out."""
    return Fleet(inventory=inventory, members=draw(inventory).sites)


class LocalHistory:
    """State intervals and hourly tiers; both are local whatever the back end."""

    def __init__(self, state: Path) -> None:
        self._reader: SqliteReader = open_reader(state)

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """As `MeasurementReader.intervals`."""
        return self._reader.intervals(subjects, question, start=start, end=end)

    def hours(self, kind: str, columns: Sequence[str], *, start: int, end: int, devices: Sequence[str]) -> Scan:
        """Hourly rows of many devices."""
        return scan(self._reader.history, kind, columns, start=start, end=end, devices=devices)


def first_moment(history: History, now: float) -> float:
    """Since when anything is known of the controller's sites, epoch s."""
    found = history.intervals(["controller"], "state", start=0, end=int(now))
    return min((i.start for i in found), default=now)
