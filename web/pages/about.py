"""Status for everybody, the program itself, search, and what stands under "more"."""

from __future__ import annotations

from flask import Blueprint, Response, request

from web.access import for_all
from web.pages.answer import answer, views
from web.words.speech import g_now

blueprint = Blueprint("about", __name__)


@blueprint.get("/status")
@for_all
def public() -> Response:
    """Figures a regency; no names of devices, no addresses."""
    return answer("public.html", lambda: views().public(g_now()))


@blueprint.get("/sistem")
def system() -> Response:
    """Cycles, lanes, store, ping permission."""
    return answer("system.html", lambda: views().system(g_now()))


@blueprint.get("/cari")
def search() -> Response:
    """Find a site, a place, a device or an address."""
    words = request.args.get("q", "").strip()[:80]
    return answer("search.html", lambda: views().search(words, g_now()))


@blueprint.get("/lainnya")
def more() -> Response:
    """Language, appearance, keys, and the pages that are rarely needed."""
    return answer("more.html", lambda: None)
