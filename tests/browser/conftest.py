"""A served small province and a Chromium to look at it with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from controller.views import Views
from tests.unit.web.world import World, world
from web import WebSettings, create_app

SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
LISTEN = (
    "document.addEventListener('securitypolicyviolation',"
    " e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
)
PATIENCE_MS = 60_000  # two cores are shared; a pass waits for nothing


@dataclass
class Served:
    """One running copy of the pages; `world` may be changed under it."""

    base: str
    world: World
    clock: list[float]


@contextmanager
def serve(given: World, *, live_s: int = 3600) -> Iterator[Served]:
    clock = [given.now]
    views = Views(given.sources, keep_s=0.0)
    app = create_app(views, WebSettings(clock=lambda: clock[0], live_s=live_s))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(base=f"http://127.0.0.1:{server.server_port}", world=given, clock=clock)
    finally:
        server.shutdown()
        thread.join(5)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with serve(world()) as running:
        yield running


@pytest.fixture(scope="session")
def playwright_running() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright_running: Playwright) -> Iterator[Browser]:
    found = playwright_running.chromium.launch(executable_path=shutil.which("chromium"), args=SOFTWARE_GL)
    yield found
    found.close()


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)


Opener = Callable[..., Watched]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """Open pages in a context of their own; every console error, violation or failed request is noted."""
    contexts = []

    def open_page(width: int = 1440, height: int = 900, *, on: Browser = browser, **options: object) -> Watched:
        context = on.new_context(viewport={"width": width, "height": height}, locale="id-ID", **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watched = Watched(page)
        if options.get("java_script_enabled", True):
            page.add_init_script(LISTEN)
        page.on(
            "console", lambda m: watched.wrong.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda e: watched.wrong.append(f"thrown: {e}"))
        page.on("response", lambda r: watched.wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        return watched

    yield open_page
    for context in contexts:
        context.close()
