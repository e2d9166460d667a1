"""Sites with a lasting character: what the planner's page tells of, as against troubles that begin and end.

useless: up all day behind a link that lets hardly anything through. crowded: more people than room, the link at its
plan, every day. broken: dark most of every day, where many people have nothing else. quiet: hardly used, and good.
Traffic alone does not tell the useless from the quiet: only a speed test does.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geography.units import load
from simulator import events
from simulator.events import DAY, HOUR, MINUTE, Event
from simulator.province import Province, SimSite

#: How long before the first origin it has been so: it is seen to begin in the months of the ledger.
SINCE_S = 45 * DAY
#: A smaller province has no sites to spare from the troubles that begin and end.
FEWEST = 30
#: Another public site nearer than this would serve the same people, degrees (1.6 km).
LONELY_DEG = 0.0145
_SHELL = ("openwrt", "linux")
_WIB_S = 7 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """Site ids by character; each site has one at most."""

    broken: tuple[str, ...] = ()
    useless: tuple[str, ...] = ()
    crowded: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()

    @property
    def all(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.broken, *self.useless, *self.crowded, *self.quiet))


def choose(province: Province) -> Lasting:
    """The sites of a province that have such a character: where most people live with no other site near."""
    if sum(site.is_public for site in province.sites.values()) < FEWEST:
        return Lasting()
    left, poor = _lonely(province), events.poor_regency(province)
    count = max(1, min(3, len(left) // 25))

    def take(fits: Sequence[bool]) -> tuple[str, ...]:
        found = [site for site, fit in zip(left, fits, strict=True) if fit][:count]
        for site in found:
            left.remove(site)
        return tuple(site.id for site in found)

    def is_steady(site: SimSite) -> bool:
        return site.regency != poor and site.backhaul != "vsat"

    def is_testable(site: SimSite) -> bool:
        return is_steady(site) and site.opening is None and province.gateway(site.id).platform in _SHELL

    return Lasting(
        broken=take([site.opening is None for site in left]),
        useless=take([is_testable(site) for site in left]),
        quiet=take([is_testable(site) for site in left]),
        crowded=take([is_steady(site) for site in left]),
    )


def _lonely(province: Province) -> list[SimSite]:
    """Public sites without another one near, most people a square kilometre first."""
    units = load()
    tiles: dict[tuple[int, int], list[SimSite]] = defaultdict(list)
    public = [site for site in province.sites.values() if site.is_public]
    for site in public:
        tiles[_tile(site)].append(site)

    def is_lonely(site: SimSite) -> bool:
        row, column = _tile(site)
        around = (tiles.get((row + a, column + b), ()) for a in (-1, 0, 1) for b in (-1, 0, 1))
        return not any(
            other is not site and math.dist((other.lat, other.lon), (site.lat, site.lon)) < LONELY_DEG
            for some in around
            for other in some
        )

    def density(site: SimSite) -> float:
        village = units.find(site.area)
        return village.population / (village.area_km2 or 4.0) if village else 0.0

    return sorted((site for site in public if is_lonely(site)), key=lambda site: (-density(site), site.id))


def _tile(site: SimSite) -> tuple[int, int]:
    return math.floor(site.lat / LONELY_DEG), math.floor(site.lon / LONELY_DEG)


def happenings(province: Province, origin: float, start: float, end: float) -> Iterator[Event]:
    """What makes the broken and the crowded what they are, over [start, end), day by day."""
    told = province.lasting
    first = max(start, origin - SINCE_S)
    for number in range(int((first + _WIB_S) // DAY), int((end + _WIB_S) // DAY) + 1):
        midnight = number * DAY - _WIB_S
        for site in told.broken:
            # Batteries that hold no charge: up while the sun is high, dark from the afternoon until late morning.
            rng = _rng(province, site, number)
            yield _event("power", site, midnight + rng.uniform(14.5, 16) * HOUR, rng.uniform(17, 19) * HOUR)
        for site in told.crowded:
            rng = _rng(province, site, number)
            opens = 8.2 if province.sites[site].opening else 16.6
            yield _event("full", site, midnight + (opens + rng.uniform(0, 0.4)) * HOUR, rng.uniform(3.6, 5) * HOUR)


def _event(kind: str, site: str, start: float, long: float) -> Event:
    begin = round(start / MINUTE) * MINUTE
    return Event(kind=kind, subject=site, start=begin, end=begin + round(long / MINUTE) * MINUTE)


def _rng(province: Province, site: str, day: int) -> random.Random:
    return random.Random(f"{province.seed}:{site}:{day}:lasting")  # noqa: S311 - a story, not a secret
