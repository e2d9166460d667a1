"""The JSON API under /api/v1."""

from __future__ import annotations

from flask import Flask

from web.api.changes import blueprint as changes
from web.api.planner import blueprint as planner
from web.api.routes import Columns, blueprint
from web.api.tree import description, spec


def install(app: Flask) -> None:
    """Register the API and its description."""
    app.extensions["merata-columns"] = Columns()
    app.register_blueprint(blueprint)
    app.register_blueprint(planner)
    app.register_blueprint(changes)
    app.add_url_rule("/api/v1/openapi.json", "openapi", description)
    spec.app = app
