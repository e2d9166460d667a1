"""The JSON API under /api/v1."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Register the API."""
