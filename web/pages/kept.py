"""What routers hold against what they should: rules, drift, unsaved changes, versions."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from controller.views.compliance import Configurations
from web.pages.answer import answer, fleet
from web.words import kept as words
from web.words.speech import g_now

blueprint = Blueprint("kept", __name__)


def configurations() -> Configurations | None:
    """The queries behind these pages; None where no configuration is kept."""
    found: Configurations | None = current_app.extensions["merata"].configurations
    return found


@blueprint.get("/kepatuhan")
def compliance() -> Response:
    """Rules green and red, and why; what changed behind our back."""
    found = configurations()
    if found is None:
        return answer("kept_none.html", lambda: None)
    return answer("compliance.html", lambda: found.compliance(fleet(), g_now()), words=words)


@blueprint.get("/firmware")
def firmware() -> Response:
    """Versions against the wanted list."""
    found = configurations()
    if found is None:
        return answer("kept_none.html", lambda: None)
    return answer("firmware.html", lambda: found.firmware(fleet(), g_now()), words=words)
