"""What everybody may know (`/status`): figures a regency, no names of devices, no addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.views.fleet import Area, Fleet, Fresh, SiteNow, count_states
from measurements.intervals import State


@dataclass(frozen=True, slots=True, kw_only=True)
class RegencyStatus:
    """One regency: sites by state, people without service, availability over 30 days (mean of its sites)."""

    area: Area
    counts: Mapping[State, int]
    total: int
    people_without: int
    availability_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """`/status`."""

    fresh: Fresh
    regencies: tuple[RegencyStatus, ...]
    counts: Mapping[State, int]
    total: int
    people_without: int


def public(fleet: Fleet, availability: Mapping[str, float | None]) -> PublicPage:
    """Figures a regency, over places that serve the public."""
    serving = [s for s in fleet.sites.values() if s.site.kind.serves_public]
    by_area: dict[Area, list[SiteNow]] = {}
    for site in serving:
        by_area.setdefault(site.regency, []).append(site)
    made = [_regency(area, sites, availability) for area, sites in by_area.items()]
    return PublicPage(
        fresh=fleet.fresh,
        regencies=tuple(sorted(made, key=lambda r: r.area.name)),
        counts=count_states(serving),
        total=len(serving),
        people_without=sum(r.people_without for r in made),
    )


def _regency(area: Area, sites: list[SiteNow], availability: Mapping[str, float | None]) -> RegencyStatus:
    known = [ratio for s in sites if (ratio := availability.get(s.id)) is not None]
    return RegencyStatus(
        area=area,
        counts=count_states(sites),
        total=len(sites),
        people_without=sum(s.people or 0 for s in sites if s.state is State.DOWN),
        availability_ratio=sum(known) / len(known) if known else None,
    )
