"""What a rollout left is accepted at once; the history follows, at the latest with the next backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.configurations.accepting import GATHERED, Accepting
from controller.configurations.copies import Copies
from controller.configurations.drift import drifted
from controller.configurations.history import History
from controller.journal.journal import Journal
from tests.unit.configurations.test_collect import AT, Fleet, collector, device


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def accepting(journal: Journal, folder: Path) -> Accepting:
    return Accepting(
        copies=Copies(folder / "copies", bytes(32)),
        history=History(folder / "history"),
        rows=journal.configurations,
        fingerprint=lambda text: f"fp-{hash(text):x}",
    )


def take(into: Accepting, name: str, text: str, at: float = AT) -> None:
    into.accept(name, text, text, text, at=at, by="dimas", why="plan 7, rollout 3")


def test_a_configuration_that_was_pushed_is_accepted_and_in_the_history_once_flushed(
    tmp_path: Path, journal: Journal
) -> None:
    into = accepting(journal, tmp_path)
    take(into, "ap-1", "hostname b\n")
    held = journal.configurations.held("ap-1")
    assert held is not None
    assert (held.drifted, held.accepted_by, held.accepted_why) == (False, "dimas", "plan 7, rollout 3")
    assert held.copy is not None
    assert into.copies.get("ap-1", held.copy) == "hostname b\n"
    into.flush(at=AT)
    held = journal.configurations.held("ap-1")
    assert held is not None
    (revision,) = into.history.log("ap-1")
    assert held.accepted_revision == held.revision == revision.id
    assert revision.why == "plan 7, rollout 3"


def test_many_make_few_revisions(tmp_path: Path, journal: Journal) -> None:
    into = accepting(journal, tmp_path)
    for number in range(GATHERED):
        take(into, f"ap-{number}", f"hostname {number}\n")
    assert len(into.history.devices()) == GATHERED
    assert len({into.history.log(f"ap-{n}")[0].id for n in (0, GATHERED - 1)}) == 1


def test_a_crash_before_the_history_was_written_is_made_up_for_by_the_next_backup(
    tmp_path: Path, journal: Journal
) -> None:
    fleet = Fleet({"ap-1": "hostname a\n"})
    fetching = collector(fleet, journal, tmp_path)
    fetching.fetch([device("ap-1")], who="n", why="w")
    fleet.running["ap-1"] = "hostname b\n"
    take(accepting(journal, tmp_path), "ap-1", "hostname b\n")  # and is never flushed
    fleet.now += 60
    (told,) = fetching.fetch([device("ap-1")], who="n", why="w")
    assert told.drifted is False
    held = journal.configurations.held("ap-1")
    assert held is not None
    assert held.accepted_revision == held.revision == fetching.history.log("ap-1")[0].id
    assert drifted(journal.configurations.all()) == []


def test_a_disk_that_is_full_does_not_fail_the_push(tmp_path: Path, journal: Journal) -> None:
    (tmp_path / "copies").write_text("a file where a folder should be")
    take(accepting(journal, tmp_path), "ap-1", "hostname b\n")
    assert journal.configurations.held("ap-1") is None
