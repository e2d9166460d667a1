"""The pages of bulk changes: what changes where, is it going well, and who may decide."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from controller.accounts import sessions
from controller.journal.journal import Journal
from controller.journal.tables import ROLLOUT_DEVICE
from controller.rollout.approval import SELF_APPROVAL
from controller.rollout.records import PlanState, RolloutState, Step
from tests.unit.web import rollout_world as made
from tests.unit.web.world import NOW, inventory, world
from web import SignIn, WebSettings, create_app
from web.words import changes as words

HOST = {"base_url": "http://127.0.0.1"}
PROVINCE = world()


@dataclass
class Changing:
    app: Flask
    journal: Journal
    clock: list[float]
    draft: int = 0
    rejected: int = 0
    stopped: tuple[int, int] = (0, 0)
    running: tuple[int, int] = (0, 0)

    def client(self, name: str = "") -> FlaskClient:
        client = self.app.test_client()
        if name:
            found = self.journal.accounts.account(name)
            assert found is not None
            token = sessions.begin(
                self.journal, found[0], at=self.clock[0], address="127.0.0.1", agent="t", lifetime=sessions.Lifetime()
            )
            client.set_cookie("merata", token, domain="127.0.0.1")
        return client

    def page(self, path: str, name: str = "") -> str:
        answer = self.client(name).get(path, **HOST)
        assert answer.status_code == 200, answer.text[-2000:]
        return answer.text

    def send(self, name: str, path: str, **form: str) -> TestResponse:
        client = self.client(name)
        cookie = client.get_cookie("merata", domain="127.0.0.1")
        assert cookie is not None
        return client.post(path, data={"tanda": sessions.form_token(cookie.value), **form}, **HOST)


STOCK = PROVINCE.inventory


@dataclass(frozen=True)
class Kept:
    """A journal that was written once; each test changes a copy."""

    file: Path
    draft: int
    rejected: int
    stopped: tuple[int, int]
    running: tuple[int, int]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    file = tmp_path_factory.mktemp("changes") / "journal.db"
    journal = Journal.open(file)
    made.accounts(journal)
    found = Kept(
        file,
        made.draft(journal, STOCK),
        made.rejected(journal, STOCK),
        made.stopped(journal, STOCK),
        made.under_way(journal, STOCK),
    )
    journal.close()
    return found


def serve(journal: Journal, **more: Any) -> Changing:
    clock = [NOW]
    sign_in = SignIn(journal=lambda: journal, passwords=made.FAST)
    app = create_app(PROVINCE.views, WebSettings(clock=lambda: clock[0]), None, sign_in)
    return Changing(app, journal, clock, **more)


@pytest.fixture
def changing(kept: Kept, tmp_path: Path) -> Changing:
    journal = Journal.open(Path(shutil.copy(kept.file, tmp_path / "journal.db")))
    return serve(journal, draft=kept.draft, rejected=kept.rejected, stopped=kept.stopped, running=kept.running)


@pytest.fixture
def empty(tmp_path: Path) -> Changing:
    journal = Journal.open(tmp_path / "journal.db")
    made.accounts(journal)
    return serve(journal)


def cells(page: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for mark in re.findall(r'<div class="cells">(.*?)</div>', page, re.S):
        for name in re.findall(r'href="#x-(\w+)"', mark):
            found[name] = found.get(name, 0) + 1
    return found


# Reading


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_page_of_every_state_answers_in_both_languages(changing: Changing, language: str) -> None:
    plans = [changing.draft, changing.rejected]
    plans += [changing.running[0], changing.stopped[0]]
    device = next(iter(STOCK.devices))
    paths = ["/perubahan", f"/perubahan/{plans[2]}/{device}", f"/perubahan/{plans[0]}/{device}"]
    for path in [*paths, *(f"/perubahan/{p}" for p in plans)]:
        for name in ("", "joko", "ratna", "dimas"):
            page = changing.page(f"{path}?bahasa={language}", name)
            assert page.count("<h1") == 1
            assert "%(" not in page
            assert "Undefined" not in page
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", page)


def test_before_the_first_plan_the_list_says_what_will_stand_here(empty: Changing) -> None:
    page = empty.page("/perubahan")
    assert "Belum ada perubahan" in page
    assert "merata config plan" in page


def test_without_a_journal_the_list_is_empty_and_a_change_is_not_there() -> None:
    client = create_app(PROVINCE.views, WebSettings(clock=lambda: NOW)).test_client()
    assert client.get("/perubahan", **HOST).status_code == 200
    assert client.get("/perubahan/1", **HOST).status_code == 404
    assert client.get("/perubahan/1/rb-001", **HOST).status_code == 404


def test_a_running_change_is_told_in_one_sentence_with_one_cell_a_device(changing: Changing) -> None:
    plan, rollout = changing.running
    page = changing.page(f"/perubahan/{plan}")
    counts = changing.journal.rollouts.counts(rollout)
    ok = counts[Step.OK]
    assert re.search(rf"Gelombang \d dari 4 berjalan: {ok} dari 90 selesai, 1 dikembalikan, 1 luring\.", page)
    shown = cells(page)
    assert shown["ok"] == ok
    assert shown["go"] == 6
    assert shown["rb"] == shown["off"] == 1
    assert sum(shown.values()) == 90
    assert "Anggaran gagal: <b>2 dari 4</b>" in page
    assert page.count('<i class="x">') == 2
    assert "Pengguna turun dari 9 ke 0" in page
    assert "Gerbang lulus" in page
    assert "Perkiraan" in page or "laju" in page


def test_a_wave_of_more_than_four_hundred_is_a_bar_and_a_list_of_what_is_not_done(empty: Changing) -> None:
    plan, rollout = made.under_way(empty.journal, inventory(800), count=620, share=0.3)
    page = empty.page(f"/perubahan/{plan}")
    assert page.count('class="wide"') == 1
    assert sum(cells(page).values()) < 200
    assert "dikembalikan.</b>" in page
    assert "luring.</b>" in page
    # and each of those is reached
    sent = empty.journal.rollouts.rollout(rollout)
    assert sent is not None
    gone = [d for d in sent.devices if d.step is Step.WAITING][-70:]
    with empty.journal._engine.begin() as connection:  # at once: seventy durable steps take long
        names = [one.device for one in gone]
        connection.execute(update(ROLLOUT_DEVICE).where(ROLLOUT_DEVICE.c.device.in_(names)).values(step="offline"))
    wave = gone[0].wave
    page = empty.page(f"/perubahan/{plan}")
    link = re.search(r'href="(/perubahan/\d+/daftar\?keadaan=luring&amp;gelombang=\d)"', page)
    assert link is not None
    page, reached = empty.page(link[1].replace("&amp;", "&")), set()
    while True:
        reached |= set(re.findall(rf'href="/perubahan/{plan}/([a-z0-9-]+)"', page))
        after = re.search(r'rel="next" href="([^"]+)"', page)
        if after is None:
            break
        page = empty.page(after[1].replace("&amp;", "&"))
    offline = {d.device for d in empty.journal.rollouts.rollout(rollout).devices if d.step is Step.OFFLINE}  # type: ignore[union-attr]
    assert {d.device for d in gone if d.wave == wave} <= reached <= offline
    assert empty.client().get("/perubahan/99/daftar", **HOST).status_code == 404


def test_a_device_in_an_unknown_state_stands_above_all(changing: Changing) -> None:
    plan, _ = changing.stopped
    page = changing.page(f"/perubahan/{plan}")
    alarm = page.index('class="alarm"')
    assert alarm < page.index('class="ctl"')
    assert "2 perangkat" in page[alarm : alarm + 400]
    assert cells(page)["bad"] == 1
    assert cells(page)["lost"] == 1
    assert "2 perangkat" in changing.page("/perubahan")


def test_secrets_are_named_and_never_shown(changing: Changing) -> None:
    plan, _ = changing.running
    page = changing.page(f"/perubahan/{plan}")
    assert '<span class="mask">rahasia: WIFI_PUSKESMAS</span>' in page
    assert '<span class="mask">rahasia</span>' in page
    assert "⟦" not in page


def test_the_difference_comes_before_the_commands(changing: Changing) -> None:
    plan = changing.draft
    page = changing.page(f"/perubahan/{plan}")
    assert page.index('<div class="p">') < page.index("perintah seperti yang dikirim")
    device = next(iter(STOCK.devices))
    page = changing.page(f"/perubahan/{plan}/{device}")
    assert page.index('id="b"') < page.index('id="k"')


def test_what_a_device_says_cannot_become_markup(changing: Changing) -> None:
    plan, rollout = changing.running
    device = next(iter(STOCK.devices))
    facts = {"reason": "refused", "line": 0, "said": "<script>alert(1)</script>", "error": "<b>x"}
    changing.journal.rollouts.step(rollout, device, Step.ROLLED_BACK, at=NOW, facts=facts)
    page = changing.page(f"/perubahan/{plan}/{device}")
    assert "ssid=&#34;WIFI-PUSKESMAS&#34;" in page  # the command that was refused
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_what_is_missing_afterwards_is_told_by_its_lines(changing: Changing) -> None:
    plan, rollout = changing.running
    device = next(iter(STOCK.devices))
    facts = {"reason": "lines_missing", "missing": [1, 7], "checks": ["dns = 10.0.0.1"]}
    changing.journal.rollouts.step(rollout, device, Step.ROLLED_BACK, at=NOW, facts=facts)
    page = changing.page(f"/perubahan/{plan}/{device}")
    assert "Baris yang tidak ada" in page
    assert "dns = 10.0.0.1" in page
    assert "⟦" not in page


def test_an_open_page_is_told_what_changed_and_nothing_else(changing: Changing) -> None:
    plan, rollout = changing.running
    client = changing.client("ratna")
    first = client.get(f"/perubahan/{plan}", **HOST)
    again = {"If-None-Match": first.headers["ETag"], "X-Merata-Poll": "1"}
    assert client.get(f"/perubahan/{plan}", headers=again, **HOST).status_code == 304
    changing.journal.rollouts.step(rollout, next(iter(STOCK.devices)), Step.OK, at=NOW + 1)
    assert client.get(f"/perubahan/{plan}", headers=again, **HOST).status_code == 200


def test_nobody_carries_out_requests_is_said(changing: Changing) -> None:
    plan, _ = changing.running
    assert "Eksekutor tidak berjalan" not in changing.page(f"/perubahan/{plan}")
    changing.clock[0] += 4000
    assert "Eksekutor tidak berjalan" in changing.page(f"/perubahan/{plan}")


# Deciding


def test_another_account_approves_and_the_author_does_not(changing: Changing) -> None:
    plan = changing.draft
    mine = changing.page(f"/perubahan/{plan}", "dimas")
    assert "/setujui" not in mine
    assert "akun lain harus menyetujui" in mine
    hidden = re.search(r'name="sidik" value="(\w+)"', mine)
    assert hidden is not None
    refused = changing.send("dimas", f"/perubahan/{plan}/setujui", sidik=hidden[1])
    assert refused.location == f"/perubahan/{plan}?tidak=own_plan"
    assert state(changing, plan) is PlanState.DRAFT
    assert changing.send("ratna", f"/perubahan/{plan}/setujui", sidik=hidden[1]).location == f"/perubahan/{plan}"
    assert state(changing, plan) is PlanState.APPROVED
    entry = changing.journal.rollouts.audit.entries(act="plan.approved")[-1]
    assert (entry.who, entry.subject) == ("ratna", f"plan:{plan}")


def test_an_office_of_one_person_may_switch_that_off(changing: Changing) -> None:
    plan = changing.draft
    changing.journal.set_setting(SELF_APPROVAL, True, who="local:root", at=NOW)
    page = changing.page(f"/perubahan/{plan}", "dimas")
    hidden = re.search(r'/setujui">.*?name="sidik" value="(\w+)"', page, re.S)
    assert hidden is not None
    changing.send("dimas", f"/perubahan/{plan}/setujui", sidik=hidden[1])
    assert state(changing, plan) is PlanState.APPROVED


def test_only_the_plan_that_was_looked_at_is_approved(changing: Changing) -> None:
    plan = changing.draft
    told = changing.send("ratna", f"/perubahan/{plan}/setujui", sidik="0" * 64)
    assert told.location.endswith("?tidak=changed")
    assert state(changing, plan) is PlanState.DRAFT
    assert "bukan yang Anda lihat" in changing.page(told.location, "ratna")


def test_a_viewer_and_a_stranger_see_no_button(changing: Changing) -> None:
    plans = [changing.draft, changing.running[0]]
    for plan in plans:
        for name in ("", "joko"):
            page = changing.page(f"/perubahan/{plan}", name)
            assert not re.search(r'action="/perubahan', page)


def test_starting_is_a_request_that_is_filed_once(changing: Changing) -> None:
    plan = changing.draft
    early = changing.send("ratna", f"/perubahan/{plan}/mulai")
    assert early.location.endswith("?tidak=not_approved")
    changing.journal.rollouts.decide(plan, PlanState.APPROVED, by="ratna", at=NOW)
    for _ in range(2):
        changing.send("dimas", f"/perubahan/{plan}/mulai")
    asked = changing.journal.requests(kind="rollout.start")
    assert [(r.payload, r.who) for r in asked] == [({"plan": plan}, "dimas")]
    page = changing.page(f"/perubahan/{plan}", "dimas")
    assert "Permintaan mulai" in page
    assert "/mulai" not in page


def test_stopping_asks_once_with_the_consequence_and_holds_at_once(changing: Changing) -> None:
    plan, rollout = changing.running
    page = changing.page(f"/perubahan/{plan}?henti=1", "joko")
    assert "<dialog" not in page
    page = changing.page(f"/perubahan/{plan}?henti=1", "dimas")
    assert re.search(r"<dialog[^>]* open>", page)
    assert "6 perangkat yang sedang dikirim" in page
    changing.send("dimas", f"/perubahan/{plan}/hentikan")
    found = changing.journal.rollouts.rollout(rollout)
    assert found is not None
    assert found.stop_asked_by == "dimas"
    assert changing.journal.requests(kind="rollout.stop")[0].payload == {"rollout": rollout}
    assert changing.send("ratna", f"/perubahan/{plan}/hentikan").location.endswith("?tidak=asked")


def test_resuming_is_a_request_and_only_for_what_is_stopped(changing: Changing) -> None:
    plan, rollout = changing.stopped
    changing.send("ratna", f"/perubahan/{plan}/lanjutkan")
    assert changing.journal.requests(kind="rollout.resume")[0].payload == {"rollout": rollout}
    other, _ = changing.running
    assert changing.send("ratna", f"/perubahan/{other}/lanjutkan").location.endswith("?tidak=not_stopped")


def test_what_is_not_there_is_not_there(changing: Changing) -> None:
    for act in ("setujui", "tolak", "mulai", "hentikan", "lanjutkan"):
        assert changing.send("ratna", f"/perubahan/99/{act}").status_code == 404


def test_a_change_that_ended_says_so(changing: Changing) -> None:
    plan, rollout = changing.running
    found = changing.journal.rollouts.rollout(rollout)
    assert found is not None
    for one in found.devices:
        if one.step not in (Step.OK, Step.UNCHANGED):
            changing.journal.rollouts.step(rollout, one.device, Step.OK, at=NOW, facts={"reason": ""})
    changing.journal.rollouts.set_state(rollout, RolloutState.DONE, at=NOW, by="executor")
    page = changing.page(f"/perubahan/{plan}", "dimas")
    assert "Rampung: 90 dari 90 selesai." in page
    assert "<dialog" not in page


def state(changing: Changing, plan: int) -> PlanState:
    found = changing.journal.rollouts.plan(plan, devices=False)
    assert found is not None
    return found.state


# API


def test_the_api_tells_what_the_pages_show_and_no_secret(changing: Changing) -> None:
    plan, rollout = changing.running
    client = changing.client()
    listed: Any = client.get("/api/v1/changes", **HOST).json
    assert [c["state"] for c in listed["changes"]] == ["running", "stopped", "rejected", "draft"]
    assert listed["changes"][0]["tally"]["total"] == 90
    told = client.get(f"/api/v1/changes/{plan}", **HOST)
    shown: Any = told.json
    assert shown["change"]["rollout"] == rollout
    assert len(shown["devices"]) == 90
    assert shown["spent"] == 2
    assert [g["passed"] for g in shown["gates"]] == [True] * 3
    again = client.get(f"/api/v1/changes/{plan}", headers={"If-None-Match": told.headers["ETag"]}, **HOST)
    assert again.status_code == 304
    device = next(iter(STOCK.devices))
    one: Any = client.get(f"/api/v1/changes/{plan}/devices/{device}", **HOST).json
    assert one["lines"][1].endswith("⟦env:WIFI_PUSKESMAS⟧")
    for path in ("/api/v1/changes/99", f"/api/v1/changes/99/devices/{device}", f"/api/v1/changes/{plan}/devices/x"):
        assert client.get(path, **HOST).status_code == 404


def test_the_api_changes_nothing(changing: Changing) -> None:
    unsafe = {"POST", "PUT", "PATCH", "DELETE"}
    rules = [r for r in changing.app.url_map.iter_rules() if r.rule.startswith("/api/")]
    assert [r.rule for r in rules if unsafe & (r.methods or set())] == []


# Words


def codes(pattern: str) -> set[str]:
    folder = Path(made.__file__).resolve().parents[3] / "controller"
    files = [*(folder / "rollout").glob("*.py"), *(folder / "journal").glob("*.py")]
    return {code for file in files for code in re.findall(pattern, file.read_text(), re.S)}


def test_every_reason_of_the_executor_has_its_words(changing: Changing) -> None:
    told = codes(r'(?:Trouble\(|Ended\(\s*Step\.\w+,|reason=|"reason": |_stop\(|Stop\(reason=)\s*"(\w+)"')
    told |= codes(r'_(?:be|close)\(RolloutState\.\w+[^,]*, "(\w+)"')
    assert len(told) > 20
    with changing.app.test_request_context():
        silent = {c for c in told if words.reason({"reason": c}) in (c, c.replace("_", " "))}
    assert silent == set()


def test_every_refusal_has_its_words(changing: Changing) -> None:
    told = codes(r'RolloutRefused\(\s*"(\w+)"')
    assert len(told) > 5
    with changing.app.test_request_context():
        assert {c for c in told if not words.refusal(c)} == set()


def test_every_step_has_a_word_and_a_sign(changing: Changing) -> None:
    page = changing.page(f"/perubahan/{changing.running[0]}")
    with changing.app.test_request_context():
        assert len({words.step_word(s) for s in Step}) == len(Step)
        assert {words.cell(s) for s in Step} <= set(re.findall(r'symbol id="x-(\w+)"', page))


# Long lists


def test_every_plan_is_reached_page_by_page_on_the_pages_and_in_the_api(empty: Changing) -> None:
    stock = inventory(8)
    running, _ = made.under_way(empty.journal, stock, count=4)
    for number in range(54):
        empty.journal.rollouts.add_plan(made.plan_of(stock, count=1, title=f"Rencana {number}"))
    reached: list[int] = []
    page = empty.page("/perubahan")
    assert "54 rencana menunggu persetujuan" in page
    reached += map(int, re.findall(r'<th scope="row"><a href="/perubahan/(\d+)"', page))
    assert reached[0] == running
    while (after := re.search(r'rel="next" href="([^"]+)"', page)) is not None:
        page = empty.page(after[1])
        reached += map(int, re.findall(r'<th scope="row"><a href="/perubahan/(\d+)"', page))
    assert sorted(reached) == list(range(1, 56))
    listed: list[Any] = [empty.client().get(f"/api/v1/changes?page={n}&per_page=20", **HOST).json for n in (1, 2, 3)]
    assert [c["id"] for told in listed for c in told["changes"]] == reached
    assert listed[0]["page"] == {"page": 1, "pages": 3, "matched": 55, "total": 55}
    assert empty.client().get("/api/v1/changes?page=0", **HOST).status_code == 422
