"""Errors said in words: what failed, what still holds, what to do, a code. The API says them as JSON."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

log = logging.getLogger("merata.web")
API_PREFIX = "/api/"
INTERNAL = "The server could not answer; measuring goes on."


def problem(status: int, code: str, message: str, **more: object) -> Response:
    """An error of the API: `{"error": {"code", "message", ...}}`."""
    response = jsonify(error={"code": code, "message": message, **more})
    response.status_code = status
    return response


def install(app: Flask) -> None:
    """Answer every error in the form that was asked for."""

    @app.errorhandler(HTTPException)
    def told(error: HTTPException) -> Response | tuple[str, int]:
        status = error.code or 500
        if error.response is not None:  # an answer made by hand, a redirect for one
            return error.response  # type: ignore[return-value]  # werkzeug's wider Response
        if request.path.startswith(API_PREFIX):
            told = problem(status, error.name.lower().replace(" ", "_"), error.description or error.name)
            if isinstance(error, MethodNotAllowed) and error.valid_methods:
                told.headers["Allow"] = ", ".join(error.valid_methods)  # RFC 9110 section 15.5.6
            return told
        if status == 400 and "host" in (error.description or "").lower():
            return "Host not allowed.\n", 400  # no page: links in it could not work either
        missing = isinstance(error, NotFound)
        return render_template("error.html", missing=missing, status=status, code=str(status)), status

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response | tuple[str, int]:
        code = secrets.token_hex(3)
        log.exception("request %s %s failed, code %s", request.method, request.path, code, exc_info=error)
        if request.path.startswith(API_PREFIX):
            return problem(500, "internal_error", INTERNAL, reference=code)
        return render_template("error.html", missing=False, status=500, code=code), 500
