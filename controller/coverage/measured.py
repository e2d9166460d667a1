"""What the store remembers of a period, brought together for each site: times by state, busy hours, active tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from controller.coverage.effective import Measured, SpeedTest
from controller.coverage.hours import ServiceHours, Span, common, union
from controller.coverage.model import Rules
from devices.model import Inventory, Role, Site, SiteId
from measurements.intervals import Interval, State, civil_days, clip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HOUR_S = 3600


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


class History(Protocol):
    """The two questions that coverage asks of the store."""

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """State intervals that touch [start, end)."""
        ...

    def hours(self, kind: str, columns: Sequence[str], *, start: int, end: int, devices: Sequence[str]) -> HourColumns:
        """Hourly rows of a measurement in [start, end)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Who stands where. `members`: by site id; sites without devices are absent."""

    inventory: Inventory
    members: Mapping[SiteId, Members]

    def standing(self, start: float, end: float) -> list[Site]:
        """Sites that served until `end` (their dates say so) and opened before it, by id."""
        zone = ZoneInfo(self.inventory.timezone)
        found = []
        for site_id in sorted(self.inventory.sites):
            site = self.inventory.sites[site_id]
            opened = site.since is None or _midnight(site.since, zone) < end
            closed = site.until is not None and _midnight(site.until + timedelta(days=1), zone) < end
            if opened and not closed and end > start:
                found.append(site)
        return found

    def opened_at(self, site: Site) -> float | None:
        """When it began to serve, epoch s; None: not told."""
        return None if site.since is None else _midnight(site.since, ZoneInfo(self.inventory.timezone))


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp()


def measure(fleet: Fleet, history: History, *, start: float, end: float, rules: Rules) -> dict[SiteId, Measured]:
    """What was measured of every standing public site over [start, end), in its service hours.

    Args:
        fleet: sites and devices; their links as the inventory has them.
        history: the store.
        start: epoch seconds.
        end: epoch seconds, not in the future.
        rules: service hours or all day.
    """
    sites = [site for site in fleet.standing(start, end) if site.kind.serves_public]
    spent = _times(fleet, history, sites, start, end, rules)
    busy = _Busy(fleet, history, sites, start, end)
    tests = _tests(fleet, history, sites, start, end)
    return {
        site.id: Measured(
            period_s=spent[site.id][0],
            up_s=spent[site.id][1],
            down_s=spent[site.id][2],
            maintenance_s=spent[site.id][3],
            tests=tests.get(site.id, ()),
            busy_down_bps=busy.down_bps(site.id),
            busy_clients=busy.clients(site.id),
            busy_days=busy.days(site.id),
        )
        for site in sites
    }


# --- times by state --------------------------------------------------------------------------------------------------


def _times(
    fleet: Fleet, history: History, sites: Sequence[Site], start: float, end: float, rules: Rules
) -> dict[SiteId, tuple[float, float, float, float]]:
    """(service hours, up, down, maintenance) of each site, seconds.

    A site that answers while its declared service does not is no use to anybody: that time is down.
    """
    states = _by_subject(history.intervals([f"site:{s.id}" for s in sites], "state", start=int(start), end=int(end)))
    asked = _by_subject(
        history.intervals(
            [f"device:{d}" for s in sites if s.id in fleet.members for d in fleet.members[s.id].gateways],
            "service",
            start=int(start),
            end=int(end),
        )
    )
    calendars: dict[object, ServiceHours] = {}
    found = {}
    for site in sites:
        opening = site.opening_hours if rules.is_opening_hours_only else None
        key = None if opening is None else tuple(sorted(opening.days.items()))
        if key not in calendars:
            calendars[key] = ServiceHours(opening, fleet.inventory.timezone, start=start, end=end)
        hours = calendars[key]
        opened = fleet.opened_at(site) or start
        parts = clip(states.get(f"site:{site.id}", ()), start=max(start, opened), end=end)
        gateways = fleet.members[site.id].gateways if site.id in fleet.members else ()
        useless = _useless([asked.get(f"device:{d}", []) for d in gateways], start, end)
        up, down = _spans(parts, State.UP, State.DEGRADED), _spans(parts, State.DOWN)
        lost = hours.within(common(up, useless)) if useless else 0.0
        found[site.id] = (
            hours.after(opened),
            max(0.0, hours.within(up) - lost),
            hours.within(down) + lost,
            hours.within(_spans(parts, State.MAINTENANCE)),
        )
    return found


def _by_subject(intervals: Iterable[Interval]) -> dict[str, list[Interval]]:
    found: dict[str, list[Interval]] = defaultdict(list)
    for each in intervals:
        found[each.subject].append(each)
    return found


def _spans(parts: Sequence[Interval], *states: State) -> list[Span]:
    return union((each.start, each.end or each.start) for each in parts if each.state in states)


def _useless(answers: Sequence[Sequence[Interval]], start: float, end: float) -> list[Span]:
    """When the service answered on none of the gateways; those never asked do not count."""
    failed: list[Span] | None = None
    for intervals in answers:
        if not intervals:
            continue
        mine = _spans(clip(intervals, start=start, end=end), State.DOWN)
        failed = mine if failed is None else common(failed, mine)
    return failed or []


# --- busy hours ------------------------------------------------------------------------------------------------------


class _Busy:
    """Of each civil day the mean of the busiest hour; hourly means, so a short burst proves nothing."""

    def __init__(self, fleet: Fleet, history: History, sites: Sequence[Site], start: float, end: float) -> None:
        self._row = {site.id: number for number, site in enumerate(sites)}
        days = civil_days(fleet.inventory.timezone, start, end)
        self._edges = np.array([day.start for day in days], dtype=np.int64)
        self._first = int(start) - int(start) % HOUR_S
        self._count = max(1, -(-(int(end) - self._first) // HOUR_S))
        span = {"start": self._first, "end": int(end)}
        gateways = [(d, row) for s, row in self._row.items() for d in self._members(fleet, s)[0]]
        self._down = self._by_day(self._rates(history, gateways, span))
        points = [(d, row) for s, row in self._row.items() for d in self._members(fleet, s)[1]]
        heads = [(d, row) for s, row in self._row.items() for d in self._members(fleet, s)[2]]
        self._clients = self._by_day(self._crowd(history, points, heads, span))

    @staticmethod
    def _members(fleet: Fleet, site: SiteId) -> tuple[list[str], list[str], list[str]]:
        """Gateways, access points, and what may count for all of them."""
        if site not in fleet.members:
            return [], [], []
        parts = fleet.members[site]
        everything = [*parts.gateways, *parts.access_points, *parts.others]
        devices = fleet.inventory.devices
        points = [d for d in everything if devices[d].role is Role.AP]  # type: ignore[index]  # ids are plain text here
        return list(parts.gateways), points, [d for d in everything if d not in points]

    def _rates(self, history: History, devices: Sequence[tuple[str, int]], span: Mapping[str, int]) -> Floats:
        """Mean rate of each hour by site, bit/s, its uplinks together; NaN where none told."""
        scan = history.hours("interface", ("in_octets", "in_rate_ds"), devices=[d for d, _ in devices], **span)
        tenths = scan.columns["in_rate_ds"]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(tenths > 0, scan.columns["in_octets"] * 80 / tenths, np.nan)
        return self._table(scan, devices, rate, np.add)

    def _crowd(
        self,
        history: History,
        points: Sequence[tuple[str, int]],
        heads: Sequence[tuple[str, int]],
        span: Mapping[str, int],
    ) -> Floats:
        """Mean clients of each hour by site: what its access points count, or what a device above counts for all."""
        devices = [*points, *heads]
        scan = history.hours("wifi_device", ("clients_sum", "clients_n"), devices=[d for d, _ in devices], **span)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = scan.columns["clients_sum"] / scan.columns["clients_n"]
        is_point = scan.device < len(points)
        together = self._table(scan, devices, np.where(is_point, mean, np.nan), np.add)
        return np.fmax(together, self._table(scan, devices, np.where(is_point, np.nan, mean), np.maximum))

    def _table(self, scan: HourColumns, devices: Sequence[tuple[str, int]], value: Floats, how: np.ufunc) -> Floats:
        """Shape (sites, hours)."""
        made = np.full((len(self._row), self._count), np.nan)
        told = np.isfinite(value)
        rows = np.array([row for _, row in devices], dtype=np.int64)[scan.device[told]]
        hours = (scan.bucket[told] - self._first) // HOUR_S
        made[rows, hours] = 0.0
        how.at(made, (rows, hours), value[told])
        return made

    def _by_day(self, table: Floats) -> Floats:
        """Shape (sites, days): the busiest hour of each civil day, NaN where nothing was told."""
        starts = self._first + HOUR_S * np.arange(self._count)
        day = np.maximum(np.searchsorted(self._edges, starts, side="right") - 1, 0)
        found = np.full((table.shape[0], len(self._edges)), np.nan)
        for number in np.unique(day):
            found[:, number] = np.fmax.reduce(table[:, day == number], axis=1)
        return found

    def down_bps(self, site: SiteId) -> float | None:
        """95th percentile over the days."""
        return _p95(self._down[self._row[site]])

    def clients(self, site: SiteId) -> float | None:
        """95th percentile over the days."""
        return _p95(self._clients[self._row[site]])

    def days(self, site: SiteId) -> int:
        """Days with a known rate."""
        return int(np.isfinite(self._down[self._row[site]]).sum())


def _p95(values: Floats) -> float | None:
    told = values[np.isfinite(values)]
    return float(np.percentile(told, 95)) if len(told) else None


# --- active tests ----------------------------------------------------------------------------------------------------


def _tests(
    fleet: Fleet, history: History, sites: Sequence[Site], start: float, end: float
) -> dict[SiteId, tuple[SpeedTest, ...]]:
    """Hourly means of what service checks downloaded, by site; checks that only connect tell no speed."""
    owner = [(d, s.id) for s in sites if s.id in fleet.members for d in _devices(fleet.members[s.id])]
    scan = history.hours(
        "service", ("down_bps_sum", "down_bps_n"), start=int(start), end=int(end), devices=[d for d, _ in owner]
    )
    many = scan.columns["down_bps_n"]
    found: dict[SiteId, list[SpeedTest]] = defaultdict(list)
    for row in np.flatnonzero(many > 0):
        mean = float(scan.columns["down_bps_sum"][row] / many[row])
        found[owner[int(scan.device[row])][1]].append(SpeedTest(at=float(scan.bucket[row]), down_bps=mean))
    return {site: tuple(tests) for site, tests in found.items()}


def _devices(parts: Members) -> list[str]:
    return [*parts.gateways, *parts.access_points, *parts.others]
