"""How a page is answered: conditional on what has changed, in the reader's language and theme."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, make_response, render_template, request

from controller.views import Views
from controller.views.fleet import Fleet
from web.access import who_tag
from web.static_files import static_url
from web.words.speech import g_now, language, theme

MINUTE_S = 60


def views() -> Views:
    """The queries of this application."""
    found: Views = current_app.extensions["merata"].views
    return found


def fleet() -> Fleet:
    """The present, and the network's time zone made known to the words."""
    found = views().fleet(g_now())
    g.timezone = found.timezone
    return found


def etag_of(*parts: object) -> str:
    """A tag of everything that would change the answer."""
    text = "|".join(map(str, (request.full_path, who_tag(), *parts)))
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def is_known(tag: str) -> bool:
    """True when the asker already holds the answer with this tag (compressed forms carry a suffix)."""
    return any(held.split(":")[0] == tag for held in request.if_none_match.as_set(include_weak=True))


def not_modified(tag: str) -> Response:
    """304."""
    response = Response(status=304)
    response.set_etag(tag)
    return response


def answer(template: str, fill: Callable[[], Any], **more: Any) -> Response:
    """Render a page, or answer 304 before anything is asked of the store.

    The tag holds the fleet's version and the minute, since durations on the page grow.

    Args:
        template: file name; it sees the dataclass as `page`.
        fill: makes the page's dataclass; None answers 404.
        more: further names for the template.
    """
    now = g_now()
    tag = etag_of(fleet().version, int(now // MINUTE_S), language(), theme(), static_url("merata.css"))
    if is_known(tag):
        return not_modified(tag)
    page = fill()
    response = make_response(render_template(template, page=page, etag=tag, **more))
    response.set_etag(tag)
    response.headers["Vary"] = "Cookie"
    return response
