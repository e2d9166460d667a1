"""`merata account`: the first account, and what is done with it later. No password is ever an argument or an output."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.accounts.signin import authenticate
from controller.journal.journal import Journal
from controller.rollout.approval import SELF_APPROVAL
from measurements.errors import StoreError
from merata.cli import cli
from merata.settings import StatePaths

PASSWORD = "sampan di Sungai Kapuas"


def run(state: Path, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["--state", str(state), "account", *arguments], input=typed)


def journal(state: Path) -> Journal:
    return Journal.open(StatePaths(root=state).journal)


def signs_in(state: Path, name: str, password: str) -> bool:
    return authenticate(journal(state), name, password, at=time.time(), address="local:test") is not None


def test_the_first_account_is_made_by_typing_the_password_twice(tmp_path: Path) -> None:
    told = run(tmp_path, "add", "ratna", "--role", "engineer", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert told.exit_code == 0
    assert PASSWORD not in told.output
    assert signs_in(tmp_path, "ratna", PASSWORD)
    listed = run(tmp_path, "list").output
    assert "engineer" in listed
    assert "argon2" not in listed


def test_a_password_comes_from_a_file_or_standard_input_and_is_no_argument(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\nsecond line\n")
    assert run(tmp_path, "add", "ratna", "--password-file", str(file)).exit_code == 0
    assert run(tmp_path, "add", "joko", "--password-file", "-", typed=PASSWORD + "\n").exit_code == 0
    assert signs_in(tmp_path, "ratna", PASSWORD)
    assert run(tmp_path, "add", "budi", PASSWORD).exit_code == 2
    file.write_text("\n")
    assert isinstance(run(tmp_path, "add", "budi", "--password-file", str(file)).exception, StoreError)


@pytest.mark.parametrize("password", ["pendek", "ratna-ratna1", "Password1234"])
def test_a_weak_password_is_refused_and_nothing_is_made(tmp_path: Path, password: str) -> None:
    told = run(tmp_path, "add", "ratna", "--password-file", "-", typed=password + "\n")
    assert isinstance(told.exception, StoreError)
    assert password not in str(told.exception)
    assert journal(tmp_path).accounts.all() == []


def test_an_account_is_changed_and_disabled(tmp_path: Path) -> None:
    run(tmp_path, "add", "ratna", "--password-file", "-", typed=PASSWORD + "\n")
    assert run(tmp_path, "role", "ratna", "engineer").exit_code == 0
    assert run(tmp_path, "password", "ratna", "--password-file", "-", typed=PASSWORD + "2\n").exit_code == 0
    assert not signs_in(tmp_path, "ratna", PASSWORD)
    assert signs_in(tmp_path, "ratna", PASSWORD + "2")
    assert run(tmp_path, "disable", "ratna").exit_code == 0
    assert not signs_in(tmp_path, "ratna", PASSWORD + "2")
    assert "disabled" in run(tmp_path, "list").output
    assert run(tmp_path, "enable", "ratna").exit_code == 0
    assert signs_in(tmp_path, "ratna", PASSWORD + "2")
    for act in (["role", "nobody", "viewer"], ["disable", "nobody"], ["password", "nobody"]):
        assert isinstance(run(tmp_path, *act).exception, StoreError)


def test_self_approval_is_off_until_it_is_switched_on_and_that_is_audited(tmp_path: Path) -> None:
    assert journal(tmp_path).setting(SELF_APPROVAL) is None
    run(tmp_path, "self-approval", "on")
    assert journal(tmp_path).setting(SELF_APPROVAL) is True
    entry = journal(tmp_path).rollouts.audit.entries(act="setting.changed")[-1]
    assert entry.facts == {"value": True}
    run(tmp_path, "self-approval", "off")
    assert journal(tmp_path).setting(SELF_APPROVAL) is False
