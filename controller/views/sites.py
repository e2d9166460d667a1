"""The table of all sites (`/lokasi`), and the filters that it shares with the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.views.fleet import RANK, Area, Fleet, Fresh, SiteNow, count_states
from devices.model import SiteKind
from measurements.intervals import State

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFilter:
    """What the query string asks for; empty means all. Unknown words were dropped when it was read."""

    regency: str = ""
    states: tuple[State, ...] = ()
    kind: str = ""
    words: str = ""

    def keeps(self, site: SiteNow) -> bool:
        """True when the site passes every part of the filter."""
        return (not self.states or site.state in self.states) and self.keeps_place(site)

    def keeps_place(self, site: SiteNow) -> bool:
        """True when the site passes everything but the status, for the counts beside the statuses."""
        if self.regency and site.regency.code != self.regency:
            return False
        if self.kind and site.site.kind != self.kind:
            return False
        return not self.words or self.words.casefold() in f"{site.site.name} {site.id} {site.district.name}".casefold()


SORTS: Mapping[str, Callable[[SiteNow], tuple[Any, ...]]] = {
    "status": lambda s: (RANK[s.state], -(s.people or 0), s.site.name),
    "name": lambda s: (s.site.name.casefold(),),
    "place": lambda s: (s.regency.name, s.district.name, s.site.name),
    "people": lambda s: (-(s.people if s.people is not None else -1), s.site.name),
    "clients": lambda s: (-(s.clients if s.clients is not None else -1), s.site.name),
    "since": lambda s: (-(s.since or 0), s.site.name),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """One row: the site and its availability over 30 days (None: nothing observed)."""

    site: SiteNow
    availability_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitesPage:
    """`/lokasi`: one page of the table."""

    fresh: Fresh
    rows: tuple[SiteRow, ...]
    matched: int
    total: int
    page: int
    pages: int
    first: int
    last: int
    sort: str
    filter: SiteFilter
    counts: Mapping[State, int]
    regencies: tuple[Area, ...]
    kinds: tuple[SiteKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Sites that pass a filter, and what the filter controls need."""

    sites: tuple[SiteNow, ...]
    counts: Mapping[State, int]
    regencies: tuple[Area, ...] = field(default=())
    kinds: tuple[SiteKind, ...] = field(default=())


def select(fleet: Fleet, wanted: SiteFilter, sort: str = "status") -> Selection:
    """Sites that pass the filter in the asked order (worst first unless told otherwise)."""
    by_place = [s for s in fleet.sites.values() if wanted.keeps_place(s)]
    chosen = [s for s in by_place if not wanted.states or s.state in wanted.states]
    chosen.sort(key=SORTS.get(sort, SORTS["status"]))
    regencies = {s.regency.code: s.regency for s in fleet.sites.values()}
    return Selection(
        sites=tuple(chosen),
        counts=count_states(by_place),
        regencies=tuple(sorted(regencies.values(), key=lambda a: a.name)),
        kinds=tuple(k for k in SiteKind if any(s.site.kind is k for s in fleet.sites.values())),
    )


def sites(
    fleet: Fleet,
    wanted: SiteFilter,
    *,
    sort: str,
    page: int,
    availability: Callable[[Sequence[str]], Mapping[str, float | None]],
) -> SitesPage:
    """Fifty rows of the table.

    Args:
        fleet: the present.
        wanted: the filter.
        sort: a key of `SORTS`; anything else sorts worst first.
        page: 1-based; past the end gives the last page.
        availability: ratio over 30 days of the named sites; asked for the rows shown only.
    """
    chosen = select(fleet, wanted, sort)
    pages = max(1, -(-len(chosen.sites) // PAGE_SIZE))
    page = min(max(1, page), pages)
    first = (page - 1) * PAGE_SIZE
    shown = chosen.sites[first : first + PAGE_SIZE]
    ratios = availability([s.id for s in shown])
    return SitesPage(
        fresh=fleet.fresh,
        rows=tuple(SiteRow(site=s, availability_ratio=ratios.get(s.id)) for s in shown),
        matched=len(chosen.sites),
        total=len(fleet.sites),
        page=page,
        pages=pages,
        first=first + 1 if shown else 0,
        last=first + len(shown),
        sort=sort if sort in SORTS else "status",
        filter=wanted,
        counts=chosen.counts,
        regencies=chosen.regencies,
        kinds=chosen.kinds,
    )


def filter_of(*, regency: str = "", states: Sequence[str] = (), kind: str = "", words: str = "") -> SiteFilter:
    """A filter from plain text; values that do not exist are dropped."""
    return SiteFilter(
        regency=regency,
        states=tuple(State(s) for s in states if s in set(State)),
        kind=kind if kind in set(SiteKind) else "",
        words=words,
    )
