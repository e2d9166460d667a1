"""`merata config` from a change file to changed routers, as an engineer types it, on routers behind SSH."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paramiko
import pytest
from click.testing import CliRunner, Result

from controller.accounts import manage
from controller.accounts.passwords import Passwords
from controller.accounts.records import Role
from controller.journal.journal import Journal
from controller.journal.records import Request, RequestState
from merata.cli import cli
from simulator.shells import Box, Shells, serve

NAMES = ("rb-a", "rb-b", "rb-c", "rb-d")
OTHERS = {"sw-ios": "ios", "sw-rg": "ruijie", "ar-vrp": "vrp"}
HOSTS = {name: f"127.7.3.{n}" for n, name in enumerate((*NAMES, *OTHERS), start=1)}
PASSWORD = "jembatan-kapuas-1"
SECRET = "sandi-bulan-ini-77"
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "changes"

CHANGE = """
name: catatan
title: Name servers, and this month's passphrase
where: kind=puskesmas
variables:
  server: {type: address, value: 10.61.0.5}
  password: {type: secret, value: env:TEST_MONTHLY}
templates: {routeros: lines.j2}
verify: {routeros: {matches: ["servers={{ server }}"]}}
options: {settle_s: 0, waves: [1]}
"""
DNS = "/ip dns set servers={{ server }}\n"
TEMPLATE = DNS + "/interface wireless security-profiles set [find name=publik] wpa2-pre-shared-key={{ password }}\n"
PRESENT = ("/ip dns set servers=8.8.8.8", "/interface wireless security-profiles set [find name=publik]"
           " wpa2-pre-shared-key=sandilama1")  # fmt: skip


@pytest.fixture(scope="module")
def shells() -> Iterator[Shells]:
    boxes = [Box(dialect=OTHERS.get(name, "routeros"), host=host, name=name) for name, host in HOSTS.items()]
    with serve(boxes) as running:
        yield running


class Office:
    """A state directory, an inventory of four routers at three sites, and the command line."""

    def __init__(self, folder: Path, shells: Shells, *, fresh: bool = True) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.shells = folder, shells
        self.inventory, self.state, self.change = folder / "inventory.yaml", folder / "state", folder / "catatan"
        if not fresh:
            return
        sites = {"rb-a": "pkm-1", "rb-b": "pkm-2", "rb-c": "pkm-3", "rb-d": "pkm-3"}
        sites |= dict.fromkeys(OTHERS, "sd-1")
        devices = "".join(
            f"  - id: {name}\n    site: {sites[name]}\n    host: {host}\n    platform: {OTHERS.get(name, 'routeros')}\n"
            f"    role: router\n"
            f"    ssh: {{credential: tulis, username: admin, port: {shells.router(host).port}}}\n"
            for name, host in HOSTS.items()
        )
        places = (
            "".join(
                f"  - {{id: pkm-{n}, name: Puskesmas {n}, area: 61.08.01, lat: 0.3{n}, lon: 109.96, kind: puskesmas}}\n"
                for n in (1, 2, 3)
            )
            + "  - {id: sd-1, name: SD 1, area: 61.08.01, lat: 0.35, lon: 109.97, kind: school}\n"
        )
        self.inventory.write_text(
            f"credentials:\n  tulis:\n    password: env:TEST_PASSWORD\nsites:\n{places}devices:\n{devices}"
        )
        self.change.mkdir()
        self.write(TEMPLATE)

    def write(self, template: str) -> None:
        (self.change / "change.yaml").write_text(CHANGE)
        (self.change / "lines.j2").write_text(template)

    def run(self, *words: str, typed: str | None = None, code: int | None = 0) -> Result:
        environment = {**os.environ, "TEST_PASSWORD": "rahasia", "TEST_MONTHLY": SECRET, "WIFI_PUSKESMAS": SECRET}
        prefix = ["--state", str(self.state), "--inventory", str(self.inventory)]
        done = CliRunner().invoke(cli, [*prefix, *words], env=environment, input=typed)
        assert code is None or done.exit_code == code, (done.exit_code, done.output, done.exception)
        assert SECRET not in done.output
        return done

    def json(self, *words: str, code: int | None = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def type(self, name: str, *lines: str) -> str:
        """Somebody at the router's own prompt."""
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(HOSTS[name], self.shells.router(HOSTS[name]).port, "admin", "rahasia", look_for_keys=False)
            return "".join(client.exec_command(line)[1].read().decode() for line in lines)

    def account(self, name: str, role: Role = Role.ENGINEER) -> None:
        with closing(Journal.open(self.state / "journal.db")) as journal:
            manage.add(journal, name, PASSWORD, full_name="", role=role, at=time.time(), by="test",
                       passwords=Passwords())  # fmt: skip

    def approve(self, plan: int) -> None:
        self.run("config", "approve", str(plan), typed=f"pemeriksa\n{PASSWORD}\n")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, shells: Shells) -> Path:
    """An office with trusted keys and two accounts; hashing passwords takes its time on purpose."""
    made = Office(tmp_path_factory.mktemp("prepared"), shells)
    made.run("hostkey", "enroll", *HOSTS, "--yes")
    made.account("pemeriksa")
    made.account("penonton", Role.VIEWER)
    return made.folder


@pytest.fixture
def office(tmp_path: Path, shells: Shells, prepared: Path) -> Office:
    made = Office(tmp_path, shells)
    shutil.copytree(prepared / "state", made.state)
    for name in NAMES:
        made.type(name, *PRESENT)
    return made


def test_a_change_goes_from_lint_to_changed_routers(office: Office) -> None:
    assert "4 devices, 4 can be written for: good" in office.run("config", "lint", str(office.change)).output
    told = office.run("config", "render", str(office.change), "--device", "rb-a").stdout
    assert "wpa2-pre-shared-key=⟦env:TEST_MONTHLY⟧" in told

    plan = office.json("config", "plan", str(office.change), "--ticket", "T-7", "--where", "device in (rb-a, rb-b)")
    assert plan["counts"] == {"change": 2, "unchanged": 0, "offline": 0, "refused": 0}
    assert all(len(d["lines"]) == 2 and d["diff"] for d in plan["devices"])
    assert SECRET not in json.dumps(plan)
    number = str(plan["id"])
    assert "not approved" in office.run("config", "push", number, code=2).output
    assert "> /ip dns set servers=10.61.0.5" in office.run("config", "show", number, "--device", "rb-a").output

    office.approve(plan["id"])
    sent = office.json("config", "push", number, "--here")
    assert (sent["state"], sent["counts"]) == ("done", {"ok": 2})
    for name in ("rb-a", "rb-b"):
        assert "10.61.0.5" in office.type(name, "/ip dns export")
        assert SECRET in office.type(name, "/export show-sensitive")
    assert office.json("config", "status", str(sent["id"]))["counts"] == {"ok": 2}
    assert "catatan" in office.run("config", "plans").output
    assert "T-7" in office.run("audit", "list").output
    assert office.run("audit", "verify").exit_code == 0


def test_a_plan_says_who_is_unchanged_and_who_does_not_answer(office: Office, shells: Shells) -> None:
    office.write(DNS + "{% if false %}{{ password }}{% endif %}")
    office.type("rb-b", "/ip dns set servers=10.61.0.5")
    dead = shells.router(HOSTS["rb-d"])
    dead.faults.silent = True
    shells.look()
    try:
        plan = office.json("config", "plan", str(office.change), code=1)
    finally:
        dead.faults.silent = False
        shells.look()
    assert plan["counts"] == {"change": 2, "unchanged": 1, "offline": 1, "refused": 0}
    assert next(d for d in plan["devices"] if d["device"] == "rb-d")["error"].startswith("offline: ")


def test_a_router_that_drifted_is_sent_nothing_and_planned_again(office: Office) -> None:
    plan = office.json("config", "plan", str(office.change), "--where", "device=rb-b")
    office.approve(plan["id"])
    office.type("rb-b", "/system identity set name=lain")
    sent = office.json("config", "push", str(plan["id"]), "--here", code=None)
    assert {d["device"]: d["step"] for d in sent["devices"]} == {"rb-b": "drifted"}
    assert "10.61.0.5" not in office.type("rb-b", "/export")
    newer = office.json("config", "show", str(sent["replanned"]))
    assert [d["device"] for d in newer["devices"]] == ["rb-b"]
    assert newer["state"] == "draft"
    told = office.run("config", "replan", str(plan["id"]), "--brief").output
    assert "rb-b: its configuration is another than it was" in told
    office.type("rb-b", "/system identity set name=rb-b")


def test_nobody_approves_without_signing_in_as_an_engineer(office: Office) -> None:
    plan = str(office.json("config", "plan", str(office.change), "--where", "device=rb-a")["id"])
    wrong = office.run("config", "approve", plan, typed="pemeriksa\nsalah-sekali-1\n", code=2)
    assert "nothing was done" in wrong.output
    assert PASSWORD not in office.run("config", "approve", plan, typed=f"penonton\n{PASSWORD}\n", code=2).output
    assert office.json("config", "show", plan)["state"] == "draft"
    office.run("config", "reject", plan)
    assert "not approved" in office.run("config", "push", plan, code=2).output


def test_a_plan_that_was_changed_after_freezing_is_not_sent(office: Office) -> None:
    plan = office.json("config", "plan", str(office.change), "--where", "device=rb-a")
    office.approve(plan["id"])
    with closing(sqlite3.connect(office.state / "journal.db")) as db, db:
        db.execute("UPDATE plan_device SET frozen = replace(frozen, '10.61.0.5', '10.61.0.6')")
    assert "not what was frozen" in office.run("config", "push", str(plan["id"]), code=2).output


def test_mistakes_end_with_one_place_and_code_two(office: Office) -> None:
    change = str(office.change)
    wrong = office.run("config", "plan", change, "--where", "regncy=61.08", code=2).output
    assert "did you mean 'regency'?\n  regncy=61.08\n  ^" in wrong
    assert "no device is taken" in office.run("config", "plan", change, "--where", "tag=nobody", code=2).output
    assert "unknown variable" in office.run("config", "plan", change, "--set", "x=1", code=2).output
    (office.change / "lines.j2").write_text("{{ servr }}")
    assert "did you mean 'server'?" in office.run("config", "lint", change, code=2).output
    assert office.json("config", "lint", change, code=2)["complaints"][0]["line"] == 1
    assert "there is no plan 99" in office.run("config", "show", "99", code=2).output
    assert "there is no rollout 99" in office.run("config", "status", "99", code=2).output
    assert "there is no rollout 99" in office.run("config", "stop", "99", code=2).output


def test_one_intent_is_said_in_every_language(office: Office) -> None:
    change = office.folder / "both.yaml"
    change.write_text(
        "name: both\ntitle: Both\nwhere: device=rb-a or kind=school\n"
        "intent:\n  dns: {servers: [9.9.9.9]}\n  user: {name: petugas, password: env:TEST_MONTHLY}\n"
    )
    plan = office.json("config", "plan", str(change), code=1)
    sent = {d["device"]: " / ".join(d["lines"]) for d in plan["devices"]}
    assert "/ip dns set servers=9.9.9.9" in sent["rb-a"]
    assert "ip name-server 9.9.9.9" in sent["sw-ios"]
    assert "username petugas privilege 15 secret ⟦env:TEST_MONTHLY⟧" in sent["sw-ios"]
    assert "ip name-server 9.9.9.9" in sent["sw-rg"]
    errors = {d["device"]: d["error"] for d in plan["devices"] if d["error"]}
    assert errors == {"ar-vrp": "render: dialect vrp says no intents: a template is needed"}
    assert "the only site that works" in office.run("config", "show", str(plan["id"])).output


def test_a_script_gets_a_plan_of_a_change_beside_the_inventory_and_of_no_other_file(office: Office) -> None:
    from merata.config_fleet import config_fleet
    from merata.config_making import answer

    with config_fleet(office.state, office.inventory) as fleet, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_PASSWORD", "rahasia")
        patch.setenv("TEST_MONTHLY", SECRET)

        def asked(change: str) -> Request:
            payload = {"change": change, "where": "device=rb-a"}
            return Request(id=1, kind="plan.make", payload=payload, who="siti", at=0, state=RequestState.TAKEN)

        made = answer(fleet, asked("catatan"))
        kept = fleet.journal.rollouts.plan(made["plan"])
        assert kept is not None
        assert (kept.author, kept.hash, len(kept.devices)) == ("siti", made["hash"], 1)
        for outside in ("/etc/passwd", "../../x", str(EXAMPLES / "dns-landak")):
            with pytest.raises(ValueError, match="in the folder of the inventory"):
                answer(fleet, asked(outside))


def test_an_interrupt_ends_the_looking_and_leaves_the_request(office: Office) -> None:
    plan = office.json("config", "plan", str(office.change), "--where", "device=rb-a")
    office.approve(plan["id"])
    words = ["--state", str(office.state), "--inventory", str(office.inventory), "config", "push", str(plan["id"])]
    with subprocess.Popen([sys.executable, "-m", "merata", *words], stderr=subprocess.PIPE, text=True) as looking:
        with closing(Journal.open(office.state / "journal.db")) as journal:
            until = time.monotonic() + 30
            while not journal.requests(kind="rollout.start"):
                assert time.monotonic() < until
                time.sleep(0.05)
        looking.send_signal(signal.SIGINT)
        _, said = looking.communicate(timeout=30)
    assert looking.returncode == 4
    assert "stays with the executor" in said


def test_without_an_executor_a_push_waits_and_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from merata import config_push

    monkeypatch.setattr(config_push, "_TAKEN_S", 0.2)
    plan = office.json("config", "plan", str(office.change), "--where", "device=rb-a")
    office.approve(plan["id"])
    told = office.run("config", "push", str(plan["id"]), code=4)
    assert "start `merata executor`" in told.output


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_the_examples_are_sound(prepared: Path, shells: Shells, name: str) -> None:
    office = Office(prepared, shells, fresh=False)
    report = office.json("config", "lint", str(EXAMPLES / name), code=None)
    said = [f["message"] for f in report["findings"] if f["is_error"] and "says no intents" not in f["message"]]
    if name == "limit-bandwidth":  # these sites say nothing of what is rented
        assert said == ["variable down_kbps: nothing is told of 'plan_down_mbps' here: test it with `is defined`, or "
                        "write `| default(...)`"]  # fmt: skip
    else:
        assert said == []
