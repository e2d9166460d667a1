"""The pages in a real browser: nothing breaks, nothing leaves the origin, everybody can use them."""

from __future__ import annotations

import json
import shutil

import pytest
from playwright.sync_api import Playwright, expect

from measurements.outages import Outage
from tests.browser import axe
from tests.browser.conftest import Opener, Served, serve
from tests.unit.web.world import world

pytestmark = pytest.mark.needs("chromium")
PAGES = [
    "/", "/gangguan/g01", "/peta", "/lokasi", "/lokasi/lok-006", "/perangkat/rb-016", "/perangkat/rb-006/mentah",
    "/status", "/sistem", "/cari?q=sungai", "/lainnya", "/perangkat/rb-006/tabel/traffic",
]  # fmt: skip
READY = {"/peta": "html[data-map]", "/perangkat/rb-016": "html[data-charts]"}


@pytest.fixture(scope="session")
def axe_source() -> str:
    try:
        return axe.source()
    except Exception as error:
        pytest.skip(f"axe-core could not be brought from npm: {error}")


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_violates_the_policy_or_asks_for_what_is_not_there(served: Served, opened: Opener, width: int):
    seen = opened(width)
    asked: list[str] = []
    seen.page.on("request", lambda r: asked.append(r.url))
    for path in PAGES:
        seen.page.goto(served.base + path)
        if path in READY and (width > 960 or path != "/peta"):
            seen.page.locator(READY[path]).wait_for(state="attached")
    assert seen.wrong == []
    assert [u for u in asked if not u.startswith((served.base, "data:", "blob:"))] == [], "asked of another origin"


@pytest.mark.parametrize(
    ("width", "theme", "paths"),
    [
        (390, "light", ["/", "/peta", "/lokasi", "/lokasi/lok-006", "/perangkat/rb-016", "/cari?q=sungai", "/lainnya"]),
        (1366, "dark", ["/", "/peta", "/gangguan/g01", "/perangkat/rb-016", "/status", "/sistem"]),
        (1366, "light", ["/perangkat/rb-006/mentah", "/perangkat/rb-006/tabel/traffic?rentang=24j", "/lokasi"]),
    ],
)  # fmt: skip
def test_axe_finds_nothing(served: Served, opened: Opener, axe_source: str, width: int, theme: str, paths: list[str]):
    seen = opened(width, color_scheme=theme, reduced_motion="reduce")
    found: list[str] = []
    for path in paths:
        seen.page.goto(served.base + path)
        if path in READY and (width > 960 or path != "/peta"):
            seen.page.locator(READY[path]).wait_for(state="attached")
        seen.page.evaluate(axe_source)
        told = seen.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{path}: {v['id']}: {v['nodes'][0]['html'][:120]} {v['nodes'][0]['failureSummary'][:200]}"
            for v in told["violations"]
        ]
    assert found == []


def test_no_page_scrolls_sideways_at_320_px(served: Served, opened: Opener):
    seen = opened(320, 640)
    wide = {}
    for path in PAGES:
        seen.page.goto(served.base + path)
        width = seen.page.evaluate("() => document.documentElement.scrollWidth")
        if width > 320:
            wide[path] = width
    assert wide == {}


def test_targets_are_large_enough_for_a_thumb(served: Served, opened: Opener):
    seen = opened(390, 844)
    seen.page.goto(served.base + "/")
    small = seen.page.evaluate(
        "() => [...document.querySelectorAll('.btn, .tabs a, .mixkey a, .seg a, .in')].filter(e => e.offsetParent)"
        ".map(e => [e.textContent.trim(), e.getBoundingClientRect().height]).filter(([, h]) => h < 43.5)"
    )
    assert small == []


def test_every_page_is_whole_without_a_script(served: Served, opened: Opener):
    page = opened(java_script_enabled=False).page
    page.goto(served.base + "/")
    expect(page.locator("h1")).to_contain_text("gangguan berjalan")
    expect(page.locator("article.out")).to_have_count(6)
    expect(page.locator(".map.mini svg .land").first).to_be_visible()
    page.goto(served.base + "/peta?status=mati")
    expect(page.locator(".map > svg")).to_be_visible()
    expect(page.locator("a.site[data-site]")).to_have_count(12)
    expect(page.get_by_role("button", name="Saring")).to_be_visible()
    page.goto(served.base + "/perangkat/rb-016")
    expect(page.locator(".plot svg path.l1").first).to_be_visible()


def test_charts_take_over_the_server_s_picture_and_share_one_cursor(served: Served, opened: Opener):
    seen = opened()
    seen.page.goto(served.base + "/perangkat/rb-016")
    seen.page.locator("html[data-charts=ready]").wait_for(state="attached")
    first, second = (seen.page.locator(".chart .last").nth(i) for i in (0, 1))
    before = second.inner_text()
    box = seen.page.locator(".chart .u-over").first.bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    expect(second).not_to_have_text(before)
    assert first.inner_text()
    assert seen.wrong == []


def test_the_map_filters_without_a_new_page_and_keeps_the_address(served: Served, opened: Opener):
    seen = opened()
    seen.page.goto(served.base + "/peta")
    seen.page.locator("html[data-map=ready]").wait_for(state="attached")
    expect(seen.page.locator(".donut").first).to_be_attached()
    seen.page.locator("label.chip", has_text="Mati").click()
    expect(seen.page.locator("a.site[data-site]")).to_have_count(12)
    assert seen.page.url.endswith("/peta?status=mati")
    assert seen.wrong == []


def test_without_webgl_the_server_s_map_stays(served: Served, opened: Opener, playwright_running: Playwright):
    blind = playwright_running.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--disable-gpu", "--disable-3d-apis"]
    )
    try:
        seen = opened(on=blind)
        asked: list[str] = []
        seen.page.on("request", lambda r: asked.append(r.url))
        seen.page.goto(served.base + "/peta")
        seen.page.locator("html[data-map=svg]").wait_for(state="attached")
        expect(seen.page.locator(".map > svg")).to_be_visible()
        assert not any("maplibre-gl.mjs" in url for url in asked)
        assert seen.wrong == []
    finally:
        blind.close()


def test_keys_lead_to_search_and_pages_and_the_skip_link_comes_first(served: Served, opened: Opener):
    page = opened().page
    page.goto(served.base + "/")
    page.locator("html[data-script=on]").wait_for(state="attached")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#cari")).to_be_focused()
    page.keyboard.type("sungai")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cari?q=sungai")
    page.locator("html[data-script=on]").wait_for(state="attached")
    page.locator("main").focus()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/lokasi")


def test_a_chosen_theme_and_language_are_kept(served: Served, opened: Opener):
    page = opened(color_scheme="light").page
    page.goto(served.base + "/lokasi")
    page.get_by_role("link", name="Gelap").click()
    page.get_by_role("link", name="English").click()
    page.goto(served.base + "/")
    expect(page.locator("h1")).to_contain_text("outages under way")
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(16, 23, 22)"


def test_new_outages_are_offered_and_rows_do_not_jump(opened: Opener):
    given = world()
    with serve(given, live_s=1) as running:
        seen = opened()
        seen.page.goto(running.base + "/")
        seen.page.locator("html[data-script=on]").wait_for(state="attached")
        first = seen.page.locator("article.out h3").first.inner_text()
        site = next(s for s in given.inventory.sites.values() if s.kind.serves_public)
        given.reader.outage_list.append(
            Outage(
                id="baru", state="down", cause="silent", started=given.now - 60, ended=None, sites=(site.id,),
                devices=(), root=None, people=999_999, evidence=json.dumps({}),
            )
        )  # fmt: skip
        running.clock[0] += 1
        expect(seen.page.locator(".news")).to_contain_text("1 gangguan baru")
        expect(seen.page.locator("h1")).to_contain_text("7 gangguan")
        assert seen.page.locator("article.out h3").first.inner_text() == first
        expect(seen.page.locator("[data-announce]")).to_contain_text("1 gangguan baru")
        seen.page.get_by_role("button", name="tampilkan").click()
        expect(seen.page.locator("article.out h3").first).to_contain_text(site.name)
        assert seen.wrong == []
