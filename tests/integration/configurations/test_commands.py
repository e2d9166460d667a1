"""`merata config backup, drift, ...`, `run-command` and `firmware`, as their user types them, on routers behind SSH."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import time
from pathlib import Path

import paramiko
import pytest
from click.testing import CliRunner, Result

from controller.accounts import manage
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role
from controller.journal.journal import Journal
from controller.journal.records import RequestState
from merata.cli import cli
from merata.config_nightly import KIND
from merata.rollout_parts import executor, nightly
from simulator.shells import Box, Shells, serve

NAMES = ("rb-a", "rb-b", "rb-c")
PASSWORD = "jembatan-kapuas-1"


@pytest.fixture(scope="module")
def shells() -> Iterator[Shells]:
    boxes = [Box(dialect="routeros", host=f"127.7.0.{n}", name=name) for n, name in enumerate(NAMES, start=1)]
    with serve(boxes) as running:
        yield running


class Office:
    """A state directory, an inventory of the three routers, and the command line."""

    def __init__(self, folder: Path, shells: Shells) -> None:
        self.folder, self.shells = folder, shells
        self.inventory, self.state = folder / "inventory.yaml", folder / "state"
        devices = "".join(
            f"  - id: {name}\n    site: kantor\n    host: 127.7.0.{n}\n    platform: routeros\n    role: router\n"
            f"    ssh: {{credential: tulis, username: admin, port: {shells.router(f'127.7.0.{n}').port}}}\n"
            for n, name in enumerate(NAMES, start=1)
        )
        self.inventory.write_text(
            "credentials:\n  tulis:\n    password: env:TEST_PASSWORD\n"
            "sites:\n  - {id: kantor, name: Kantor, area: 61.08.01, lat: 0.33, lon: 109.96, kind: office}\n"
            f"devices:\n{devices}"
        )

    def run(self, *words: str, typed: str | None = None) -> Result:
        environment = {**os.environ, "TEST_PASSWORD": "rahasia"}
        prefix = ["--state", str(self.state), "--inventory", str(self.inventory)]
        return CliRunner().invoke(cli, [*prefix, *words], env=environment, input=typed)

    def change(self, name: str, line: str) -> None:
        """Somebody changes a router by hand."""
        host = f"127.7.0.{NAMES.index(name) + 1}"
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(host, self.shells.router(host).port, "admin", "rahasia", look_for_keys=False)
            client.exec_command(line)[1].read()


@pytest.fixture
def office(tmp_path: Path, shells: Shells) -> Office:
    made = Office(tmp_path, shells)
    done = made.run("hostkey", "enroll", *NAMES, "--yes")
    assert done.exit_code == 0, done.output
    return made


def test_a_backup_keeps_every_router_and_a_change_by_hand_is_drift(office: Office) -> None:
    done = office.run("config", "backup")
    assert done.exit_code == 0, done.output
    assert "3 devices: 3 new" in done.output
    assert office.run("config", "drift").exit_code == 0

    office.change("rb-b", "/system identity set name=rb-b-lain")
    done = office.run("config", "backup", "--where", "device=rb-b")
    assert "1 differ from what was accepted: rb-b" in done.output
    drift = office.run("config", "drift")
    assert drift.exit_code == 1
    assert "+/system identity set name=rb-b-lain" in drift.output
    office.change("rb-b", "/system identity set name=rb-b")

    history = json.loads(office.run("config", "history", "rb-b", "--json").output)
    assert len(history["revisions"]) == 2
    assert history["accepted"] == history["revisions"][1]["id"]
    assert "rb-b-lain" in office.run("config", "text", "rb-b").output
    assert "rb-b-lain" not in office.run("config", "text", "rb-b", history["accepted"][:10]).output

    assert office.run("config", "accept", "rb-b", "--why", "nama baru").exit_code == 0
    assert office.run("config", "drift").exit_code == 0


def test_a_restorable_copy_is_written_for_its_owner_only_and_noted(office: Office) -> None:
    office.run("config", "backup", "--where", "device=rb-a")
    out = office.folder / "rb-a.rsc"
    done = office.run("config", "copy", "rb-a", "--output", str(out))
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "/system identity" in out.read_text()
    assert "copy_written" in office.run("audit", "list").output
    assert office.run("config", "copy", "rb-a", "--output", str(out)).exit_code == 2  # never over a file


def test_a_dead_router_does_not_stop_the_others(office: Office, shells: Shells) -> None:
    dead = shells.router("127.7.0.3")
    dead.faults.silent = True
    shells.look()
    try:
        done = office.run("config", "backup", "--timeout", "5")
    finally:
        dead.faults.silent = False
        shells.look()
    assert done.exit_code == 1
    assert "1 failed, 2 new" in done.output
    assert "rb-c" in done.output


def test_a_command_that_looks_is_asked_and_answers_are_grouped(office: Office) -> None:
    done = office.run("run-command", "--where", "all", "/ip dns print")
    assert done.exit_code == 0, done.output
    assert "== 3: rb-a, rb-b, rb-c" in done.output


def test_a_command_that_changes_needs_an_engineer_and_is_noted(office: Office) -> None:
    line = "/ip dns set servers=10.20.0.1"
    done = office.run("run-command", "--where", "device=rb-a", line)
    assert done.exit_code == 2
    assert "not known to change nothing on routeros" in done.output

    journal = Journal.open(office.state / "journal.db")
    for name, role in (("dimas", Role.ENGINEER), ("ratna", Role.VIEWER)):
        manage.add(journal, name, PASSWORD, full_name=name, role=role, at=1.79e9, by="t", passwords=Passwords())
    refused = office.run("run-command", "--where", "device=rb-a", "--change", "ratna", line, typed=f"{PASSWORD}\ny\n")
    assert refused.exit_code == 2
    declined = office.run("run-command", "--where", "device=rb-a", "--change", "dimas", line, typed=f"{PASSWORD}\nn\n")
    assert declined.exit_code == 2
    assert "10.20.0.1" not in office.run("run-command", "--where", "device=rb-a", "/ip dns print").output
    done = office.run("run-command", "--where", "device=rb-a", "--change", "dimas", line, typed=f"{PASSWORD}\ny\n")
    assert done.exit_code == 0, done.output
    assert "10.20.0.1" in office.run("run-command", "--where", "device=rb-a", "/ip dns print").output
    audit = [e for e in journal.rollouts.audit.entries() if e.act in ("command_sent", "command_ended")]
    assert [(e.act, e.who) for e in audit] == [("command_sent", "dimas"), ("command_ended", "dimas")]
    assert PASSWORD not in json.dumps([e.plain() for e in audit])
    journal.close()


def test_rules_are_green_or_red_with_the_reason(office: Office) -> None:
    office.run("config", "backup", "--where", "device in (rb-a, rb-b)")
    (office.folder / "compliance.yaml").write_text(
        "rules:\n  - {id: nama, must_contain: ^/system identity set name=rb-}\n"
        "  - {id: a, must_not_contain: name=rb-a}\n"
    )
    done = office.run("config", "compliance", "--json")
    assert done.exit_code == 1, done.output
    name, other = json.loads(done.output)
    assert (name["kept"], name["breaches"], name["unread"]) == (2, [], ["rb-c"])
    assert [b["device"] for b in other["breaches"]] == ["rb-a"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("config", "backup", "--where", "platfrom=x"), "platfrom"),
        (("config", "diff", "rb-a"), "nothing is kept of 'rb-a' yet"),
        (("config", "compliance"), "compliance.yaml: No such file"),
        (("firmware",), "firmware.yaml: No such file"),
        (("config", "accept", "rb-a", "--why", "x"), "never fetched, so not accepted: rb-a"),
        (("run-command", "--where", "platform=vrp", "display version"), "no device is left to ask"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(office: Office, words: tuple[str, ...], said: str) -> None:
    done = office.run(*words)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_the_executor_fetches_every_configuration_once_a_night(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PASSWORD", "rahasia")
    office.run("config", "backup", "--where", "device=rb-a")
    journal = Journal.open(office.state / "journal.db")
    with executor(office.state, office.inventory, workers=2) as running:
        nightly(office.state, office.inventory, time(0))()
        open_states = (RequestState.WAITING, RequestState.TAKEN)
        running.run(
            ready=lambda: None, until=lambda: all(r.state not in open_states for r in journal.requests(kind=KIND))
        )
    (request,) = journal.requests(kind=KIND)
    assert request.result == {"devices": 3, "same": 1, "new": 2, "drifted": [], "errors": {}}
    journal.close()
