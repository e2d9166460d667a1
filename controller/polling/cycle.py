"""One cycle: ask every device once within the interval, and end on time with a result for each."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from controller.polling.commit import Committer
from controller.polling.lanes import Lane, Outcome
from controller.polling.memory import DeviceMemory, Memory
from controller.polling.names import Names
from controller.polling.observer import Observation, Sight, fell_silent
from controller.polling.settings import PollingSettings
from controller.schedule import Clock
from devices.errors import DeviceError, Unreachable
from devices.model import Device
from measurements.reading import DeviceRow, Reading

log = logging.getLogger(__name__)

#: Between two looks of the pacer: devices are started in small groups, not one wake-up each.
TICK_S = 0.02
#: Kept free at the end of a cycle for the verdict and the last commit, share of the interval.
TAIL = 0.05
#: Share of the starting window in which the lanes that need most time are started.
EARLY = 0.25


class Polled(Protocol):
    """What polling one device gives: the reading, and what to remember for the next time."""

    @property
    def reading(self) -> Reading:
        """Always there: a failure is a reading too."""
        ...

    @property
    def learned(self) -> Any:
        """Opaque here."""
        ...


class PollDevice(Protocol):
    """Asks one device once. Its failure is a value, never an exception."""

    async def __call__(self, device: Device, *, learned: Any, slot: int, now: float) -> Polled:
        """`device.target.host` is an address."""
        ...


Observe = Callable[[], Awaitable[Observation]]


@dataclass(slots=True, kw_only=True)
class CycleReport:
    """What one cycle gave.

    blind: domains whose devices are not judged, and why. overloaded: we did not keep up. moved: (device, lane before,
    lane from now on).
    """

    slot: int
    interval_s: float
    started: float
    took_s: float = 0.0
    readings: dict[str, Reading] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    lanes: Counter[str] = field(default_factory=Counter)
    observation: Observation = field(default_factory=lambda: Observation(sight={}))
    blind: dict[str, str] = field(default_factory=dict)
    most_in_flight: int = 0
    overloaded: bool = False
    moved: list[tuple[str, Lane, Lane]] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """How many devices ended so."""
        return sum(1 for o in self.outcomes.values() if o is outcome)


def answered(reading: Reading) -> bool:
    """True when the device said anything at all, were it a refusal."""
    row = reading.row
    return bool(row.ping_ok or row.snmp_ok) or reading.error_kind in ("authentication", "unexpected-reply")


def outcome_of(reading: Reading) -> Outcome:
    """How a poll ended, from its reading."""
    row = reading.row
    if reading.error_kind == "late":
        return Outcome.LATE
    if answered(reading):
        return Outcome.ANSWERED
    if reading.error_kind in ("internal", "not-supported"):
        return Outcome.NOT_ASKED
    if row.ping_ok is None and row.snmp_ok is None:
        # Only its service was asked (a camera by TCP), or nothing could be.
        if row.service_ok is None:
            return Outcome.NOT_ASKED
        return Outcome.ANSWERED if row.service_ok else Outcome.SILENT
    return Outcome.SILENT


def blank(device: str, slot: int, at: float, *, kind: str, error: str, lane: str) -> Reading:
    """A reading that says nothing about the device, and why."""
    row = DeviceRow(device=device, slot=slot)
    return Reading(device=device, slot=slot, at=at, row=row, error_kind=kind, error=error, lane=lane)


def fitted(device: Device, deadline_s: float, *, cheap: bool) -> Device:
    """The same device, asked with so many tries as its deadline has room for; with a single one if `cheap`.

    Silence must be seen as silence: a poll that is cut off at its deadline tells nothing.
    """
    said = device.snmp
    if said is None:
        return device
    room_ms = 900 * deadline_s
    tries = 1 if cheap else max(1, min(said.retries + 1, int(room_ms // said.timeout_ms)))
    timeout_ms = min(said.timeout_ms, int(room_ms / tries))
    if tries == said.retries + 1 and timeout_ms == said.timeout_ms:
        return device
    return replace(device, snmp=replace(said, retries=tries - 1, timeout_ms=timeout_ms))


class Cycle:
    """Runs cycles; keeps nothing but the memory it is given."""

    def __init__(
        self,
        *,
        settings: PollingSettings,
        poll: PollDevice,
        committer: Committer,
        names: Names,
        memory: Memory,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._poll = poll
        self._committer = committer
        self._names = names
        self._memory = memory
        self._clock = clock
        self._in_flight = 0

    async def run(
        self,
        devices: Sequence[Device],
        *,
        slot: int,
        interval_s: float,
        ends: float,
        observe: Observe,
        spread: bool = True,
    ) -> CycleReport:
        """Ask `devices` (in id order) within the time left.

        Args:
            devices: what is due, sorted by id.
            slot: start of the interval, epoch seconds.
            interval_s: the interval of these devices.
            ends: monotonic time by which the cycle must be over.
            observe: asks the anchors; awaited first, and again when devices fell silent.
            spread: over the interval; False: as fast as the bounds allow.

        Returns:
            A report with an outcome for every device, and a reading for every one that was due to be judged.
        """
        began = self._clock.monotonic()
        report = CycleReport(slot=slot, interval_s=interval_s, started=self._clock.now())
        report.observation = await observe()
        for domain in report.observation.blind:
            report.blind[domain] = "anchors"
        seen = [d for d in devices if d.target.domain not in report.blind]
        for device in devices:
            if device.target.domain in report.blind:
                report.outcomes[device.id] = Outcome.NOT_ASKED
        await self._ask_all(seen, report, ends=ends, spread=spread)
        await self._second_look(seen, report, observe)
        self._close(seen, report)
        report.took_s = self._clock.monotonic() - began
        return report

    async def _ask_all(self, devices: Sequence[Device], report: CycleReport, *, ends: float, spread: bool) -> None:
        by_lane: dict[Lane, list[tuple[Device, DeviceMemory]]] = {lane: [] for lane in Lane}
        for device in devices:
            memory = self._memory.of(device.id)
            by_lane[memory.lane.lane].append((device, memory))
        last = ends - TAIL * report.interval_s
        window = last - self._clock.monotonic() - self._settings.deadline_of(report.interval_s)
        window = max(window, 0.0) if spread else 0.0
        tasks: set[asyncio.Task[None]] = set()
        places = {
            Lane.FAST: self._settings.in_flight,
            Lane.SILENT: self._settings.in_flight,
            Lane.SLOW: self._settings.slow_in_flight,
        }
        pacers = [
            self._pace(
                asked,
                lane,
                report,
                tasks,
                places=places[lane],
                last=last,
                window=window if lane is Lane.FAST else window * EARLY,
            )
            for lane, asked in by_lane.items()
            if asked
        ]
        try:
            await asyncio.gather(*pacers)
            left = last - self._clock.monotonic()
            if tasks and left > 0:
                await asyncio.wait(tasks, timeout=left)
        finally:  # at the end of the interval, and when the program is told to stop
            for task in list(tasks):
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=1.0)
        now = self._clock.now()
        for device in devices:
            if device.id not in report.readings:
                self._take(
                    device,
                    report,
                    blank(
                        device.id,
                        report.slot,
                        now,
                        kind="late",
                        error="not finished within the interval",
                        lane=self._memory.of(device.id).lane.lane,
                    ),
                )

    async def _pace(
        self,
        asked: Sequence[tuple[Device, DeviceMemory]],
        lane: Lane,
        report: CycleReport,
        tasks: set[asyncio.Task[None]],
        *,
        places: int,
        window: float,
        last: float,
    ) -> None:
        """Start `asked` evenly over `window` seconds, at most `places` at a time, none after `last`."""
        loop = asyncio.get_running_loop()
        deadline = self._settings.deadline_of(report.interval_s, slow=lane is Lane.SLOW)
        began = self._clock.monotonic()
        flying = 0
        free = asyncio.Event()

        def landed(task: asyncio.Task[None]) -> None:
            nonlocal flying
            flying -= 1
            tasks.discard(task)
            self._in_flight -= 1
            free.set()

        gap = window / len(asked)
        for place, (device, memory) in enumerate(asked):
            wait = began + place * gap - self._clock.monotonic()
            if wait > 0:
                await asyncio.sleep(max(wait, TICK_S))
            while flying >= places:
                free.clear()
                left = last - self._clock.monotonic()
                if left <= 0:
                    return
                try:
                    await asyncio.wait_for(free.wait(), left)
                except TimeoutError:
                    return
            flying += 1
            self._in_flight += 1
            report.most_in_flight = max(report.most_in_flight, self._in_flight)
            task = loop.create_task(self._one(device, memory, lane, report, deadline))
            tasks.add(task)
            task.add_done_callback(landed)

    async def _one(
        self, device: Device, memory: DeviceMemory, lane: Lane, report: CycleReport, deadline: float
    ) -> None:
        """Poll one device; the only place where anything it does wrong is caught."""
        asked = fitted(device, deadline, cheap=lane is Lane.SILENT)
        try:
            async with asyncio.timeout(deadline):
                host = await self._names.address(asked.target.host)
                if host != asked.target.host:
                    asked = replace(asked, target=replace(asked.target, host=host))
                polled = await self._poll(asked, learned=memory.learned, slot=report.slot, now=self._clock.now())
                reading = polled.reading
                memory.learned = polled.learned
        except Unreachable as error:  # its name does not resolve
            reading = self._failed(device, report, lane, kind="name", error=str(error))
        except TimeoutError:
            reading = self._failed(device, report, lane, kind="late", error=f"not finished within {deadline:.0f} s")
        except DeviceError as error:
            reading = self._failed(device, report, lane, kind=error.kind, error=str(error))
        except Exception as error:
            log.exception("polling %s failed inside the program", device.id)
            reading = self._failed(device, report, lane, kind="internal", error=type(error).__name__)
        self._take(device, report, reading)

    def _failed(self, device: Device, report: CycleReport, lane: Lane, *, kind: str, error: str) -> Reading:
        return blank(device.id, report.slot, self._clock.now(), kind=kind, error=error, lane=lane)

    def _take(self, device: Device, report: CycleReport, reading: Reading) -> None:
        """Note a reading; commit it at once unless it is silence, which may still turn out to be ours."""
        memory = self._memory.of(device.id)
        interval_s = max(1, round(report.interval_s))
        if reading.lane != memory.lane.lane or reading.interval_s != interval_s:
            reading = replace(reading, lane=str(memory.lane.lane), interval_s=interval_s)
        outcome = outcome_of(reading)
        report.readings[device.id] = reading
        report.outcomes[device.id] = outcome
        if outcome is not Outcome.SILENT:
            self._committer.add(reading)

    async def _second_look(self, devices: Sequence[Device], report: CycleReport, observe: Observe) -> None:
        """When devices fell silent in this slot, ask the anchors again: the cut may have come in the middle."""
        lost = {
            d.target.domain
            for d in devices
            if report.outcomes[d.id] is Outcome.SILENT and self._memory.of(d.id).answered
        }
        if not lost:
            return
        if any(report.observation.of(d) is not Sight.UNDECLARED for d in lost):
            again = await observe()
            for domain in again.blind & lost:
                report.blind[domain] = "anchors"
            report.observation = again
        for domain in lost - report.blind.keys():
            here = [d.id for d in devices if d.target.domain == domain]
            before = {d for d in here if self._memory.of(d).answered}
            silent = [d for d in here if report.outcomes[d] is Outcome.SILENT]
            if fell_silent(before, silent, ratio=self._settings.silence_ratio, at_least=self._settings.silence_min):
                report.blind[domain] = "fleet_silent"

    def _close(self, devices: Sequence[Device], report: CycleReport) -> None:
        """Store the silence that counts, forget the one that does not, and choose the next lanes."""
        late = report.count(Outcome.LATE)
        report.overloaded = late >= self._settings.silence_min and late > self._settings.late_ratio * len(devices)
        for device in devices:
            memory = self._memory.of(device.id)
            reading, outcome = report.readings[device.id], report.outcomes[device.id]
            blind = report.blind.get(device.target.domain)
            if blind is not None and outcome is Outcome.SILENT:
                interval_s = reading.interval_s
                reading = blank(
                    device.id, report.slot, reading.at, kind="unobserved", error=blind, lane=memory.lane.lane
                )
                reading = replace(reading, interval_s=interval_s)
                report.readings[device.id] = reading
                report.outcomes[device.id] = outcome = Outcome.NOT_ASKED
                self._committer.add(reading)
            elif outcome is Outcome.SILENT:
                self._committer.add(reading)
            elif outcome is Outcome.LATE and report.overloaded:
                # So many at once were held up by us: no device is blamed, and none changes lanes for it.
                report.readings[device.id] = replace(reading, error_kind="unobserved", error="overloaded")
                report.outcomes[device.id] = outcome = Outcome.NOT_ASKED
            if blind is None and outcome in (Outcome.ANSWERED, Outcome.SILENT):
                memory.answered = outcome is Outcome.ANSWERED
            elif blind == "fleet_silent" and report.observation.of(device.target.domain) is Sight.SEES:
                # The anchors vouch for our own side: the second silent cycle in a row counts.
                memory.answered = outcome is Outcome.ANSWERED
            before = memory.lane.lane
            after = memory.lane.note(outcome, reading.row.poll_ms or 0.0, self._settings.lanes)
            report.lanes[after] += 1
            if after is not before:
                report.moved.append((device.id, before, after))
