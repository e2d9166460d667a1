"""The outage board and one outage."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from web.pages.answer import answer, views
from web.words.speech import g_now

blueprint = Blueprint("board", __name__)
ORDERS = {"orang": "people", "terbaru": "newest"}


@blueprint.get("/")
def board() -> Response:
    """What is down, for how many."""
    order = ORDERS.get(request.args.get("urut", ""), "people")
    return answer("board.html", lambda: views().board(g_now(), order=order))


@blueprint.get("/gangguan/<outage_id>")
def outage(outage_id: str) -> Response:
    """One outage with its evidence."""
    page = views().outage(outage_id, g_now())
    if page is None:
        abort(404)
    return answer("outage.html", lambda: page)
