"""The pages and the real executor over one journal: what is asked for on a page is done, and the page says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.rollout.boxes import applied
from tests.unit.rollout.province import BASE, CHANGE, Province
from tests.unit.rollout.test_executor import QUICK
from tests.unit.rollout.test_faults import province, template  # noqa: F401
from tests.unit.web import rollout_world as made
from tests.unit.web.test_changes import PROVINCE, Changing
from web import SignIn, WebSettings, create_app

NAMES = tuple(f"d{n:02}" for n in range(12))


@pytest.fixture
def routers(template: Path) -> Iterator[Province]:  # noqa: F811
    with province(template, names=NAMES) as built:
        made.accounts(built.journal)
        yield built


def pages(routers: Province) -> Changing:
    sign_in = SignIn(journal=lambda: routers.journal, passwords=made.FAST)
    app = create_app(PROVINCE.views, WebSettings(clock=routers.clock.now), None, sign_in)
    return Changing(app, routers.journal, [routers.clock.now()])


def test_a_change_is_started_on_the_page_and_its_result_is_shown(routers: Province) -> None:
    plan = routers.plan([routers.planned(n) for n in NAMES], QUICK, author="dimas")
    shown = pages(routers)
    executor = routers.executor()
    executor.begin()
    shown.send("ratna", f"/perubahan/{plan}/mulai")
    assert "Permintaan mulai" in shown.page(f"/perubahan/{plan}", "ratna")
    executor.tick()
    running = shown.page(f"/perubahan/{plan}", "ratna")
    assert "berjalan:" in running
    assert "Permintaan mulai" not in running
    assert "Eksekutor tidak berjalan" not in running
    routers.run(executor)
    page = shown.page(f"/perubahan/{plan}")
    assert "Rampung: 12 dari 12 selesai." in page
    assert len(re.findall(r"Gerbang lulus", page)) == 3
    device = shown.page(f"/perubahan/{plan}/{NAMES[3]}")
    assert "<b>d03:</b> selesai." in device
    assert "Pengaman dipasang." in device
    assert all(routers.boxes.look(n).saved == applied(BASE, CHANGE) for n in NAMES)


def test_a_stop_on_the_page_holds_and_resume_finishes(routers: Province) -> None:
    plan = routers.plan([routers.planned(n) for n in NAMES], QUICK, author="dimas")
    shown = pages(routers)
    executor = routers.executor()
    executor.begin()
    shown.send("dimas", f"/perubahan/{plan}/mulai")
    routers.run(executor, ticks=3)
    shown.send("ratna", f"/perubahan/{plan}/hentikan")
    routers.run(executor)
    page = shown.page(f"/perubahan/{plan}", "ratna")
    assert re.search(r"Berhenti di gelombang \d dari \d", page)
    assert "Dihentikan orang." in page
    assert "/lanjutkan" in page
    untouched = [n for n in NAMES if routers.boxes.look(n).sent == 0]
    assert untouched
    shown.send("ratna", f"/perubahan/{plan}/lanjutkan")
    executor.tick()
    routers.run(executor)
    assert "Rampung: 12 dari 12 selesai." in shown.page(f"/perubahan/{plan}")
    assert [routers.boxes.look(n).sent for n in NAMES] == [1] * 12


def test_what_the_executor_refuses_is_told_on_the_page(routers: Province) -> None:
    plan = routers.plan([routers.planned(n) for n in NAMES], QUICK, author="dimas")
    shown = pages(routers)
    executor = routers.executor()
    executor.begin()
    shown.send("dimas", f"/perubahan/{plan}/mulai")
    routers.clock.sleep(3 * 3600)  # nobody was there until the plan had expired
    executor.tick()
    page = shown.page(f"/perubahan/{plan}", "dimas")
    assert "Eksekutor menolak permintaan Dimas Aryo" in page
    assert "sudah kedaluwarsa" in page
