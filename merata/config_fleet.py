"""What every configuring command needs: whom an expression means, the ways in, and where things are kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.changes.subjects import Subject, subjects
from controller.changes.where import Where, compile_where
from controller.configurations.alone import Ways
from controller.configurations.collect import Collector
from controller.configurations.copies import Copies
from controller.configurations.history import History
from controller.configurations.keys import own_key
from controller.journal.journal import Journal
from controller.journal.locks import DeviceLocks
from controller.rollout.fingerprint import Fingerprint
from devices.configuring.dialect import Dialect
from devices.configuring.registry import dialect_of, terminal_of
from devices.credentials import AgentKeys, KeyFile, Secret, folder_of, resolve, ssh_login
from devices.errors import CredentialError
from devices.hostkeys import HostKeys
from devices.inventory import load
from devices.model import Device, Domain, Inventory
from devices.transport.ssh_session import SshSessions
from geography.units import Units
from geography.units import load as load_units
from measurements.intervals import State
from measurements.sqlite.reader import SqliteReader
from merata.areas import known_area
from merata.settings import StatePaths, open_state

#: A state that was last confirmed longer ago is no state.
_STALE_S = 900


@dataclass(frozen=True, kw_only=True)
class ConfigFleet:
    """One command's view of the fleet; the journal closes with it."""

    inventory: Inventory
    paths: StatePaths
    journal: Journal
    units: Units

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Every device in service, by id, with what it has said up to now that it is."""
        return tuple(
            subjects(
                self.inventory,
                units=self.units,
                dialect=_dialect_name,
                identities=self.journal.identities(),
                today=datetime.now(ZoneInfo(self.inventory.timezone)).date(),
            )
        )

    def where(self, text: str) -> Where:
        """Understand an expression.

        Raises:
            WhereError: with the place that is not understood.
        """
        return compile_where(text, units=self.units)

    def chosen(self, where: Where) -> list[Subject]:
        """Whom an expression means, by id; the state of devices is read only where it asks for it."""
        found = self.subjects
        if "state" in where.fields:
            states = self._states()
            found = tuple(replace(s, state=states.get(s.device.id, State.UNKNOWN.value)) for s in found)
        return [subject for subject in found if where.takes(subject)]

    def device(self, subject: Subject) -> Device:
        """The device with its platform as recognised."""
        return replace(subject.device, platform=subject.platform)

    @cached_property
    def sessions(self) -> SshSessions:
        """Terminals, with the host keys pinned under the state directory."""
        return SshSessions(
            login=lambda device: ssh_login(self.inventory, device, environ=os.environ),
            host_keys=HostKeys(self.paths.known_hosts),
            domain=lambda name: self.inventory.domains.get(name, Domain(name=name)),
            terminal=terminal_of,
        )

    @cached_property
    def locks(self) -> DeviceLocks:
        """One hand on a device."""
        return DeviceLocks(self.journal.rollouts, now=time.time, monotonic=time.monotonic)

    @cached_property
    def copies(self) -> Copies:
        """Restorable copies, encrypted under this installation's key."""
        return Copies(self.paths.configurations / "copies", own_key(self.paths.keys / "configurations.key"))

    @cached_property
    def history(self) -> History:
        """Masked text, readable."""
        return History(self.paths.configurations / "history")

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The keyed hash of configurations."""
        return Fingerprint(own_key(self.paths.keys / "fingerprint.key"))

    def secret(self, reference: str) -> Secret:
        """What a secret's reference stands for.

        Raises:
            CredentialError: it cannot be had, or is an SSH key.
        """
        found = resolve(reference, environ=os.environ, base=folder_of(self.inventory))
        if isinstance(found, KeyFile | AgentKeys):
            raise CredentialError(f"{reference}: expected a text, this is an SSH key")
        return found

    def ways(self, session_s: float) -> Ways:
        """One session at a time with a device that nobody else has in hand."""
        return Ways(
            sessions=self.sessions, dialect_of=dialect_of, locks=self.locks, now=time.time, session_s=session_s
        )  # fmt: skip

    def collector(self, *, workers: int = 50, session_s: float = 90.0) -> Collector:
        """Fetches and keeps configurations."""
        return Collector(
            ways=self.ways(session_s),
            copies=self.copies,
            history=self.history,
            rows=self.journal.configurations,
            fingerprint=self.fingerprint.of,
            now=time.time,
            workers=workers,
        )

    def _states(self) -> Mapping[str, str]:
        now = int(time.time())
        with closing(SqliteReader(self.paths.root)) as reader:
            ids = [f"device:{d}" for d in self.inventory.devices]
            last = sorted(reader.intervals(ids, "state", start=now - _STALE_S, end=now + 1), key=lambda i: i.start)
            return {i.subject.removeprefix("device:"): i.state.value for i in last}


@contextmanager
def config_fleet(state: Path, inventory: Path) -> Iterator[ConfigFleet]:
    """Open the fleet for one command.

    Raises:
        InventoryError, StoreError, PermissionError: one sentence each; nothing was begun.
    """
    paths = open_state(state)
    owned = load(inventory, known_area=known_area())
    with closing(Journal.open(paths.journal)) as journal:
        yield ConfigFleet(inventory=owned, paths=paths, journal=journal, units=load_units())


def is_spoken(subject: Subject) -> bool:
    """True where we may sign in to configure and know the language."""
    ssh = subject.device.ssh
    return subject.dialect is not None and ssh is not None and ssh.configure


def _dialect_name(platform: str) -> str | None:
    found: Dialect | None = dialect_of(platform)
    return None if found is None else found.name
