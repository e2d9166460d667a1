"""When things happen: the one door to APScheduler, and (beside `merata/`) the one place that reads a clock.

Few jobs, never one a device: a cycle for each polling class, roll-ups, the inventory watch, a health tick.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)

#: Wall and monotonic clock may drift apart by this much within one look before it is called a step, seconds.
STEP_S = 2.0
LOOK_S = 1.0

Job = Callable[[float], Awaitable[None]]


class Clock(Protocol):
    """What time it is."""

    def now(self) -> float:
        """Wall time, epoch seconds UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean something."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Wall time, epoch seconds UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()


@dataclass(slots=True)
class StepWatch:
    """Tells a step of the wall clock from the passing of time."""

    clock: Clock
    _wall: float = 0.0
    _mono: float = 0.0

    def __post_init__(self) -> None:
        self._wall, self._mono = self.clock.now(), self.clock.monotonic()

    def look(self) -> float | None:
        """Seconds by which the wall clock jumped since the last look (negative: back), or None.

        Slow correction by NTP (at most 500 ppm) stays far below `STEP_S` between two looks.
        """
        wall, mono = self.clock.now(), self.clock.monotonic()
        step = (wall - self._wall) - (mono - self._mono)
        self._wall, self._mono = wall, mono
        return step if abs(step) >= STEP_S else None


class Schedule:
    """A handful of repeating jobs that coalesce, never overlap and survive a step of the clock."""

    def __init__(self, *, clock: Clock | None = None, on_step: Callable[[float], None] | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        #: Runs that would have overlapped the one before, by job name.
        self.skipped: Counter[str] = Counter()
        #: Runs that ended in an exception, by job name.
        self.failed: Counter[str] = Counter()
        self._on_step = on_step
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        self._watch: asyncio.Task[None] | None = None

    def every(self, interval_s: float, name: str, job: Job, *, jitter_s: float = 0.0) -> None:
        """Run `job(now)` at each multiple of `interval_s` since the epoch, plus up to `jitter_s`."""

        async def run() -> None:
            await job(self.clock.now())

        # Counted from the epoch, so that runs fall on slot boundaries and a clock set back to before the
        # start of the program still finds its next run within one interval.
        trigger = IntervalTrigger(
            seconds=interval_s,  # pyright: ignore[reportArgumentType]  # untyped there; it ends in a timedelta
            start_date=datetime.fromtimestamp(0, UTC),
            timezone=UTC,
            jitter=jitter_s or None,
        )
        self._scheduler.add_job(run, trigger, id=name, name=name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()
        self._watch = asyncio.get_running_loop().create_task(self._watch_clock(), name="clock-watch")

    async def stop(self) -> None:
        """Start nothing more. What runs is the caller's to end."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.pause()
            self._scheduler.shutdown(wait=False)

    async def _watch_clock(self) -> None:
        watch = StepWatch(self.clock)
        while True:
            await asyncio.sleep(LOOK_S)
            if (step := watch.look()) is None:
                continue
            log.warning("the clock stepped by %+.1f s", step)
            # APScheduler sleeps until a wall time; after a step back that would be an hour of silence.
            for job in self._scheduler.get_jobs():
                job.reschedule(job.trigger)
            if self._on_step is not None:
                self._on_step(step)

    def _skipped(self, event: Any) -> None:
        self.skipped[event.job_id] += 1
        log.warning("%s still runs: this turn is skipped (%d so far)", event.job_id, self.skipped[event.job_id])

    def _failed(self, event: JobExecutionEvent) -> None:
        if isinstance(event.exception, asyncio.CancelledError):
            return  # the program stops
        self.failed[event.job_id] += 1
        log.error("%s failed", event.job_id, exc_info=event.exception)
