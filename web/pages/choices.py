"""Language and theme: kept in two cookies, nothing else is."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from web.access import for_all
from web.own_path import own_path
from web.words.speech import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE

blueprint = Blueprint("choices", __name__)
YEAR_S = 365 * 86400
ALLOWED = {LANGUAGE_COOKIE: LANGUAGES, THEME_COOKIE: ("light", "dark", "system")}


@blueprint.get("/pilihan")
@for_all
def choose() -> Response:
    """Keep a choice and go back to where the reader was."""
    response = redirect(own_path(request.args.get("kembali", "/")), code=303)
    for name, allowed in ALLOWED.items():
        value = request.args.get(name, "")
        if value == "system":
            response.delete_cookie(name, samesite="Lax")
        elif value in allowed:
            response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", httponly=True)
    response.headers["Cache-Control"] = "no-store"
    return response
