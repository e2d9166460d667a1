"""The schedule: few jobs, no overlap, and a clock that jumps."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from controller.schedule import Schedule, StepWatch


@dataclass
class Clock:
    """A clock that tests can set; runs on otherwise."""

    ahead_s: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Hands:
    """A clock that stands still."""

    wall: float = 1_795_000_000.0
    mono: float = 100.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.mono


def test_time_that_passes_is_no_step() -> None:
    clock = Hands()
    watch = StepWatch(clock)
    clock.wall += 3600
    clock.mono += 3600
    assert watch.look() is None


def test_a_wall_clock_that_runs_ahead_or_back_against_the_monotonic_one_is_a_step() -> None:
    clock = Hands()
    watch = StepWatch(clock)
    clock.wall += 61
    clock.mono += 1
    assert watch.look() == 60
    clock.wall -= 3599
    clock.mono += 1
    assert watch.look() == -3600
    clock.mono += 1
    clock.wall += 1
    assert watch.look() is None


def test_jobs_run_at_multiples_of_their_interval_and_an_overlap_is_skipped_and_counted() -> None:
    starts: list[float] = []

    async def slow(now: float) -> None:
        starts.append(now)
        await asyncio.sleep(1.4)

    async def body() -> None:
        schedule = Schedule()
        schedule.every(1.0, "slow", slow)
        schedule.start()
        await asyncio.sleep(3.3)
        await schedule.stop()
        assert schedule.skipped["slow"] >= 1
        assert all(start % 1.0 < 0.5 for start in starts)

    asyncio.run(body())


def test_a_job_that_fails_is_counted_and_runs_again() -> None:
    runs: list[float] = []

    async def broken(now: float) -> None:
        runs.append(now)
        raise RuntimeError("a bug")

    async def body() -> None:
        schedule = Schedule()
        schedule.every(0.2, "broken", broken)
        schedule.start()
        await asyncio.sleep(1.0)
        await schedule.stop()
        assert len(runs) >= 2
        assert schedule.failed["broken"] == len(runs)

    asyncio.run(body())


def test_a_step_is_told_while_the_schedule_runs() -> None:
    steps: list[float] = []
    clock = Clock()

    async def body() -> None:
        schedule = Schedule(clock=clock, on_step=steps.append)
        schedule.start()
        await asyncio.sleep(0.1)
        clock.ahead_s = -3600
        await asyncio.sleep(1.3)
        await schedule.stop()

    asyncio.run(body())
    assert [round(s) for s in steps] == [-3600]
