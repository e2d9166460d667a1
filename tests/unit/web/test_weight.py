"""Weight of the pages, compressed: what a village's link must carry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from tests.unit.web.conftest import app_of
from tests.unit.web.world import world

STATIC = Path(__file__).resolve().parents[3] / "web" / "static"
KB = 1000


def packed(path: Path) -> int:
    return len(brotli.compress(path.read_bytes(), quality=11))


def loaded(page: str, *, script: bool = True) -> int:
    """Compressed size of every file a page asks for."""
    names = set(re.findall(r'(?:href|src)="/static/([^"?]+)', page))
    return sum(packed(STATIC / n) for n in names if script or not n.endswith("js"))


def body(client: FlaskClient, path: str) -> int:
    answer = client.get(path, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200
    return len(answer.data)


def scripts(names: Iterable[str]) -> int:
    return sum(packed(STATIC / "js" / n) for n in names)


def test_the_stylesheet_and_our_scripts_keep_their_budgets():
    assert packed(STATIC / "merata.css") <= 12 * KB
    assert scripts(["merata.js"]) <= 20 * KB
    assert scripts(["merata.js", "charts.js"]) <= 20 * KB
    assert scripts(["merata.js", "map.js"]) <= 20 * KB


def test_the_board_is_light_at_the_first_visit_and_lighter_later(client: FlaskClient):
    first = body(client, "/")
    assert first <= 15 * KB
    assert first + loaded(client.get("/").text) <= 50 * KB


@pytest.mark.parametrize("span", ["24j", "7h", "30h"])
def test_a_device_page_keeps_its_budget(client: FlaskClient, span: str):
    path = f"/perangkat/rb-016?rentang={span}"
    page = client.get(path).text
    data = body(client, f"/api/v1/devices/rb-016/charts?span={ {'24j': '24h', '7h': '7d', '30h': '30d'}[span] }")
    assert body(client, path) + data + loaded(page) <= 60 * KB + 22 * KB


def test_the_map_of_ten_thousand_sites_keeps_its_budget():
    client = app_of(world(10_000)).test_client()
    page = client.get("/peta").text
    library = [
        STATIC / "vendor" / "maplibre-gl-6.12.0" / n
        for n in ("maplibre-gl.mjs", "maplibre-gl-shared.mjs", "maplibre-gl-worker.mjs")
    ]
    if not library[0].exists():
        pytest.skip("the front-end parts are not built: pip install -e .")
    total = body(client, "/peta") + body(client, "/api/v1/sites.columns") + body(client, "/api/v1/outlines")
    total += loaded(page) + sum(map(packed, library))
    assert total <= 400 * KB
