"""Readings on their way to the store: sorted by id, committed every few seconds in one thread of its own.

An fsync must not delay the poll loop, and a contiguous range of ids in a commit writes 8-17 times fewer bytes
than the same rows in the order of arrival (design note on the store, section 5).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import TypeVar

from measurements.errors import StoreUnavailable, WriteRejected
from measurements.reading import Reading

log = logging.getLogger(__name__)

T = TypeVar("T")
Write = Callable[[Sequence[Reading]], None]


class Committer:
    """A bounded buffer before the store. While the store is away it fills; past its bound the oldest are dropped."""

    def __init__(self, write: Write, *, every_s: float, capacity: int) -> None:
        self._write = write
        self._every_s = every_s
        self._capacity = capacity
        self._buffer: list[Reading] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.stored = 0
        self.dropped = 0
        self.rejected = 0
        self.unavailable: str | None = None

    @property
    def waiting(self) -> int:
        """Readings not yet acknowledged by the store."""
        return len(self._buffer)

    def add(self, reading: Reading) -> None:
        """Take one reading; never blocks."""
        self._buffer.append(reading)
        if len(self._buffer) > self._capacity:
            # One reading at a time would make each drop a shift of the whole list.
            excess = max(1, self._capacity // 100)
            del self._buffer[:excess]
            self.dropped += excess

    def start(self) -> None:
        """Commit every few seconds from now on."""
        self._task = asyncio.get_running_loop().create_task(self._loop(), name="commit")

    async def _loop(self) -> None:
        # Not cancelled at the end: a commit under way must be able to give its readings back.
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_s)
            await self.flush()

    async def flush(self) -> bool:
        """Commit what is waiting; False when the store is away (the readings are kept)."""
        async with self._turn:
            if not self._buffer:
                return self.unavailable is None
            batch, self._buffer = self._buffer, []
            batch.sort(key=attrgetter("device", "slot"))
            kept = await self.in_thread(lambda: self._store(batch))
            if kept:
                self._buffer[:0] = kept
                return False
            return True

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run a store call in the store's own thread: writes never cross one another."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _store(self, batch: list[Reading]) -> list[Reading]:
        try:
            self._write(batch)
        except StoreUnavailable as error:
            if self.unavailable is None:
                log.error("the store does not answer, %d readings wait: %s", len(batch), error)
            self.unavailable = str(error)
            return batch
        except WriteRejected as error:
            if len(batch) == 1:
                self.rejected += 1
                log.error("the store refuses a reading of %s: %s", batch[0].device, error)
                return []
            # One bad reading must not take its neighbours along.
            middle = len(batch) // 2
            return self._store(batch[:middle]) + self._store(batch[middle:])
        if self.unavailable is not None:
            log.warning("the store answers again")
        self.unavailable = None
        self.stored += len(batch)
        return []

    async def stop(self) -> None:
        """Commit what is left and end the thread."""
        self._stopping.set()
        if self._task is not None:
            await self._task
        await self.flush()
        self._thread.shutdown(wait=True)
