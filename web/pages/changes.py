"""Bulk changes: what changes where, and is it going well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.journal.errors import RolloutRefused
from controller.journal.journal import Journal
from controller.journal.records import RequestState
from controller.rollout import approval
from controller.rollout.records import Plan, Rollout, RolloutState
from controller.views.rollouts import Changes
from web.access import engineer, the_journal
from web.draw.rollout import MOST_CELLS
from web.pages.answer import etag_of, fleet, is_known, not_modified
from web.pages.filters import read_page
from web.static_files import static_url
from web.words import changes as words
from web.words.speech import g_now, language, theme

blueprint = Blueprint("changes", __name__)
MINUTE_S = 60


def changes() -> Changes:
    """The queries behind these pages."""
    found: Changes = current_app.extensions["merata"].changes
    return found


@blueprint.get("/perubahan")
def listed() -> Response:
    """Every plan and what became of it, page by page."""
    page = changes().listed(fleet(), g_now(), page=read_page())
    asked = [(r.id, r.state.value) for r in page.asked]
    version = repr(([(i.plan.id, i.state, i.tally) for i in page.items], page.total, asked, page.executor_alive))
    return _answer("changes.html", page, version)


@blueprint.get("/perubahan/<int:plan>")
def change(plan: int) -> Response:
    """One change, from plan to result. `henti` asks whether to stop, where there is no script to ask it."""
    page = changes().change(fleet(), plan, g_now(), sample=request.args.get("perangkat", ""))
    if page is None:
        abort(404)
    return _answer("change.html", page, page.version, most_cells=MOST_CELLS, refused=words.refusal(_said("tidak")))


@blueprint.get("/perubahan/<int:plan>/daftar")
def members(plan: int) -> Response:
    """Every device of a change by where it stands, page by page."""
    group = next((key for key, word in words.GROUP_WORDS.items() if word == _said("keadaan")), "")
    wave = request.args.get("gelombang", type=int)
    wave = None if wave is None else wave - 1
    page = changes().members(fleet(), plan, g_now(), group=group, wave=wave, page=read_page())
    if page is None:
        abort(404)
    return _answer("change_devices.html", page, page.version)


@blueprint.get("/perubahan/<int:plan>/<device>")
def device(plan: int, device: str) -> Response:
    """One device of a change: what was meant, every step, what was seen."""
    page = changes().device(fleet(), plan, device)
    if page is None:
        abort(404)
    return _answer("change_device.html", page, page.version)


# What an engineer may do: each is closed to all others by the gate (web.access).


@blueprint.post("/perubahan/<int:plan>/setujui")
def approve(plan: int) -> AnyResponse:
    """Approve exactly the plan that was looked at."""
    return _decide(plan, approval.approve)


@blueprint.post("/perubahan/<int:plan>/tolak")
def reject(plan: int) -> AnyResponse:
    """Say no."""
    return _decide(plan, approval.reject)


@blueprint.post("/perubahan/<int:plan>/mulai")
def start(plan: int) -> AnyResponse:
    """Ask the executor to send an approved plan."""
    journal, who = the_journal(), engineer().name
    found, rollout = _known(journal, plan)
    if rollout is not None:
        return _back(plan, "under_way")
    if found.state != "approved" or found.expires_at <= g_now():
        return _back(plan, "expired" if found.expires_at <= g_now() else "not_approved")
    return _ask(journal, plan, "rollout.start", {"plan": plan}, who)


@blueprint.post("/perubahan/<int:plan>/hentikan")
def stop(plan: int) -> AnyResponse:
    """Nothing new begins from now on, whether or not an executor hears it at once."""
    journal, who = the_journal(), engineer().name
    _, rollout = _known(journal, plan)
    if rollout is None or not journal.rollouts.ask_stop(rollout.id, by=who, at=g_now()):
        return _back(plan, "not_running" if rollout is None or rollout.stop_asked_by is None else "asked")
    return _ask(journal, plan, "rollout.stop", {"rollout": rollout.id}, who)


@blueprint.post("/perubahan/<int:plan>/lanjutkan")
def resume(plan: int) -> AnyResponse:
    """Ask the executor to go on with what was stopped."""
    journal, who = the_journal(), engineer().name
    _, rollout = _known(journal, plan)
    if rollout is None or rollout.state is not RolloutState.STOPPED:
        return _back(plan, "not_stopped")
    return _ask(journal, plan, "rollout.resume", {"rollout": rollout.id}, who)


def _decide(plan: int, act: Callable[[Journal, int, str, float], Plan]) -> AnyResponse:
    journal, who = the_journal(), engineer().name
    found, _ = _known(journal, plan)
    if request.form.get("sidik") != found.hash:
        return _back(plan, "changed")
    try:
        act(journal, plan, who, g_now())
    except RolloutRefused as refused:
        return _back(plan, refused.reason)
    return _back(plan)


def _ask(journal: Journal, plan: int, kind: str, payload: dict[str, int], who: str) -> AnyResponse:
    """File a request, once."""
    waiting = journal.requests(kind=kind, state=RequestState.WAITING)
    if any(dict(r.payload) == payload for r in waiting):
        return _back(plan, "asked")
    journal.ask(kind, payload, who=who, at=g_now())
    return _back(plan)


def _known(journal: Journal, plan: int) -> tuple[Plan, Rollout | None]:
    found = journal.rollouts.plan(plan, devices=False)
    if found is None:
        abort(404)
    newest = journal.rollouts.rollouts(plan=plan, limit=1)
    return found, newest[0] if newest else None


def _back(plan: int, refused: str = "") -> AnyResponse:
    return redirect(f"/perubahan/{plan}" + (f"?tidak={refused}" if refused else ""), code=303)


def _said(name: str) -> str:
    return request.args.get(name, "")[:40]


def _answer(template: str, page: Any, version: str, **more: Any) -> Response:
    """Render, or 304. The tag holds what the journal says, the present of the fleet and the minute."""
    tag = etag_of(version, fleet().version, int(g_now() // MINUTE_S), language(), theme(), static_url("changes.css"))
    if is_known(tag):
        return not_modified(tag)
    response = make_response(render_template(template, page=page, etag=tag, words=words, **more))
    response.set_etag(tag)
    response.headers["Vary"] = "Cookie"
    return response
