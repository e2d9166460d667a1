"""The page for taking away, and what stands behind a row: clean for axe, within the screen, and files come down."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.browser import axe
from tests.browser.conftest import Opener
from tests.unit.web.planner_world import planner_world
from tests.unit.web.world import world
from web import WebSettings, create_app

pytestmark = pytest.mark.needs("chromium")
PATHS = ["/laporan?radius=5&n=6", "/laporan?radius=5&wilayah=61.10", "/rencana/tempat/61.01.01.2001?n=6"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = world()
    folder: Path = tmp_path_factory.mktemp("report")
    app = create_app(given.views, WebSettings(clock=lambda: given.now, live_s=3600), planner_world(folder, count=120))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


@pytest.mark.parametrize("width", [390, 1366])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(base: str, opened: Opener, width: int, theme: str):
    try:
        source = axe.source()
    except Exception as error:
        pytest.skip(f"axe-core could not be brought from npm: {error}")
    seen = opened(width, color_scheme=theme, reduced_motion="reduce")
    found: list[str] = []
    for path in PATHS:
        seen.page.goto(base + path)
        seen.page.evaluate(source)
        told = seen.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        found += [f"{path}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in told["violations"]]
        if seen.page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path}: wider than the screen")
    assert found == []
    assert seen.wrong == []


def test_a_table_comes_down_under_its_name_and_the_way_back_keeps_the_question(base: str, opened: Opener):
    seen = opened(1366, 768)
    page = seen.page
    page.goto(base + "/laporan?radius=1&n=6&wilayah=61.10")
    expect(page.locator("h1")).to_contain_text("jangkauan 1 km")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV rencana").click()
    assert waiting.value.suggested_filename == "rencana.csv"
    page.locator(".crumb a").click()
    expect(page).to_have_url(re.compile(r"/rencana\?.*wilayah=61\.10.*n=6"))
