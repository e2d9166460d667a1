"""The audit's page: newest first, by subject and act, and whether the chain holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from controller.views.audit import Audits
from tests.unit.web.kept_world import KeptWorld, build
from tests.unit.web.test_new_change import HOST, client
from tests.unit.web.world import NOW
from web.words.audit import ACTS


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptWorld:
    return build(tmp_path_factory.mktemp("audit"), count=16)


def rows(page: str) -> list[int]:
    return [int(n.replace(".", "")) for n in re.findall(r'<th scope="row" class="n">([\d.]+)</th>', page)]


def test_only_the_signed_in_read_it(kept: KeptWorld) -> None:
    assert client(kept).get("/audit", **HOST).status_code == 303
    assert client(kept).get("/lainnya", **HOST).text.count("/audit") == 0
    assert 'href="/audit"' in client(kept, "joko").get("/lainnya", **HOST).text


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_row_stands_on_some_page_newest_first(kept: KeptWorld, language: str) -> None:
    reader = client(kept, "joko")
    last = kept.journal.rollouts.audit.head()
    assert last is not None
    seen: list[int] = []
    path = f"/audit?bahasa={language}"
    while True:
        page = reader.get(path, **HOST).text
        assert "%(" not in page
        seen += rows(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    assert seen == sorted(seen, reverse=True)
    assert set(seen) >= set(range(1, last.seq + 1))


def test_a_plan_brings_its_sending_and_its_devices(kept: KeptWorld) -> None:
    plan = kept.plans["running"]
    rollout = kept.journal.rollouts.rollouts(plan=plan, limit=1)[0].id
    audit = kept.journal.rollouts.audit
    mine = audit.append(NOW, "executor", "device.ok", "device:rb-001", {"rollout": rollout}).seq
    other = audit.append(NOW, "executor", "device.ok", "device:rb-001", {"rollout": 999}).seq
    found = rows(client(kept, "joko").get(f"/audit?tentang=P-{plan}", **HOST).text)
    assert mine in found
    assert other not in found
    subjects = {e.subject for e in audit.every() if e.seq in found}
    assert {f"plan:{plan}", f"rollout:{rollout}", "device:rb-001"} <= subjects
    assert other in rows(client(kept, "joko").get("/audit?tentang=rb-001", **HOST).text)
    assert 'href="/audit?tentang=P-' in client(kept, "joko").get(f"/perubahan/{plan}", **HOST).text


def test_acts_are_chosen_in_words_and_by_kind(kept: KeptWorld) -> None:
    reader = client(kept, "joko")
    page = reader.get("/audit?tindakan=plan.", **HOST).text
    acts = {e.act for e in kept.journal.rollouts.audit.every() if e.seq in rows(page)}
    assert acts
    assert all(a.startswith("plan.") for a in acts)
    for language in ("id", "en"):
        told = reader.get(f"/audit?bahasa={language}", **HOST).text
        choices = re.findall(r'<option value="([a-z_.]+)"[^>]*>([^<]+)</option>', told)
        assert [value for value, _ in choices] == list(ACTS)
        assert all(value != word for value, word in choices)
    assert "Tidak ada baris yang cocok" in reader.get("/audit?tentang=P-12345", **HOST).text


def test_a_whole_chain_is_told_with_time_and_head_and_a_changed_row_is_found(tmp_path: Path) -> None:
    kept = build(tmp_path, count=12, drifted=2)
    page = client(kept, "joko").get("/audit", **HOST).text
    head = kept.journal.rollouts.audit.head()
    assert head is not None
    assert "<b>Catatan utuh:</b>" in page
    assert head.hash in page
    assert "21 Nov 2026 09.42.18 WIB" in page
    with kept.journal._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit SET who='orang lain' WHERE seq=3"))
    kept.clock[0] += 400
    assert "mulai baris 3" in client(kept, "joko").get("/audit", **HOST).text


def test_without_a_journal_nothing_stands_there() -> None:
    from tests.unit.web.world import world

    given = world(12)
    page = Audits(lambda: None).page(given.views.fleet(NOW), NOW)
    assert page.entries == ()
    assert page.check is None
