"""What routers hold against what they should: rules, drift, unsaved changes, versions."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, request

from controller.views.compliance import Configurations
from web.access import May, reads
from web.pages.answer import answer, fleet
from web.pages.filters import read_page
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
    return answer("compliance.html", lambda: found.compliance(fleet(), g_now(), page=read_page()), words=words)


@blueprint.get("/kepatuhan/aturan/<rule>")
def rule(rule: str) -> Response:
    """Everybody who breaks one rule."""
    found = configurations()
    page = found.rule(fleet(), rule, g_now(), page=read_page()) if found else None
    if page is None:
        abort(404)
    return answer("compliance_rule.html", lambda: page, words=words)


@blueprint.get("/kepatuhan/daftar/<what>")
def listed(what: str) -> Response:
    """Everybody who did not save, or could not be fetched."""
    found = configurations()
    key = next((key for key, word in words.LISTS.items() if word == what), None)
    if found is None or key is None:
        abort(404)
    return answer("compliance_list.html", lambda: found.held(fleet(), key, page=read_page()), words=words)


@blueprint.get("/firmware")
def firmware() -> Response:
    """Versions against the wanted list."""
    found = configurations()
    if found is None:
        return answer("kept_none.html", lambda: None)
    return answer("firmware.html", lambda: found.firmware(fleet(), g_now()), words=words)


@blueprint.get("/firmware/perangkat")
def kind() -> Response:
    """Every device of one system, model and version."""
    found = configurations()
    system, model, version = (request.args.get(name, "") for name in ("sistem", "model", "versi"))
    page = found.kind(fleet(), system, model, version, g_now(), page=read_page()) if found else None
    if page is None:
        abort(404)
    return answer("firmware_kind.html", lambda: page, words=words)


@blueprint.get("/perangkat/<device>/konfigurasi")
@reads(May.SIGNED_IN)
def configuration(device: str) -> Response:
    """What a device held, and when; two revisions beside each other. Secrets are masked as they are everywhere."""
    found = configurations()
    old, new = (request.args.get(name, "")[:40] for name in ("dari", "ke"))
    page = found.device(fleet(), device, old=old, new=new, whole="isi" in request.args) if found else None
    if page is None and (found is not None or device not in fleet().devices):
        abort(404)
    return answer("configuration.html" if page else "kept_none.html", lambda: page, words=words)
