"""The planner's map and rows open: hexagons in view, a village, a site; and every lock is seen and may be undone."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.coverage.ledger import Ledger
from controller.views.planner_views import PlannerViews
from tests.unit.web.planner_world import planner_of, planner_world
from tests.unit.web.world import World, world
from web import WebSettings, create_app


@pytest.fixture(scope="module")
def given() -> World:
    return world()


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> PlannerViews:
    folder: Path = tmp_path_factory.mktemp("places")
    return planner_world(folder, count=120)


@pytest.fixture
def client(given: World, views: PlannerViews) -> FlaskClient:
    app: Flask = create_app(given.views, WebSettings(clock=lambda: given.now), views)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app.test_client()


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ").split())


def first_place(client: FlaskClient, query: str = "n=12") -> str:
    found = re.search(r'<tr data-place="([^"]+)"', client.get(f"/rencana?{query}").text)
    assert found
    return found[1]


def test_hexagons_come_by_tile_with_a_class_each(client: FlaskClient) -> None:
    answer = client.get("/api/v1/plan/hexagons?halus=6&petak=62.0,62.-1,0.0&n=5")
    assert answer.status_code == 200
    told = answer.get_json()
    assert set(told["tiles"]) == {"62.0", "62.-1", "0.0"}
    tile = told["tiles"]["62.0"]
    assert len(tile["east"]) == len(tile["north"]) == len(tile["step"]) > 10
    assert set(tile["step"]) <= set("012345")
    assert told["tiles"]["0.0"]["step"] == ""


def test_hexagons_of_the_plan_are_not_those_of_today(client: FlaskClient) -> None:
    tiles = "petak=62.0,62.-1,61.0,62.1,61.1&halus=6&n=60"
    today = client.get(f"/api/v1/plan/hexagons?{tiles}").get_json()["tiles"]
    after = client.get(f"/api/v1/plan/hexagons?{tiles}&peta=rencana").get_json()["tiles"]

    def served(found: dict[str, dict[str, str]]) -> int:
        return sum(tile["step"].count("5") for tile in found.values())

    assert served(after) > served(today)


@pytest.mark.parametrize("query", ["halus=12&petak=1.1", "halus=6&petak=1.1&profil=x"])
def test_hexagons_that_are_not_there_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/plan/hexagons?{query}").status_code == 409


def test_at_most_so_many_tiles_are_answered(client: FlaskClient) -> None:
    tiles = ",".join(f"{k}.0" for k in range(90))
    assert len(client.get(f"/api/v1/plan/hexagons?halus=6&petak={tiles}").get_json()["tiles"]) == 48


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_click_on_a_hexagon_says_people_state_and_the_nearest_that_works(client: FlaskClient, language: str) -> None:
    client.set_cookie("bahasa", language)
    answer = client.get("/rencana/sel?lintang=0.02&bujur=109.33&halus=6&n=5")
    assert answer.status_code == 200
    page = words(answer.text)
    assert ("Penduduk heksagon ini" if language == "id" else "People in this hexagon") in page
    assert re.search(r"\d+(,\d)? km|\d+(\.\d)? km", page)
    assert "data-what" in answer.text
    assert client.get("/rencana/sel?lintang=40&bujur=5&halus=6").status_code == 404
    assert client.get("/rencana/sel?lintang=0.02&bujur=109.33&halus=11").status_code == 404
    assert client.get("/rencana/sel?lintang=x").status_code == 404


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_row_of_the_plan_opens_to_cost_people_and_sites(client: FlaskClient, language: str) -> None:
    client.set_cookie("bahasa", language)
    place = first_place(client)
    answer = client.get(f"/rencana/tempat/{place}?n=12")
    assert answer.status_code == 200
    page = words(answer.text)
    for word in ("2024", "Rp", "km", "BAKTI"):
        assert word in page
    assert ("langkah 1 dari 12" if language == "id" else "step 1 of 12") in page
    assert answer.text.count("<h1") == 1
    assert "%(" not in answer.text
    short = client.get(f"/rencana/tempat/{place}?n=12&ringkas=1")
    assert "<h1" not in short.text
    assert 'class="picked"' in short.text


def test_a_site_opens_to_what_was_measured(client: FlaskClient, views: PlannerViews, given: World) -> None:
    found = views.planner.coverage("bakti", 5.0, given.now)
    assert found is not None
    site = next(s for s in found.sites if s.verdict.value == "slow")
    page = words(client.get(f"/rencana/tempat/{site.site}").text)
    assert "Terlalu lambat" in page
    assert "uji aktif, median dari 12" in page
    assert "teramati 97 %" in page


@pytest.mark.parametrize("place", ["61.99.99.9999", "61.01", "tidak-ada", "..%2f"])
def test_a_place_that_is_neither_village_nor_site_is_404(client: FlaskClient, place: str) -> None:
    assert client.get(f"/rencana/tempat/{place}").status_code == 404


def test_every_locked_and_forbidden_place_is_named_drawn_and_may_be_released(client: FlaskClient) -> None:
    place = first_place(client)
    other = "61.01.01.2001"
    for tab in ("", "&tab=kesenjangan"):
        page = client.get(f"/rencana?n=12&kunci={place}&larang={other}{tab}").text
        picks = page[page.index('data-live-part="picks"') :].split("</ul>")[0]
        assert "Dikunci:" in words(picks)
        assert "Dilarang: Dalam Kaum" in words(picks)
        assert picks.count('data-what="lepas"') == 2
        assert page.count('class="pick lk"') >= 2  # in the list and on the map
        assert page.count('class="pick fb"') >= 2


def test_gaps_may_be_locked_before_any_plan_is_asked_for(client: FlaskClient) -> None:
    page = client.get("/rencana?tab=kesenjangan").text
    link = re.search(r'<a data-what="kunci" href="([^"]+)"', page)
    assert link
    locked = client.get(unescape(link[1]))
    assert locked.status_code == 200
    assert "Dikunci:" in words(locked.text)


def test_every_gap_and_step_has_a_link_to_its_grounds(client: FlaskClient) -> None:
    for query in ("n=12", "tab=kesenjangan"):
        page = client.get(f"/rencana?{query}").text
        rows = re.findall(r"<tr data-place=.*?</tr>", page, flags=re.DOTALL)
        assert len(rows) == 12
        for row in rows:
            opened = re.search(r'href="(/rencana/tempat/[^"]+)"', row)
            assert opened
        assert client.get(unescape(opened[1])).status_code == 200  # type: ignore[index]


def test_the_arrow_of_inequality_says_since_which_month(client: FlaskClient) -> None:
    page = words(client.get("/rencana").text)
    assert re.search(r"Ketimpangan \(Gini\) 0,\d\d [↓↑→] 0,\d\d (lebih|kurang|se)\w*.*? Oktober 2026", page)


def test_notes_and_sources_are_in_the_language_of_the_reader(client: FlaskClient) -> None:
    page = client.get("/rencana?n=3").text
    assert "garis lurus: optimistis" in page
    assert "straight line" not in page
    assert "Availability" not in page
    client.set_cookie("bahasa", "en")
    assert "straight line: optimistic" in client.get("/rencana?n=3").text


def test_with_two_months_the_earlier_one_is_told_too(given: World, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    planner = planner_world(folder, count=40)
    ledger = Ledger(folder)
    october = ledger.months("bakti", 5.0)[-1]
    ledger.close(replace(october, month="2026-09", gini=0.52), now=given.now - 50 * 86400)
    app = create_app(given.views, WebSettings(clock=lambda: given.now), planner)
    page = words(app.test_client().get("/rencana").text)
    assert re.search(r"daripada Oktober 2026\s*; September 2026: 0,52", page)


def test_a_locked_place_where_nothing_can_be_done_is_named(
    client: FlaskClient, views: PlannerViews, given: World
) -> None:
    found = views.planner.coverage("bakti", 5.0, given.now)
    assert found is not None
    works = next(s for s in found.sites if s.verdict.value == "effective")
    page = words(client.get(f"/rencana?n=5&kunci={works.site}").text)
    assert f"Di {works.name} tidak ada yang dapat dibangun" in page


def test_the_expected_figure_can_be_optimised_and_is_named_everywhere(client: FlaskClient, views: PlannerViews) -> None:
    asked = "n=60&sasaran=diharapkan&pemerataan=3"
    page = client.get(f"/rencana?{asked}").text
    assert "orang yang diharapkan terlayani" in words(page)
    assert re.search(r'<input type="range"[^>]* disabled aria-describedby="px"', page)
    assert "Tidak berlaku: angka yang diharapkan adalah satu jumlah atas semua orang." in words(page)
    assert 'name="sasaran" value="diharapkan"' in page
    told = client.get(f"/api/v1/plan?{asked}").get_json()
    even = client.get("/api/v1/plan?n=60").get_json()
    assert (told["objective"], even["objective"]) == ("expected", "coverage")
    assert told["expected_people"] > even["expected_people"]
    assert told["people"] <= even["people"]
    kept = client.post(f"/rencana/simpan?{asked}", data={"nama": "harapan"}).location
    plain = client.post("/rencana/simpan?n=60", data={"nama": "ambang"}).location
    assert "Dioptimalkan: Orang yang diharapkan terlayani" in words(client.get(kept).text)
    beside = client.get(f"/rencana/bandingkan?a={kept[-12:]}&b={plain[-12:]}").text
    assert "A dan B mengoptimalkan angka yang berbeda" in words(beside)
    assert views.scenarios.find(kept[-12:]).trades == ()  # type: ignore[union-attr]  # just saved


def test_a_row_of_a_saved_plan_opens_as_it_was_saved_and_says_what_changed(
    client: FlaskClient, views: PlannerViews, given: World, tmp_path: Path
) -> None:
    kept = client.post("/rencana/simpan?n=4", data={"nama": "lama"}).location
    row = re.search(r'<a href="(/rencana/tempat/[^"]+\?skenario=[0-9a-f]{12})"', client.get(kept).text)
    assert row
    assert "Dasarnya tidak berubah sejak itu." in words(client.get(row[1]).text)
    tomorrow = PlannerViews(planner_of(tmp_path, count=120), views.scenarios)
    later = create_app(given.views, WebSettings(clock=lambda: given.now + 7200), tomorrow)
    page = later.test_client().get(row[1])
    assert page.status_code == 200
    assert "Datanya sudah berubah sejak rencana ini disimpan." in words(page.text)
    assert "Dasar langkah yang tersimpan" in words(page.text)
    assert client.get(row[1].replace("skenario=", "skenario=x")).status_code == 404
