"""Signing in and bulk changes in a real browser: approval, live progress, the stop that asks once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from controller.accounts.sessions import Lifetime
from controller.journal.journal import Journal
from controller.rollout.records import Step
from tests.browser import axe
from tests.browser.conftest import Opener
from tests.unit.web import rollout_world as made
from tests.unit.web.world import NOW, world
from web import SignIn, WebSettings, create_app

pytestmark = pytest.mark.needs("chromium")


@dataclass
class Place:
    """A served province with bulk changes, and a clock that is set by hand."""

    base: str
    journal: Journal
    plans: dict[str, int]
    rollout: int
    clock: list[float] = field(default_factory=lambda: [NOW])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("changes")
    journal, given, clock = Journal.open(folder / "journal.db"), world(), [NOW]
    made.accounts(journal)
    stock = given.inventory
    plans = {"draft": made.draft(journal, stock), "stopped": made.stopped(journal, stock)[0]}
    plans["running"], rollout = made.under_way(journal, stock)
    sign_in = SignIn(journal=lambda: journal, passwords=made.FAST, lifetime=Lifetime(idle_s=3600))
    app = create_app(given.views, WebSettings(clock=lambda: clock[0], live_s=3600), None, sign_in)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Place(f"http://127.0.0.1:{server.server_port}", journal, plans, rollout, clock)
    server.shutdown()
    thread.join(5)


def enter(page: Page, base: str, name: str, path: str = "/") -> None:
    page.goto(f"{base}/masuk?kembali={path}")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(made.PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page).to_have_url(base + path)


def test_a_wrong_password_is_told_and_the_right_one_goes_on(place: Place, opened: Opener) -> None:
    seen = opened(1366, 768)
    page = seen.page
    page.goto(f"{place.base}/masuk?kembali=/perubahan")
    page.get_by_label("Nama pengguna").fill("ratna")
    page.get_by_label("Kata sandi").fill("bukan kata sandinya")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("tidak cocok")
    expect(page.get_by_label("Nama pengguna")).to_have_value("ratna")
    expect(page.get_by_label("Kata sandi")).to_be_focused()
    page.get_by_label("Kata sandi").fill(made.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(place.base + "/perubahan")
    expect(page.locator(".who")).to_contain_text("Ratna Dewi")
    cookies = {c["name"]: c for c in page.context.cookies()}
    assert cookies["merata"]["httpOnly"]
    assert cookies["merata"]["sameSite"] == "Lax"
    page.get_by_role("button", name="Keluar").click()
    expect(page.locator(".who")).to_have_text("Masuk")
    assert [w for w in seen.wrong if "422" not in w] == []


def test_a_plan_is_approved_by_another_account_and_started(place: Place, opened: Opener) -> None:
    draft = place.plans["draft"]
    author = opened(1366, 768)
    enter(author.page, place.base, "dimas", f"/perubahan/{draft}")
    expect(author.page.locator(".decide")).to_contain_text("akun lain harus menyetujui")
    other = opened(390, 844)
    enter(other.page, place.base, "ratna", f"/perubahan/{draft}")
    other.page.get_by_role("button", name=re.compile("Setujui untuk 24 perangkat")).click()
    other.page.get_by_role("button", name=re.compile("Mulai kirim ke 24 perangkat")).click()
    expect(other.page.locator("[data-live-part=asked]")).to_contain_text("Permintaan mulai dari Ratna Dewi")
    assert place.journal.requests(kind="rollout.start")[0].payload == {"plan": draft}
    assert author.wrong == other.wrong == []


def test_progress_comes_by_itself_and_silence_turns_amber(place: Place, opened: Opener) -> None:
    seen = opened(1366, 768)
    page = seen.page
    enter(page, place.base, "joko", f"/perubahan/{place.plans['running']}")
    expect(page.locator("[data-live-age]")).to_contain_text("Langsung,")
    before = page.locator('.cells use[href="#x-ok"]').count()
    going = next(d for d in place.journal.rollouts.rollout(place.rollout).devices if d.step is Step.SENDING)  # type: ignore[union-attr]
    place.journal.rollouts.step(place.rollout, going.device, Step.OK, at=NOW + 1)
    expect(page.locator('.cells use[href="#x-ok"]')).to_have_count(before + 1)
    expect(page.locator("h1")).to_contain_text(f"{before + 1} dari 90 selesai")
    page.clock.install()
    page.context.set_offline(True)
    page.clock.fast_forward(30_000)
    expect(page.locator("[data-live-age]")).to_have_class(re.compile("silent"))
    expect(page.locator("[data-live-age]")).to_contain_text("Perubahan tetap berjalan")
    assert [w for w in seen.wrong if "ERR_INTERNET_DISCONNECTED" not in w] == []


def test_the_stop_asks_once_and_escape_lets_it_go_on(place: Place, opened: Opener) -> None:
    seen = opened(1366, 768)
    page = seen.page
    running = place.plans["running"]
    enter(page, place.base, "dimas", f"/perubahan/{running}")
    page.get_by_role("link", name="Hentikan").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("yang sedang dikirim akan selesai atau dikembalikan")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Hentikan").click()
    dialog.get_by_role("button", name="Hentikan").click()
    expect(page.locator("[data-live-part=asked]")).to_contain_text("Permintaan henti dari Dimas Aryo")
    found = place.journal.rollouts.rollout(place.rollout)
    assert found is not None
    assert found.stop_asked_by == "dimas"
    assert seen.wrong == []


def test_without_a_script_everything_can_be_done(place: Place, opened: Opener) -> None:
    seen = opened(1366, 768, java_script_enabled=False)
    page = seen.page
    enter(page, place.base, "dimas", f"/perubahan/{place.plans['stopped']}")
    expect(page.locator(".alarm")).to_contain_text("2 perangkat")
    page.get_by_role("button", name="Lanjutkan").click()
    expect(page.locator("[data-live-part=asked]")).to_contain_text("Permintaan lanjut")
    page.get_by_role("button", name="Keluar").click()
    expect(page.locator(".who")).to_have_text("Masuk")


def test_the_end_of_a_session_is_told_two_minutes_before(place: Place, opened: Opener) -> None:
    seen = opened(1366, 768)
    page = seen.page
    enter(page, place.base, "joko", "/perubahan")
    page.clock.install()
    page.reload()
    block = page.locator("[data-session-ends]")
    expect(block).to_be_hidden()
    try:
        place.clock[0] += 3500
        page.clock.fast_forward(3_500_000)
        expect(block).to_be_visible()
        expect(block).to_contain_text("Sesi berakhir dalam 120 detik")
        block.get_by_role("button", name="Tetap masuk").click()
        page.clock.run_for(2_000)
        expect(block).to_be_hidden()
    finally:
        place.clock[0] = NOW
    assert seen.wrong == []


def test_no_page_has_a_fault_that_axe_finds(place: Place, opened: Opener) -> None:
    """Both themes at both widths; each page is loaded once and looked at four times."""
    script = axe.source()
    seen = opened(1366, 844)
    page = seen.page
    faults: list[str] = []

    def look(name: str, path: str) -> None:
        page.goto(place.base + path)
        page.evaluate(script)
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 844})
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                found = (f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in told["violations"])
                faults.extend(f"{name} {width} {theme} {one}" for one in found)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                faults.append(f"{name}: {wide} px wider than a window of {width}")

    look("sign-in", "/masuk")
    enter(page, place.base, "ratna", "/perubahan")
    device = next(iter(world().inventory.devices))
    running = f"/perubahan/{place.plans['running']}"
    for name, path in (
        ("list", "/perubahan"),
        ("running", running),
        ("stopped", f"/perubahan/{place.plans['stopped']}"),
        ("approval", f"/perubahan/{place.plans['draft']}"),
        ("device", f"{running}/{device}"),
        ("stop", f"{running}?henti=1"),
    ):
        look(name, path)
    assert faults == []
    assert seen.wrong == []
