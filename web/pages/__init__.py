"""The pages: one file a group, each a few lines between a view and its template."""

from __future__ import annotations

from flask import Flask

from web.pages.about import blueprint as about
from web.pages.audit import blueprint as audit
from web.pages.board import blueprint as board
from web.pages.changes import blueprint as changes
from web.pages.choices import blueprint as choices
from web.pages.devices import blueprint as devices
from web.pages.kept import blueprint as kept
from web.pages.map import blueprint as site_map
from web.pages.new_change import blueprint as new_change
from web.pages.planner import blueprint as planner
from web.pages.report import blueprint as report
from web.pages.signin import blueprint as signin
from web.pages.sites import blueprint as sites

BLUEPRINTS = (
    board,
    site_map,
    sites,
    devices,
    planner,
    report,
    changes,
    new_change,
    audit,
    kept,
    about,
    choices,
    signin,
)


def install(app: Flask) -> None:
    """Register every page."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
