"""Read the planner's CSV tables: UTF-8, header line, any column order, extra columns ignored, sorted by id."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from controller.coverage.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row with where it stands."""

    path: str
    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """The cell; a missing or empty one is an error."""
        value = self.cells.get(column, "").strip()
        if not value:
            raise BadInput("is empty, a value was expected", path=self.path, line=self.number, column=column)
        return value

    def number_of(
        self, column: str, *, low: float = -math.inf, high: float = math.inf, default: float | None = None
    ) -> float:
        """A finite number within [low, high]; an empty cell is `default` where one is given."""
        raw = self.cells.get(column, "").strip()
        if not raw and default is not None:
            return default
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or not low <= value <= high:
            span = "a number" + (f" from {low:g} to {high:g}" if math.isfinite(high) else f" of at least {low:g}")
            if not math.isfinite(low) and not math.isfinite(high):
                span = "a finite number"
            raise BadInput(f"is {raw!r}, {span} was expected", path=self.path, line=self.number, column=column)
        return value

    def maybe(self, column: str) -> float:
        """A finite number of at least 0, or NaN where nothing was measured."""
        return self.number_of(column, low=0) if self.cells.get(column, "").strip() else math.nan


def rows(path: Path, required: Sequence[str]) -> tuple[list[str], Iterator[Line]]:
    """Header and rows of a file.

    Raises:
        BadInput: unreadable, not UTF-8, no header, a required column missing, a row with too many cells.
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise BadInput(f"cannot be read ({err.strerror or err})", path=name) from err
    except UnicodeDecodeError as err:
        raise BadInput("is not UTF-8 text", path=name) from err
    reader = csv.reader(text.splitlines(keepends=True))
    try:
        header = [cell.strip() for cell in next(reader)]
    except (StopIteration, csv.Error) as err:
        raise BadInput("is empty, a header line was expected", path=name, line=1) from err
    for column in required:
        if column not in header:
            raise BadInput(f"column is missing; there are {', '.join(header)}", path=name, line=1, column=column)
    if doubled := next((c for c in header if c and header.count(c) > 1), None):
        raise BadInput("column stands twice", path=name, line=1, column=doubled)

    def each() -> Iterator[Line]:
        try:
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) > len(header):
                    message = f"has {len(cells)} cells, the header {len(header)}"
                    raise BadInput(message, path=name, line=reader.line_num)
                yield Line(path=name, number=reader.line_num, cells=dict(zip(header, cells, strict=False)))
        except csv.Error as err:
            raise BadInput(f"is not CSV ({err})", path=name, line=reader.line_num) from err

    return header, each()


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Points with an id, sorted by id. lat, lon: degrees, shape (n,)."""

    ids: tuple[str, ...]
    lat: Floats
    lon: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand(Places):
    """Where people are. people, priority: shape (n,); region: text, "" where the table has none."""

    people: Floats
    priority: Floats
    region: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates(Places):
    """Where a site could be. cost: shape (n,)."""

    cost: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing(Places):
    """Sites that stand. availability_pct, throughput_mbps: NaN = not measured; None = the table has no such column."""

    availability_pct: Floats | None
    throughput_mbps: Floats | None
    supply: Floats


def _sorted_unique(lines: Iterator[Line]) -> list[Line]:
    seen: dict[str, Line] = {}
    for line in lines:
        key = line.text("id")
        if key in seen:
            message = f"{key!r} stands in line {seen[key].number} already; ids must differ"
            raise BadInput(message, path=line.path, line=line.number, column="id")
        seen[key] = line
    return [seen[key] for key in sorted(seen)]


def _column(lines: Sequence[Line], column: str, **bounds: float) -> Floats:
    return np.array([line.number_of(column, **bounds) for line in lines], dtype=np.float64)


def _points(lines: Sequence[Line]) -> tuple[tuple[str, ...], Floats, Floats]:
    ids = tuple(line.text("id") for line in lines)
    return ids, _column(lines, "lat", low=-90, high=90), _column(lines, "lon", low=-180, high=180)


def read_demand(path: Path) -> Demand:
    """demand.csv: id, lat, lon, population; optional region, priority."""
    header, each = rows(path, ("id", "lat", "lon", "population"))
    lines = _sorted_unique(each)
    ids, lat, lon = _points(lines)
    priority = _column(lines, "priority", low=0, default=1.0) if "priority" in header else np.ones(len(lines))
    return Demand(
        ids=ids,
        lat=lat,
        lon=lon,
        people=_column(lines, "population", low=0),
        priority=priority,
        region=tuple(line.cells.get("region", "").strip() for line in lines),
    )


def read_candidates(path: Path) -> Candidates:
    """candidates.csv: id, lat, lon; optional cost."""
    header, each = rows(path, ("id", "lat", "lon"))
    lines = _sorted_unique(each)
    ids, lat, lon = _points(lines)
    cost = _column(lines, "cost", low=0, default=1.0) if "cost" in header else np.ones(len(lines))
    return Candidates(ids=ids, lat=lat, lon=lon, cost=cost)


def read_existing(path: Path) -> Existing:
    """existing.csv: id, lat, lon; optional availability_pct, throughput_mbps, supply."""
    header, each = rows(path, ("id", "lat", "lon"))
    lines = _sorted_unique(each)
    ids, lat, lon = _points(lines)

    def measured(column: str) -> Floats | None:
        return np.array([line.maybe(column) for line in lines]) if column in header else None

    supply = _column(lines, "supply", low=0, default=1.0) if "supply" in header else np.ones(len(lines))
    return Existing(
        ids=ids,
        lat=lat,
        lon=lon,
        availability_pct=measured("availability_pct"),
        throughput_mbps=measured("throughput_mbps"),
        supply=supply,
    )


def no_existing() -> Existing:
    """The table that was not given."""
    nothing = np.zeros(0)
    return Existing(ids=(), lat=nothing, lon=nothing, availability_pct=None, throughput_mbps=None, supply=nothing)


def read_distances(path: Path) -> dict[tuple[str, str], float]:
    """distances.csv: demand_id, site_id, km; a pair that is not listed is out of reach."""
    _, each = rows(path, ("demand_id", "site_id", "km"))
    found: dict[tuple[str, str], float] = {}
    for line in each:
        pair = (line.text("demand_id"), line.text("site_id"))
        if pair in found:
            raise BadInput(
                f"the pair {pair[0]!r}, {pair[1]!r} stands twice", path=line.path, line=line.number, column="site_id"
            )
        found[pair] = line.number_of("km", low=0)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A figure by id. value, people: shape (n,)."""

    value: Floats
    people: Floats
    region: tuple[str, ...]


def read_values(path: Path) -> Values:
    """values.csv: id, value; optional population, region."""
    header, each = rows(path, ("id", "value"))
    lines = _sorted_unique(each)
    people = _column(lines, "population", low=0, default=1.0) if "population" in header else np.ones(len(lines))
    region = tuple(line.cells.get("region", "").strip() for line in lines)
    return Values(value=_column(lines, "value", low=0), people=people, region=region)
