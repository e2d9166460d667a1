"""Response headers: what a page of ours may load, and nothing else."""

from __future__ import annotations

from flask import Flask, Response, request

# `data:` is for icons in MapLibre's stylesheet; no inline script or style, no `blob:`, no other origin.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def secure(app: Flask, *, open_to_all: bool) -> None:
    """Set the headers on every answer; on loopback answer to loopback names only (DNS rebinding)."""
    if not open_to_all:
        app.config["TRUSTED_HOSTS"] = LOOPBACK

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        return response
