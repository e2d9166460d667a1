"""The state of every device at every moment: pure functions of (province, origins, time).

`Story.state` tells one moment, `Story.over` a whole history, by the same formulas. Nothing is remembered between calls
but the schedule itself, so a restarted simulator goes on as if it had never stopped.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulator import events, lasting, load
from simulator.events import DAY, Event
from simulator.province import Province, SimDevice
from simulator.traits import Traits, make_traits

PAST_S = 97 * DAY
AHEAD_S = 15 * DAY

#: Way there and back in seconds (least, most) and share of answers lost, by what feeds the site.
_LINKS = {
    "fibre": (0.002, 0.012, 0.0),
    "radio": (0.008, 0.04, 0.001),
    "4g": (0.05, 0.16, 0.004),
    "vsat": (0.6, 0.9, 0.012),
}
#: What a satellite link does in heavy rain: three times its usual way, and every fourth answer lost.
_LOSSY = (2.4, 2.9, 0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of time over which one rule gives a device's figures. Counters at its start: `carry_*`."""

    start: float
    end: float
    reachable: bool
    running: bool
    flow: str  # normal, still, full
    boot: float
    boots: int
    carry_in: float
    carry_out: float
    carry_errors: float
    cause: str | None  # why it is not reachable: power, link, dead, reboot, parent
    mishaps: tuple[str, ...]  # lossy, slow, hot, disk, full, no_service


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One device at one moment. Figures are meaningless while it is not reachable."""

    reachable: bool
    cause: str | None
    delay_s: float
    loss: float
    uptime_s: float
    boots: int
    clients: int
    octets_in: int
    octets_out: int
    errors_in: int
    cpu_percent: float
    memory_ratio: float
    disk_ratio: float
    temperature_c: float
    airtime_ratio: float
    service_ok: bool
    mishaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Marks:
    """Spans of one device: when it is off, when it is cut, what else is the matter."""

    off: list[tuple[float, float, str]] = field(default_factory=list)
    cut: list[tuple[float, float, str]] = field(default_factory=list)
    mishaps: list[tuple[float, float, str]] = field(default_factory=list)


class Story:
    """All that happens to a province.

    Args:
        province: who is there.
        origins: the moments (epoch s) that the told troubles are anchored to, the first start of a demonstration
            first; a province whose demonstration is started again weeks later gets one more.
        quiet: nothing ever goes wrong (a load for benchmarks).
        dead_ratio: this share of devices never answers (benchmarks).
    """

    def __init__(
        self, province: Province, origins: Sequence[float], *, quiet: bool = False, dead_ratio: float = 0.0
    ) -> None:
        self.province = province
        self.origins = sorted(origins)
        self.quiet = quiet
        self.start = self.origins[0] - PAST_S
        self.end = self.origins[-1] + AHEAD_S
        zone = ZoneInfo(province.timezone)
        offset = zone.utcoffset(datetime.fromtimestamp(self.origins[0], UTC).astimezone(zone).replace(tzinfo=None))
        self.offset_s = int(offset.total_seconds()) if offset else 0
        every = round(1 / dead_ratio) if dead_ratio > 0 else 0
        self._dead = {d.id for d in province.devices.values() if every and d.index % every == 0}
        self._traits: dict[str, Traits] = {}
        self._segments: dict[str, tuple[list[float], list[Segment]]] = {}
        self._marks: defaultdict[str, _Marks] | None = None
        self._events: list[Event] | None = None

    @property
    def events(self) -> list[Event]:
        """Everything that happens in the known window, in order of time."""
        if self._events is None:
            self._events = [] if self.quiet else sorted(self._schedule(), key=lambda e: (e.start, e.subject, e.kind))
        return self._events

    @property
    def blind(self) -> list[tuple[float, float]]:
        """Spans of the past in which the observer saw nothing."""
        return [] if self.quiet else events.blind(self.origins[0])

    def extend(self, until: float) -> None:
        """Know the story up to `until`; what was known does not change."""
        if until >= self.end:
            self.end = until + AHEAD_S
            self._events, self._marks = None, None
            self._segments.clear()

    def _schedule(self) -> Iterable[Event]:
        told = [e for origin in self.origins for e in events.featured(self.province, origin)]
        yield from told
        spared: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for event in told:  # bad luck keeps away from where the story is told, so that it can be read
            for subject in self._touched(event):
                spared[subject].append((event.start - 6 * events.HOUR, event.end + 2 * events.HOUR))
        yield from lasting.happenings(self.province, self.origins[0], self.start, self.end)
        steady = self.province.lasting.all
        for event in events.background(self.province, self.start, self.end):
            subjects = self._touched(event)
            if event.subject in steady or subjects[0] in steady:
                continue
            if not any(a < event.end and event.start < b for s in subjects for a, b in spared.get(s, ())):
                yield event

    def _touched(self, event: Event) -> list[str]:
        """Sites that an event tells of."""
        if event.subject in self.province.sites:
            return [event.subject]
        device = self.province.devices[event.subject]
        behind = [s.id for s in self.province.sites_behind(device)] if event.kind == "link" else []
        return [device.site, *behind]

    # --- one device ------------------------------------------------------------------------------------------------

    def traits(self, device: SimDevice) -> Traits:
        """What does not change about a device."""
        found = self._traits.get(device.id)
        if found is None:
            found = self._traits[device.id] = make_traits(self.province, device, self.start)
        return found

    def segments(self, device: SimDevice) -> list[Segment]:
        """The device's story from the window's start to its end, without gaps."""
        return self._compiled(device)[1]

    def segment(self, device: SimDevice, t: float) -> Segment:
        """The stretch that holds `t`; the story is extended when `t` lies beyond it."""
        if t >= self.end:
            self.extend(t)
        starts, found = self._compiled(device)
        return found[max(0, bisect_right(starts, t) - 1)]

    def state(self, device: SimDevice, t: float) -> State:
        """The device at `t` (epoch s)."""
        seg, traits = self.segment(device, t), self.traits(device)
        figures = self._figures(traits, seg, float(t))
        return State(
            reachable=seg.reachable and device.id not in self._dead,
            cause=seg.cause,
            loss=0.0 if self.quiet else _link(traits, seg)[2],
            uptime_s=t - seg.boot,
            boots=seg.boots,
            service_ok=seg.reachable and "no_service" not in seg.mishaps,
            mishaps=seg.mishaps,
            **figures,
        )

    def over(self, device: SimDevice, times: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """The device at many moments: the fields of `State` as arrays of the same length, `reachable` among them."""
        starts, segs = self._compiled(device)
        traits = self.traits(device)
        which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
        out: dict[str, NDArray[Any]] = {
            "reachable": np.empty(len(times), dtype=bool), "uptime_s": np.empty(len(times)),
            "service_ok": np.empty(len(times), dtype=bool),
        }  # fmt: skip
        for number in np.unique(which):
            here = which == number
            seg = segs[int(number)]
            for name, values in self._figures(traits, seg, times[here]).items():
                if name not in out:
                    out[name] = np.zeros(len(times), dtype=np.asarray(values).dtype)
                out[name][here] = values
            out["reachable"][here] = seg.reachable and device.id not in self._dead
            out["service_ok"][here] = seg.reachable and "no_service" not in seg.mishaps
            out["uptime_s"][here] = times[here] - seg.boot
        return out

    def _figures(self, traits: Traits, seg: Segment, t: load.Times) -> dict[str, Any]:
        """What can be read from a device inside one segment, at one moment or many."""
        one = isinstance(t, float)
        rounded, int_ = (_round, int) if one else (_rounds, _ints)
        least, most, sin = (min, max, math.sin) if one else (np.minimum, np.maximum, np.sin)
        warped = load.warp(t, traits.phase)
        level = load.level(traits.kind, warped, self.offset_s)
        lively = load.liveliness(t, traits.phase)
        uptime = t - seg.boot
        full = seg.flow == "full"
        if full:
            people = traits.full_clients * (0.93 + 0.07 * lively)
        else:
            people = most(traits.least_clients, traits.peak_clients * level * (0.7 + 0.3 * lively))
        work = 1.0 if full else level
        hot, disk = "hot" in seg.mishaps, "disk" in seg.mishaps
        down, up = self._octets(traits, seg, t)
        low, high, _ = (0.0, 0.0, 0.0) if self.quiet else _link(traits, seg)
        airtime = least(0.98, (0.06 + 0.5 * work) * (0.8 + 0.2 * lively))
        return {
            "delay_s": low + (high - low) * (0.5 + 0.5 * sin(t / 37.0 + traits.phase * 3)),
            "clients": rounded(people),
            "octets_in": int_(down),
            "octets_out": int_(up),
            "errors_in": int_(_errors(seg, t)),
            "cpu_percent": least(100.0, (96.0 if hot else traits.cpu) + (2.0 if hot else 38.0) * work * lively * 0.6),
            "memory_ratio": least(0.97, traits.memory + 0.12 * work + 0.1 * least(1.0, uptime / (90 * DAY))),
            "disk_ratio": 0.96 if disk else traits.disk,
            "temperature_c": traits.temperature + 9.0 * work + 3.0 * (lively - 1.0) + (46.0 if hot else 0.0),
            "airtime_ratio": airtime,
        }

    def _octets(self, traits: Traits, seg: Segment, t: load.Times) -> tuple[load.Times, load.Times]:
        down, up = self._flow(traits, seg.flow, t)
        down0, up0 = self._flow(traits, seg.flow, seg.start)
        return seg.carry_in + (down - down0), seg.carry_out + (up - up0)

    def _flow(self, traits: Traits, flow: str, t: load.Times) -> tuple[load.Times, load.Times]:
        """Octets down and up since EPOCH under one rule."""
        since = t - load.EPOCH
        if flow == "still":
            return 0.0 * since, 0.0 * since
        if flow == "full":
            return traits.full_in * since, traits.full_out * since
        forth, back = load.warp(t, traits.phase), load.warp(t, traits.phase + 2.0)
        down: load.Times = 900.0 * since
        up: load.Times = 700.0 * since
        for kind, rate in traits.mix:
            down = down + rate * load.integral(kind, forth, self.offset_s)
            up = up + 0.18 * rate * load.integral(kind, back, self.offset_s)
        return down, up

    # --- making it -------------------------------------------------------------------------------------------------

    def _compiled(self, device: SimDevice) -> tuple[list[float], list[Segment]]:
        found = self._segments.get(device.id)
        if found is None:
            made = list(self._compile(device))
            found = self._segments[device.id] = ([s.start for s in made], made)
        return found

    def _marks_of(self, device: SimDevice) -> _Marks:
        if self._marks is None:
            self._marks = defaultdict(_Marks)
            for event in self.events:
                self._mark(self._marks, event)
        return self._marks[device.id]

    def _mark(self, known: dict[str, _Marks], event: Event) -> None:
        span = (event.start, event.end, event.kind)
        if event.kind in ("power", "full"):
            for device in self.province.devices_of[event.subject]:
                marks = known[device.id]
                (marks.off if event.kind == "power" else marks.mishaps).append(span)
        elif event.kind in ("dead", "reboot"):
            known[event.subject].off.append(span)
        elif event.kind == "link":
            known[event.subject].cut.append(span)
        elif event.kind == "lossy":  # what is behind a bad link is as hard to reach
            for device in self.province.devices_of[self.province.devices[event.subject].site]:
                known[device.id].mishaps.append(span)
        else:
            known[event.subject].mishaps.append(span)

    def _compile(self, device: SimDevice) -> Iterable[Segment]:
        own = self._marks_of(device)
        behind = [(a, b, "parent") for up in self.province.ancestors(device)
                  for a, b, _ in (*self._marks_of(up).off, *self._marks_of(up).cut)]  # fmt: skip
        cut = [*own.cut, *behind]
        spans = [*own.off, *cut, *own.mishaps]
        edges = sorted({self.start, *(e for a, b, _ in spans for e in (a, b) if self.start < e < self.end)})
        traits = self.traits(device)
        boot, boots = traits.first_boot, 3
        down, up = self._flow(traits, "normal", self.start)
        down0, up0 = self._flow(traits, "normal", max(boot, float(load.EPOCH)))
        down, up = down - down0, up - up0
        was_running, errors = True, 0.0
        for start, end in zip(edges, [*edges[1:], math.inf], strict=True):
            off = _covering(own.off, start)
            severed = _covering(cut, start)
            mishaps = tuple(sorted({kind for a, b, kind in own.mishaps if a <= start < b}))
            running = off is None
            if running and not was_running:
                boot, boots, down, up, errors = start, boots + 1, 0.0, 0.0, 0.0
            was_running = running
            still = severed is not None or not running or "no_service" in mishaps
            segment = Segment(
                start=start, end=end, reachable=running and severed is None, running=running,
                flow="still" if still else "full" if "full" in mishaps else "normal", boot=boot, boots=boots,
                carry_in=down, carry_out=up, carry_errors=errors, cause=off or severed, mishaps=mishaps,
            )  # fmt: skip
            yield segment
            if end < math.inf:
                down, up = self._octets(traits, segment, end)
                errors = _errors(segment, end)


def _errors(seg: Segment, t: load.Times) -> load.Times:
    """Broken frames since the last start."""
    rate = 0.02 if "lossy" in seg.mishaps or seg.flow == "full" else 0.00002
    return seg.carry_errors + rate * (t - seg.start)


def _link(traits: Traits, seg: Segment) -> tuple[float, float, float]:
    """Least and most delay, share of answers lost."""
    return _LOSSY if "lossy" in seg.mishaps else _LINKS[traits.backhaul]


def _covering(spans: Sequence[tuple[float, float, str]], t: float) -> str | None:
    return next((kind for a, b, kind in spans if a <= t < b), None)


def _round(value: float) -> int:
    return int(value + 0.5)


def _rounds(values: load.Times) -> NDArray[np.int64]:
    return np.asarray(values + 0.5).astype(np.int64)


def _ints(values: load.Times) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64)
