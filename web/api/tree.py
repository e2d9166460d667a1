"""The description of the API, and how its answers are conditional."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, make_response
from flask.json import dumps
from pydantic import BaseModel
from spectree import SpecTree

from web.api.schemas import ProblemOut
from web.pages.answer import etag_of, fleet, is_known, not_modified

DESCRIPTION = (
    "Every figure that the pages show. Times are ISO 8601 in UTC, rates bit/s, ratios 0-1, durations seconds;"
    " null is not measured, never 0. Answers carry an ETag: ask again with If-None-Match."
)


def _told(request: Any, response: Response, error: Any, instance: Any, adapter: Any) -> None:  # noqa: ARG001
    """Say a refused request in our own form, without echoing what was sent."""
    if error is None:
        return
    details = [
        {"field": ".".join(map(str, e.get("loc", ()))), "message": str(e.get("msg", ""))} for e in error.errors()
    ]
    problem = {"code": "invalid_request", "message": "A parameter is not as described.", "fields": details}
    response.set_data(dumps({"error": problem}))


spec = SpecTree(
    "flask",
    title="Merata",
    description=DESCRIPTION,
    version="v1",
    path="api-description",  # SpecTree leaves out what stands under its own path; ours is served by `description`
    mode="strict",
    page_templates={},
    before=_told,
    validation_error_model=ProblemOut,
)


def conditional(make: Callable[[], BaseModel | None], *parts: object) -> Response:
    """The answer as JSON with an ETag of the fleet's version; 304 when the asker has it; 404 for None."""
    tag = etag_of("api", fleet().version, *parts)
    if is_known(tag):
        return not_modified(tag)
    made = make()
    if made is None:
        problem = ProblemOut.model_validate({"error": {"code": "not_found", "message": "There is none of that id."}})
        response = _json(problem)
        response.status_code = 404
        return response
    response = _json(made)
    response.set_etag(tag)
    return response


def _json(model: BaseModel) -> Response:
    return _text(model.model_dump_json())


def _text(text: str) -> Response:
    response = make_response(text)
    response.mimetype = "application/json"
    return response


def description() -> Response:
    """The OpenAPI description of every route."""
    response = _text(dumps(spec.spec))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
