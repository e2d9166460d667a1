"""One hand on a device, across processes: the poller stays off the shell of a device that is being changed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from controller.journal.holders import myself
from controller.journal.rollouts import Rollouts, device_lease

#: Purposes during which a silent device is planned work, not an outage.
PLANNED_WORK: Final = frozenset({"rollout", "restore", "firmware"})
_FRESH_S: Final = 2.0
_TURNS = itertools.count(1)


class DeviceLocks:
    """The locks on devices, for those who only look and for those who hold one for a short time. Any thread.

    Args:
        rollouts: where the leases are.
        now: the wall clock, epoch s.
        monotonic: for the age of what was read.
    """

    def __init__(self, rollouts: Rollouts, *, now: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._rollouts = rollouts
        self._now = now
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._purposes: Mapping[str, str] = {}
        self._worked: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def held(self, device: str, *, by: str, until: float) -> Iterator[bool]:
        """Hold a device for the time of the block; yields False when somebody else does: then leave it alone.

        Args:
            device: id.
            by: who, as people read it; also the purpose.
            until: when the lock falls by itself, epoch s.

        Raises:
            JournalUnavailable: nothing is held.
        """
        # Two threads of one process are two hands.
        name, holder, now = device_lease(device), f"{myself(by)}#{next(_TURNS)}", self._now()
        if not self._rollouts.take_lease(name, holder, by, now, until - now):
            yield False
            return
        try:
            yield True
        finally:
            self._rollouts.release(name, holder)

    def locked(self, device: str) -> bool:
        """True while somebody holds the device (read anew when older than two seconds).

        Raises:
            JournalUnavailable: it cannot be told.
        """
        return device in self._look()

    def worked_on(self, *, since: float) -> frozenset[str]:
        """Devices that were seen held for planned work at or after `since` (epoch s).

        Raises:
            JournalUnavailable: it cannot be told.
        """
        self._look()
        with self._lock:
            self._worked = {d: at for d, at in self._worked.items() if at >= since - 3600.0}
            return frozenset(d for d, at in self._worked.items() if at >= since)

    def _look(self) -> Mapping[str, str]:
        with self._lock:
            if self._monotonic() - self._read_at < _FRESH_S:
                return self._purposes
        now, began = self._now(), self._monotonic()
        prefix = device_lease("")
        found = {lease.name.removeprefix(prefix): lease.purpose for lease in self._rollouts.leases(prefix, at=now)}
        with self._lock:
            self._purposes, self._read_at = found, began
            self._worked.update({device: now for device, why in found.items() if why in PLANNED_WORK})
            return found
