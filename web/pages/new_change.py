"""Asking for a plan on a page: a change file, whom it is for, what is set; then what became of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.journal.records import RequestState
from controller.views.new_change import Asked, NewChanges
from controller.views.rollouts import PLAN_MAKE
from web.access import May, engineer, reads, the_journal
from web.pages.answer import fleet
from web.words import changes as words
from web.words import new_change as own_words
from web.words.speech import g_now

blueprint = Blueprint("new_change", __name__)
FILE_LENGTH, WHERE_LENGTH, TICKET_LENGTH, REASON_LENGTH, VALUE_LENGTH = 300, 2000, 80, 500, 1000
VALUE = "nilai."  # before the name of a variable in the form


def new_changes() -> NewChanges | None:
    """The queries behind these pages; None where no folder of changes is known."""
    found: NewChanges | None = current_app.extensions["merata"].new_changes
    return found


@blueprint.get("/perubahan/baru")
@reads(May.ENGINEER)
def form() -> Response:
    """The change files; of a chosen one the form, and how many devices it would be for."""
    return _form(_asked(request.args), checked=False)


@blueprint.post("/perubahan/baru")
def ask() -> AnyResponse:
    """File the request, once it can be carried out; `hitung` only counts."""
    who, asked = engineer().name, _asked(request.form)
    if "hitung" in request.form:
        return _form(asked, checked=False)
    found = new_changes()
    page = found.page(fleet(), asked, g_now(), checked=True) if found else None
    if page is None or page.chosen is None or page.chosen.change is None or page.errors:
        return _form(asked, checked=True)
    journal, payload = the_journal(), asked.payload()
    waiting = journal.requests(kind=PLAN_MAKE, state=RequestState.WAITING)
    same = next((r.id for r in waiting if r.who == who and dict(r.payload) == payload), None)
    number = same or journal.ask(PLAN_MAKE, payload, who=who, at=g_now())
    return redirect(f"/perubahan/permintaan/{number}", code=303)


@blueprint.get("/perubahan/permintaan/<int:number>")
@reads(May.SIGNED_IN)
def wish(number: int) -> AnyResponse:
    """What became of a plan that was asked for; the plan itself once it is made."""
    found = new_changes()
    page = found.wish(fleet(), number, g_now()) if found else None
    if page is None:
        abort(404)
    if page.plan is not None:
        return redirect(f"/perubahan/{page.plan}", code=303)
    return make_response(render_template("change_request.html", page=page, words=words, own=own_words))


def _form(asked: Asked, *, checked: bool) -> Response:
    found, page = new_changes(), None
    if found is not None:
        page = found.page(fleet(), asked, g_now(), checked=checked)
        if asked.file and page.chosen is None:
            abort(404)
    status = 422 if checked and page is not None and page.errors else 200
    return make_response(render_template("change_new.html", page=page, words=own_words, VALUE=VALUE), status)


def _asked(given: Mapping[str, str]) -> Asked:
    """What was filled in. An empty value is the file's own; a secret is never taken from a form."""
    file = given.get("berkas", "")[:FILE_LENGTH]
    found = new_changes()
    chosen = found.file(fleet(), file) if found and file else None
    values = {
        v.name: text
        for v in (chosen.fields if chosen else ())
        if (text := given.get(VALUE + v.name, "")[:VALUE_LENGTH].strip())
    }
    return Asked(
        file=file,
        where=" ".join(given.get("sasaran", "")[:WHERE_LENGTH].split()),
        ticket=_line(given.get("tiket", ""))[:TICKET_LENGTH],
        reason=_line(given.get("alasan", ""))[:REASON_LENGTH],
        values=values,
    )


def _line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
