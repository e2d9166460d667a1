"""Who may what: every route is looked at, so that a new one without protection fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from controller.accounts import manage, sessions
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role
from controller.journal.journal import Journal
from tests.unit.web.world import NOW, world
from web import SignIn, WebSettings, create_app
from web.own_path import own_path

PASSWORD = "sampan di Sungai Kapuas"
FAST = Passwords(memory_kib=64, time_cost=1)
HOST = {"base_url": "http://127.0.0.1"}
#: What may be sent without being an engineer, and why.
FREE = {
    "planner.save": "keeps a scenario: harms nobody, and the planner is no engineer",
    "signin.enter": "before sign-in; carries the token of the form's own cookie",
    "signin.leave": "every account may leave",
    "signin.stay": "every account may stay",
}
#: What may be read by everybody wherever we listen.
OPEN = {"about.public", "api.status", "choices.choose", "signin.form", "signin.left"}


@dataclass
class Site:
    """An application with two accounts, and a clock."""

    app: Flask
    journal: Journal
    clock: list[float] = field(default_factory=lambda: [NOW])

    def client(self, name: str = "", **more: str) -> FlaskClient:
        """A browser; signed in where a name is given."""
        client = self.app.test_client()
        if name:
            assert enter(client, name).status_code == 303
        return client


def make(folder: Path, *, needed: bool = False, open_to_all: bool = False) -> Site:
    journal = Journal.open(folder / "journal.db")
    for name, role in (("ratna", Role.ENGINEER), ("joko", Role.VIEWER)):
        manage.add(journal, name, PASSWORD, full_name=name.title(), role=role, at=NOW, by="t", passwords=FAST)
    clock = [NOW]
    settings = WebSettings(clock=lambda: clock[0], open_to_all=open_to_all)
    app = create_app(world().views, settings, None, SignIn(journal=lambda: journal, needed=needed, passwords=FAST))
    return Site(app, journal, clock)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make(tmp_path)


def token_in(answer: TestResponse) -> str:
    found = re.search(r'name="tanda" value="(\w+)"', answer.text)
    assert found is not None
    return found[1]


def enter(client: FlaskClient, name: str, password: str = PASSWORD, back: str = "/", **more: object) -> TestResponse:
    form = {"tanda": token_in(client.get("/masuk", **HOST)), "nama": name, "sandi": password, "kembali": back}
    return client.post("/masuk", data=form, **{**HOST, **more})  # type: ignore[arg-type]


def held(client: FlaskClient) -> str:
    cookie = client.get_cookie("merata", domain="127.0.0.1")
    return cookie.value if cookie else ""


def rules(app: Flask, *, changing: bool) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if bool((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}) is changing:
            yield rule


def address(app: Flask, rule: Rule) -> str:
    filled = {name: 7 if "int" in str(rule._converters[name].__class__).lower() else "x" for name in rule.arguments}
    with app.test_request_context(**HOST):
        return str(rule.build(filled, append_unknown=False)[1])  # type: ignore[index]


# Every route


def test_no_route_that_changes_something_is_free_without_a_reason(site: Site) -> None:
    free = {
        rule.endpoint
        for rule in rules(site.app, changing=True)
        if hasattr(site.app.view_functions[rule.endpoint], "merata_may")
    }
    assert free == set(FREE)


def test_every_other_route_that_changes_something_refuses_all_but_an_engineer_with_the_right_token(site: Site) -> None:
    looked_at = 0
    for rule in rules(site.app, changing=True):
        if rule.endpoint in FREE:
            continue
        looked_at += 1
        path = address(site.app, rule)
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            before = dict(tables(site.journal))
            stranger = site.client().open(path, method=method, **HOST)
            assert stranger.status_code in (303, 401), rule
            assert stranger.status_code == 401 or stranger.location.startswith("/masuk?")
            viewer, engineer = site.client("joko"), site.client("ratna")
            right = {"tanda": sessions.form_token(held(viewer))}
            assert viewer.open(path, method=method, data=right, **HOST).status_code == 403, rule
            for wrong in ({}, {"tanda": "x"}, right):
                assert engineer.open(path, method=method, data=wrong, **HOST).status_code == 403, rule
            mine = {"tanda": sessions.form_token(held(engineer))}
            for headers in (
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site"},
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
            ):
                told = engineer.open(path, method=method, data=mine, headers=headers, **HOST)
                assert told.status_code == 403, (rule, headers)
            assert dict(tables(site.journal)) == before
    assert looked_at >= 5


def tables(journal: Journal) -> Iterator[tuple[str, object]]:
    yield "requests", journal.requests()
    yield "plans", journal.rollouts.plans()
    yield "rollouts", journal.rollouts.rollouts()
    yield "settings", journal.settings()


def test_where_others_reach_us_every_page_but_the_public_ones_asks_to_sign_in(tmp_path: Path) -> None:
    site = make(tmp_path, needed=True, open_to_all=True)
    free = set()
    for rule in rules(site.app, changing=False):
        path = address(site.app, rule)
        answer = site.client().get(path, base_url="http://merata.example")
        if path.startswith("/api/") and answer.status_code == 401:
            assert answer.json["error"]["code"] == "sign_in_needed"
        elif answer.status_code != 303 or not answer.location.startswith("/masuk?"):
            free.add(rule.endpoint)
    assert free == OPEN


def test_on_this_machine_alone_reading_needs_no_account(site: Site) -> None:
    assert site.client().get("/lokasi", **HOST).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_that_nobody_named_opens_nothing_to_others(site: Site, header: str) -> None:
    """nginx asks as 127.0.0.1 unless told otherwise: what is free on this machine alone would be free to all."""
    answer = site.client().get("/lokasi", headers={header: "203.0.113.9"}, **HOST)
    assert answer.status_code == 403
    assert "--trusted-proxy" in answer.text


def test_a_page_asked_for_before_sign_in_comes_after_it(tmp_path: Path) -> None:
    site = make(tmp_path, needed=True)
    client = site.client()
    asked = client.get("/lokasi?status=mati&hal=2", **HOST)
    assert asked.location == "/masuk?kembali=%2Flokasi%3Fstatus%3Dmati%26hal%3D2"
    assert 'name="kembali" value="/lokasi?status=mati&amp;hal=2"' in client.get(asked.location, **HOST).text
    assert enter(client, "joko", back="/lokasi?status=mati&hal=2").location == "/lokasi?status=mati&hal=2"
    assert client.get("/lokasi?status=mati&hal=2", **HOST).status_code == 200
    assert client.get("/api/v1/sites", **HOST).status_code == 200


# Signing in and out


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    client = site.client()
    answer = enter(client, "ratna")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("merata="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


def test_on_https_the_cookie_is_secure_and_bound_to_the_host(tmp_path: Path) -> None:
    site = make(tmp_path, needed=True, open_to_all=True)
    client, there = site.client(), {"base_url": "https://merata.example"}
    form = {"tanda": token_in(client.get("/masuk", **there)), "nama": "ratna", "sandi": PASSWORD}
    cookies = client.post("/masuk", data=form, **there).headers.getlist("Set-Cookie")
    cookie = next(c for c in cookies if c.startswith("__Host-merata="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_over_plain_http_nobody_is_asked_for_a_password(tmp_path: Path) -> None:
    site = make(tmp_path, needed=True, open_to_all=True)
    page = site.client().get("/masuk", base_url="http://merata.example").text
    assert 'type="password"' not in page
    assert "https" in page


def test_signing_in_gives_a_new_session_and_ends_the_one_before(site: Site) -> None:
    client = site.client("ratna")
    first = held(client)
    client.get("/masuk", **HOST)
    fixed = site.client()
    fixed.set_cookie("merata", "chosen by somebody else", domain="127.0.0.1")
    enter(fixed, "ratna")
    assert held(fixed) not in ("", "chosen by somebody else", first)
    again = site.client()
    again.set_cookie("merata", first, domain="127.0.0.1")
    again.set_cookie("merata-form", "f", domain="127.0.0.1")
    form = {"tanda": sessions.form_token("f"), "nama": "ratna", "sandi": PASSWORD}
    assert again.post("/masuk", data=form, **HOST).status_code == 303
    assert "Ratna" not in client.get("/", **HOST).text


def test_signing_out_ends_the_session_everywhere_it_was_copied_to(site: Site) -> None:
    client, copy = site.client("ratna"), site.client()
    copy.set_cookie("merata", held(client), domain="127.0.0.1")
    assert "Ratna" in copy.get("/", **HOST).text
    assert client.post("/keluar", data={"tanda": sessions.form_token(held(client))}, **HOST).status_code == 303
    assert "Ratna" not in copy.get("/", **HOST).text
    assert "Ratna" not in client.get("/", **HOST).text


def test_a_wrong_password_says_the_same_as_a_wrong_name(site: Site) -> None:
    told = []
    for name in ("ratna", "nobody"):
        answer = enter(site.client(), name, "wrong password")
        assert answer.status_code == 422
        told.append(re.sub(r'value="\w*"', "", answer.text))
    assert told[0] == told[1]
    assert "tidak cocok" in told[0]


def test_too_many_failures_are_told_with_the_time_to_wait(site: Site) -> None:
    for _ in range(5):
        enter(site.client(), "ratna", "wrong password")
    answer = enter(site.client(), "ratna")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("given", [{}, {"tanda": "x"}])
def test_the_form_of_sign_in_carries_the_token_of_its_own_cookie(site: Site, given: dict[str, str]) -> None:
    client = site.client()
    client.get("/masuk", **HOST)
    assert client.post("/masuk", data={"nama": "ratna", "sandi": PASSWORD, **given}, **HOST).status_code == 403


def test_a_signed_in_planner_needs_the_token_to_save(site: Site) -> None:
    assert site.client("joko").post("/rencana/simpan", **HOST).status_code == 403
    assert site.client().post("/rencana/simpan", **HOST).status_code == 404  # no planner in this world
    assert site.client().post("/rencana/simpan", headers={"Sec-Fetch-Site": "cross-site"}, **HOST).status_code == 403


def test_what_is_shown_to_somebody_signed_in_is_kept_nowhere(site: Site) -> None:
    client = site.client("ratna")
    mine, theirs = client.get("/", **HOST), site.client().get("/", **HOST)
    assert mine.headers["Cache-Control"] == "no-store"
    assert "Cookie" in mine.headers["Vary"]
    assert mine.headers["ETag"] != theirs.headers["ETag"]
    assert client.get("/", headers={"If-None-Match": theirs.headers["ETag"]}, **HOST).status_code == 200


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(site: Site) -> None:
    used, watched = site.client("ratna"), site.client("joko")
    while site.clock[0] < NOW + 3700:
        site.clock[0] += 300
        used.get("/", **HOST)
        watched.get("/", headers={"X-Merata-Poll": "1"}, **HOST)
    assert "Ratna" in used.get("/", **HOST).text
    assert "Joko" not in watched.get("/", **HOST).text


def test_the_end_of_a_session_is_known_to_the_page_and_can_be_put_off(site: Site) -> None:
    client = site.client("joko")
    assert 'data-session-ends="3600"' in client.get("/", **HOST).text
    site.clock[0] += 3550
    assert client.get("/masuk/sisa", headers={"X-Merata-Poll": "1"}, **HOST).json == {"ends_in_s": 50}
    token = {"X-Merata-Form": sessions.form_token(held(client))}
    assert client.post("/masuk/lanjut", headers=token, **HOST).json == {"ends_in_s": 3600}
    assert client.get("/masuk/sisa", headers={"X-Merata-Poll": "1"}, **HOST).json == {"ends_in_s": 3600}
    assert site.client().get("/masuk/sisa", **HOST).json == {"ends_in_s": None}


def test_without_an_account_the_page_says_what_to_type(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    app = create_app(world().views, WebSettings(clock=lambda: NOW), None, SignIn(journal=lambda: journal))
    assert "merata account add" in app.test_client().get("/masuk", **HOST).text
    nothing = create_app(world().views, WebSettings(clock=lambda: NOW))
    assert nothing.test_client().get("/masuk", **HOST).status_code == 200


# Back to our own pages only


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)",
     "/\n/evil.example", "\\/evil.example", "evil.example", "", " /x", "///evil.example", "/ /evil", "http:/x"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(site: Site, address: str) -> None:
    assert own_path(address) == "/"
    assert enter(site.client(), "ratna", back=address).location == "/"


@pytest.mark.parametrize("address", ["/", "/lokasi?status=mati&q=a%20b", "/perubahan/7#gelombang", "/a:b"])
def test_our_own_pages_are_gone_back_to(address: str) -> None:
    assert own_path(address) == address
