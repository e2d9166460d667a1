"""What devices say they are: kept when it is told anew; another firmware or box is an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from controller.journal.errors import JournalUnavailable
from controller.journal.journal import Journal
from controller.polling.identities import Identities
from controller.polling.memory import Memory
from devices.facts import Identity
from tests.unit.controller.world import device

BOX = device("d1", "s1")
OLD = Identity(
    told_at=1000.5, platform="routeros", vendor="MikroTik", model="hAP ac2", version="7.15", serial="S1",
    mac="aa:bb:cc:00:11:22", sys_name="rb-1",
)  # fmt: skip


@dataclass
class Learned:
    identity: Identity

    @property
    def told_at(self) -> float:
        return self.identity.told_at


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def say(memory: Memory, identity: Identity | None) -> Memory:
    memory.of(BOX.id).learned = None if identity is None else Learned(identity)
    return memory


def kinds(journal: Journal) -> list[tuple[str, Any, Any]]:
    return [(e.kind, e.text["before"], e.text["after"]) for e in journal.events()]


def test_what_a_device_says_is_kept_once_and_again_only_when_it_is_told_anew(journal: Journal) -> None:
    identities, memory = Identities(journal), say(Memory(), OLD)
    assert [identities.note([BOX], memory), identities.note([BOX], memory)] == [1, 0]
    assert journal.identity("d1") == OLD
    later = replace(OLD, told_at=5000.0)
    assert identities.note([BOX], say(memory, later)) == 1
    assert journal.identities() == {"d1": later}
    assert kinds(journal) == []


def test_a_device_that_said_nothing_leaves_what_it_last_said(journal: Journal) -> None:
    identities = Identities(journal)
    assert identities.note([BOX], say(Memory(), None)) == 0
    assert journal.identity("d1") is None
    identities.note([BOX], say(Memory(), OLD))
    identities.note([BOX], say(Memory(), None))
    assert journal.identity("d1") == OLD


@pytest.mark.parametrize("restarted", [False, True])
def test_another_version_on_the_same_box_is_one_event(journal: Journal, restarted: bool) -> None:
    identities, memory = Identities(journal), say(Memory(), OLD)
    identities.note([BOX], memory)
    if restarted:
        identities = Identities(journal)
    for _ in range(2):
        identities.note([BOX], say(memory, replace(OLD, told_at=5000.0, version="7.16.2")))
    assert kinds(journal) == [("firmware_changed", "7.15", "7.16.2")]


@pytest.mark.parametrize("then", [{"version": None}, {"serial": "S2", "version": "7.16.2"}, {"model": "hAP ac3"}])
def test_a_version_not_told_and_the_firmware_of_another_box_are_no_news(journal: Journal, then: dict[str, Any]) -> None:
    identities, memory = Identities(journal), say(Memory(), OLD)
    identities.note([BOX], memory)
    identities.note([BOX], say(memory, replace(OLD, told_at=5000.0, **then)))
    assert kinds(journal) == []  # while the controller runs, another box is told by the verdicts


def test_another_box_put_there_while_no_controller_ran_is_told(journal: Journal) -> None:
    Identities(journal).note([BOX], say(Memory(), OLD))
    swapped = replace(OLD, told_at=5000.0, serial="S2")
    Identities(journal).note([BOX], say(Memory(), swapped))
    Identities(journal).note([BOX], say(Memory(), swapped))
    assert kinds(journal) == [("box_changed", ["S1", OLD.mac], ["S2", OLD.mac])]


def test_what_the_journal_did_not_take_is_given_again(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    identities, memory = Identities(journal), say(Memory(), OLD)
    identities.note([BOX], memory)
    say(memory, replace(OLD, told_at=5000.0, version="7.16.2"))
    keep, journal.keep_identities = journal.keep_identities, _away  # type: ignore[method-assign,assignment]
    with pytest.raises(JournalUnavailable):
        identities.note([BOX], memory)
    journal.keep_identities = keep  # type: ignore[method-assign]
    assert identities.note([BOX], memory) == 1
    assert [kind for kind, *_ in kinds(journal)] == ["firmware_changed"]
    journal.close()


def _away(*_: object) -> None:
    raise JournalUnavailable("the journal does not answer")
