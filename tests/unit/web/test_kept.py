"""Compliance and firmware: green, red and why; what changed behind our back; what runs where."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from controller.configurations.records import Held
from controller.configurations.rules import Memory, judge, load
from controller.views.compliance import Configurations, ConfigurationSources
from devices.facts import Identity
from tests.unit.web.kept_world import KeptWorld, build, with_ssh
from tests.unit.web.test_new_change import client as of
from tests.unit.web.world import NOW, world
from web import WebSettings, create_app

HOST = {"base_url": "http://127.0.0.1"}
RULES = """rules:
  - {id: waktu, title: Waktu dari server provinsi, must_contain: "server=10", why: catatan waktu harus sama}
  - {id: telnet, title: Tanpa telnet, must_not_contain: telnet}
"""
FIRMWARE = """firmware:
  - {platform: routeros, wanted: ">=7.12, <8", refused: "=7.13", why: 7.13 kehilangan Wi-Fi}
"""


def client(*, rules: str | None = RULES, firmware: str | None = FIRMWARE, fetched: int = 40) -> FlaskClient:
    given = with_ssh(world())
    ids = [str(name) for name in given.inventory.devices]
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
    texts: dict[str, str] = {
        name: "server=10.0.0.1\n" + ("service telnet on\n" if n < 2 else "") for n, name in enumerate(rows)
    }
    versions = ("7.16.2", "7.13", "6.49.18", None)
    told = {
        name: Identity(told_at=NOW, platform="routeros", model="hAP ac2", version=versions[n % 4])
        for n, name in enumerate(ids)
    }
    sources = ConfigurationSources(
        rows=lambda: rows,
        text=lambda device: texts.get(device),  # noqa: PLW0108  typed: a mapping's get takes more
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


# Behind the figures


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    return build(tmp_path_factory.mktemp("kept"), count=110, drifted=60)


def pages(client: FlaskClient, path: str) -> list[str]:
    """A list's pages, by its own links."""
    found = [client.get(path, **HOST).text]
    while (after := re.search(r'rel="next" href="([^"#]+)', found[-1])) is not None:
        href = after[1].replace("&amp;", "&")
        found.append(client.get(path.split("?", maxsplit=1)[0] + href if href.startswith("?") else href, **HOST).text)
    return found


def devices(page: str) -> set[str]:
    return set(re.findall(r'href="/perangkat/([a-z0-9-]+)"', page.split("<main")[1]))


@pytest.mark.parametrize("rule", ["waktu", "telnet", "snmp"])
def test_every_device_that_breaks_a_rule_is_reached_from_the_page(kept: KeptWorld, rule: str) -> None:
    reader = of(kept)
    texts = {d: kept.history.newest(d) or "" for d in kept.rows}
    broken = {d for d, text in texts.items() if (rule == "waktu" and "server=10" not in text)
              or (rule == "telnet" and "telnet" in text)}  # fmt: skip
    whole = pages(reader, f"/kepatuhan/aturan/{rule}")
    assert set().union(*map(devices, whole)) == broken
    assert reader.get("/kepatuhan/aturan/tidak-ada", **HOST).status_code == 404
    overview = reader.get("/kepatuhan", **HOST).text
    assert (f'href="/kepatuhan/aturan/{rule}"' in overview) == (len(broken) > 10)


def test_every_drifted_device_is_reached_and_its_difference_is_a_link_away(kept: KeptWorld) -> None:
    adrift = {d for d, held in kept.rows.items() if held.drifted}
    reached = set().union(
        *(re.findall(r'href="/perangkat/([a-z0-9-]+)/konfigurasi"', p) for p in pages(of(kept), "/kepatuhan"))
    )
    assert reached == adrift
    page = of(kept, "joko").get(f"/perangkat/{next(iter(adrift))}/konfigurasi", **HOST).text
    assert '<div class="m">set servers=10.61.0.1</div>' in page
    assert '<div class="p">set servers=10.61.0.2</div>' in page


@pytest.mark.parametrize("word", ["belum-tersimpan", "gagal-diambil"])
def test_what_is_not_saved_or_failed_is_listed_whole(kept: KeptWorld, word: str) -> None:
    wanted = {d for d, h in kept.rows.items() if (h.saved_differs if word == "belum-tersimpan" else h.error)}
    assert set().union(*map(devices, pages(of(kept), f"/kepatuhan/daftar/{word}"))) == wanted
    assert of(kept).get("/kepatuhan/daftar/lain", **HOST).status_code == 404


def test_every_device_of_a_version_is_listed(kept: KeptWorld) -> None:
    overview = of(kept).get("/firmware", **HOST).text
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/firmware/perangkat\?[^"]+)"', overview)}
    found = [d for link in links for page in pages(of(kept), link) for d in devices(page)]
    assert len(found) == len(set(found)) == len(kept.given.inventory.devices)
    assert of(kept).get("/firmware/perangkat?sistem=ios", **HOST).status_code == 404


def test_configurations_are_for_the_signed_in_and_secrets_stay_masked(kept: KeptWorld) -> None:
    device = next(iter(kept.rows))
    path = f"/perangkat/{device}/konfigurasi"
    assert of(kept).get(path, **HOST).status_code == 303
    assert path not in of(kept).get(f"/perangkat/{device}", **HOST).text
    reader = of(kept, "joko")
    assert path in reader.get(f"/perangkat/{device}", **HOST).text
    revisions = [r.id for r in kept.history.log(device)]
    assert len(revisions) == 2
    back = reader.get(f"{path}?dari={revisions[0]}&ke={revisions[1]}", **HOST).text
    assert '<div class="m">set servers=10.61.0.2</div>' in back
    whole = reader.get(f"{path}?ke={revisions[1]}&isi=1", **HOST).text
    assert 'name=<span class="mask">rahasia</span>' in whole
    for wrong in ("?ke=ffffffff", "?ke=--output", "?dari=zz&ke=1"):
        assert reader.get(path + wrong, **HOST).status_code == 404
    assert reader.get("/perangkat/tidak-ada/konfigurasi", **HOST).status_code == 404


def test_a_configuration_that_changes_is_judged_anew() -> None:
    marks, texts, asked = {"a": 1}, {"a": "telnet on"}, []

    def text(device: str) -> str | None:
        asked.append(device)
        return texts[device]

    found, about = load("rules: [{id: t, must_not_contain: telnet}]", "r.yaml", lambda _: lambda _: True)
    memory = Memory(lambda device: marks[device])
    first = judge(found, ["a"], text, about, memory=memory)
    assert judge(found, ["a"], text, about, memory=memory) == first
    assert asked == ["a"]
    texts["a"], marks["a"] = "ssh on", 2
    assert judge(found, ["a"], text, about, memory=memory)[0].kept == 1
