"""A seeded province: invented sites at real villages, devices in them, and how they hang together.

Places, codes and names of villages are facts (`geography`); the sites, their equipment and their troubles are made up.
Everything follows from (seed, number of devices): no clock, no file.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from geography.units import Level, Unit, Units, load

if TYPE_CHECKING:
    from simulator.lasting import Lasting

CARRYING = ("pop", "tower")
DEVICES_A_SITE = 2.4
ADDRESSES_A_BLOCK = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class SimSite:
    """A place of the story. Kinds and backhauls are the words of the inventory."""

    id: str
    name: str
    area: str
    lat: float
    lon: float
    kind: str
    backhaul: str
    provider: str
    plan_down_mbps: float | None
    plan_up_mbps: float | None
    capacity_clients: int | None
    programme: str | None = None
    opening: str | None = None

    @property
    def is_public(self) -> bool:
        """True when people may use the internet here."""
        return self.kind not in CARRYING

    @property
    def regency(self) -> str:
        """Code of the regency."""
        return self.area[:5]

    @property
    def district(self) -> str:
        """Code of the district."""
        return self.area[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimDevice:
    """A box of the story. `platform` is the simulator's own word for its firmware family."""

    index: int
    id: str
    site: str
    name: str
    address: str
    role: str
    platform: str
    model: str
    parent: str | None
    is_gateway: bool
    v3: bool = False
    share: float = 1.0  # of the site's clients that hang on this device


@dataclass(frozen=True, kw_only=True)
class Province:
    """Sites and devices by id, in a stable order."""

    seed: int
    sites: Mapping[str, SimSite]
    devices: Mapping[str, SimDevice]
    timezone: str = "Asia/Pontianak"
    by_address: Mapping[str, SimDevice] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_address", {d.address: d for d in self.devices.values()})

    @cached_property
    def devices_of(self) -> Mapping[str, list[SimDevice]]:
        """Devices by site id, the gateway first."""
        found: dict[str, list[SimDevice]] = defaultdict(list)
        for device in self.devices.values():
            found[device.site].append(device)
        return found

    @cached_property
    def children_of(self) -> Mapping[str, list[SimDevice]]:
        """Devices by the id of their parent."""
        found: dict[str, list[SimDevice]] = defaultdict(list)
        for device in self.devices.values():
            if device.parent:
                found[device.parent].append(device)
        return found

    @cached_property
    def lasting(self) -> Lasting:
        """Sites whose trouble, or whose quiet, lasts."""
        from simulator.lasting import choose

        return choose(self)

    def gateway(self, site: str) -> SimDevice:
        """The device through which a site reaches the internet."""
        return self.devices_of[site][0]

    def ancestors(self, device: SimDevice) -> Iterator[SimDevice]:
        """Parents up to the core, nearest first."""
        at = device
        while at.parent:
            at = self.devices[at.parent]
            yield at

    def sites_behind(self, device: SimDevice) -> list[SimSite]:
        """Public sites that lose their internet when `device` is cut, by id."""
        found: set[str] = set()
        waiting = [device]
        while waiting:
            at = waiting.pop()
            found.add(at.site)
            waiting.extend(self.children_of.get(at.id, ()))
        return [self.sites[s] for s in sorted(found) if self.sites[s].is_public]


_GATEWAYS = (  # platform, model, weight
    ("routeros-wireless", "RB951Ui-2HnD", 24),
    ("routeros-wifi", "hAP ax2", 22),
    ("openwrt", "GL-MT300N-V2", 14),
    ("linux", "PC Engines APU2", 12),
    ("routeros-plain", "RB750Gr3", 28),
)
_APS = (
    ("unifi", "UAP-AC-Mesh", 34),
    ("unifi", "U6-LR", 16),
    ("routeros-wireless", "wAP ac", 18),
    ("routeros-wifi", "cAP ax", 14),
    ("openwrt", "Archer C7 v5", 12),
    ("airos-ap", "airGateway", 6),
)
_HAVE_WIFI = {"routeros-wireless", "routeros-wifi", "openwrt"}
_APS_BY_KIND = {
    "village_office": (1, 1, 2), "school": (1, 2, 3), "puskesmas": (1, 2), "market": (1, 2, 2), "park": (2, 2, 3),
    "harbour": (1, 2), "library": (2, 2), "district_office": (1, 2), "worship": (1, 1),
}  # fmt: skip
_NAMES = {
    "village_office": "Kantor Desa {village}", "school": "SMPN {n} {district}", "puskesmas": "Puskesmas {district}",
    "market": "Pasar {village}", "park": "Taman {village}", "harbour": "Dermaga {village}",
    "library": "Perpustakaan {regency}", "district_office": "Kantor Camat {district}", "worship": "Masjid {village}",
}  # fmt: skip
_ROUND = ("puskesmas", "village_office", "school", "village_office", "market", "school", "village_office", "park",
          "district_office", "harbour", "village_office", "worship")  # fmt: skip
_OPENING = {"puskesmas": "mon-thu 07:30-14:00, fri 07:30-11:30, sat 07:30-13:00", "school": "mon-sat 06:30-15:00"}
_PROVIDER = {"fibre": "Penyedia Serat A", "radio": "Dinas Kominfo", "4g": "Operator Seluler B", "vsat": "Satelit C"}
_PLAN = {"fibre": (50, 20), "radio": (20, 10), "4g": (15, 5), "vsat": (4, 1)}


def build(*, seed: int = 61, devices: int = 600, units: Units | None = None, v3_every: int = 6) -> Province:
    """Make the province.

    Args:
        seed: another seed is another province.
        devices: how many devices; between 5 and 60,000. Exactly so many are made.
        units: where people live; the shipped tables unless told.
        v3_every: each so many-th device that can speaks SNMPv3 only (0: none).

    Raises:
        ValueError: a number of devices outside the bounds.
    """
    if not 5 <= devices <= 60_000:
        raise ValueError("between 5 and 60,000 devices")
    return _Builder(seed, devices, units if units is not None else load(), v3_every).build()


class _Builder:
    def __init__(self, seed: int, devices: int, units: Units, v3_every: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a story, not a secret
        self.seed, self.wanted, self.units, self.v3_every = seed, devices, units, v3_every
        self.able = 0
        self.sites: dict[str, SimSite] = {}
        self.devices: dict[str, SimDevice] = {}
        self.used: dict[tuple[str, str], int] = defaultdict(int)

    def build(self) -> Province:
        public = max(2, round(self.wanted / DEVICES_A_SITE * 0.8))
        regencies = self._most_peopled(public)
        quota = _shares([math.sqrt(r.population) for r in regencies], public)
        pops = {r.code: self._pop(r) for r in regencies if len(self.devices) < self.wanted}
        plans = [
            self._plan(r, pops[r.code], count) for r, count in zip(regencies, quota, strict=True) if r.code in pops
        ]
        waiting = [p for p in plans if p]
        while waiting and len(self.devices) < self.wanted:  # a site a regency in turn, so that any size covers all
            for plan in list(waiting):
                if len(self.devices) >= self.wanted:
                    break
                try:
                    next(plan)
                except StopIteration:
                    waiting.remove(plan)
        gateways = {d.site: d for d in self.devices.values() if d.is_gateway}
        public_sites = [s for s in self.sites.values() if s.is_public]
        while len(self.devices) < self.wanted:  # quotas are estimates: what is missing becomes more access points
            site = self.rng.choice(public_sites)
            self._ap(site, gateways[site.id])
        return Province(seed=self.seed, sites=dict(self.sites), devices=_shared_out(self.devices))

    def _most_peopled(self, public: int) -> list[Unit]:
        ranked = sorted(self.units.level(Level.REGENCY), key=lambda u: (-u.population, u.code))
        return sorted(ranked[: max(1, min(len(ranked), public // 2))], key=lambda u: u.code)

    def _plan(self, regency: Unit, pop: SimDevice, count: int) -> Iterator[None]:
        """Towers and public sites of one regency, a site a step."""
        districts = self.units.within(regency, Level.DISTRICT)
        order = sorted(districts, key=lambda d: -d.population * self.rng.uniform(0.4, 1.6))
        turn = 0
        made = 0
        while made < count:
            district = order[turn % len(order)]
            turn += 1
            tower = self._tower(district, pop)
            yield
            for kind in self._kinds(min(self.rng.choice((3, 4, 4, 5, 6)), count - made)):
                if (site := self._public(district, kind)) is not None:
                    self._equip(site, tower, pop)
                    yield
                made += 1

    def _kinds(self, count: int) -> list[str]:
        start = self.rng.randrange(len(_ROUND))
        return [_ROUND[(start + step) % len(_ROUND)] for step in range(count)]

    def _pop(self, regency: Unit) -> SimDevice:
        districts = self.units.within(regency, Level.DISTRICT)
        seat = next((d for d in districts if d.name == regency.capital), None)
        seat = seat or max(districts, key=lambda d: d.population)
        lat, lon = self._near(self.units.place(seat), 0.005)
        site = self._site(
            "pop", f"POP {regency.capital or seat.name}", seat.code, lat, lon, "fibre", plan=(10_000, 10_000)
        )
        return self._device(site, "router", ("routeros-plain", "CCR2004-16G-2S+"), None, gateway=True)

    def _tower(self, district: Unit, pop: SimDevice) -> SimDevice:
        lat, lon = self._near(district.popcentre or self.units.place(district), 0.03)
        n = self.used[district.code, "tower"] = self.used[district.code, "tower"] + 1
        name = f"Menara {district.name}" + (f" {n}" if n > 1 else "")
        site = self._site("tower", name, district.code, lat, lon, "radio", plan=(200, 200))
        router = self._device(site, "router", ("routeros-plain", "RB1100AHx4"), pop.id, gateway=True)
        if self.rng.random() < 0.35 and len(self.devices) < self.wanted:
            self._device(site, "ap", ("airos-sector", "Rocket Prism 5AC"), router.id, gateway=False)
        return router

    def _public(self, district: Unit, kind: str) -> SimSite | None:
        villages = self.units.children(district)
        free = [v for v in villages if not self.used[v.code, kind]] or villages
        village = self.rng.choices(free, [max(200, v.population) for v in free])[0]
        self.used[village.code, kind] += 1
        nth = self.used[district.code, kind] = self.used[district.code, kind] + 1
        regency = self.units.parent(district)
        pattern = "Kantor Lurah {village}" if (kind, village.kind) == ("village_office", "kelurahan") else _NAMES[kind]
        name = pattern.format(village=village.name, district=district.name, n=nth,
                                   regency=regency.name if regency else "")  # fmt: skip
        if nth > 1 and kind in ("puskesmas", "district_office", "library"):
            name = f"{name} {village.name}"
        reach = math.sqrt((village.area_km2 or 4.0) / math.pi) / 111.0
        lat, lon = self._near(self.units.place(village), min(0.02, reach * 0.4))
        return self._site(kind, name, village.code, lat, lon, self._backhaul(district), plan=None)

    def _backhaul(self, district: Unit) -> str:
        density = district.population / (district.area_km2 or 1.0)
        vsat = 0.30 if density < 15 else 0.06 if density < 60 else 0.0
        fibre = 0.45 if density > 300 else 0.10
        return self.rng.choices(["vsat", "fibre", "4g", "radio"], [vsat, fibre, 0.14, 1 - vsat - fibre - 0.14])[0]

    def _site(
        self, kind: str, name: str, area: str, lat: float, lon: float, backhaul: str,
        plan: tuple[float, float] | None,
    ) -> SimSite:  # fmt: skip
        down, up = plan or _PLAN[backhaul]
        public = kind not in CARRYING
        site = SimSite(
            id=f"{_slug(kind)}-{area.replace('.', '')}-{len(self.sites) + 1:04d}", name=name, area=area,
            lat=round(lat, 5), lon=round(lon, 5), kind=kind, backhaul=backhaul, provider=_PROVIDER[backhaul],
            plan_down_mbps=down, plan_up_mbps=up,
            capacity_clients={"vsat": 15, "4g": 25, "radio": 40, "fibre": 60}[backhaul] if public else None,
            programme=self.rng.choice(("Layanan Internet Publik", "Desa Digital")) if public else None,
            opening=_OPENING.get(kind),
        )  # fmt: skip
        self.sites[site.id] = site
        return site

    def _equip(self, site: SimSite, tower: SimDevice, pop: SimDevice) -> None:
        if len(self.devices) >= self.wanted:
            del self.sites[site.id]
            return
        parent = {"radio": tower.id, "fibre": pop.id}.get(site.backhaul)
        platform = self.rng.choices(_GATEWAYS, [w for *_, w in _GATEWAYS])[0]
        gateway = self._device(site, "router", platform[:2], parent, gateway=True)
        for _ in range(self.rng.choice(_APS_BY_KIND[site.kind])):
            if len(self.devices) >= self.wanted:
                return
            self._ap(site, gateway)

    def _ap(self, site: SimSite, gateway: SimDevice) -> None:
        self._device(site, "ap", self.rng.choices(_APS, [w for *_, w in _APS])[0][:2], gateway.id, gateway=False)

    def _device(
        self, site: SimSite, role: str, platform: tuple[str, str], parent: str | None, *, gateway: bool
    ) -> SimDevice:
        index = len(self.devices)
        nth = self.used[site.id, role] = self.used[site.id, role] + 1
        short = "gw" if gateway else role
        block, host = divmod(index, ADDRESSES_A_BLOCK)
        device = SimDevice(
            index=index, id=f"{site.id}-{short}{'' if gateway else nth}", site=site.id,
            name=f"{site.name} {short}{'' if gateway else nth}",
            address=f"127.{61 + block // 250}.{1 + block % 250}.{1 + host}", role=role, platform=platform[0],
            model=platform[1], parent=parent, is_gateway=gateway,
            v3=self._speaks_v3(platform[0]),
        )  # fmt: skip
        self.devices[device.id] = device
        return device

    def _speaks_v3(self, platform: str) -> bool:
        """Each so many-th of the boxes whose firmware can: airOS and UniFi are left at v2c, as they usually are."""
        if not self.v3_every or not platform.startswith(("routeros", "linux", "openwrt")):
            return False
        self.able += 1
        return self.able % self.v3_every == 0

    def _near(self, point: tuple[float, float] | None, reach: float) -> tuple[float, float]:
        if point is None:
            raise ValueError("an area without any point")
        angle, far = self.rng.uniform(0, 2 * math.pi), reach * math.sqrt(self.rng.random())
        return point[0] + far * math.sin(angle), point[1] + far * math.cos(angle)


def _slug(kind: str) -> str:
    return {"village_office": "desa", "district_office": "camat", "school": "sekolah", "puskesmas": "pkm",
            "market": "pasar", "park": "taman", "harbour": "dermaga", "library": "pustaka", "worship": "ibadah",
            "tower": "menara", "pop": "pop"}[kind]  # fmt: skip


def _shares(weights: Sequence[float], total: int) -> list[int]:
    """Whole shares of `total` in proportion to `weights` (largest remainders; at least one each)."""
    whole = sum(weights)
    exact = [w / whole * total for w in weights]
    given = [max(1, int(e)) for e in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: given[i] - exact[i])
    for i in range(max(0, total - sum(given))):
        given[by_rest[i % len(given)]] += 1
    return given


def _shared_out(devices: Mapping[str, SimDevice]) -> dict[str, SimDevice]:
    """Divide each site's clients among the devices that have radios."""
    from dataclasses import replace

    serving: dict[str, list[SimDevice]] = defaultdict(list)
    for device in devices.values():
        if device.platform in _HAVE_WIFI or device.platform in ("unifi", "airos-ap"):
            serving[device.site].append(device)
    for site, group in serving.items():  # where there are access points, the gateway's own radio is left off
        serving[site] = [d for d in group if not d.is_gateway] or group
    share = {d.id: 1 / len(group) for group in serving.values() for d in group}
    return {d.id: replace(d, share=share.get(d.id, 0.0)) for d in devices.values()}
