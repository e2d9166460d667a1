"""Sites with a lasting character: what the planner's page tells of, as against troubles that begin and end.

useless: up all day behind a link that lets hardly anything through. crowded: more people than room, the link at its
plan, every day. broken: dark most of every day, where many people have nothing else. quiet: hardly used, and good.
Traffic alone does not tell the useless from the quiet: only a speed test does.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from geography.units import load
from simulator import events
from simulator.events import DAY, HOUR, MINUTE, Event
from simulator.province import Province, SimSite

#: How long before the first origin it has been so: it is seen to begin in the months of the ledger.
SINCE_S = 45 * DAY
#: A smaller province has no sites to spare from the troubles that begin and end.
FEWEST = 30
#: Another public site nearer than this serves many of the same people.
LONELY_KM = 1.6
KM_A_DEGREE = 111.2  # the province lies on the equator, where both axes are alike
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
    """The sites of a province that have such a character: where many people live and few other sites stand."""
    public = [site for site in province.sites.values() if site.is_public]
    if len(public) < FEWEST:
        return Lasting()
    apart = _apart(public)
    crowd = {site.id: _density(site) for site in public}
    poor = events.poor_regency(province)
    count = max(1, min(3, len(public) // 60))
    taken: set[str] = set()

    def take(among: Iterable[SimSite]) -> tuple[str, ...]:
        found = [site.id for site in among if site.id not in taken][:count]
        taken.update(found)
        return tuple(found)

    def is_steady(site: SimSite) -> bool:
        return site.regency != poor and site.backhaul != "vsat"

    def is_testable(site: SimSite) -> bool:
        return is_steady(site) and site.opening is None and province.gateway(site.id).platform in _SHELL

    by_harm = sorted(public, key=lambda s: (-crowd[s.id] * _alone(apart[s.id]), s.id))
    lonely = sorted((s for s in public if apart[s.id] >= LONELY_KM), key=lambda s: (-crowd[s.id], s.id))
    return Lasting(
        broken=take(site for site in by_harm if site.opening is None),
        useless=take(site for site in lonely if is_testable(site)),
        quiet=take(site for site in lonely if is_testable(site)),
        crowded=take(site for site in lonely if is_steady(site)),
    )


def _density(site: SimSite) -> float:
    """People a square kilometre of the village."""
    village = load().find(site.area)
    return village.population / (village.area_km2 or 4.0) if village else 0.0


def _alone(km: float) -> float:
    """Share of the people within a kilometre who have no other site so near, when the next one stands so far away."""
    half = min(km / 2, 1.0)
    return 1 - 2 * (math.acos(half) - half * math.sqrt(1 - half * half)) / math.pi


def _apart(public: Sequence[SimSite]) -> dict[str, float]:
    """Kilometres to the nearest other site, as far as it stands nearer than `LONELY_KM`; else that."""
    tiles: dict[tuple[int, int], list[SimSite]] = defaultdict(list)
    for site in public:
        tiles[_tile(site)].append(site)
    found = {}
    for site in public:
        row, column = _tile(site)
        around = [tiles.get((row + a, column + b), []) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        others = (other for some in around for other in some if other is not site)
        near = (KM_A_DEGREE * math.dist((other.lat, other.lon), (site.lat, site.lon)) for other in others)
        found[site.id] = min(near, default=LONELY_KM)
    return {name: min(km, LONELY_KM) for name, km in found.items()}


def _tile(site: SimSite) -> tuple[int, int]:
    side = LONELY_KM / KM_A_DEGREE
    return math.floor(site.lat / side), math.floor(site.lon / side)


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
