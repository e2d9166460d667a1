"""The planner's pages: the finding first, every number opens, plans compute without a script, what is saved stays."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from controller.views.planner import step_of
from controller.views.planner_compare import at_half, lorenz
from controller.views.planner_scenarios import Scenarios
from controller.views.planner_views import PlannerViews
from tests.unit.web.planner_world import planner_world
from tests.unit.web.world import World, world
from web import WebSettings, create_app

PLAN = "/rencana?n=12&pemerataan=2"
PAGES = [
    "/rencana", "/rencana?tab=kesenjangan", "/rencana?tab=kesenjangan&baris=semua", PLAN, PLAN + "&peta=rencana",
    "/rencana?lapis=selisih&tingkat=kabupaten", "/rencana?lapis=memadai&tingkat=desa", "/rencana?wilayah=61.10",
    "/rencana?wilayah=61.10.01&tingkat=desa", "/rencana?radius=0.15&profil=umc-school",
    "/rencana?anggaran=2.000.000.000", "/rencana/angka?nama=berfungsi", "/rencana/angka?nama=terpasang",
    "/rencana/angka?nama=tak-terukur&wilayah=61.10", "/rencana/angka?nama=ketimpangan",
]  # fmt: skip


@pytest.fixture(scope="module")
def given() -> World:
    return world()


@pytest.fixture(scope="module")
def planned(given: World, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder: Path = tmp_path_factory.mktemp("planner")
    app = create_app(given.views, WebSettings(clock=lambda: given.now), planner_world(folder, count=120))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


@pytest.fixture
def client(planned: Flask) -> FlaskClient:
    return planned.test_client()


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ").split())


def saved(client: FlaskClient, query: str, name: str = "Uji") -> str:
    answer = client.post(f"/rencana/simpan?{query}", data={"nama": name})
    assert answer.status_code == 303
    return str(answer.headers["Location"]).removeprefix("/rencana/")


def test_what_is_saved_is_what_was_looked_at_or_nothing(client: FlaskClient) -> None:
    query = "profil=bakti&radius=5&n=3"
    page = client.get(f"/rencana?{query}").text
    key = re.search(r'name="dasar" value="([^"]+)"', page)
    assert key is not None
    stale = client.post(f"/rencana/simpan?{query}", data={"nama": "Uji", "dasar": "of-yesterday"})
    assert "berubah=1" in stale.location
    assert "Tidak ada yang disimpan" in words(client.get(stale.location).text)
    kept = client.post(f"/rencana/simpan?{query}", data={"nama": "Uji", "dasar": key[1]})
    assert re.fullmatch(r"/rencana/[0-9a-f]{12}", kept.location)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["id", "en"])
def test_each_page_answers_in_both_languages_without_inline_code(client: FlaskClient, path: str, language: str):
    client.set_cookie("bahasa", language)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert "%(" not in answer.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)
    assert "Data contoh" in answer.text or language == "en"


def test_the_sentence_and_the_first_number_say_the_same_share(client: FlaskClient):
    page = words(client.get("/rencana").text)
    told = re.search(r"(\d+) dari 100 orang punya internet publik yang benar-benar berfungsi", page)
    figure = re.search(r"Berfungsi (\d+),(\d) %", page)
    assert told
    assert figure
    assert abs(int(told[1]) - float(f"{figure[1]}.{figure[2]}")) <= 0.5


def test_the_page_says_the_measured_period_and_the_month_before(client: FlaskClient):
    page = words(client.get("/rencana").text)
    assert "Diukur 30 hari, sampai 21 Nov 2026" in page
    assert "daripada Oktober 2026" in page


def test_the_legend_counts_every_area_of_the_map(client: FlaskClient):
    page = client.get("/rencana?tingkat=kabupaten").text
    legend = page[page.index('class="legend"') :]
    counts = [int(n) for n in re.findall(r'<span class="n">(\d+)</span>', legend[: legend.index("</ul>")])]
    assert sum(counts) == 14 == len(re.findall(r'class="geo-d', page))


@pytest.mark.parametrize(
    ("share", "step"), [(None, 0), (0.0, 1), (0.0999, 1), (0.10, 2), (0.25, 3), (0.5, 4), (0.75, 5), (1.0, 5)]
)
def test_the_lower_end_belongs_to_a_class(share: float | None, step: int):
    assert step_of(share) == step


def test_a_gap_says_cause_remedy_and_the_nearest_working_site(client: FlaskClient):
    page = words(client.get("/rencana?tab=kesenjangan&baris=semua").text)
    for expected in ("Belum ada lokasi", "Bangun", "Lokasi terlalu sering mati", "Perbaiki", "Tak terukur", "Ukur"):
        assert expected in page


def test_each_of_the_four_numbers_opens_what_it_stands_on(client: FlaskClient):
    page = client.get("/rencana").text
    links = [unescape(a) for a in re.findall(r'href="(/rencana/angka[^"]+)"', page)]
    assert len(links) == 4
    for link in links:
        told = words(client.get(link).text)
        assert "Sidik masukan" in told
        assert "Diukur" in told


def test_a_plan_is_worked_out_without_a_script_and_names_the_price_of_fairness(client: FlaskClient):
    page = words(client.get(PLAN).text)
    assert re.search(r"\+[\d.]+ orang terlayani", page)
    assert re.search(r"wilayah terendah, naik ke [\d,]+ % \(tanpa pemerataan [\d,]+ %\)", page)
    assert "belum terbukti" in page


def test_one_more_point_never_serves_fewer(client: FlaskClient):
    gained = [client.get(f"/api/v1/plan?n={n}").json["people"] for n in (0, 1, 5, 20, 60)]  # type: ignore[index]
    assert gained == sorted(gained)
    assert gained[0] == 0


def test_locked_and_forbidden_places_are_kept_to(client: FlaskClient):
    free = client.get("/api/v1/plan?n=5").json["plan"]["steps"]  # type: ignore[index]
    first = free[0]["place"]
    without = client.get(f"/api/v1/plan?n=5&larang={first}").json["plan"]["steps"]  # type: ignore[index]
    assert first not in [s["place"] for s in without]
    last = free[-1]["place"]
    within = client.get(f"/api/v1/plan?n=1&kunci={last}").json["plan"]["steps"]  # type: ignore[index]
    assert [s["place"] for s in within] == [last]


def test_only_wanted_actions_are_planned(client: FlaskClient):
    steps = client.get("/api/v1/plan?n=10&tindakan=perbaiki").json["plan"]["steps"]  # type: ignore[index]
    assert {s["action"] for s in steps} == {"repair"}


def test_more_locked_points_than_allowed_is_said_in_words(client: FlaskClient):
    steps = client.get("/api/v1/plan?n=3").json["plan"]["steps"]  # type: ignore[index]
    locked = "&".join(f"kunci={s['place']}" for s in steps)
    page = client.get(f"/rencana?n=1&{locked}")
    assert page.status_code == 200
    assert "Titik yang dikunci saja sudah melebihi batas" in words(page.text)
    answer = client.get(f"/api/v1/plan?n=1&{locked}")
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "locked"  # type: ignore[index]


@pytest.mark.parametrize(
    "query",
    ["n=-3", "n=1e9", "n=abc", "anggaran=<script>", "kunci=../../etc", "wilayah=99.99&n=3", "profil=x&n=2", "radius=7"],
)
def test_nonsense_in_the_address_breaks_nothing(client: FlaskClient, query: str):
    assert client.get(f"/rencana?{query}").status_code == 200


def test_a_scenario_keeps_its_link_and_its_figures_and_is_saved_once(client: FlaskClient):
    first = saved(client, "n=12&pemerataan=0", "Orang terbanyak")
    again = saved(client, "n=12&pemerataan=0", "Nama lain")
    assert first == again
    page = words(client.get(f"/rencana/{first}").text)
    assert "Orang terbanyak" in page
    assert "Nama lain" not in page
    assert "Skenario tersimpan tidak bisa diubah" in page


def test_two_scenarios_are_compared_and_the_difference_adds_up(client: FlaskClient):
    a, b = saved(client, "n=12&pemerataan=0"), saved(client, "n=12&pemerataan=3")
    assert a != b
    text = client.get(f"/rencana/bandingkan?a={a}&b={b}").text
    page = words(text)
    assert re.search(r"B melayani [\d.]+ orang lebih sedikit daripada A", page)
    assert text.count("data-marks") == 2
    assert "kolom selisih tidak ada" not in page


def test_scenarios_on_different_grounds_are_not_subtracted(client: FlaskClient):
    a, b = saved(client, "n=12&radius=5"), saved(client, "n=12&radius=1")
    page = words(client.get(f"/rencana/bandingkan?a={a}&b={b}").text)
    assert "Tidak sama: jangkauan" in page
    assert "B − A" not in page


def test_a_scenario_of_another_site_cannot_be_posted(client: FlaskClient):
    answer = client.post("/rencana/simpan?n=3", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/rencana/000000000000", "/rencana/..%2f", "/rencana/bandingkan?a=x&b=y", "/rencana/angka"]
)
def test_what_is_not_there_is_404(client: FlaskClient, path: str):
    assert client.get(path).status_code == 404


def test_a_damaged_or_newer_scenario_file_is_no_scenario(tmp_path: Path):
    kept = Scenarios(tmp_path)
    (tmp_path / "0123456789ab.json").write_text('{"kind": "merata-scenario", "format": 99}')
    (tmp_path / "0123456789ac.json").write_text("{")
    assert kept.find("0123456789ab") is None
    assert list(kept.listed()) == []


def test_without_a_planner_the_page_says_what_will_stand_here(given: World):
    bare = create_app(given.views, WebSettings(clock=lambda: given.now)).test_client()
    page = bare.get("/rencana")
    assert page.status_code == 200
    assert "Belum ada bahan rencana" in words(page.text)
    assert bare.get("/api/v1/plan").status_code == 404


def test_a_lorenz_curve_of_equal_shares_is_the_even_line():
    assert at_half(lorenz([(10.0, 5.0), (30.0, 15.0), (60.0, 30.0)])) == pytest.approx(0.5)
    assert at_half(lorenz([(50.0, 0.0), (50.0, 40.0)])) == pytest.approx(0.0)
    assert lorenz([(10.0, 0.0)]) == ()


def test_the_planner_stays_light(client: FlaskClient):
    import brotli  # type: ignore[import-untyped]

    page = client.get("/rencana").data
    without_map = re.sub(rb' d="[^"]*"', b"", page)
    assert len(brotli.compress(without_map, quality=5)) <= 20_000
    assert len(brotli.compress(page, quality=5)) <= 60_000


def test_before_the_first_measurement_nobody_is_said_to_be_unserved(given: World, tmp_path: Path):
    views = planner_world(tmp_path, count=40)
    known = views.planner.coverage("bakti", 5.0, given.now)
    assert known is not None
    total = replace(known.total, effective=0.0, unknown=known.total.nominal)
    unmeasured = replace(known, total=total)

    class Unmeasured:
        def __getattr__(self, name: str) -> object:
            return getattr(views.planner, name)

        def coverage(self, *_: object) -> object:
            return unmeasured

    shown = PlannerViews(Unmeasured(), Scenarios(None))  # type: ignore[arg-type]
    app = create_app(given.views, WebSettings(clock=lambda: given.now), shown)
    page = words(app.test_client().get("/rencana").text)
    assert re.search(r"Belum terukur: [\d.]+ orang tinggal dekat lokasi", page)
    assert "dari 100 orang" not in page


def test_a_plan_on_the_same_data_as_the_figures_above_needs_no_note(client: FlaskClient) -> None:
    assert "hasil ukur yang lebih baru" not in words(client.get("/rencana?profil=bakti&radius=5&n=3").text)
