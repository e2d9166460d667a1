"""Who may approve what, and the keyed hash that approval and drift stand on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.journal.errors import RolloutRefused
from controller.journal.journal import Journal
from controller.rollout.approval import SELF_APPROVAL, approve, reject
from controller.rollout.fingerprint import Fingerprint
from controller.rollout.records import Plan, PlanState


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def draft(journal: Journal) -> int:
    plan = Plan(id=0, hash="0" * 64, change="dns", title="DNS", author="siti", made_at=1.0, expires_at=100.0, where="")
    return journal.rollouts.add_plan(plan).id


def test_an_author_does_not_approve_the_own_plan(journal: Journal) -> None:
    number = draft(journal)
    with pytest.raises(RolloutRefused) as refused:
        approve(journal, number, "siti", 2.0)
    assert refused.value.reason == "own_plan"
    assert approve(journal, number, "budi", 3.0).approved_by == "budi"


def test_an_office_of_one_person_may_switch_that_off(journal: Journal) -> None:
    number = draft(journal)
    journal.set_setting(SELF_APPROVAL, "yes", who="siti", at=1.0)  # only true is true
    with pytest.raises(RolloutRefused):
        approve(journal, number, "siti", 2.0)
    journal.set_setting(SELF_APPROVAL, True, who="siti", at=1.0)
    assert approve(journal, number, "siti", 2.0).state is PlanState.APPROVED


@pytest.mark.parametrize(("number", "at", "reason"), [(99, 2.0, "no_plan"), (1, 100.0, "expired")])
def test_what_cannot_be_approved_says_why(journal: Journal, number: int, at: float, reason: str) -> None:
    draft(journal)
    with pytest.raises(RolloutRefused) as refused:
        approve(journal, number, "budi", at)
    assert refused.value.reason == reason


def test_a_rejected_plan_is_not_approved_any_more(journal: Journal) -> None:
    number = draft(journal)
    approve(journal, number, "budi", 2.0)
    reject(journal, number, "budi", 3.0)
    with pytest.raises(RolloutRefused):
        approve(journal, number, "ani", 4.0)


def test_the_same_text_has_the_same_hash_under_one_key_only(tmp_path: Path) -> None:
    one = Fingerprint.kept_in(tmp_path / "key")
    again = Fingerprint.kept_in(tmp_path / "key")
    other = Fingerprint.kept_in(tmp_path / "other")
    assert one.of("hostname a\n") == again.of("hostname a\n") != other.of("hostname a\n")
    assert one.of("hostname a\n") != one.of("hostname b\n")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert "key" not in repr(one)


def test_eight_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    told: list[str] = []
    makers = [
        threading.Thread(target=lambda: told.append(Fingerprint.kept_in(tmp_path / "key").of("x"))) for _ in range(8)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(set(told)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_file_that_is_no_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(ValueError, match="not a key"):
        Fingerprint.kept_in(tmp_path / "key")
