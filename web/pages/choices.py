"""Language and theme: kept in two cookies, nothing else is."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from web.words.speech import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE

blueprint = Blueprint("choices", __name__)
YEAR_S = 365 * 86400
ALLOWED = {LANGUAGE_COOKIE: LANGUAGES, THEME_COOKIE: ("light", "dark", "system")}


@blueprint.get("/pilihan")
def choose() -> Response:
    """Keep a choice and go back to where the reader was."""
    response = redirect(_local(request.args.get("kembali", "/")), code=303)
    for name, allowed in ALLOWED.items():
        value = request.args.get(name, "")
        if value == "system":
            response.delete_cookie(name, samesite="Lax")
        elif value in allowed:
            response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", httponly=True)
    response.headers["Cache-Control"] = "no-store"
    return response


def _local(address: str) -> str:
    """The address if it is one of ours, else the first page."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith(("//", "/\\")):
        return "/"
    return address
