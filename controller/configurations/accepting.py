"""What a rollout left on a device is right: kept and accepted, so that it is no drift at the next backup.

The row is written at once. The history takes a git commit for each writing, so masked texts are gathered and written
some at a time; what a crash loses of them the next backup writes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from controller.configurations.copies import Copies
from controller.configurations.history import History
from controller.journal.configurations import Configurations
from measurements.errors import StoreError

log = logging.getLogger(__name__)

#: So many texts, or the oldest this old, are one revision.
GATHERED = 50
GATHER_S = 10.0


@dataclass(kw_only=True)
class Accepting:
    """Takes in configurations that were verified after a change. Any thread.

    fingerprint: keyed hash of a normalised text.
    """

    copies: Copies
    history: History
    rows: Configurations
    fingerprint: Callable[[str], str]
    _texts: dict[str, str] = field(default_factory=dict)
    _why: set[str] = field(default_factory=set)
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, device: str, running: str, normalised: str, masked: str, *, at: float, by: str, why: str) -> None:
        """Keep and accept; a failure is logged, since the change itself is done and verified.

        Args:
            device: its id.
            running: as fetched, for the copy.
            normalised: for the fingerprint.
            masked: normalised and masked, for the history.
            at: epoch s.
            by: who pushed.
            why: one line.
        """
        try:
            copy = self.copies.keep(device, running, at=at)
            told = {"fetched_at": at, "fingerprint": self.fingerprint(normalised), "copy": copy}
            self.rows.seen({device: {**told, "tried_at": at, "error": None, "saved_differs": None}})
            self.rows.accept([device], at=at, by=by, why=why)
        except StoreError as error:
            log.error("the new configuration of %s was not accepted: %s", device, error)
            return
        with self._lock:
            self._since = self._since if self._texts else at
            self._texts[device] = masked
            self._why.add(why)
            due = len(self._texts) >= GATHERED or at - self._since >= GATHER_S
        if due:
            self.flush(at=at)

    def flush(self, *, at: float) -> None:
        """Write what was gathered."""
        with self._lock:
            texts, why = self._texts, ", ".join(sorted(self._why))
            self._texts, self._why = {}, set()
            if not texts:
                return
            try:
                made = self.history.record(texts, at=at, who="executor", why=why)
                if made is not None:
                    self.rows.revised(list(texts), made)
            except StoreError as error:
                log.error("the history lacks %d configurations until the next backup: %s", len(texts), error)
