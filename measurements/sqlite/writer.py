"""The one writing thread. An fsync must not delay the poll loop, and each file has one writing connection."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TypeVar

from measurements.derive import Derived
from measurements.errors import StoreError, StoreUnavailable, WriteRejected
from measurements.reading import Reading

T = TypeVar("T")
GROUP = 20_000  # readings committed together at most


class _Batch:
    """Readings waiting for their commit."""

    __slots__ = ("done", "readings")

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.readings = readings
        self.done: Future[list[Derived]] = Future()


class _Call:
    """Something else to be done by the thread, alone and in order."""

    __slots__ = ("done", "work")

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.done: Future[object] = Future()


class Writer:
    """Takes jobs in order; readings that wait together are committed together, and then acknowledged together."""

    def __init__(self, commit: Callable[[list[Reading]], list[Derived]], *, name: str) -> None:
        self._commit = commit
        self._jobs: SimpleQueue[_Batch | _Call | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._closed = False
        self._thread.start()

    def write(self, readings: Sequence[Reading]) -> list[Derived]:
        """Hand over and wait until durable.

        Returns:
            What was derived of the group these readings were committed with.

        Raises:
            StoreUnavailable: not known to be stored.
            WriteRejected: one of the group breaks the table's rules.
        """
        batch = _Batch(readings)
        self._put(batch)
        return batch.done.result()

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` in the writing thread and wait for what it returns or raises."""
        job = _Call(work)
        self._put(job)
        return job.done.result()  # type: ignore[return-value]  # what `work` returned

    def _put(self, job: _Batch | _Call) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if threading.current_thread() is self._thread:
            raise RuntimeError("the writing thread would wait for itself")
        self._jobs.put(job)

    def close(self) -> None:
        """Do what is queued, then end the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        waiting: _Batch | _Call | None = None
        while True:
            job = waiting if waiting is not None else self._jobs.get()
            waiting = None
            if job is None:
                return
            if isinstance(job, _Call):
                _settle(job.done, job.work)
                continue
            group = [job]
            size = len(job.readings)
            stop = False
            while size < GROUP:
                try:
                    following = self._jobs.get_nowait()
                except Empty:
                    break
                if not isinstance(following, _Batch):
                    waiting, stop = following, following is None
                    break
                group.append(following)
                size += len(following.readings)
            self._commit_group(group)
            if stop:
                return

    def _commit_group(self, group: list[_Batch]) -> None:
        try:
            derived = self._commit([reading for batch in group for reading in batch.readings])
        except BaseException as error:
            if len(group) > 1:  # one bad row must not refuse its neighbours
                for batch in group:
                    self._commit_group([batch])
                return
            group[0].done.set_exception(translate(error))
        else:
            for batch in group:
                batch.done.set_result(derived)


def _settle(done: Future[object], work: Callable[[], object]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:
        done.set_exception(translate(error))


def translate(error: BaseException) -> BaseException:
    """SQLite's and the disk's complaints in the room's own words."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, sqlite3.IntegrityError | sqlite3.InterfaceError | sqlite3.ProgrammingError | OverflowError):
        made: StoreError = WriteRejected(str(error))
    elif isinstance(error, sqlite3.Error | OSError):
        made = StoreUnavailable(str(error))
    else:
        return error
    made.__cause__ = error
    return made
