"""What each device says it is, kept in the journal for pages to read; a new firmware becomes an event."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, Protocol

from controller.journal.journal import Journal
from controller.journal.records import Event, EventKind
from controller.polling.memory import Memory
from devices.facts import Identity
from devices.model import Device


class Telling(Protocol):
    """The part of what a collector learned that says which box it is."""

    @property
    def told_at(self) -> float:
        """Changes each time the device is asked what it is."""
        ...

    @property
    def identity(self) -> Identity:
        """What it said then."""
        ...


class Identities:
    """Writes what is new since the last cycle: a device says what it is about once an hour, not in every poll."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, Identity] | None = None
        self._heard: set[str] = set()

    def note(self, devices: Iterable[Device], memory: Memory) -> int:
        """Keep what these devices said since the last time; gives how many were written.

        Raises:
            JournalUnavailable: nothing was kept; the next call tries it again.
        """
        if self._kept is None:
            self._kept = self._journal.identities()
        told: dict[str, Identity] = {}
        first: set[str] = set()
        for device in devices:
            learned: Telling | None = memory.of(device.id).learned
            if learned is None:
                continue
            if device.id not in self._heard:
                first.add(device.id)
            before = self._kept.get(device.id)
            if before is None or learned.told_at != before.told_at:
                told[device.id] = learned.identity
        self._journal.keep_identities(told, [*firmware(self._kept, told), *boxes(self._kept, told, first)])
        self._kept.update(told)
        self._heard |= first
        return len(told)


def firmware(before: Mapping[str, Identity], told: Mapping[str, Identity]) -> list[Event]:
    """An event for each device whose version is another one on the same box.

    The firmware of another box is no news of its own. A version that is not told any more is no change.
    """
    return [
        _event(device, now, EventKind.FIRMWARE_CHANGED, old.version, now.version)
        for device, now in told.items()
        if (old := before.get(device)) is not None
        and old.version is not None
        and now.version is not None
        and old.version != now.version
        and _same_box(old, now)
    ]


def boxes(before: Mapping[str, Identity], told: Mapping[str, Identity], first: Container[str]) -> list[Event]:
    """An event for each device that became another box while no controller ran.

    `first`: devices heard for the first time since the start. Later changes are told by the verdicts, which remember
    no box over a restart.
    """
    return [
        _event(device, now, EventKind.BOX_CHANGED, [old.serial, old.mac], [now.serial, now.mac])
        for device, now in told.items()
        if device in first and (old := before.get(device)) is not None and not _same_box(old, now)
    ]


def _event(device: str, now: Identity, kind: EventKind, before: Any, after: Any) -> Event:
    return Event(at=now.told_at, kind=kind, subject=f"device:{device}", text={"before": before, "after": after})


def _same_box(old: Identity, now: Identity) -> bool:
    """True unless serial or MAC were told both times and differ."""
    pairs = ((old.serial, now.serial), (old.mac, now.mac))
    return not any(a and b and a != b for a, b in pairs)
