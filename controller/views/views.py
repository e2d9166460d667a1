"""The one object that pages and API are handed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from controller.views import board as boards
from controller.views import sites as tables
from controller.views.fleet import Fleet, build
from controller.views.sites import SiteFilter
from controller.views.sources import Sources

KEEP_S = 3.0  # how long one reading of the present serves every request
DAY_S = 86400


class Views:
    """Queries behind the pages. Thread-safe: the present is read once and shared for a few seconds.

    Args:
        sources: where to read.
        keep_s: how long one reading of the present is used again.
    """

    def __init__(self, sources: Sources, *, keep_s: float = KEEP_S) -> None:
        self.sources = sources
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None

    def fleet(self, now: float) -> Fleet:
        """The present, at most `keep_s` old."""
        kept = self._fleet
        if kept is not None and 0 <= now - kept.built_at < self._keep_s:
            return kept
        with self._lock:  # one thread reads, the others wait and take what it read
            kept = self._fleet
            if kept is None or not 0 <= now - kept.built_at < self._keep_s:
                self._fleet = kept = build(self.sources, now)
            return kept

    def board(self, now: float, *, order: str = "people") -> boards.BoardPage:
        """`/`."""
        return boards.board(self.fleet(now), self.sources, now, order=order)

    def outage(self, outage_id: str, now: float) -> boards.OutagePage | None:
        """`/gangguan/<id>`."""
        return boards.outage(self.fleet(now), self.sources, outage_id, now)

    def sites(self, now: float, wanted: SiteFilter, *, sort: str = "status", page: int = 1) -> tables.SitesPage:
        """`/lokasi`."""
        return tables.sites(
            self.fleet(now), wanted, sort=sort, page=page, availability=lambda ids: self.availability(ids, now)
        )

    def availability(self, site_ids: Sequence[str], now: float) -> Mapping[str, float | None]:
        """Ratio up / (up + down) of each site over 30 days."""
        if not site_ids:
            return {}
        found = self.sources.reader.summary(
            "state", start=int(now) - 30 * DAY_S, end=int(now), subjects=[f"site:{s}" for s in site_ids]
        )
        return {s.subject.removeprefix("site:"): s.availability_ratio for s in found}
