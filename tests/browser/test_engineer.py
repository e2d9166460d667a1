"""The engineer's other pages in a real browser: asking for a plan, the audit, compliance, configurations."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.browser import axe
from tests.browser.conftest import Opener
from tests.browser.test_changes import enter
from tests.unit.web.kept_world import KeptWorld, build
from tests.unit.web.world import NOW

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def served_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, KeptWorld]]:
    kept = build(tmp_path_factory.mktemp("engineer"), count=60)
    server = make_server("127.0.0.1", 0, kept.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    thread.join(5)


def test_a_plan_is_asked_for_counted_while_typing_and_followed(
    served_world: tuple[str, KeptWorld], opened: Opener
) -> None:
    base, kept = served_world
    seen = opened(1366, 844)
    page = seen.page
    enter(page, base, "ratna", "/perubahan")
    page.get_by_role("link", name="Rencana baru").click()
    page.get_by_role("link", name="Name servers of Kabupaten Landak").click()
    meant = page.locator("[data-meant]")
    page.get_by_label("Perangkat", exact=True).fill("device=rb-001")
    expect(meant).to_contain_text("1 perangkat dimaksud")
    page.get_by_label("Perangkat", exact=True).fill("devise=rb-001")
    expect(meant).to_contain_text("did you mean 'device'")
    page.get_by_label("Perangkat", exact=True).fill("device in (rb-001, rb-002)")
    expect(meant).to_contain_text("2 perangkat dimaksud")
    page.get_by_role("button", name="Minta rencana").click()
    expect(page.locator("h1")).to_contain_text("Rencana sudah diminta")
    taken = kept.journal.take(["plan.make"], by="me", at=NOW)
    assert taken is not None
    expect(page.locator("h1")).to_contain_text("Rencana sedang dibuat")
    kept.journal.finish(taken.id, by="me", at=NOW, ok=True, result={"plan": kept.plans["draft"]})
    expect(page).to_have_url(f"{base}/perubahan/{kept.plans['draft']}")
    assert seen.wrong == []


def test_without_a_script_a_plan_is_counted_and_asked_for(served_world: tuple[str, KeptWorld], opened: Opener) -> None:
    base, _ = served_world
    page = opened(390, 844, java_script_enabled=False).page
    enter(page, base, "ratna", "/perubahan/baru")
    page.get_by_role("link", name="Bandwidth limit by link").click()
    page.get_by_label("Perangkat", exact=True).fill("device=rb-003")
    page.get_by_role("button", name="Hitung perangkat").click()
    expect(page.locator("[data-meant]")).to_contain_text("1 perangkat dimaksud")
    page.get_by_role("button", name="Minta rencana").click()
    expect(page.locator("h1")).to_contain_text("Rencana sudah diminta")


def test_no_page_has_a_fault_that_axe_finds(served_world: tuple[str, KeptWorld], opened: Opener) -> None:
    """Light and wide, dark and narrow; each page is loaded once and looked at twice."""
    base, kept = served_world
    script, seen = axe.source(), opened(1366, 844)
    page = seen.page
    enter(page, base, "ratna", "/audit")
    running, device = kept.plans["running"], next(iter(kept.rows))
    faults: list[str] = []
    for path in (
        "/audit", "/perubahan/baru", "/perubahan/baru?berkas=changes/dns-landak&sasaran=x%3D",
        f"/perubahan/{running}/daftar", "/kepatuhan", "/firmware", f"/perangkat/{device}/konfigurasi",
    ):  # fmt: skip
        page.goto(base + path)
        page.evaluate(script)
        for width, theme in ((1366, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found = (f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in told["violations"])
            faults.extend(f"{path} {width} {theme} {one}" for one in found)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                faults.append(f"{path}: {wide} px wider than a window of {width}")
    assert faults == []
    assert seen.wrong == []
