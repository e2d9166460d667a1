"""The audit: who did what, newest first, and whether the chain holds. For the signed-in only, on this machine too."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, request

from controller.views.audit import Audits
from web.access import May, reads
from web.pages.answer import fleet
from web.words import audit as words
from web.words import changes
from web.words.speech import g_now

blueprint = Blueprint("audit", __name__)
LENGTH = 200


@blueprint.get("/audit")
@reads(May.SIGNED_IN)
def audit() -> Response:
    """One page of it; `tentang` is a plan, device or account, `tindakan` an act, `sebelum` a number."""
    found: Audits = current_app.extensions["merata"].audits
    act = request.args.get("tindakan", "")
    page = found.page(
        fleet(),
        g_now(),
        about=request.args.get("tentang", "").strip()[:LENGTH],
        act=act if act in words.ACTS else "",
        before=request.args.get("sebelum", type=int),
    )
    return make_response(render_template("audit.html", page=page, words=words, changes=changes))
