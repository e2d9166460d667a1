"""Each page is whole without a script, says its finding first, and says how old it is."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from controller.views import Nothing, Sources, Views
from geography.units import load
from tests.unit.web.conftest import app_of
from tests.unit.web.world import HOUR, World, world
from web import WebSettings, create_app

PAGES = [
    "/", "/?urut=terbaru", "/gangguan/g01", "/peta", "/peta?status=mati", "/lokasi", "/lokasi?urut=nama&hal=2",
    "/lokasi/lok-006", "/perangkat/rb-006", "/perangkat/rb-006?rentang=7h", "/perangkat/rb-006?rentang=30h",
    "/perangkat/rb-006/mentah", "/perangkat/rb-006/tabel/traffic", "/status", "/sistem", "/cari?q=sungai", "/lainnya",
]  # fmt: skip
DATED = [p for p in PAGES if not p.startswith(("/lainnya", "/perangkat/rb-006/tabel"))]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_answers_in_both_languages_with_one_heading(client: FlaskClient, path: str, language: str):
    client.set_cookie("bahasa", language)
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert answer.text.count("<h1") == 1
    assert "%(" not in answer.text
    assert "Undefined" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_an_inline_script_or_style(client: FlaskClient, path: str):
    page = client.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", DATED)
def test_each_page_says_how_old_its_data_is_and_that_it_is_an_example(client: FlaskClient, path: str):
    page = client.get(path).text
    assert "Data 09.41 WIB," in page
    assert "Data contoh" in page


def test_the_board_puts_most_people_first_and_says_the_finding(client: FlaskClient):
    page = client.get("/").text
    assert re.search(r"<b>\d+ gangguan</b> berjalan\. <b>[\d.]+ orang</b> tanpa internet publik\.", page)
    told = [int(n.replace(".", "")) for n in re.findall(r'class="cost"><b>([\d.]+)</b>', page)]
    assert told == sorted(told, reverse=True)
    assert len(told) == 6


def test_a_quiet_network_says_so_and_since_when():
    page = app_of(world(quiet=True)).test_client().get("/").text
    assert "Tidak ada gangguan." in page
    assert "120 lokasi normal sejak 12 Nov 09.42" in page


@pytest.mark.parametrize(
    "path", ["/", "/peta", "/lokasi", "/status", "/sistem", "/cari?q=xx", "/api/v1/summary", "/api/v1/sites.columns"]
)
def test_before_the_first_inventory_each_page_says_what_will_stand_here(path: str):
    empty = Sources(reader=Nothing(), inventory=lambda: None, units=load(), people=lambda _: {})
    client = create_app(Views(empty), WebSettings(clock=lambda: 1.8e9)).test_client()
    answer = client.get(path)
    assert answer.status_code == 200
    if not path.startswith("/api"):
        assert "Belum ada" in answer.text or "belum" in answer.text


def test_late_data_is_told_in_amber_and_old_data_withdraws_every_verdict():
    fresh = world()
    late = World(fresh.inventory, fresh.reader, fresh.sources, Views(fresh.sources), now=fresh.now + 600)
    page = app_of(late).test_client().get("/").text
    assert "Server pengumpul tidak mengirim." in page
    assert "fresh old" in page
    old = World(fresh.inventory, fresh.reader, fresh.sources, Views(fresh.sources), now=fresh.now + 2 * HOUR)
    summary = app_of(old).test_client().get("/api/v1/summary").json
    assert summary["counts"]["unknown"] == 120
    assert summary["counts"]["down"] == 0


def test_a_page_is_answered_304_while_nothing_changed(client: FlaskClient):
    first = client.get("/lokasi")
    again = client.get("/lokasi", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    client.set_cookie("bahasa", "en")
    assert client.get("/lokasi", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_compressed_answer_is_recognised_by_its_suffixed_tag(client: FlaskClient):
    first = client.get("/", headers={"Accept-Encoding": "br"})
    assert first.headers["Content-Encoding"] == "br"
    headers = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": "br"}
    assert client.get("/", headers=headers).status_code == 304


def test_every_answer_carries_the_strict_policy(client: FlaskClient):
    for path in ("/", "/api/v1/summary", "/tidak-ada", "/pilihan?tema=dark"):
        headers = client.get(path).headers
        assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_name_is_refused_on_loopback(client: FlaskClient):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "127.0.0.1:8021"}).status_code == 200


def test_what_does_not_exist_is_told_in_words_with_a_way_on(client: FlaskClient):
    for path in ("/perangkat/tidak-ada", "/lokasi/tidak-ada", "/gangguan/tidak-ada", "/perangkat/rb-001/tabel/apa"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Tidak ada apa-apa di alamat ini." in answer.text


def test_names_from_the_inventory_are_escaped_everywhere():
    given = world()
    site = next(iter(given.inventory.sites.values()))
    object.__setattr__(site, "name", "<script>alert(1)</script>")
    try:
        client = app_of(given).test_client()
        for path in ("/", "/lokasi?q=script", f"/lokasi/{site.id}", "/peta", "/cari?q=script", "/perangkat/rb-001"):
            assert "<script>alert" not in client.get(path).text
    finally:
        object.__setattr__(site, "name", "Kantor Desa")


def test_what_was_searched_is_escaped(client: FlaskClient):
    page = client.get("/cari?q=%3Cimg+src%3Dx%3E").text
    assert "<img" not in page
    assert "&lt;img" in page


def test_filters_and_order_live_in_the_address(client: FlaskClient):
    page = client.get("/lokasi?status=mati&wilayah=61.07&urut=orang").text
    assert re.search(r"<b>\d+ lokasi</b> dari 120", page)
    assert 'value="61.07" selected' in page
    assert 'value="mati" checked' in page


def test_nonsense_in_the_address_is_dropped(client: FlaskClient):
    assert client.get("/lokasi?status=ungu&jenis=ikan&urut=%00&hal=-9&wilayah=%27").status_code == 200
    assert client.get("/perangkat/rb-006?rentang=selamanya").status_code == 200
    assert client.get("/peta?wilayah=99.99").status_code == 200


def test_choices_are_kept_and_lead_back_only_to_our_own_pages(client: FlaskClient):
    answer = client.get("/pilihan?tema=dark&bahasa=en&kembali=/lokasi%3Fhal=2")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/lokasi?hal=2"
    assert 'data-theme="dark"' in client.get("/").text
    for foreign in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"):
        assert client.get("/pilihan", query_string={"kembali": foreign}).headers["Location"] == "/"


def test_the_public_page_names_no_device_and_no_address(client: FlaskClient, province: World):
    page = client.get("/status").text
    assert "Kapuas Hulu" in page
    for device in province.inventory.devices.values():
        assert device.target.host not in page
        assert f">{device.name}<" not in page


def test_a_failure_gives_a_code_and_no_trace(province: World):
    def broken():
        raise RuntimeError("secret path")

    sources = Sources(reader=Nothing(), inventory=broken, units=load(), people=lambda _: {})
    client = create_app(Views(sources), WebSettings(clock=lambda: 1.8e9)).test_client()
    page = client.get("/")
    assert page.status_code == 500
    assert "secret path" not in page.text
    assert client.get("/api/v1/summary").json["error"]["code"] == "internal_error"


def rows_of(page: str) -> dict[str, str]:
    """Names and values of the list about the box."""
    found = re.search(r'<dl class="kv">(.*?)</dl>', page, re.DOTALL)
    assert found is not None
    rows = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", found.group(1), re.DOTALL)
    return {name: re.sub(r"<[^>]+>", "", value).strip() for name, value in rows}


def test_a_device_shows_which_box_it_is_as_last_told(client: FlaskClient):
    rows = rows_of(client.get("/perangkat/rb-006").text)
    assert (rows["Model"], rows["Sistem"]) == ("MikroTik hAP ac²", "RouterOS 7.16.2")
    assert (rows["Nomor seri"], rows["MAC"]) == ("MADEUP00006", "02:00:5E:10:00:AB")
    assert rows["Nama SNMP"] == "rb-6.contoh"
    assert re.search(r"\d", rows["Dilaporkan"])


def test_a_new_firmware_is_told_among_the_events(client: FlaskClient):
    assert "Firmware berganti: 7.15 menjadi 7.16.2" in client.get("/perangkat/rb-006").text


@pytest.mark.parametrize("device", ["rb-005", "rb-007"])
def test_what_a_device_did_not_tell_is_a_dash_and_never_empty(client: FlaskClient, device: str):
    rows = rows_of(client.get(f"/perangkat/{device}").text)
    assert all(rows.values())
    assert {rows["Model"], rows["Nomor seri"], rows["Nama SNMP"]} == {"–"}


def test_of_a_device_that_never_spoke_only_the_system_of_the_inventory_is_known(client: FlaskClient):
    rows = rows_of(client.get("/perangkat/rb-007").text)
    assert (rows["Sistem"], rows["MAC"], rows["Dilaporkan"]) == ("RouterOS", "–", "belum pernah")
