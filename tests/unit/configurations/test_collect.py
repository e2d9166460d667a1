"""Fetching many configurations: what is kept, what is told, and what a failure leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from controller.configurations.alone import Ways
from controller.configurations.collect import Collector, Outcome
from controller.configurations.copies import Copies
from controller.configurations.drift import drifted, what
from controller.configurations.history import History
from controller.journal.journal import Journal
from devices.configuring.dialect import Dialect
from devices.errors import Unreachable
from devices.model import Device, DeviceId, Role, SiteId, SshSettings, Target

AT = 1_790_000_000.0


def device(name: str, platform: str = "ios") -> Device:
    return Device(
        id=DeviceId(name), site=SiteId("s"), name=name, target=Target(domain="d", host="127.0.0.1"), role=Role.AP,
        platform=platform, ssh=SshSettings(credential="c", username="u"),
    )  # fmt: skip


@dataclass
class Fleet:
    """Devices in memory: their running and saved configurations; `dead` ones do not answer."""

    running: dict[str, str]
    saved: dict[str, str] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    cut: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    now: float = AT
    _guard: threading.Lock = field(default_factory=threading.Lock)

    # Sessions
    def open(self, device: Device, *, deadline_s: float) -> Any:
        if device.id in self.dead:
            raise Unreachable("no answer before the deadline", target="127.0.0.1:22")
        return _Terminal(self, device)

    # Dialect
    def fetch(self, session: Any) -> str:
        text = self.running[session.device.id]
        if text == "lost":
            raise Unreachable("the connection is gone")
        return text

    def fetch_saved(self, session: Any) -> str | None:
        return self.saved.get(session.device.id)

    def normalise(self, text: str) -> str:
        return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("!"))

    def mask(self, text: str) -> str:
        return "".join(
            "key ***\n" if line.startswith("key ") else line + "\n" for line in text.splitlines()
        )  # a value, not a line, is hidden

    # Locks
    @contextmanager
    def held(self, device: str, *, by: str, until: float) -> Iterator[bool]:
        yield device not in self.locked


@dataclass
class _Terminal:
    fleet: Fleet
    device: Device

    def close(self) -> None:
        with self.fleet._guard:
            self.fleet.closed.append(self.device.id)

    def cut(self) -> None:
        with self.fleet._guard:
            self.fleet.cut.append(self.device.id)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def collector(fleet: Fleet, journal: Journal, folder: Path) -> Collector:
    return Collector(
        ways=Ways(
            sessions=fleet,
            dialect_of=lambda platform: cast("Dialect", fleet) if platform == "ios" else None,
            locks=fleet,
            now=lambda: fleet.now,
            session_s=5.0,
        ),
        copies=Copies(folder / "copies", bytes(32)),
        history=History(folder / "history"),
        rows=journal.configurations,
        fingerprint=lambda text: f"fp-{hash(text):x}",
        now=lambda: fleet.now,
        workers=8,
    )


def test_the_first_configuration_is_accepted_and_a_later_change_is_drift(tmp_path: Path, journal: Journal) -> None:
    fleet = Fleet({"ap-1": "! noise 1\nhostname a\nkey secret-1\n"})
    fetching = collector(fleet, journal, tmp_path)
    (first,) = fetching.fetch([device("ap-1")], who="nightly", why="nightly backup")
    assert (first.outcome, first.drifted) == (Outcome.NEW, False)

    fleet.running["ap-1"] = "! noise 2\nhostname a\nkey secret-1\n"
    (same,) = fetching.fetch([device("ap-1")], who="nightly", why="nightly backup")
    assert (same.outcome, same.drifted) == (Outcome.SAME, False)

    fleet.running["ap-1"] = "hostname b\nkey secret-1\n"
    fleet.now += 60
    (changed,) = fetching.fetch([device("ap-1")], who="nightly", why="nightly backup")
    assert (changed.outcome, changed.drifted) == (Outcome.CHANGED, True)
    (held,) = drifted(journal.configurations.all())
    assert what(held, fetching.history).diff == "@@ -1,2 +1,2 @@\n-hostname a\n+hostname b\n key ***\n"
    assert held.copy is not None
    assert fetching.copies.get("ap-1", held.copy) == "hostname b\nkey secret-1\n"

    journal.configurations.accept(["ap-1"], at=AT + 90, by="dimas", why="new name")
    assert drifted(journal.configurations.all()) == []


def test_a_secret_alone_that_changed_is_drift_without_lines_to_show(tmp_path: Path, journal: Journal) -> None:
    fleet = Fleet({"ap-1": "hostname a\nkey secret-1\n"})
    fetching = collector(fleet, journal, tmp_path)
    fetching.fetch([device("ap-1")], who="n", why="w")
    fleet.running["ap-1"] = "hostname a\nkey secret-2\n"
    (changed,) = fetching.fetch([device("ap-1")], who="n", why="w")
    assert (changed.outcome, changed.drifted) == (Outcome.CHANGED, True)
    (held,) = drifted(journal.configurations.all())
    assert what(held, fetching.history).diff == ""
    for path in (tmp_path / "history" / "devices").iterdir():
        assert "secret" not in path.read_text()


def test_a_failure_keeps_what_was_known_and_says_why(tmp_path: Path, journal: Journal) -> None:
    fleet = Fleet({"ap-1": "hostname a\n", "ap-2": "lost", "ap-3": "x\n", "ap-4": "x\n"}, locked={"ap-4"})
    fetching = collector(fleet, journal, tmp_path)
    fetching.fetch([device("ap-1")], who="n", why="w")
    fleet.dead = {"ap-1", "ap-3"}
    fleet.now += 60
    asked = [device("ap-1"), device("ap-2"), device("ap-3"), device("ap-4"), device("sw-1", "unknown")]
    told = {f.device: f for f in fetching.fetch(asked, who="n", why="w")}
    assert {f.outcome for f in told.values()} == {Outcome.FAILED}
    assert "platform 'unknown', not yet spoken" in str(told["sw-1"].error)
    assert "another job" in str(told["ap-4"].error)
    assert fleet.cut == ["ap-2"]
    held = journal.configurations.held("ap-1")
    assert held is not None
    assert (held.fetched_at, held.tried_at, held.error) == (AT, AT + 60, "no answer before the deadline")
    assert held.fingerprint is not None


def test_what_was_not_saved_on_the_device_is_told(tmp_path: Path, journal: Journal) -> None:
    fleet = Fleet(
        {"ap-1": "hostname b\n", "ap-2": "hostname c\n"}, saved={"ap-1": "hostname a\n", "ap-2": "hostname c\n"}
    )
    told = collector(fleet, journal, tmp_path).fetch([device("ap-1"), device("ap-2")], who="n", why="w")
    assert [f.saved_differs for f in told] == [True, False]


def test_hundreds_are_fetched_and_told_one_by_one_in_their_order(tmp_path: Path, journal: Journal) -> None:
    names = [f"ap-{n:03d}" for n in range(120)]
    fleet = Fleet({name: f"hostname {name}\n" for name in names}, dead={"ap-007"})
    said: list[str] = []
    fetching = collector(fleet, journal, tmp_path)
    told = fetching.fetch([device(n) for n in names], who="n", why="w", on_done=lambda f: said.append(f.device))
    assert [f.device for f in told] == names
    assert sorted(said) == names
    assert [f.device for f in told if f.outcome is not Outcome.NEW] == ["ap-007"]
    assert len(fetching.history.devices()) == 119
