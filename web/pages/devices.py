"""One site, one device, its charts as tables, its raw values."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from web.pages.answer import answer, fleet, views
from web.words.speech import g_now

blueprint = Blueprint("devices", __name__)
SPAN_WORDS = {"24j": "24h", "7h": "7d", "30h": "30d"}


def read_span() -> str:
    """The span of this request: 24j, 7h or 30h (jam, hari)."""
    return SPAN_WORDS.get(request.args.get("rentang", ""), "24h")


@blueprint.get("/lokasi/<site_id>")
def site(site_id: str) -> Response:
    """One site with its devices, people and history."""
    if site_id not in fleet().sites:
        abort(404)
    return answer("site.html", lambda: views().site(site_id, g_now()))


@blueprint.get("/perangkat/<device_id>")
def device(device_id: str) -> Response:
    """What is wrong with this box, since when, what to do."""
    if device_id not in fleet().devices:
        abort(404)
    span = read_span()
    return answer("device.html", lambda: views().device(device_id, g_now(), span=span))


@blueprint.get("/perangkat/<device_id>/mentah")
def raw(device_id: str) -> Response:
    """Every value of the last reading."""
    if device_id not in fleet().devices:
        abort(404)
    return answer("raw.html", lambda: views().raw(device_id, g_now()))


@blueprint.get("/perangkat/<device_id>/tabel/<key>")
def table(device_id: str, key: str) -> Response:
    """The rows behind one chart."""
    found = views().charts(device_id, g_now(), span=read_span())
    chart = next((c for c in found.charts if c.key == key), None) if found else None
    if chart is None:
        abort(404)
    return answer("table.html", lambda: found, chart=chart, device_id=device_id)
