"""What the pages let people take away: the question stands in every link, and files open."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from re import findall

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.reports.pages import page_count
from tests.unit.web.planner_world import planner_world
from tests.unit.web.world import world
from web import WebSettings, create_app


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    made = world(count=300)
    app: Flask = create_app(
        made.views, WebSettings(clock=lambda: made.now), planner_world(tmp_path_factory.mktemp("planner"))
    )
    return app.test_client()


def test_every_link_of_the_page_gives_a_file(taken: FlaskClient) -> None:
    page = taken.get("/laporan?radius=5&n=6&wilayah=61.10")
    assert page.status_code == 200
    links = [unescape(link) for link in findall(r'href="(/laporan/[^"]+)"', page.text)]
    assert len(links) == 2 + 4 * 5
    for link in links:
        assert "wilayah=61.10" in link
        found = taken.get(link)
        assert found.status_code == 200, link
        assert found.headers["Content-Disposition"].startswith("attachment")
        assert len(found.data) > 100


def test_a_regency_is_printed_on_two_pages(taken: FlaskClient) -> None:
    found = taken.get("/laporan/cetak.pdf?wilayah=61.10&bahasa=en&n=6")
    assert found.mimetype == "application/pdf"
    assert page_count(found.data) == 2


def test_a_table_holds_the_area_and_level_of_the_question(taken: FlaskClient) -> None:
    text = taken.get("/laporan/cakupan.csv?wilayah=61.10&tingkat=kecamatan").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert {(r["level"], r["code"][:5]) for r in rows} == {("district", "61.10")}
    shapes = json.loads(taken.get("/laporan/cakupan.geojson?wilayah=61.10&tingkat=kecamatan").data)["features"]
    assert all(s["geometry"]["type"] == "MultiPolygon" for s in shapes)


@pytest.mark.parametrize(
    "path", ["/laporan/apa.csv", "/laporan/cakupan.exe", "/laporan/rencana.csv", "/laporan?skenario=ffffffffffff"]
)
def test_what_is_not_there_is_not_found(taken: FlaskClient, path: str) -> None:
    assert taken.get(path).status_code == 404
