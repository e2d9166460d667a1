"""The planner that pages keep asking while the next one is made: a new one when somebody imported geography."""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from controller.coverage.cells import Hexagons
from controller.coverage.model import LedgerMonth, LiveCoverage, LivePlan, ThresholdProfile
from controller.views.planner_sources import AreaAfter, PlanAsk, Planner, Proof
from controller.views.sources import Ring
from geography.errors import GeographyError
from geography.layers import Layers
from geography.units import Level, Units
from merata.settings import StatePaths

log = logging.getLogger("merata.planner")
LOOK_S = 5.0  # how often the imported layers are looked at again


class Warmed(Planner, Protocol):
    """A planner that can be made ready before somebody asks."""

    def warm(self, now: float, asked: Sequence[tuple[str, float]] = ()) -> None:
        """Make what the first pages need."""
        ...

    @property
    def asked(self) -> Sequence[tuple[str, float]]:
        """(profile, radius) that were asked for."""
        ...


def readable_layers(state: Path) -> Layers | None:
    """What was imported; None where it cannot be read: outlines are approximate until then."""
    found = Layers(StatePaths(root=state).geo)
    try:
        found.boundaries(Level.DISTRICT)
    except GeographyError as error:
        log.warning("%s; outlines are approximate until then", error)
        return None
    return found


@contextmanager
def turn(path: Path | None) -> Iterator[None]:
    """Hold that file while something is made that processes share; at once where it cannot be opened."""
    try:
        file = path.open("w") if path is not None else None
    except OSError:
        file = None
    if file is None:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class WatchedPlanner:
    """Hands every question to the newest planner that is ready. Thread-safe; takes the place of a `Planner`.

    Args:
        make: a planner of what is imported now.
        mark: what was imported, as text that changes with it.
        turns: file that processes lock to warm up one after another, the later ones from the files of the first; where
            its folder is missing they do not wait.
        clock: epoch s.
        monotonic: s, for looking again.
        is_eager: begin to warm up at once.
    """

    def __init__(
        self,
        make: Callable[[], Warmed],
        *,
        mark: Callable[[], str],
        turns: Path | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        is_eager: bool = True,
    ) -> None:
        self._make, self._mark_now, self._turns = make, mark, turns
        self._clock, self._monotonic = clock, monotonic
        self._lock = threading.Lock()
        self._mark = mark()
        self._looked = monotonic()
        self._current = make()
        self._worker: threading.Thread | None = None
        if is_eager:
            self._start(self._warm)

    def join(self, timeout_s: float) -> None:
        """Wait for what is being made; for tests and orderly ends."""
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    def _now(self) -> Warmed:
        """The planner to ask. Looks at most every few seconds whether another is due."""
        with self._lock:
            is_idle = self._worker is None or not self._worker.is_alive()
            if is_idle and self._monotonic() - self._looked >= LOOK_S:
                self._looked = self._monotonic()
                if (mark := self._mark_now()) != self._mark:
                    self._begin(lambda: self._renew(mark))
            return self._current

    def _start(self, work: Callable[[], None]) -> None:
        with self._lock:
            self._begin(work)

    def _begin(self, work: Callable[[], None]) -> None:
        self._worker = threading.Thread(target=work, name="merata-planner", daemon=True)
        self._worker.start()

    def _warm(self) -> None:
        try:
            with turn(self._turns):
                self._current.warm(self._clock())
        except Exception:  # pages make by themselves what was not made here
            log.exception("the planner could not be made ready")

    def _renew(self, mark: str) -> None:
        """Make the next planner; the present one answers until that is ready."""
        began = self._monotonic()
        try:
            with turn(self._turns):
                made = self._make()
                made.warm(self._clock(), self._current.asked)
        except Exception:  # what is there stays until an import can be used
            log.exception("what was imported could not be taken up")
            with self._lock:
                self._mark = mark
            return
        with self._lock:
            self._current, self._mark = made, mark
        log.info("imported geography taken up after %.1f s", self._monotonic() - began)

    # --- every question ---

    @property
    def profiles(self) -> Mapping[str, ThresholdProfile]:
        """See `Planner`."""
        return self._now().profiles

    @property
    def units(self) -> Units:
        """See `Planner`."""
        return self._now().units

    @property
    def is_approximate(self) -> bool:
        """See `Planner`."""
        return self._now().is_approximate

    @property
    def resolutions(self) -> Sequence[int]:
        """See `Planner`."""
        return self._now().resolutions

    def coverage(self, profile: str, radius_km: float, now: float) -> LiveCoverage | None:
        """See `Planner`."""
        return self._now().coverage(profile, radius_km, now)

    def hexagons(
        self, profile: str, radius_km: float, now: float, *, resolution: int | None = None, ask: PlanAsk | None = None
    ) -> Hexagons | None:
        """See `Planner`."""
        return self._now().hexagons(profile, radius_km, now, resolution=resolution, ask=ask)

    def ledger(self, profile: str, radius_km: float) -> Sequence[LedgerMonth]:
        """See `Planner`."""
        return self._now().ledger(profile, radius_km)

    def outlines(self, level: str) -> Mapping[str, Sequence[Ring]]:
        """See `Planner`."""
        return self._now().outlines(level)

    def plan(self, ask: PlanAsk, now: float) -> LivePlan:
        """See `Planner`."""
        return self._now().plan(ask, now)

    def after(self, ask: PlanAsk, plan: LivePlan, now: float) -> Sequence[AreaAfter]:
        """See `Planner`."""
        return self._now().after(ask, plan, now)

    def proof(self, ask: PlanAsk, inputs: str, *, start: bool) -> Proof:
        """See `Planner`."""
        return self._now().proof(ask, inputs, start=start)
