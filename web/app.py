"""The application factory. Nothing is opened or read until it is called."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask
from flask_babel import Babel
from flask_compress import Compress
from jinja2 import StrictUndefined

from controller.views import Views
from controller.views.audit import Audits
from controller.views.compliance import Configurations
from controller.views.new_change import NewChanges
from controller.views.planner_views import PlannerViews
from controller.views.rollouts import Changes
from web import access, api, draw, errors, pages, words
from web.access import SignIn
from web.security import secure
from web.settings import WebSettings
from web.static_files import static_url, vendor_url, with_static_files

COMPRESSED = ["text/html", "application/json", "application/geo+json", "text/plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What requests find under `app.extensions["merata"]`."""

    views: Views
    settings: WebSettings
    planner: PlannerViews | None = None
    changes: Changes
    configurations: Configurations | None = None
    new_changes: NewChanges | None = None
    audits: Audits
    sign_in: SignIn = field(default_factory=SignIn)


def create_app(
    views: Views,
    settings: WebSettings,
    planner: PlannerViews | None = None,
    sign_in: SignIn | None = None,
    configurations: Configurations | None = None,
    new_changes: NewChanges | None = None,
) -> Flask:
    """Build the WSGI application.

    Args:
        views: the queries behind every page.
        settings: clock and manners of this process.
        planner: the queries behind the planner's pages; None: those pages say that there is nothing yet.
        sign_in: how people sign in, and the journal that forms write to; None: nobody can, nothing is changed.
        configurations: the queries behind compliance and firmware; None: those pages say that nothing is kept.
        new_changes: the queries behind asking for a plan; None: no change file is known.
    """
    app = Flask("web", static_folder=None)
    entrance = sign_in or SignIn()
    app.extensions["merata"] = Extension(
        views=views,
        settings=settings,
        planner=planner,
        changes=Changes(entrance.journal),
        configurations=configurations,
        new_changes=new_changes,
        audits=Audits(entrance.journal),
        sign_in=entrance,
    )
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_BR_LEVEL=5, COMPRESS_STREAMS=False)
    app.config.update(
        COMPRESS_MIN_SIZE=400, COMPRESS_MIMETYPES=COMPRESSED, BABEL_DEFAULT_LOCALE="id", MAX_CONTENT_LENGTH=64 * 1024
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(static_url=static_url, vendor_url=vendor_url, live_s=settings.live_s)
    Babel(app, locale_selector=words.language)
    Compress(app)
    secure(app, open_to_all=settings.open_to_all)
    access.install(app)
    words.install(app)
    draw.install(app)
    errors.install(app)
    pages.install(app)
    api.install(app)
    app.wsgi_app = with_static_files(app.wsgi_app)  # type: ignore[method-assign]  # the way WSGI middleware is put on
    return app
