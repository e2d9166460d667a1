"""`merata audit`: rows, the chain, its export."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.journal.journal import Journal
from merata.cli import cli


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    journal = Journal.open(tmp_path / "journal.db")
    for number in range(4):
        journal.rollouts.audit.append(
            1_795_000_000.0 + number, "siti", "plan.made", f"plan:{number}", {"ticket": "T-7"}
        )
    yield tmp_path
    journal.close()


def run(state: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--state", str(state), "audit", *arguments])


def test_rows_are_shown_and_chosen(state: Path) -> None:
    shown = run(state, "list", "--limit", "2").output.splitlines()
    assert len(shown) == 2
    assert "plan.made" in shown[-1]
    assert "ticket" in shown[-1]
    (one,) = run(state, "list", "--subject", "plan:2", "--json").output.splitlines()
    assert json.loads(one)["seq"] == 3


def test_the_chain_is_followed_and_a_noted_head_must_still_be_in_it(state: Path) -> None:
    told = run(state, "verify")
    assert told.exit_code == 0
    head = told.output.split("head ")[1].strip()
    assert run(state, "verify", "--head", head).exit_code == 0
    raw = sqlite3.connect(state / "journal.db")
    raw.execute("DROP TRIGGER audit_no_delete")
    raw.execute("DELETE FROM audit WHERE seq = 4")
    raw.commit()
    raw.close()
    assert run(state, "verify").exit_code == 0
    cut = run(state, "verify", "--head", head)
    assert (cut.exit_code, "row 5" in cut.output or "row 4" in cut.output) == (1, True)
    assert run(state, "verify", "--head", "nonsense").exit_code == 2


def test_the_export_holds_every_row(state: Path, tmp_path: Path) -> None:
    output = tmp_path / "audit.jsonl"
    assert run(state, "export", str(output)).exit_code == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]
    assert all(later["before"] == earlier["hash"] for earlier, later in pairwise(rows))


def test_an_empty_audit_is_said(tmp_path: Path) -> None:
    assert "empty" in run(tmp_path / "new", "verify").output
