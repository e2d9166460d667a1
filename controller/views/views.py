"""The one object that pages and API are handed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controller.views import board as boards
from controller.views import charts as curves
from controller.views import device as boxes
from controller.views import map as maps
from controller.views import public as publics
from controller.views import search as finds
from controller.views import site as places
from controller.views import sites as tables
from controller.views import system as systems
from controller.views.fleet import Fleet, area, build
from controller.views.history import DAY_S, DAYS, Bar, bar
from controller.views.sites import SiteFilter
from controller.views.sources import Sources
from devices.facts import Identity

log = logging.getLogger("merata.views")
KEEP_S = 3.0  # how long one reading of the present serves every request
STALE = 5  # times `keep_s` that a reading is still shown while a newer one is made
RATIOS_S = 300.0  # thirty days do not change in five minutes


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
        self._slow = threading.Lock()
        self._fleet: Fleet | None = None
        self._ratios: Mapping[str, float | None] = {}
        self._ratios_at = float("-inf")

    def fleet(self, now: float) -> Fleet:
        """The present. At most `keep_s` old where nobody asked for long; a busy page is renewed behind its readers.

        The first reader of a while waits for the reading. While there are readers, one of them has it renewed in a
        thread and all are served what is there, so that no answer waits for ten thousand devices.
        """
        kept = self._fleet
        age = float("inf") if kept is None else now - kept.built_at
        if kept is not None and 0 <= age < self._keep_s:
            return kept
        if kept is not None and 0 <= age < self._keep_s * STALE:
            if self._lock.acquire(blocking=False):
                threading.Thread(target=self._renew, args=(now,), name="merata-views", daemon=True).start()
            return kept
        with self._lock:  # one thread reads, the others wait and take what it read
            kept = self._fleet
            if kept is None or not 0 <= now - kept.built_at < self._keep_s:
                self._fleet = kept = build(self.sources, now)
            return kept

    def _renew(self, now: float) -> None:
        """Read the present in a thread of its own; the lock was taken by who started it."""
        try:
            self._fleet = build(self.sources, now)
        except Exception:  # the next reader past the stale time meets the failure and tells it
            log.exception("the present could not be read")
        finally:
            self._lock.release()

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

    def map(self, now: float, wanted: SiteFilter) -> maps.MapPage:
        """`/peta`."""
        return maps.site_map(self.fleet(now), self.sources, wanted)

    def site(self, site_id: str, now: float) -> places.SitePage | None:
        """`/lokasi/<id>`."""
        return places.site(self.fleet(now), self.sources, site_id, now)

    def device(self, device_id: str, now: float, *, span: str = "24h") -> boxes.DevicePage | None:
        """`/perangkat/<id>`; `span` is a key of `charts.SPANS`."""
        return boxes.device(self.fleet(now), self.sources, device_id, now, span=span)

    def charts(self, device_id: str, now: float, *, span: str = "24h") -> curves.ChartSet | None:
        """The histories of one device alone."""
        fleet = self.fleet(now)
        found = fleet.devices.get(device_id)
        if found is None:
            return None
        return curves.charts(self.sources, found, fleet.sites.get(found.device.site), now, span=span)

    def identity(self, device_id: str) -> Identity | None:
        """What a device last said it is; None where it never did."""
        return self.sources.identity(device_id)

    def raw(self, device_id: str, now: float) -> boxes.RawPage | None:
        """`/perangkat/<id>/mentah`."""
        return boxes.raw(self.fleet(now), device_id)

    def public(self, now: float) -> publics.PublicPage:
        """`/status`."""
        return publics.public(self.fleet(now), self.availability(None, now))

    def system(self, now: float) -> systems.SystemPage:
        """`/sistem`."""
        return systems.system(self.fleet(now), self.sources, now)

    def search(self, words: str, now: float) -> finds.SearchPage:
        """`/cari`."""
        return finds.search(self.fleet(now), words)

    def columns(self, now: float) -> dict[str, Any]:
        """All sites as compact columns, for the map."""
        return maps.columns(self.fleet(now))

    def select(self, now: float, wanted: SiteFilter, *, sort: str = "status") -> tables.Selection:
        """All sites that pass a filter."""
        return tables.select(self.fleet(now), wanted, sort)

    def history(self, subject: str, now: float) -> Bar:
        """Thirty days of `device:<id>` or `site:<id>`."""
        return bar(self.sources.reader, subject, now)

    def outages(self, now: float, *, start: float | None, end: float | None) -> list[boards.OutageItem]:
        """Open outages, or (with a start or an end) those that touch [start, end); most people first."""
        fleet = self.fleet(now)
        found = fleet.outages
        if start is not None or end is not None:
            found = tuple(self.sources.reader.outages(start=start or 0.0, end=now + 1 if end is None else end))
        items = [boards.outage_item(fleet, o, now) for o in found]
        return sorted(items, key=lambda i: (-i.people, i.started, i.id))

    def names(self, now: float, codes: Iterable[str]) -> Mapping[str, str]:
        """Short names of units by code."""
        units = self.fleet(now).units
        return {code: area(units, code).name for code in codes}

    def availability(self, site_ids: Sequence[str] | None, now: float) -> Mapping[str, float | None]:
        """Ratio up / (up + down) of the named sites (None: all) over 30 days; read again every five minutes."""
        with self._slow:
            if not 0 <= now - self._ratios_at < RATIOS_S:
                found = self.sources.reader.summary("state", start=int(now) - DAYS * DAY_S, end=int(now))
                self._ratios = {
                    s.subject.removeprefix("site:"): s.availability_ratio
                    for s in found
                    if s.subject.startswith("site:")
                }
                self._ratios_at = now
            ratios = self._ratios
        return ratios if site_ids is None else {i: ratios.get(i) for i in site_ids}
