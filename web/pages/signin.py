"""Signing in and out, and staying signed in."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, g, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.accounts import sessions
from controller.accounts.signin import Answer, check
from controller.views.public import PublicPage
from web.access import (
    May,
    account,
    can_keep_cookie,
    cookie_name,
    ends_in_s,
    for_all,
    may,
    session,
    set_cookie,
    sign_in,
    the_journal,
)
from web.own_path import own_path
from web.pages.answer import fleet, views
from web.words.speech import g_now

blueprint = Blueprint("signin", __name__)
NAME_LENGTH, PASSWORD_LENGTH = 80, 1024


@blueprint.get("/masuk")
@for_all
def form() -> AnyResponse:
    """The form; who is signed in goes on at once."""
    back = own_path(request.args.get("kembali", "/"))
    if account() is not None:
        return redirect(back, code=303)
    return _form(back, None, status=200)


@blueprint.post("/masuk")
@may(May.FORM)
def enter() -> AnyResponse:
    """Check name and password; a right pair gets a new session whatever the browser held before."""
    back = own_path(request.form.get("kembali", "/"))
    journal, now = the_journal(), g_now()
    answer = check(
        journal,
        request.form.get("nama", "")[:NAME_LENGTH],
        request.form.get("sandi", "")[:PASSWORD_LENGTH],
        at=now,
        address=request.remote_addr or "",
        passwords=sign_in().passwords,
    )
    if answer.account is None:
        return _form(back, answer, status=429 if answer.wait_s > 0 else 422)
    token = sessions.begin(
        journal,
        answer.account,
        at=now,
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        lifetime=sign_in().lifetime,
        replaces=g.token or None,
    )
    response = redirect(back, code=303)
    set_cookie(response, token)
    set_cookie(response, "", "form")
    return _never_kept(response)


@blueprint.post("/keluar")
@may(May.SIGNED_IN)
def leave() -> AnyResponse:
    """End this session."""
    found = account()
    if found is not None:
        sessions.end(the_journal(), g.token, at=g_now(), by=found.name)
    response = redirect("/masuk" if sign_in().needed else "/", code=303)
    set_cookie(response, "")
    return _never_kept(response)


@blueprint.post("/masuk/lanjut")
@may(May.SIGNED_IN)
def stay() -> AnyResponse:
    """Stay signed in; the absolute end remains."""
    sessions.renew(the_journal(), g.token, at=g_now())
    found = session()
    ends = min(found.ends_at - g_now(), sign_in().lifetime.idle_s) if found else 0
    return _never_kept(jsonify(ends_in_s=int(ends)))


@blueprint.get("/masuk/sisa")
@for_all
def left() -> AnyResponse:
    """Seconds until this session ends, since another window may have been used; null when nobody is signed in."""
    return _never_kept(jsonify(ends_in_s=ends_in_s()))


def _form(back: str, answer: Answer | None, *, status: int) -> AnyResponse:
    now = fleet()
    journal = sign_in().journal()
    shown: PublicPage = views().public(g_now())
    held = request.cookies.get(cookie_name("form")) or secrets.token_urlsafe(sessions.TOKEN_BYTES)
    response = make_response(
        render_template(
            "signin.html",
            shown=shown,
            back=back,
            answer=answer,
            name=request.form.get("nama", "")[:NAME_LENGTH],
            token=sessions.form_token(held),
            has_accounts=journal is not None and journal.accounts.exists_any(),
            can_sign_in=can_keep_cookie(),
            outlines=views().sources.outlines(),
            sites=tuple(now.sites.values()),
        ),
        status,
    )
    if answer is not None and answer.wait_s > 0:
        response.headers["Retry-After"] = str(int(answer.wait_s) + 1)
    set_cookie(response, held, "form")
    return _never_kept(response)


def _never_kept(response: AnyResponse | Response) -> AnyResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
