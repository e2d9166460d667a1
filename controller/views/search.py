"""Find a site, a village, a device or an address (`/cari?q=`)."""

from __future__ import annotations

from dataclasses import dataclass

from controller.views.fleet import Area, DeviceNow, Fleet, Fresh, SiteNow, area
from geography.units import Level

SHOWN = 20
SHORTEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFound:
    """An administrative unit whose name matches, and how many sites stand in it."""

    area: Area
    path: str
    regency: str
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """`/cari`: at most twenty of each."""

    fresh: Fresh
    words: str
    too_short: bool
    sites: tuple[SiteNow, ...]
    devices: tuple[DeviceNow, ...]
    places: tuple[PlaceFound, ...]

    @property
    def found(self) -> int:
        """How many hits are shown."""
        return len(self.sites) + len(self.devices) + len(self.places)


def search(fleet: Fleet, words: str) -> SearchPage:
    """Match every word somewhere in a name, an id or an address; beginnings first."""
    asked = words.casefold().split()
    if len(words.strip()) < SHORTEST:
        return SearchPage(fresh=fleet.fresh, words=words, too_short=bool(words), sites=(), devices=(), places=())
    sites = [s for s in fleet.sites.values() if _matches(asked, f"{s.site.name} {s.id} {_where(s)}")]
    devices = [d for d in fleet.devices.values() if _matches(asked, f"{d.device.name} {d.id} {d.device.target.host}")]
    sites.sort(key=lambda s: (not s.site.name.casefold().startswith(asked[0]), s.site.name))
    devices.sort(key=lambda d: (not d.device.name.casefold().startswith(asked[0]), d.device.name))
    return SearchPage(
        fresh=fleet.fresh,
        words=words,
        too_short=False,
        sites=tuple(sites[:SHOWN]),
        devices=tuple(devices[:SHOWN]),
        places=_places(fleet, asked),
    )


def _places(fleet: Fleet, asked: list[str]) -> tuple[PlaceFound, ...]:
    standing: dict[str, int] = {}
    for site in fleet.sites.values():
        parts = site.site.area.split(".")
        for depth in range(2, len(parts) + 1):
            code = ".".join(parts[:depth])
            standing[code] = standing.get(code, 0) + 1
    found = []
    for code, count in sorted(standing.items()):
        unit = fleet.units.get(code)
        if unit is None or unit.level is Level.PROVINCE or not _matches(asked, unit.name):
            continue
        found.append(
            PlaceFound(
                area=area(fleet.units, code),
                path=fleet.units.path(code),
                regency=".".join(code.split(".")[:2]),
                sites=count,
            )
        )
    return tuple(sorted(found, key=lambda p: (p.area.code.count("."), p.area.name))[:SHOWN])


def _where(site: SiteNow) -> str:
    village = site.village.name if site.village else ""
    return f"{village} {site.district.name} {site.regency.name}"


def _matches(asked: list[str], text: str) -> bool:
    lowered = text.casefold()
    return all(word in lowered for word in asked)
