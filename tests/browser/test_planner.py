"""The planner's pages in a real browser: plans while you choose, proofs when they come, the map as a way in."""

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
from tests.unit.web.planner_proof import command
from tests.unit.web.planner_world import planner_world
from tests.unit.web.world import world
from web import WebSettings, create_app

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = world()
    folder: Path = tmp_path_factory.mktemp("planner")
    planner = planner_world(folder, count=120, command=command(120, 6))
    app = create_app(given.views, WebSettings(clock=lambda: given.now, live_s=3600), planner)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)


def test_moving_a_control_computes_proves_and_keeps_the_question_in_the_address(base: str, opened: Opener):
    seen = opened(1366, 768)
    page = seen.page
    page.goto(base + "/rencana?n=5")
    big = page.locator(".result .big")
    expect(big).to_contain_text("orang terlayani")
    before = big.inner_text()
    page.locator("#n").fill("20")
    expect(big).not_to_have_text(before)
    expect(page).to_have_url(re.compile(r"[?&]n=20(&|$)"))
    assert page.locator("[data-map] .pt").count() == 20
    expect(page.locator(".proof")).to_contain_text("Terbukti terbaik", timeout=120_000)
    page.locator("#pemerataan").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"pemerataan=1"))
    expect(page.locator(".result")).to_contain_text("tanpa pemerataan")
    assert seen.wrong == []


def test_a_place_is_locked_from_the_table_and_forbidden_from_the_map(base: str, opened: Opener):
    seen = opened(1366, 900)
    page = seen.page
    page.goto(base + "/rencana?n=5")
    first = page.locator("tr[data-place]").first
    code = first.get_attribute("data-place")
    first.locator("[data-what=kunci]").click()
    expect(page).to_have_url(re.compile(rf"kunci={code}"))
    expect(page.locator(f'tr[data-place="{code}"]').first).to_contain_text("dikunci")
    mark = page.locator("[data-map] .pt").last
    other = page.locator("tr[data-place]").nth(1).get_attribute("data-place")
    page.locator(f'[data-map] .pt[data-place="{other}"] circle').dispatch_event("click")
    page.locator(".picked [data-what=larang]").click()
    expect(page).to_have_url(re.compile(rf"larang={other}"))
    expect(page.locator(f'[data-map] .pt[data-place="{other}"]')).to_have_count(0)
    assert mark.count() == 1
    assert seen.wrong == []


def test_two_saved_plans_swipe_by_key_button_and_slider(base: str, opened: Opener):
    seen = opened(1440, 900)
    page = seen.page
    ids = []
    for stop in (0, 4):
        page.goto(f"{base}/rencana?n=15&pemerataan={stop}")
        page.get_by_role("button", name="Simpan skenario").click()
        page.wait_for_url("**/rencana/*")
        ids.append(page.url.split("/")[-1])
    page.goto(f"{base}/rencana/bandingkan?a={ids[0]}&b={ids[1]}")
    slider = page.locator("#geser")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "51"
    page.keyboard.press("Shift+ArrowRight")
    assert slider.input_value() == "61"
    page.get_by_role("button", name="B", exact=True).click()
    assert slider.input_value() == "0"
    assert seen.wrong == []


def test_without_a_script_the_form_works_out_the_plan(base: str, opened: Opener):
    seen = opened(390, 844, java_script_enabled=False)
    page = seen.page
    page.goto(base + "/rencana")
    page.locator("#n").fill("7")
    page.get_by_role("button", name="Hitung rencana").click()
    expect(page.locator(".result .big")).to_contain_text("orang terlayani")
    assert page.locator("tr[data-place]").count() == 7


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1366, "light")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(base: str, opened: Opener, width: int, theme: str):
    try:
        source = axe.source()
    except Exception as error:
        pytest.skip(f"axe-core could not be brought from npm: {error}")
    seen = opened(width, color_scheme=theme, reduced_motion="reduce")
    page = seen.page
    page.goto(base + "/rencana?n=9")
    page.get_by_role("button", name="Simpan skenario").click()
    page.wait_for_url("**/rencana/*")
    one = page.url.split("/")[-1]
    page.goto(base + "/rencana?n=9&pemerataan=3")
    page.get_by_role("button", name="Simpan skenario").click()
    page.wait_for_url("**/rencana/*")
    two = page.url.split("/")[-1]
    paths = [
        "/rencana?n=9&pemerataan=2", "/rencana?tab=kesenjangan&lapis=selisih", "/rencana?wilayah=61.10&tingkat=desa",
        "/rencana/angka?nama=berfungsi", f"/rencana/{one}", f"/rencana/bandingkan?a={one}&b={two}",
    ]  # fmt: skip
    found: list[str] = []
    for path in paths if width > 960 else paths[::2]:
        page.goto(base + path)
        page.evaluate(source)
        told = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        found += [f"{path}: {v['id']}: {v['nodes'][0]['html'][:160]}" for v in told["violations"]]
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path}: wider than the screen")
    assert found == []
    assert seen.wrong == []


def test_the_map_of_the_plan_changes_with_the_plan(base: str, opened: Opener):
    seen = opened(1440, 900)
    page = seen.page
    page.goto(base + "/rencana?n=3&peta=rencana")
    legend = page.locator("[data-map] .legend")
    before = legend.inner_text()
    page.locator("#n").fill("90")
    expect(page.locator("[data-map] .pt")).to_have_count(90)
    expect(legend).not_to_have_text(before)
    expect(page.locator("a[data-own=radius]").first).to_have_attribute("href", re.compile(r"n=90"))
    assert seen.wrong == []


def test_zoomed_in_the_map_shows_hexagons_and_one_may_be_locked_and_released(base: str, opened: Opener):
    seen = opened(1366, 900)
    page = seen.page
    page.goto(base + "/rencana?n=5")
    ready = page.locator("[data-map][data-cells-ready]")
    more = page.get_by_role("button", name="Perbesar")
    for _ in range(3):
        more.click()
    expect(ready).to_have_count(1)
    assert page.locator("[data-cells] path.hex").count() > 3
    expect(page.locator(".legend [data-title=hexagons]")).to_be_visible()
    page.locator("[data-map] > svg").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    picked = page.locator(".picked")
    expect(picked).to_contain_text("Penduduk heksagon ini")
    picked.locator("[data-what=larang]").click()
    expect(page).to_have_url(re.compile(r"larang=61\."))
    picks = page.locator('[data-live-part="picks"] li')
    expect(picks).to_have_count(1)
    expect(page.locator("[data-marks] .pick.fb")).to_have_count(1)
    picks.locator("[data-what=lepas]").click()
    expect(picks).to_have_count(0)
    expect(page).not_to_have_url(re.compile("larang="))
    page.get_by_role("button", name="Seluruh peta").click()
    expect(page.locator("[data-map][data-hexagons]")).to_have_count(0)
    assert seen.wrong == []


def test_the_wheel_zooms_at_the_pointer_and_the_zoom_outlives_another_layer(base: str, opened: Opener):
    seen = opened(1366, 900)
    page = seen.page
    page.goto(base + "/rencana?n=5")
    svg = page.locator("[data-map] > svg")
    box = svg.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(4):
        page.mouse.wheel(0, -240)
    expect(page.locator("[data-map][data-zoomed]")).to_have_count(1)
    expect(page.locator("[data-map][data-cells-ready]")).to_have_count(1)
    was = svg.get_attribute("viewBox")
    page.locator(".tool").get_by_role("link", name="Terpasang").click()
    expect(page).to_have_url(re.compile("lapis=terpasang"))
    expect(svg).to_have_attribute("viewBox", was or "")
    assert seen.wrong == []


def test_a_village_on_the_map_opens_with_what_is_known_of_it(base: str, opened: Opener):
    seen = opened(1366, 900)
    page = seen.page
    page.goto(base + "/rencana?n=5&wilayah=61.10&tingkat=desa")
    expect(page.locator("[data-map][data-map-ready]")).to_have_count(1)
    page.locator("[data-map] path[data-code]").nth(20).dispatch_event("click")
    picked = page.locator(".picked")
    expect(picked).to_contain_text("Penduduk desa")
    picked.get_by_role("link", name="Dasar angkanya").click()
    expect(page.locator("h1")).to_be_visible()
    assert "/rencana/tempat/61.10." in page.url
    assert seen.wrong == []
