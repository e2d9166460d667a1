"""Compliance and firmware: green, red and why; what changed behind our back; what runs where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from controller.configurations.records import Held
from controller.views.compliance import Configurations, ConfigurationSources
from devices.facts import Identity
from devices.model import SshSettings
from tests.unit.web.world import NOW, World, world
from web import WebSettings, create_app

HOST = {"base_url": "http://127.0.0.1"}
RULES = """rules:
  - {id: waktu, title: Waktu dari server provinsi, must_contain: "server=10", why: catatan waktu harus sama}
  - {id: telnet, title: Tanpa telnet, must_not_contain: telnet}
"""
FIRMWARE = """firmware:
  - {platform: routeros, wanted: ">=7.12, <8", refused: "=7.13", why: 7.13 kehilangan Wi-Fi}
"""


def with_ssh(given: World) -> World:
    """The same province, its routers configured over SSH."""
    stock = given.inventory
    devices = {
        name: replace(device, ssh=SshSettings(credential="ssh-write", username="merata"), platform="routeros")
        for name, device in stock.devices.items()
    }
    changed = replace(stock, devices=devices)
    sources = replace(given.sources, inventory=lambda: changed)
    return replace(given, inventory=changed, sources=sources, views=type(given.views)(sources))


def client(*, rules: str | None = RULES, firmware: str | None = FIRMWARE, fetched: int = 40) -> FlaskClient:
    given = with_ssh(world())
    ids = list(given.inventory.devices)
    rows = {
        name: Held(
            device=name, fetched_at=NOW - 7200 - n, fingerprint=f"f{n}", revision="r", accepted_fingerprint=f"f{n}",
            accepted_revision="r", saved_differs=n == 3, error="unreachable: no answer" if n == 5 else None,
            tried_at=NOW - 60,
        )
        for n, name in enumerate(ids[:fetched])
    }  # fmt: skip
    if fetched:
        rows[ids[1]] = replace(rows[ids[1]], fingerprint="another")
        rows[ids[2]] = replace(rows[ids[2]], fingerprint="secret only")
    texts = {name: "server=10.0.0.1\n" + ("service telnet on\n" if n < 2 else "") for n, name in enumerate(rows)}
    versions = ("7.16.2", "7.13", "6.49.18", None)
    told = {
        name: Identity(told_at=NOW, platform="routeros", model="hAP ac2", version=versions[n % 4])
        for n, name in enumerate(ids)
    }
    sources = ConfigurationSources(
        rows=lambda: rows,
        text=texts.get,
        diff=lambda held: "@@ -1,1 +1,1 @@\n-dns=1.1.1.1\n+dns=<b>evil\n" if held.device == ids[1] else "",
        rules=lambda: (rules, "compliance.yaml") if rules else None,
        firmware=lambda: (firmware, "firmware.yaml") if firmware else None,
        identities=lambda: told,
        dialect=lambda platform: platform,
    )
    app = create_app(given.views, WebSettings(clock=lambda: NOW), None, None, Configurations(sources))
    return app.test_client()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", ["/kepatuhan", "/firmware"])
def test_each_page_answers_in_both_languages(path: str, language: str) -> None:
    for given in (
        client(),
        client(rules=None, firmware=None),
        client(rules="rules: 7", firmware="x: ["),
        client(fetched=0),
    ):
        answer = given.get(f"{path}?bahasa={language}", **HOST)
        assert answer.status_code == 200
        page = answer.text
        assert page.count("<h1") == 1
        assert "%(" not in page
    nothing = create_app(world().views, WebSettings(clock=lambda: NOW)).test_client()
    assert nothing.get(path, **HOST).status_code == 200


def test_a_broken_rule_says_where_and_why() -> None:
    page = client().get("/kepatuhan", **HOST).text
    assert "<b>1 aturan dilanggar.</b>" in page
    assert "dilanggar 2, dipatuhi 38" in page
    assert 'baris 2: <span class="mono">service telnet on</span>' in page
    assert "2 perangkat menyimpang dari yang diterima" in page


def test_drift_is_shown_as_a_difference_and_a_secret_is_not() -> None:
    page = client().get("/kepatuhan", **HOST).text
    assert '<div class="m">dns=1.1.1.1</div>' in page
    assert "dns=&lt;b&gt;evil" in page
    assert "Hanya sebuah rahasia yang berbeda" in page


def test_what_is_not_saved_and_what_could_not_be_fetched_is_told() -> None:
    page = client().get("/kepatuhan", **HOST).text
    assert "Belum tersimpan" in page
    assert "unreachable: no answer" in page


def test_a_file_that_cannot_be_read_judges_nobody() -> None:
    page = client(rules="rules: 7").get("/kepatuhan", **HOST).text
    assert "tidak bisa dibaca, jadi tidak ada yang dinilai" in page
    assert "Semua aturan dipatuhi" not in page


def test_versions_are_held_against_the_wanted_list() -> None:
    page = client().get("/firmware", **HOST).text
    assert "memakai versi yang tidak dikehendaki" in page
    for word in ("Sesuai", "Versi terlarang", "Versi lain", "Versi tidak disebut"):
        assert word in page
    assert "7.13 kehilangan Wi-Fi" in page
    assert "Belum ada daftar versi" in client(firmware=None).get("/firmware", **HOST).text
