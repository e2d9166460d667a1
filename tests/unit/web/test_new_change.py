"""A plan asked for on the pages: the files that there are, whom they mean, what is refused, and what became of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from controller.accounts import sessions
from controller.journal.records import RequestState
from tests.unit.web.kept_world import KeptWorld, build
from tests.unit.web.world import NOW

HOST = {"base_url": "http://127.0.0.1"}
FORM = "/perubahan/baru"
LIMIT = "changes/limit-bandwidth"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    return build(tmp_path_factory.mktemp("kept"), count=40)


def client(kept: KeptWorld, name: str = "") -> FlaskClient:
    found = kept.app.test_client()
    if name:
        account = kept.journal.accounts.account(name)
        assert account is not None
        token = sessions.begin(
            kept.journal, account[0], at=NOW, address="127.0.0.1", agent="t", lifetime=sessions.Lifetime()
        )
        found.set_cookie("merata", token, domain="127.0.0.1")
    return found


def send(found: FlaskClient, **form: str) -> tuple[int, str, str]:
    cookie = found.get_cookie("merata", domain="127.0.0.1")
    assert cookie is not None
    told = found.post(FORM, data={"tanda": sessions.form_token(cookie.value), **form}, **HOST)
    return told.status_code, told.headers.get("Location", ""), told.text


def test_only_engineers_see_the_change_files(kept: KeptWorld) -> None:
    assert client(kept).get(FORM, **HOST).headers["Location"].startswith("/masuk?kembali=")
    assert client(kept, "joko").get(FORM, **HOST).status_code == 403
    page = client(kept, "ratna").get(FORM, **HOST).text
    for title in ("Bandwidth limit by link", "Name servers of Kabupaten Landak", "changes/remote-log"):
        assert title in page
    assert "kesalahan dalam berkas" in page


@pytest.mark.parametrize("name", ["../journal.db", "/etc/hostname", "changes/../../history", "changes", "x\x00y"])
def test_what_is_no_change_below_the_folder_is_not_there(kept: KeptWorld, name: str) -> None:
    assert client(kept, "ratna").get(FORM, query_string={"berkas": name}, **HOST).status_code == 404


def test_a_link_that_leads_out_of_the_folder_is_not_followed(kept: KeptWorld, tmp_path: Path) -> None:
    outside = tmp_path / "luar.yaml"
    outside.write_text("name: luar\ntitle: Luar\nintent: {banner: {text: x}}\n")
    home = Path(kept.history._folder).parent / "home"
    (home / "tautan.yaml").symlink_to(outside)
    try:
        assert client(kept, "ratna").get(f"{FORM}?berkas=tautan.yaml", **HOST).status_code == 404
    finally:
        (home / "tautan.yaml").unlink()


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_form_counts_whom_the_file_means_before_anything_is_asked(kept: KeptWorld, language: str) -> None:
    page = client(kept, "ratna").get(f"{FORM}?berkas={LIMIT}&bahasa={language}", **HOST).text
    stock = kept.given.inventory
    meant = [
        d for d in stock.devices.values()
        if d.role.value == "router" and stock.sites[d.site].kind.value in ("school", "puskesmas", "village_office")
    ]  # fmt: skip
    assert f"<b>{len(meant)} {'perangkat' if language == 'id' else 'devices'}</b>" in page
    assert 'name="nilai.down_kbps"' in page
    assert "1.000.000" in page or "1,000,000" in page
    assert "%(" not in page


def test_a_secret_is_named_and_has_no_field(kept: KeptWorld) -> None:
    page = client(kept, "ratna").get(f"{FORM}?berkas=changes/monthly-password", **HOST).text
    assert "<dt>Rahasia</dt>" in page
    assert not re.search(r'name="nilai\.[a-z_]*password', page)
    before = len(kept.journal.requests(kind="plan.make"))
    code, place, _ = send(
        client(kept, "ratna"), berkas="changes/monthly-password", **{"nilai.new_password": "env:HOME"}
    )
    assert code == 303
    asked = kept.journal.request(int(place.rsplit("/", 1)[1]))
    assert asked is not None
    assert asked.payload["values"] == {}
    assert len(kept.journal.requests(kind="plan.make")) == before + 1


def test_an_expression_that_is_not_understood_is_shown_with_a_caret(kept: KeptWorld) -> None:
    code, _, page = send(client(kept, "ratna"), berkas=LIMIT, sasaran="regency=61.08 and platfrm=x", minta="1")
    assert code == 422
    assert "did you mean &#39;platform&#39;" in page
    assert re.search(r"\n {18,}\^", page)
    assert 'aria-invalid="true"' in page
    assert ">regency=61.08 and platfrm=x</textarea>" in page


def test_values_that_do_not_fit_and_expressions_that_mean_nobody_are_told(kept: KeptWorld) -> None:
    code, _, page = send(
        client(kept, "ratna"), berkas=LIMIT, sasaran="device=tidak-ada", **{"nilai.down_kbps": "<b>banyak"}
    )
    assert code == 422
    assert "Tidak ada perangkat yang dimaksud" in page
    assert 'id="salah-down_kbps"' in page
    assert "<b>banyak" not in page


def test_counting_files_nothing(kept: KeptWorld) -> None:
    before = len(kept.journal.requests(kind="plan.make"))
    code, _, page = send(client(kept, "ratna"), berkas=LIMIT, sasaran="device=rb-001", hitung="1")
    assert code == 200
    assert "<b>1 perangkat</b> dimaksud" in page
    assert len(kept.journal.requests(kind="plan.make")) == before


def test_a_request_is_filed_once_and_followed_to_its_plan(kept: KeptWorld) -> None:
    asker, form = (
        client(kept, "ratna"),
        {"berkas": "changes/dns-landak", "tiket": "DIS-9", "sasaran": " device=rb-001 "},
    )
    code, place, _ = send(asker, **form, **{"nilai.servers": "9.9.9.9, 1.1.1.1"})
    assert code == 303
    assert send(asker, **form, **{"nilai.servers": "9.9.9.9, 1.1.1.1"})[1] == place
    number = int(place.rsplit("/", 1)[1])
    asked = kept.journal.request(number)
    assert asked is not None
    assert asked.who == "ratna"
    assert asked.payload == {
        "change": "changes/dns-landak", "where": "device=rb-001", "values": {"servers": "9.9.9.9, 1.1.1.1"},
        "ticket": "DIS-9", "reason": "",
    }  # fmt: skip
    assert "Rencana sudah diminta" in client(kept, "joko").get(place, **HOST).text
    assert client(kept).get(place, **HOST).status_code == 303
    assert f"/perubahan/permintaan/{number}" in asker.get("/perubahan", **HOST).text
    while (taken := kept.journal.take(["plan.make"], by="me", at=NOW)) is not None:
        assert taken.state is RequestState.TAKEN
        if taken.id == number:
            assert "Rencana sedang dibuat" in asker.get(place, **HOST).text
        kept.journal.finish(taken.id, by="me", at=NOW, ok=True, result={"plan": kept.plans["draft"], "hash": "x"})
    assert asker.get(place, **HOST).headers["Location"] == f"/perubahan/{kept.plans['draft']}"


def test_a_refusal_is_told_with_a_way_to_ask_again(kept: KeptWorld) -> None:
    asker = client(kept, "ratna")
    _, place, _ = send(asker, berkas=LIMIT, sasaran="device=rb-002", **{"nilai.up_kbps": "300"})
    taken = kept.journal.take(["plan.make"], by="me", at=NOW)
    assert taken is not None
    told = {"error": "no device is taken by <x>", "reason": "failed"}
    kept.journal.finish(taken.id, by="me", at=NOW, ok=False, result=told)
    page = asker.get(place, **HOST).text
    assert "Rencana tidak jadi dibuat" in page
    assert "no device is taken by &lt;x&gt;" in page
    assert "sasaran=device%3Drb-002" in page
    assert "nilai.up_kbps=300" in page


def test_without_an_executor_the_page_says_so(kept: KeptWorld) -> None:
    told = "Eksekutor tidak berjalan"
    assert told not in client(kept, "ratna").get(FORM, **HOST).text
    kept.journal.rollouts.release("executor", "here")
    try:
        assert told in client(kept, "ratna").get(FORM, **HOST).text
    finally:
        kept.journal.rollouts.take_lease("executor", "here", "bulk change", NOW, 3600)
