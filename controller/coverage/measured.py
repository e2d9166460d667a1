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

from controller.coverage.busy import BusyDays, BusyHours, HourColumns, Members
from controller.coverage.effective import Measured, SpeedTest
from controller.coverage.hours import ServiceHours, Span, common, union
from controller.coverage.model import Rules
from devices.model import Inventory, Site, SiteId
from measurements.intervals import Interval, State, clip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
HOUR_S = 3600


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


def measure(
    fleet: Fleet, history: History, *, start: float, end: float, rules: Rules, days: BusyDays | None = None
) -> dict[SiteId, Measured]:
    """What was measured of every standing public site over [start, end), in its service hours.

    Args:
        fleet: sites and devices; their links as the inventory has them.
        history: the store.
        start: epoch seconds.
        end: epoch seconds, not in the future.
        rules: service hours or all day.
        days: where busy hours of settled days are kept; None: all are read.
    """
    sites = [site for site in fleet.standing(start, end) if site.kind.serves_public]
    spent = _times(fleet, history, sites, start, end, rules)
    busy = BusyHours(fleet.inventory, fleet.members, history, sites, start=start, end=end, days=days)
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
