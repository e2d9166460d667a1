"""What goes wrong in the province, and when: troubles anchored to "now", and the ordinary bad luck of every month.

An event follows from (seed, subject, block of 30 days) alone, so that any process that is told the same seed and
origins tells the same story, at any time, in any order.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.province import Province, SimDevice, SimSite

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BLOCK_S = 30 * DAY
#: How much more often things break in the one regency that is badly off.
POOR = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happens to a subject over [start, end).

    kind: power (a site is dark), link (a device's way up is cut), dead (the device itself), reboot, lossy, slow,
    hot, disk, full, no_service. subject: a site id for power and full, else a device id. `featured`: part of the told
    story rather than bad luck.
    """

    kind: str
    subject: str
    start: float
    end: float
    featured: bool = False


def poor_regency(province: Province) -> str:
    """The regency with poor availability."""
    codes = sorted({s.regency for s in province.sites.values() if s.is_public})
    return _rng(province.seed, "poor").choice(codes)


def blind(origin: float) -> list[tuple[float, float]]:
    """When the observer itself was cut off, before `origin`: nothing is known of these times."""
    spans = ((20 * HOUR, 25 * MINUTE), (4.2 * DAY, 55 * MINUTE), (11.3 * DAY, 220 * MINUTE), (23.6 * DAY, 40 * MINUTE))
    return sorted(_span(origin, ago, long) for ago, long in spans)


def _span(origin: float, ago: float, long: float) -> tuple[float, float]:
    start = _minute(origin - ago)
    return start, start + long


def featured(province: Province, origin: float) -> list[Event]:
    """The told story: troubles that are open at `origin`, whatever the hour, and some that are just over."""
    return _Told(province, origin).events()


_CROWDED = ("market", "park", "harbour")


class _Told:
    def __init__(self, province: Province, origin: float) -> None:
        self.province, self.origin = province, origin
        self.rng = _rng(province.seed, "told")
        self.taken: set[str] = set(province.lasting.all)  # sites already in the story
        self.found: list[Event] = []

    def events(self) -> list[Event]:
        """One of each kind, each at sites of its own; kinds that the province is too small for are left out."""
        self._cut_uplink(131 * MINUTE, 9 * HOUR, fewest=3, most=5)
        self._dark_neighbourhood(47 * MINUTE, 6 * HOUR, count=5)
        self._one("lossy", self._gateways("vsat"), 3.1 * HOUR, 10 * HOUR)
        crowded = [d for d in self._gateways("fibre", "radio") if self.province.sites[d.site].kind in _CROWDED]
        self._one("full", crowded or self._gateways("fibre", "radio"), 5.3 * HOUR, 26 * HOUR, by_site=True)
        self._one("dead", self._second_aps(), 26.4 * HOUR, 30 * HOUR)
        self._flapping(9.2 * HOUR, 18 * HOUR)
        self._one("link", self._gateways("4g"), 5.6 * HOUR, 7 * HOUR)
        self._one("no_service", self._gateways("radio", "fibre", "4g"), 83 * MINUTE, 5 * HOUR)
        self._one("disk", self._platform("linux"), 20.5 * HOUR, 28 * HOUR)
        self._one("hot", self._platform("openwrt", "routeros-wireless"), 7.7 * HOUR, 9 * HOUR)
        self._one("reboot", self._gateways("radio", "fibre"), 14 * MINUTE, -12 * MINUTE)
        self._cut_uplink(31 * HOUR, -27.6 * HOUR, fewest=2, most=6)
        return self.found

    def _add(self, kind: str, subject: str, ago: float, ahead: float) -> None:
        start, end = _minute(self.origin - ago), _minute(self.origin + ahead)
        self.found.append(Event(kind=kind, subject=subject, start=start, end=end, featured=True))

    def _free(self, site: SimSite) -> bool:
        return site.is_public and site.id not in self.taken

    def _gateways(self, *backhauls: str) -> list[SimDevice]:
        p = self.province
        return [d for d in p.devices.values()
                if d.is_gateway and p.sites[d.site].backhaul in backhauls and self._free(p.sites[d.site])]  # fmt: skip

    def _platform(self, *platforms: str) -> list[SimDevice]:
        p = self.province
        return [d for d in p.devices.values() if d.platform in platforms and self._free(p.sites[d.site])]

    def _second_aps(self) -> list[SimDevice]:
        p = self.province
        return [group[-1] for s, group in p.devices_of.items()
                if sum(d.role == "ap" for d in group) >= 2 and self._free(p.sites[s])]  # fmt: skip

    def _one(self, kind: str, among: Sequence[SimDevice], ago: float, ahead: float, *, by_site: bool = False) -> None:
        if among:
            device = self.rng.choice(among)
            self.taken.add(device.site)
            self._add(kind, device.site if by_site else device.id, ago, ahead)

    def _cut_uplink(self, ago: float, ahead: float, *, fewest: int, most: int) -> None:
        """A tower loses its way up and takes the sites behind it along."""
        p = self.province
        towers = [d for d in p.devices.values() if d.is_gateway and p.sites[d.site].kind == "tower"]
        behind = {d.id: [s for s in p.sites_behind(d) if self._free(s)] for d in towers}
        fitting = [d for d in towers if fewest <= len(behind[d.id]) <= most]
        if fitting or any(behind.values()):
            tower = self.rng.choice(fitting or [d for d in towers if behind[d.id]])
            self.taken.update(s.id for s in p.sites_behind(tower))
            self._add("link", tower.id, ago, ahead)

    def _dark_neighbourhood(self, ago: float, ahead: float, *, count: int) -> None:
        """The nearest `count` public sites around one of them lose their power."""
        free = [s for s in self.province.sites.values() if self._free(s)]
        if len(free) < 2 * count:
            return

        def around(middle: SimSite) -> list[SimSite]:
            return sorted(free, key=lambda s: (_apart(s, middle), s.id))[:count]

        tried = [around(middle) for middle in self.rng.sample(free, min(len(free), 25))]
        near = min(tried, key=lambda found: (_apart(found[0], found[-1]) > 0.08, tried.index(found)))
        for site in near:
            self.taken.add(site.id)
            self._add("power", site.id, ago, ahead)

    def _flapping(self, ago: float, ahead: float) -> None:
        """An access point that dies every quarter of an hour."""
        among = self._second_aps()
        if not among:
            return
        device = self.rng.choice(among)
        self.taken.add(device.site)
        at = -ago
        while at < ahead:
            lasts = self.rng.uniform(3 * MINUTE, 9 * MINUTE)
            self._add("dead", device.id, -at, at + lasts)
            at += lasts + self.rng.uniform(6 * MINUTE, 22 * MINUTE)


def background(province: Province, start: float, end: float) -> list[Event]:
    """Ordinary bad luck over [start, end): events that begin in a block of 30 days that touches it."""
    poor = poor_regency(province)
    found: list[Event] = []
    first, last = int(start // BLOCK_S), int((end - 1) // BLOCK_S)
    districts: dict[str, list[SimSite]] = defaultdict(list)
    for site in province.sites.values():
        if site.is_public:
            districts[site.district].append(site)
    for block in range(first, last + 1):
        for district, sites in districts.items():
            worse = POOR if district.startswith(poor) else 1.0
            found += _cuts(_rng(province.seed, f"power:{district}:{block}"), block, [s.id for s in sites], 2.2 * worse)
        for device in province.devices.values():
            found += _luck(province, device, block, POOR if province.sites[device.site].regency == poor else 1.0)
    return [e for e in found if e.start < end and e.end > start]


def _cuts(rng: random.Random, block: int, sites: Sequence[str], rate: float) -> Iterable[Event]:
    """Power cuts of a district: most often in the afternoon and evening, and for most of its sites."""
    for _ in range(_poisson(rng, rate)):
        day = rng.randrange(30)
        hour = rng.choice((6, 9, 13, 14, 15, 16, 17, 18, 19, 20, 22)) + rng.random() - 7  # local (WIB) told in UTC
        start = _minute(block * BLOCK_S + day * DAY + hour * HOUR)
        end = start + _minute(rng.lognormvariate(math.log(95 * MINUTE), 0.7))
        for site in sites:
            if rng.random() < 0.8:
                yield Event(kind="power", subject=site, start=start, end=end + _minute(rng.uniform(0, 4 * MINUTE)))


_LINK_RATE = {"fibre": 0.10, "radio": 0.30, "4g": 0.45, "vsat": 0.9}


def _luck(province: Province, device: SimDevice, block: int, worse: float) -> Iterable[Event]:
    site = province.sites[device.site]
    rng = _rng(province.seed, f"{device.id}:{block}")
    if device.is_gateway:
        rate = 0.02 if site.kind == "pop" else _LINK_RATE[site.backhaul] * worse
        yield from _some(rng, block, "link", device.id, rate=rate, typical_s=70 * MINUTE)
        if site.backhaul == "vsat":
            yield from _some(rng, block, "lossy", device.id, rate=4, typical_s=50 * MINUTE)
    else:
        yield from _some(rng, block, "dead", device.id, rate=0.05 * worse, typical_s=9 * HOUR)
    yield from _some(rng, block, "reboot", device.id, rate=0.35, typical_s=90.0)


def _some(rng: random.Random, block: int, kind: str, subject: str, *, rate: float, typical_s: float) -> Iterable[Event]:
    for _ in range(_poisson(rng, rate)):
        start = _minute(block * BLOCK_S + rng.random() * BLOCK_S)
        long = typical_s if kind == "reboot" else _minute(rng.lognormvariate(math.log(typical_s), 0.8)) + MINUTE
        yield Event(kind=kind, subject=subject, start=start, end=start + long)


def _apart(a: SimSite, b: SimSite) -> float:
    """Degrees between two sites; the province lies on the equator, where both axes are alike."""
    return math.dist((a.lat, a.lon), (b.lat, b.lon))


def _poisson(rng: random.Random, mean: float) -> int:
    """Knuth's way; means here are small."""
    bound, count, product = math.exp(-mean), 0, rng.random()
    while product > bound:
        count += 1
        product *= rng.random()
    return count


def _minute(t: float) -> float:
    return float(round(t / MINUTE) * MINUTE)


def _rng(seed: int, what: str) -> random.Random:
    return random.Random(f"{seed}:{what}")  # noqa: S311 - a story, not a secret
