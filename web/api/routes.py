"""The routes under /api/v1: what the pages show, for programs."""

from __future__ import annotations

import gzip
import threading
from datetime import UTC, datetime
from typing import Any

import brotli  # type: ignore[import-untyped]  # ships no types
from flask import Blueprint, Response, current_app, jsonify, request
from flask.json import dumps
from spectree import Response as Documented

from controller.views.map import label_points
from controller.views.sites import filter_of
from web.access import for_all
from web.api import schemas as s
from web.api import shape
from web.api.tree import conditional, spec
from web.errors import problem
from web.pages.answer import etag_of, fleet, is_known, not_modified, views
from web.words.speech import g_now

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
DAY_S = 86400
MAX_SLOTS = 20_000
_404 = {"HTTP_404": s.ProblemOut}


def _doc(model: type[Any], **more: Any) -> Documented:
    return Documented(HTTP_200=model, **more)


def _epoch(at: datetime | None) -> float | None:
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


@blueprint.get("/summary")
@spec.validate(resp=_doc(s.SummaryOut), tags=["fleet"])
def summary() -> Response:
    """The fleet in a few figures."""

    def make() -> s.SummaryOut:
        page = views().board(g_now())
        return s.SummaryOut(
            fresh=shape.fresh(page.fresh),
            sites=page.total,
            devices=len(fleet().devices),
            counts=shape.counts(page.counts),
            outages=len(page.outages) + page.more,
            people_without_internet=page.people,
        )

    return conditional(make)


@blueprint.get("/sites")
@spec.validate(resp=_doc(s.SitesOut), tags=["sites"])
def sites(query: s.SiteQuery) -> Response:
    """Sites by filter, page by page."""

    def make() -> s.SitesOut:
        wanted = filter_of(regency=query.regency, states=query.state, kind=query.kind, words=query.q)
        chosen = views().select(g_now(), wanted, sort=query.sort)
        first, paging = _paged(len(chosen.sites), len(fleet().sites), query.page, query.per_page)
        return s.SitesOut(
            fresh=shape.fresh(fleet().fresh),
            paging=paging,
            counts=shape.counts(chosen.counts),
            sites=[shape.site(x) for x in chosen.sites[first : first + query.per_page]],
        )

    return conditional(make)


@blueprint.get("/sites/<site_id>")
@spec.validate(resp=_doc(s.SiteDetailOut, **_404), tags=["sites"])
def site(site_id: str) -> Response:
    """One site with its history of thirty days."""

    def make() -> s.SiteDetailOut | None:
        page = views().site(site_id, g_now())
        if page is None:
            return None
        return s.SiteDetailOut(
            fresh=shape.fresh(page.fresh),
            site=shape.site(page.site),
            history=shape.history(page.bar),
            outage=page.outage.id if page.outage else None,
        )

    return conditional(make)


class Columns:
    """The compact form of all sites, compressed once a version and kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = ""
        self._bodies: dict[str, bytes] = {}

    def body(self, version: str, encoding: str) -> bytes:
        """The body in an encoding (`br`, `gzip` or plain)."""
        with self._lock:
            if version != self._version:
                self._bodies, self._version = {}, version
            if encoding not in self._bodies:
                text = self._bodies.get("") or dumps(views().columns(g_now()), separators=(",", ":")).encode()
                self._bodies[""] = text
                if encoding == "br":
                    self._bodies["br"] = brotli.compress(text, quality=9)
                elif encoding == "gzip":
                    self._bodies["gzip"] = gzip.compress(text, 6, mtime=0)
            return self._bodies[encoding]


@blueprint.get("/sites.columns")
@spec.validate(resp=_doc(s.ColumnsOut), tags=["sites"], skip_validation=True)
def columns() -> Response:
    """All sites as columns, for maps: about 5 bytes a site compressed."""
    tag = etag_of("columns", fleet().version)
    if is_known(tag):
        return not_modified(tag)
    kept: Columns = current_app.extensions["merata-columns"]
    encoding = next((e for e in ("br", "gzip") if request.accept_encodings[e]), "")
    response = Response(kept.body(fleet().version, encoding), mimetype="application/json")
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(tag)
    return response


@blueprint.get("/outlines")
@spec.validate(resp=_doc(s.OutlinesOut), tags=["areas"], skip_validation=True)
def outlines() -> Response:
    """Outlines of the regencies as GeoJSON (RFC 7946); `approximate` is true until real boundaries are imported."""
    found = views().sources.outlines()
    approximate = not views().sources.is_exact
    tag = etag_of("outlines", len(found), sum(len(r) for rings in found.values() for r in rings))
    if is_known(tag):
        return not_modified(tag)
    names, labels = views().names(g_now(), found), label_points(found)
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": {"code": code, "name": names[code], "approximate": approximate, "label": labels[code]},
            "geometry": {"type": "MultiPolygon", "coordinates": [[list(map(list, ring))] for ring in rings]},
        }
        for code, rings in found.items()
    ]
    response = jsonify(type="FeatureCollection", features=features)
    response.set_etag(tag)
    return response


@blueprint.get("/devices")
@spec.validate(resp=_doc(s.DevicesOut), tags=["devices"])
def devices(query: s.DeviceQuery) -> Response:
    """Devices by filter, page by page."""

    def make() -> s.DevicesOut:
        found = [
            d
            for d in fleet().devices.values()
            if (not query.site or d.device.site == query.site) and (not query.state or d.state in query.state)
        ]
        first, paging = _paged(len(found), len(fleet().devices), query.page, query.per_page)
        return s.DevicesOut(
            fresh=shape.fresh(fleet().fresh),
            paging=paging,
            devices=[shape.device(d) for d in found[first : first + query.per_page]],
        )

    return conditional(make)


@blueprint.get("/devices/<device_id>")
@spec.validate(resp=_doc(s.DeviceDetailOut, **_404), tags=["devices"])
def device(device_id: str) -> Response:
    """One device with every value of its last reading."""

    def make() -> s.DeviceDetailOut | None:
        found = fleet().devices.get(device_id)
        if found is None:
            return None
        latest = found.latest
        return s.DeviceDetailOut(
            fresh=shape.fresh(fleet().fresh),
            device=shape.device(found),
            identity=shape.identity(views().identity(device_id)),
            interfaces={k: shape.plain_all(v) for k, v in latest.interfaces.items()} if latest else {},
            radios={k: shape.plain_all(v) for k, v in latest.radios.items()} if latest else {},
            services={k: shape.plain_all(v) for k, v in latest.services.items()} if latest else {},
            history=shape.history(views().history(f"device:{device_id}", g_now())),
        )

    return conditional(make)


@blueprint.get("/devices/<device_id>/charts")
@spec.validate(resp=_doc(s.ChartsOut, **_404), tags=["devices"])
def charts(device_id: str, query: s.ChartQuery) -> Response:
    """The charts of a device's page."""

    def make() -> s.ChartsOut | None:
        found = views().charts(device_id, g_now(), span=query.span)
        return shape.charts(found) if found else None

    return conditional(make)


@blueprint.get("/devices/<device_id>/series")
@spec.validate(resp=_doc(s.SeriesOut, HTTP_400=s.ProblemOut, **_404), tags=["devices"])
def series(device_id: str, query: s.SeriesQuery) -> Response:
    """Stored columns of one device over any time."""
    now = g_now()
    end = int(_epoch(query.end) or now)
    start = int(_epoch(query.start) or end - DAY_S)
    if not 0 <= start < end:
        return problem(400, "invalid_request", "The start must lie before the end.")
    if (end - start) / (query.step_s or 60) > MAX_SLOTS:
        return problem(400, "too_much", f"More than {MAX_SLOTS} slots; ask for a longer step_s or less time.")

    def make() -> s.SeriesOut | None:
        if device_id not in fleet().devices:
            return None
        found = views().sources.reader.series(
            query.kind, device_id, query.field, start=start, end=end, step_s=query.step_s, name=query.name
        )
        return s.SeriesOut(
            kind=query.kind,
            device=device_id,
            name=query.name,
            step_s=found.step_s,
            tier=found.tier,
            slots=list(found.slots),
            columns={k: [shape.plain(v) for v in column] for k, column in found.columns.items()},
        )

    return conditional(make)


@blueprint.get("/outages")
@spec.validate(resp=_doc(s.OutagesOut), tags=["outages"])
def outages(query: s.OutageQuery) -> Response:
    """Open outages, or those that touch [start, end)."""

    def make() -> s.OutagesOut:
        start, end = _epoch(query.start), _epoch(query.end)
        found = views().outages(g_now(), start=start, end=end)
        return s.OutagesOut(fresh=shape.fresh(fleet().fresh), outages=[shape.outage(o) for o in found])

    return conditional(make, int(g_now() // 60))


@blueprint.get("/outages/<outage_id>")
@spec.validate(resp=_doc(s.OutageDetailOut, **_404), tags=["outages"])
def outage(outage_id: str) -> Response:
    """One outage, open or ended."""

    def make() -> s.OutageDetailOut | None:
        page = views().outage(outage_id, g_now())
        return s.OutageDetailOut(fresh=shape.fresh(page.fresh), outage=shape.outage(page.outage)) if page else None

    return conditional(make, int(g_now() // 60))


@blueprint.get("/status")
@for_all
@spec.validate(resp=_doc(s.StatusOut), tags=["fleet"])
def status() -> Response:
    """Public figures a regency; no names of devices, no addresses."""

    def make() -> s.StatusOut:
        page = views().public(g_now())
        return s.StatusOut(
            fresh=shape.fresh(page.fresh),
            places=page.total,
            counts=shape.counts(page.counts),
            people_without_internet=page.people_without,
            regencies=[
                s.RegencyOut(
                    area=shape.area(r.area),
                    places=r.total,
                    counts=shape.counts(r.counts),
                    people_without_internet=r.people_without,
                    availability_ratio=r.availability_ratio,
                )
                for r in page.regencies
            ],
        )

    return conditional(make)


@blueprint.get("/system")
@spec.validate(resp=_doc(s.SystemOut), tags=["fleet"])
def system() -> Response:
    """The program itself: cycles, lanes, store."""

    def make() -> s.SystemOut:
        page = views().system(g_now())
        return s.SystemOut(
            fresh=shape.fresh(page.fresh),
            devices=page.devices,
            sites=page.sites,
            answered=page.answered,
            lanes=dict(page.lanes),
            errors={str(k): v for k, v in page.errors.items()},
            inventory_version=page.inventory_version,
            run=dict(page.run),
        )

    return conditional(make, int(g_now() // 15))


def _paged(matched: int, total: int, page: int, per_page: int) -> tuple[int, s.PageOut]:
    pages = max(1, -(-matched // per_page))
    page = min(page, pages)
    return (page - 1) * per_page, s.PageOut(page=page, pages=pages, matched=matched, total=total)
