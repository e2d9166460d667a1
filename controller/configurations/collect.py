"""Fetch the configurations of devices, keep them, and say what changed. Many devices at once, each in a thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from controller.configurations.alone import Ways
from controller.configurations.copies import Copies
from controller.configurations.errors import ConfigurationError
from controller.configurations.history import History
from controller.journal.configurations import Configurations
from devices.errors import CredentialError, DeviceError
from devices.model import Device

#: One revision of the history holds so many devices at most: what was fetched is kept before the slowest has answered.
_PIECE = 50


class Outcome(StrEnum):
    """What became of one fetch."""

    NEW = "new"  # fetched for the first time; accepted as it is
    SAME = "same"
    CHANGED = "changed"  # since the last fetch
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One device's configuration, or why there is none. `error` is one sentence without a secret."""

    device: str
    outcome: Outcome
    drifted: bool | None = None
    saved_differs: bool | None = None
    elapsed_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """What one session gave."""

    device: str
    running: str
    normalised: str
    masked: str
    saved_differs: bool | None
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Everything a fetch needs.

    fingerprint: keyed hash of a normalised text. now: epoch s. workers: sessions at once.
    """

    ways: Ways
    copies: Copies
    history: History
    rows: Configurations
    fingerprint: Callable[[str], str]
    now: Callable[[], float]
    workers: int = 50

    def fetch(
        self, devices: Sequence[Device], *, who: str, why: str, on_done: Callable[[Fetched], None] = lambda _: None
    ) -> list[Fetched]:
        """Fetch and keep the configurations of devices.

        Args:
            devices: any; one that has no SSH settings or dialect is a failure of its own.
            who: a person or a job.
            why: one line for the history.
            on_done: called for each device once it is kept, in this thread.

        Returns:
            One outcome a device, in the order of `devices`.

        Raises:
            ConfigurationError: what was fetched cannot be kept (disk full, key lost): the rest is not fetched.
        """
        done: dict[str, Fetched] = {}

        def told(outcome: Fetched) -> None:
            done[outcome.device] = outcome
            on_done(outcome)

        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="fetch") as pool:
            waiting = {pool.submit(self._ask, device): device for device in devices}
            fetched: list[_Text] = []
            failed: dict[str, str] = {}
            try:
                for number, future in enumerate(as_completed(waiting), start=1):
                    device = waiting[future].id
                    try:
                        fetched.append(future.result())
                    except (DeviceError, CredentialError) as error:
                        failed[device] = str(error)
                    if number % _PIECE == 0 or number == len(waiting):
                        for outcome in self._keep(fetched, failed, who=who, why=why):
                            told(outcome)
                        fetched, failed = [], {}
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        return [done[device.id] for device in devices if device.id in done]

    def _ask(self, device: Device) -> _Text:
        started = time.monotonic()
        with self.ways.alone_with(device, "backup") as (session, dialect):
            running = dialect.fetch(session)
            saved = dialect.fetch_saved(session)
        normalised = dialect.normalise(running)
        return _Text(
            device=device.id,
            running=running,
            normalised=normalised,
            masked=dialect.mask(normalised),
            saved_differs=None if saved is None else dialect.normalise(saved) != normalised,
            elapsed_s=time.monotonic() - started,
        )

    def _keep(self, fetched: list[_Text], failed: dict[str, str], *, who: str, why: str) -> list[Fetched]:
        """Copies first, then the history, then the rows: a row never names what is not there."""
        at = self.now()
        known = self.rows.all()
        copies = {text.device: self.copies.keep(text.device, text.running, at=at) for text in fetched}
        earlier = {text.device: self.history.newest(text.device) for text in fetched}
        made = self.history.record({text.device: text.masked for text in fetched}, at=at, who=who, why=why)
        seen: dict[str, dict[str, Any]] = {d: {"tried_at": at, "error": e[:300]} for d, e in failed.items()}
        outcomes = [Fetched(device=d, outcome=Outcome.FAILED, error=e) for d, e in failed.items()]
        fresh = []
        for text in fetched:
            before = known.get(text.device)
            fingerprint = self.fingerprint(text.normalised)
            same = before is not None and before.fingerprint == fingerprint
            # A secret alone may differ: then the masked text, and with it the revision, stays.
            is_made = made is not None and earlier[text.device] != text.masked
            known_revision = before.revision if before is not None else None
            revision = made if is_made else known_revision or self._revision(text.device)
            seen[text.device] = {
                "fetched_at": at, "fingerprint": fingerprint, "revision": revision, "copy": copies[text.device],
                "saved_differs": text.saved_differs, "tried_at": at, "error": None,
            }  # fmt: skip
            first = before is None or before.accepted_fingerprint is None
            if first:
                fresh.append(text.device)
            outcomes.append(
                Fetched(
                    device=text.device,
                    outcome=Outcome.SAME if same else Outcome.NEW if first else Outcome.CHANGED,
                    drifted=False if first or before is None else before.accepted_fingerprint != fingerprint,
                    saved_differs=text.saved_differs,
                    elapsed_s=text.elapsed_s,
                )
            )
            if before is not None and before.accepted_fingerprint == fingerprint:
                # Accepted before the history had it (a crash in between): now it has.
                seen[text.device]["accepted_revision"] = revision
        self.rows.seen(seen)
        if fresh:
            self.rows.accept(fresh, at=at, by=who, why="first seen")
        return outcomes

    def _revision(self, device: str) -> str:
        found = self.history.log(device, limit=1)
        if not found:
            raise ConfigurationError(f"the history does not hold {device!r} although it was just kept")
        return found[0].id
