"""Who is asking, and may they? Every request passes here before its page.

What changes something needs an engineer, the form token of their session, and our own origin, unless its page says
otherwise with one of the marks below: a route that is forgotten is closed. Reading is free on this machine alone and
needs a sign-in wherever others reach the pages, but for what is marked `for_all`. What is marked `reads` needs one
here too.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from controller.accounts import sessions
from controller.accounts.passwords import Passwords
from controller.accounts.records import Account, Session
from controller.accounts.sessions import Lifetime
from controller.accounts.signin import usual
from controller.journal.errors import JournalError
from controller.journal.journal import Journal
from web.errors import API_PREFIX, problem
from web.own_path import own_path
from web.words.speech import g_now

log = logging.getLogger("merata.web")
F = TypeVar("F", bound=Callable[..., Any])
SAFE = ("GET", "HEAD", "OPTIONS")
FIELD, HEADER = "tanda", "X-Merata-Form"  # where a form and a script carry the form token
POLL_HEADER = "X-Merata-Poll"  # what a page asks by itself keeps nobody signed in
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
UNNAMED_PROXY = "A proxy stands in front of these pages: name it with merata web --trusted-proxy ADDRESS.\n"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")


class May(StrEnum):
    """Who may send a form."""

    ENGINEER = "engineer"  # where nothing is said
    SIGNED_IN = "signed_in"
    ANYONE = "anyone"  # keeps what harms nobody; with the form token when signed in
    FORM = "form"  # before sign-in: with the token of the form's own cookie


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How people sign in here.

    journal: gives the journal, None while there is none. needed: reading needs it too.
    """

    journal: Callable[[], Journal | None] = lambda: None
    needed: bool = False
    lifetime: Lifetime = field(default_factory=Lifetime)
    passwords: Passwords = field(default_factory=usual)


def for_all(view: F) -> F:
    """Mark a page that everybody may read wherever we listen."""
    view.merata_public = True  # type: ignore[attr-defined]
    return view


def reads(who: May) -> Callable[[F], F]:
    """Mark a page that even on this machine only the signed-in (or only engineers) read."""

    def mark(view: F) -> F:
        view.merata_reads = who  # type: ignore[attr-defined]
        return view

    return mark


def may(who: May) -> Callable[[F], F]:
    """Mark who may send this form."""

    def mark(view: F) -> F:
        view.merata_may = who  # type: ignore[attr-defined]
        return view

    return mark


def sign_in() -> SignIn:
    """How people sign in to this application."""
    found: SignIn = current_app.extensions["merata"].sign_in
    return found


def the_journal() -> Journal:
    """The journal, for what must write in it; without one the answer is 503."""
    found = sign_in().journal()
    if found is None:
        abort(503)
    return found


def session() -> Session | None:
    """The session of this request."""
    found: Session | None = g.get("session")
    return found


def account() -> Account | None:
    """Who asks."""
    found = session()
    return found.account if found else None


def engineer() -> Account:
    """The engineer who asks; the gate let nobody else through."""
    found = account()
    if found is None or not found.may_change:
        abort(403)
    return found


def form_token() -> str:
    """What the forms of this page carry; empty where nobody is signed in."""
    return sessions.form_token(g.token) if g.get("token") and session() else ""


def form_field() -> Markup:
    """The hidden field that every form of ours carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token())


def who_tag() -> str:
    """Part of every ETag: a page shows who is signed in."""
    return hashlib.blake2b(g.get("token", "").encode(), digest_size=6).hexdigest() if session() else ""


def cookie_name(word: str = "") -> str:
    """Name of our cookie; on https with the prefix that lets no other host set it (RFC 6265bis section 4.1.3)."""
    return ("__Host-merata" if request.is_secure else "merata") + (f"-{word}" if word else "")


def can_keep_cookie() -> bool:
    """A browser takes a Secure cookie over https only; on this machine alone plain http will do."""
    return request.is_secure or is_loopback_name()


def is_loopback_name() -> bool:
    """Whether the browser is on this machine, going by the name it asked for."""
    return (urlsplit(f"//{request.host}").hostname or "") in LOOPBACK_NAMES


def set_cookie(response: AnyResponse, value: str, word: str = "") -> None:
    """Keep a token in the browser until it is closed: no script reads it, no other site sends it with a form."""
    name = cookie_name(word)
    if value:
        response.set_cookie(name, value, httponly=True, samesite="Lax", secure=request.is_secure, path="/")
    else:
        response.delete_cookie(name, httponly=True, samesite="Lax", secure=request.is_secure, path="/")


def install(app: Flask) -> None:
    """Put the gate before every page."""
    app.jinja_env.globals.update(form_token=form_token, form_field=form_field)

    @app.context_processor
    def names() -> dict[str, Any]:
        return {"account": account(), "session_ends_in_s": ends_in_s(), "sign_in_needed": sign_in().needed}

    @app.before_request
    def gate() -> AnyResponse | None:
        if _is_forwarded_unawares():
            return Response(UNNAMED_PROXY, status=403, mimetype="text/plain")
        _recognise()
        if request.endpoint is None:
            return None
        view = current_app.view_functions[request.endpoint]
        if request.method in SAFE:
            return _reading(view)
        return _changing(getattr(view, "merata_may", May.ENGINEER))

    @app.after_request
    def keep_private(response: Response) -> Response:
        if session() is not None and response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"  # nothing to go back to after signing out
        return response


def ends_in_s() -> int | None:
    """Seconds until the session ends if nothing is done."""
    found = session()
    return None if found is None else int(found.until(sign_in().lifetime.idle_s) - g_now())


def _is_forwarded_unawares() -> bool:
    """Whether others reach us although we think that nobody can: a proxy that asks as 127.0.0.1, nginx's default."""
    here_alone = not sign_in().needed and not current_app.extensions["merata"].settings.open_to_all
    return here_alone and any(name in request.headers for name in FORWARDED)


def _recognise() -> None:
    g.session, g.token = None, request.cookies.get(cookie_name(), "")
    journal = sign_in().journal() if g.token else None
    if journal is None:
        return
    uses = not request.headers.get(POLL_HEADER)
    try:
        g.session = sessions.session_of(journal, g.token, at=g_now(), lifetime=sign_in().lifetime, uses=uses)
    except JournalError:
        log.exception("sessions cannot be read: this request counts as not signed in")


def _reading(view: Callable[..., Any]) -> AnyResponse | None:
    closed, found = getattr(view, "merata_reads", None), account()
    if closed is May.ENGINEER and found is not None and not found.may_change:
        return refuse("role")
    if closed is not None and found is None:
        return _ask_to_sign_in(request.full_path if request.query_string else request.path)
    if not sign_in().needed or session() is not None or getattr(view, "merata_public", False):
        return None
    return _ask_to_sign_in(request.full_path if request.query_string else request.path)


def _changing(who: May) -> AnyResponse | None:
    if not _is_from_here():
        return refuse("other_site")
    if who is May.FORM:
        held = request.cookies.get(cookie_name("form"), "")
        return None if held and sessions.is_form_token(held, _given()) else refuse("form")
    found = account()
    if found is None:
        return None if who is May.ANYONE and not sign_in().needed else _ask_to_sign_in(_page_before())
    if not sessions.is_form_token(g.token, _given()):
        return refuse("form")
    if who is May.ENGINEER and not found.may_change:
        return refuse("role")
    return None


def _given() -> str:
    return request.headers.get(HEADER) or request.form.get(FIELD, "")


def _is_from_here() -> bool:
    """Whether a page of ours sent this; a program that is no browser says nothing and carries no cookie of one."""
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _page_before() -> str:
    before = urlsplit(request.headers.get("Referer", ""))
    return own_path(before.path or "/") if before.netloc == request.host else "/"


def _ask_to_sign_in(back: str) -> AnyResponse:
    if request.path.startswith(API_PREFIX):
        return problem(401, "sign_in_needed", "Sign in on the pages first; the session's cookie opens the API too.")
    response = redirect("/masuk?" + urlencode({"kembali": own_path(back)}), code=303)
    response.headers["Cache-Control"] = "no-store"
    return response


def refuse(why: str) -> AnyResponse:
    """403 in words; `why`: other_site, form, role, author."""
    if request.path.startswith(API_PREFIX):
        return problem(403, f"refused_{why}", "This may not be done; nothing was changed.")
    return Response(render_template("refused.html", why=why, back=_page_before()), status=403)
