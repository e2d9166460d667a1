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
from typing import Any, Generic, TypeVar

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
NEWEST_S = 3 * HOUR_S  # how old an answer may be that is shown while the next one is made
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
        self._newest = _Newest(folder)

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

        key = _hash(judged.inputs.hash, radius_km)
        found = self._coverage.get(key, make)
        if fleet is None and start is None:
            self._newest.note(profile, rules, radius_km, key, found.inputs.end)
        return found

    def newest(self, profile: ThresholdProfile, rules: Rules, *, radius_km: float, now: float) -> LiveCoverage | None:
        """The last coverage that any process kept, of the same inventory and people; None where it is hours old.

        For who must not wait: an hour that ended since, or a test that was made since, is not in it.
        """
        key, known = self._newest.key(profile, rules, radius_km), self.fleet()
        found = self._coverage.kept(key) if key is not None else None
        if found is None or known is None or not now - NEWEST_S <= found.inputs.end <= now:
            return None
        said = (found.inputs.inventory, found.inputs.demand, found.inputs.profile, found.inputs.rules)
        return found if said == (known.inventory.version, self.grid().inputs, profile, rules) else None

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

    def kept(self, key: str) -> T | None:
        """The result of that hash where it is on disk."""
        return self._read(key)

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
            _replace(path, self._text.dump_json(found))
            kept = sorted(path.parent.glob(f"{self._name}-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
            for old in kept[_KEPT_FILES:]:
                old.unlink(missing_ok=True)
        except OSError as err:  # a full disk costs time, not the answer
            log.warning("%s is not kept: %s", path, err)


class _Newest:
    """Which kept coverage was made last, for each profile, rules and radius; shared by processes."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._noted: dict[Path, str] = {}

    def note(self, profile: ThresholdProfile, rules: Rules, radius_km: float, key: str, end: float) -> None:
        """This one, unless a later period was noted before."""
        path = self._path(profile, rules, radius_km)
        if path is None or self._noted.get(path) == key:
            return
        self._noted[path] = key
        if self._read(path).get("end", 0.0) > end:
            return
        try:
            _replace(path, json.dumps({"key": key, "end": end}).encode())
        except OSError as err:
            log.warning("%s is not kept: %s", path, err)

    def key(self, profile: ThresholdProfile, rules: Rules, radius_km: float) -> str | None:
        """The key of the one made last."""
        path = self._path(profile, rules, radius_km)
        found = self._read(path).get("key") if path is not None else None
        return found if isinstance(found, str) else None

    def _path(self, profile: ThresholdProfile, rules: Rules, radius_km: float) -> Path | None:
        name = f"newest-{_hash(asdict(profile), asdict(rules), radius_km)}.json"
        return None if self._folder is None else self._folder / name

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _replace(path: Path, body: bytes) -> None:
    """Write beside and rename into place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
