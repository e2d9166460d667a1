"""The live planner: inventory, measurements and people joined, and kept until one of them changes."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from controller.coverage import demand, live
from controller.coverage.busy import BusyDays
from controller.coverage.candidates import Brought
from controller.coverage.effective import Measured, SpeedTest, judge
from controller.coverage.ground import Ground
from controller.coverage.measured import Fleet, History, measure
from controller.coverage.model import Inputs, LiveCoverage, Rules, SiteWorth, ThresholdProfile
from devices.model import Site
from geography.grid import DemandGrid
from geography.units import Units

log = logging.getLogger(__name__)
DAY_S = 86_400
HOUR_S = 3600
RECIPE = 2  # raised when the rules change, so that kept results are made anew
_KEPT_FILES = 24
T = TypeVar("T")
Tests = Callable[[float, float], Mapping[str, Sequence[SpeedTest]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """Every standing site judged over one period."""

    inputs: Inputs
    sites: tuple[SiteWorth, ...]


class Planner:
    """Answers of the live planner. Thread-safe; results are kept in memory and a folder, by the hash of their inputs.

    Args:
        fleet: the accepted inventory now; None before there is one.
        history: what was measured.
        grid: who lives where.
        units: names.
        people: whose internet a public site is, by site id (geography.people).
        tests: active tests written down beside the polls, by site, of [start, end).
        brought: imported points: where else could be built, and what other programmes have.
        folder: where results are kept; None: only in memory.
    """

    def __init__(
        self,
        *,
        fleet: Callable[[], Fleet | None],
        history: History,
        grid: Callable[[], DemandGrid],
        units: Units,
        people: Callable[[Fleet], Mapping[str, int]],
        tests: Tests = lambda _start, _end: {},
        brought: Callable[[], Brought] = Brought,
        folder: Path | None = None,
    ) -> None:
        self.fleet, self.history, self.grid, self.units = fleet, history, grid, units
        self.people, self.tests, self.brought = people, tests, brought
        self._worths = _Shelf(Worths, folder, "sites")
        self._coverage = _Shelf(LiveCoverage, folder, "coverage")
        self._days = BusyDays(folder) if folder is not None else None
        self._grounds = _Memory[Ground](most=4)

    def worths(
        self,
        profile: ThresholdProfile,
        rules: Rules,
        *,
        now: float,
        fleet: Fleet | None = None,
        start: float | None = None,
    ) -> Worths:
        """Every site's worth over the days before the last full hour, or over [start, now).

        Raises:
            StoreUnavailable: the measurements cannot be read.
        """
        if start is not None:
            return self._judged(profile, rules, start, now, fleet, tested_until=now)
        end = now - now % HOUR_S
        # A test of this hour counts at once: nobody should wait for the hour to see what was just measured.
        return self._judged(profile, rules, end - rules.days * DAY_S, end, fleet, tested_until=end + HOUR_S)

    def coverage(
        self,
        profile: ThresholdProfile,
        rules: Rules,
        *,
        radius_km: float,
        now: float,
        fleet: Fleet | None = None,
        start: float | None = None,
        ways: live.Ways | None = None,
    ) -> LiveCoverage:
        """The ladder, gaps and equity of one radius; a second or two when made anew.

        With `ways` (km from a village's code to a site's id) people stand at their village's point and go as it says.

        Raises:
            StoreUnavailable: the measurements cannot be read.
        """
        judged = self.worths(profile, rules, now=now, fleet=fleet, start=start)
        if ways is not None:
            return self._by_ways(judged, radius_km, ways)

        def make() -> LiveCoverage:
            points = self.points(judged, radius_km)
            inputs = _described(judged.inputs, points)
            return live.coverage(points, judged.sites, self.units, inputs=inputs, radius_km=radius_km)

        return self._coverage.get(_hash(judged.inputs.hash, radius_km), make)

    def _by_ways(self, judged: Worths, radius_km: float, ways: live.Ways) -> LiveCoverage:
        points = demand.of_villages(self.units)
        inputs = replace(
            _on_ways(judged.inputs, points),
            hash=_hash(judged.inputs.hash, sorted((*pair, km) for pair, km in ways.items())),
        )
        return live.coverage(points, judged.sites, self.units, inputs=inputs, radius_km=radius_km, ways=ways)

    def ground(
        self,
        profile: ThresholdProfile,
        rules: Rules,
        *,
        radius_km: float,
        now: float,
        area: str | None = None,
        ways: live.Ways | None = None,
    ) -> Ground:
        """What plans for one radius and area stand on; made in half a second or so, then kept in memory.

        With `ways` (km from a village's code to a site, village or point) people stand at their village's point.

        Raises:
            BadInput: the area is not known.
            StoreUnavailable: the measurements cannot be read.
        """
        judged, brought = self.worths(profile, rules, now=now), self.brought()
        table = sorted((*pair, km) for pair, km in ways.items()) if ways is not None else None
        key = _hash(judged.inputs.hash, radius_km, area, asdict(brought), table)

        def make() -> Ground:
            found = Ground(
                self.grid(), judged.sites, self.units, judged.inputs, radius_km=radius_km, area=area, brought=brought,
                ways=ways,
            )  # fmt: skip
            described = _on_ways if ways is not None else _described
            found.inputs = described(judged.inputs, found.people)
            return found

        return self._grounds.get(key, make)

    def points(self, judged: Worths, radius_km: float) -> demand.People:
        """Where people are, split for the radius of the standing public sites."""
        served = live.public(judged.sites)
        return demand.split(self.grid(), (served.lat, served.lon), radius_km)

    def _judged(
        self,
        profile: ThresholdProfile,
        rules: Rules,
        start: float,
        end: float,
        fleet: Fleet | None,
        *,
        tested_until: float,
    ) -> Worths:
        known = fleet or self.fleet()
        version = known.inventory.version if known else "none"
        grid = self.grid()
        tests = self.tests(start, tested_until)
        noted = [(site, [asdict(test) for test in tests[site]]) for site in sorted(tests)]
        said = (RECIPE, start, end, version, grid.inputs, asdict(profile), asdict(rules), noted)
        inputs = Inputs(
            hash=_hash(*said),
            start=start,
            end=end,
            inventory=version,
            demand=grid.inputs,
            demand_kind=f"hexagons at resolution {grid.resolution}",
            profile=profile,
            rules=rules,
            notes=("straight line: optimistic where rivers or roads lie between", *grid.notes),
        )

        def make() -> Worths:
            return Worths(inputs=inputs, sites=() if known is None else self._sites(known, inputs, tests))

        return self._worths.get(inputs.hash, make)

    def _sites(self, fleet: Fleet, inputs: Inputs, tests: Mapping[str, Sequence[SpeedTest]]) -> tuple[SiteWorth, ...]:
        rules, profile = inputs.rules, inputs.profile
        measured = measure(fleet, self.history, start=inputs.start, end=inputs.end, rules=rules, days=self._days)
        heads = self.people(fleet)
        nothing = Measured(period_s=inputs.end - inputs.start)

        def one(site: Site) -> SiteWorth:
            seen = measured.get(site.id, nothing)
            if site.id in tests:
                seen = replace(seen, tests=(*seen.tests, *tests[site.id]))
            return judge(site, seen, profile=profile, rules=rules, people=heads.get(site.id))

        return tuple(one(site) for site in fleet.standing(inputs.start, inputs.end))


def _described(inputs: Inputs, points: demand.People) -> Inputs:
    return replace(inputs, demand_kind=points.kind)


def _on_ways(inputs: Inputs, points: demand.People) -> Inputs:
    notes = ("ways from a table; a pair that it does not list is out of reach", *points.notes)
    return replace(inputs, demand=points.inputs, demand_kind=points.kind, notes=notes)


def _hash(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()[:20]


class _Memory(Generic[T]):
    """The last few results by hash."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """The result of that hash, made when there is none; one at a time."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                found = self._held[key] = make()
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return found


class _Shelf(Generic[T]):
    """Results by hash: the last few in memory, the last two dozen as files. A file that does not read is no result."""

    def __init__(self, kind: type[T], folder: Path | None, name: str) -> None:
        self._text = TypeAdapter(kind)
        self._folder, self._name = folder, name
        self._memory = _Memory[T](most=8)

    def get(self, key: str, make: Callable[[], T]) -> T:
        """The result of that hash, made when there is none."""

        def found() -> T:
            if (kept := self._read(key)) is not None:
                return kept
            made = make()
            self._write(key, made)
            return made

        return self._memory.get(key, found)

    def _path(self, key: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{self._name}-{key}.json"

    def _read(self, key: str) -> T | None:
        path = self._path(key)
        if path is None:
            return None
        try:
            return self._text.validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def _write(self, key: str, found: T) -> None:
        path = self._path(key)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._text.dump_json(found))
                os.replace(name, path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            kept = sorted(path.parent.glob(f"{self._name}-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
            for old in kept[_KEPT_FILES:]:
                old.unlink(missing_ok=True)
        except OSError as err:  # a full disk costs time, not the answer
            log.warning("%s is not kept: %s", path, err)
