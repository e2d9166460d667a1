"""Busy hours: of each civil day the mean of a site's busiest hour. Hourly means, so a short burst proves nothing."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.model import Inventory, Role, Site, SiteId
from measurements.intervals import Period, civil_days

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HOUR_S = 3600
SETTLED_S = 3 * 86_400  # later readings of an older day are rare enough to be left out of its busy hour
_KEPT_DAYS = 120


class Members(Protocol):
    """Devices of one site: those through which it reaches the internet, and all of them."""

    @property
    def gateways(self) -> Sequence[str]:
        """Ids."""
        ...

    @property
    def access_points(self) -> Sequence[str]:
        """Ids."""
        ...

    @property
    def others(self) -> Sequence[str]:
        """Ids."""
        ...


class HourColumns(Protocol):
    """Hourly rows of many devices as columns, by bucket (measurements.sqlite.tierscan.Scan)."""

    @property
    def bucket(self) -> Ints:
        """Epoch s."""
        ...

    @property
    def device(self) -> Ints:
        """Place in the devices asked for."""
        ...

    @property
    def columns(self) -> Mapping[str, Floats]:
        """NaN: not told."""
        ...


class Hours(Protocol):
    """Hourly rows of many devices."""

    def hours(self, kind: str, columns: Sequence[str], *, start: int, end: int, devices: Sequence[str]) -> HourColumns:
        """Hourly rows of a measurement in [start, end)."""
        ...


class BusyDays:
    """Busy hours of settled days as files of a folder, by inventory and day: a fleet's month is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, version: str, day: int) -> Path:
        return self._folder / f"busy-{version[:16]}-{day}.json"

    def get(self, version: str, day: int) -> Mapping[str, tuple[float | None, float | None]] | None:
        """(down_bps, clients) by site; None when the day is not kept or does not read."""
        try:
            said = json.loads(self._path(version, day).read_bytes())
            return {site: (down, clients) for site, (down, clients) in said.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return None

    def put(self, version: str, day: int, found: Mapping[str, tuple[float | None, float | None]]) -> None:
        """Keep a day; a full disk costs time, not the answer."""
        path = self._path(version, day)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w") as file:
                json.dump(found, file)
            os.replace(name, path)
            kept = sorted(self._folder.glob("busy-*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
            for old in kept[_KEPT_DAYS:]:
                old.unlink(missing_ok=True)
        except OSError as err:
            log.warning("%s is not kept: %s", path, err)


class BusyHours:
    """The busiest hour of each civil day of a period, by site.

    Args:
        inventory: sites' devices and the time zone.
        members: devices of each site.
        history: hourly rows.
        sites: whose.
        start: epoch seconds.
        end: epoch seconds.
        days: where settled days are kept; None: all are read.
    """

    def __init__(
        self,
        inventory: Inventory,
        members: Mapping[SiteId, Members],
        history: Hours,
        sites: Sequence[Site],
        *,
        start: float,
        end: float,
        days: BusyDays | None = None,
    ) -> None:
        self._inventory, self._members, self._history = inventory, members, history
        self._row = {site.id: number for number, site in enumerate(sites)}
        periods = civil_days(inventory.timezone, start, end)
        self._down = np.full((len(sites), len(periods)), np.nan)
        self._clients = np.full((len(sites), len(periods)), np.nan)
        todo = []
        for number, day in enumerate(periods):
            is_settled = day.start >= start and day.end + SETTLED_S <= end
            if not is_settled or days is None or not self._recall(days, number, day):
                todo.append((number, day, is_settled))
        for _, group in groupby(enumerate(todo), key=lambda each: each[1][0] - each[0]):  # neighbouring days at once
            run = [each for _, each in group]
            self._read(run[0][0], [day for _, day, _ in run], start, end)
            for number, day, is_settled in run:
                # A day of which nothing is known may still be filled: an import, a worker that was cut off for long.
                if is_settled and days is not None and np.isfinite(self._down[:, number]).any():
                    days.put(inventory.version, day.start, self._of_day(number))

    def _recall(self, days: BusyDays, number: int, day: Period) -> bool:
        kept = days.get(self._inventory.version, day.start)
        if kept is None or not self._row.keys() <= kept.keys():
            return False
        for site, row in self._row.items():
            down, clients = kept[site]
            self._down[row, number] = np.nan if down is None else down
            self._clients[row, number] = np.nan if clients is None else clients
        return True

    def _of_day(self, number: int) -> dict[str, tuple[float | None, float | None]]:
        def plain(value: float) -> float | None:
            return None if np.isnan(value) else float(value)

        return {s: (plain(self._down[row, number]), plain(self._clients[row, number])) for s, row in self._row.items()}

    def _read(self, number: int, days: Sequence[Period], start: float, end: float) -> None:
        """Neighbouring days from the store; `number`: of the first."""
        first = int(max(days[0].start, start))
        first -= first % HOUR_S
        span = {"start": first, "end": int(min(days[-1].end, end))}
        gateways = [(d, row) for s, row in self._row.items() for d in self._devices(s)[0]]
        points = [(d, row) for s, row in self._row.items() for d in self._devices(s)[1]]
        heads = [(d, row) for s, row in self._row.items() for d in self._devices(s)[2]]
        edges = np.array([day.start for day in days], dtype=np.int64)
        where = slice(number, number + len(days))
        self._down[:, where] = _by_day(self._rates(gateways, span), first, edges)
        self._clients[:, where] = _by_day(self._crowd(points, heads, span), first, edges)

    def _devices(self, site: SiteId) -> tuple[list[str], list[str], list[str]]:
        """Gateways, access points, and what may count for all of them."""
        if site not in self._members:
            return [], [], []
        parts = self._members[site]
        everything = [*parts.gateways, *parts.access_points, *parts.others]
        devices = self._inventory.devices
        points = [d for d in everything if devices[d].role is Role.AP]  # type: ignore[index]  # ids are plain text here
        return list(parts.gateways), points, [d for d in everything if d not in points]

    def _rates(self, devices: Sequence[tuple[str, int]], span: Mapping[str, int]) -> Floats:
        """Mean rate of each hour by site, bit/s, its uplinks together; NaN where none told."""
        scan = self._history.hours("interface", ("in_octets", "in_rate_ds"), devices=[d for d, _ in devices], **span)
        tenths = scan.columns["in_rate_ds"]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(tenths > 0, scan.columns["in_octets"] * 80 / tenths, np.nan)
        return self._table(scan, devices, rate, np.add, span)

    def _crowd(
        self,
        points: Sequence[tuple[str, int]],
        heads: Sequence[tuple[str, int]],
        span: Mapping[str, int],
    ) -> Floats:
        """Mean clients of each hour by site: what its access points count, or what a device above counts for all."""
        devices = [*points, *heads]
        scan = self._history.hours("wifi_device", ("clients_sum", "clients_n"), devices=[d for d, _ in devices], **span)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = scan.columns["clients_sum"] / scan.columns["clients_n"]
        is_point = scan.device < len(points)
        together = self._table(scan, devices, np.where(is_point, mean, np.nan), np.add, span)
        return np.fmax(together, self._table(scan, devices, np.where(is_point, np.nan, mean), np.maximum, span))

    def _table(
        self,
        scan: HourColumns,
        devices: Sequence[tuple[str, int]],
        value: Floats,
        how: np.ufunc,
        span: Mapping[str, int],
    ) -> Floats:
        """Shape (sites, hours)."""
        first, count = span["start"], max(1, -(-(span["end"] - span["start"]) // HOUR_S))
        made = np.full((len(self._row), count), np.nan)
        told = np.isfinite(value)
        rows = np.array([row for _, row in devices], dtype=np.int64)[scan.device[told]]
        hours = (scan.bucket[told] - first) // HOUR_S
        made[rows, hours] = 0.0
        how.at(made, (rows, hours), value[told])
        return made

    def down_bps(self, site: SiteId) -> float | None:
        """95th percentile over the days."""
        return _p95(self._down[self._row[site]])

    def clients(self, site: SiteId) -> float | None:
        """95th percentile over the days."""
        return _p95(self._clients[self._row[site]])

    def days(self, site: SiteId) -> int:
        """Days with a known rate."""
        return int(np.isfinite(self._down[self._row[site]]).sum())


def _by_day(table: Floats, first: int, edges: Ints) -> Floats:
    """Shape (sites, days): the busiest hour of each civil day, NaN where nothing was told.

    Args:
        table: shape (sites, hours).
        first: start of the first hour, epoch s.
        edges: starts of the days.
    """
    starts = first + HOUR_S * np.arange(table.shape[1])
    day = np.maximum(np.searchsorted(edges, starts, side="right") - 1, 0)
    found = np.full((table.shape[0], len(edges)), np.nan)
    for number in np.unique(day):
        found[:, number] = np.fmax.reduce(table[:, day == number], axis=1)
    return found


def _p95(values: Floats) -> float | None:
    told = values[np.isfinite(values)]
    return float(np.percentile(told, 95)) if len(told) else None
