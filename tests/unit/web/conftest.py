"""The pages of the small province."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.web.world import NOW, World, world
from web import WebSettings, create_app


def app_of(given: World) -> Flask:
    return create_app(given.views, WebSettings(clock=lambda: given.now))


@pytest.fixture(scope="session")
def province() -> World:
    return world(now=NOW)


@pytest.fixture(scope="session")
def app(province: World) -> Flask:
    return app_of(province)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
