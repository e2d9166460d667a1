"""The map of all sites."""

from __future__ import annotations

from flask import Blueprint, Response

from web.pages import filters
from web.pages.answer import answer, views
from web.words.speech import g_now

blueprint = Blueprint("map", __name__)


@blueprint.get("/peta")
def site_map() -> Response:
    """Where: drawn by the server, alive with a script; the same filters as the table."""
    wanted = filters.read_filter()
    return answer("map.html", lambda: views().map(g_now(), wanted), filters=filters)
