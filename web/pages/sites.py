"""The table of sites."""

from __future__ import annotations

from flask import Blueprint, Response

from web.pages import filters
from web.pages.answer import answer, views
from web.words.speech import g_now

blueprint = Blueprint("sites", __name__)


@blueprint.get("/lokasi")
def sites() -> Response:
    """All sites, fifty a page, filtered and sorted by links."""
    wanted, sort, page = filters.read_filter(), filters.read_sort(), filters.read_page()
    return answer("sites.html", lambda: views().sites(g_now(), wanted, sort=sort, page=page), filters=filters)
