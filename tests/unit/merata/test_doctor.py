"""`merata doctor` looks at the machine it runs on."""

from __future__ import annotations

import json
import os
from pathlib import Path

from click.testing import CliRunner

from merata.cli import cli


def findings(state: Path) -> dict[str, dict[str, str]]:
    done = CliRunner().invoke(cli, ["--state", str(state), "doctor", "--json"])
    assert done.exit_code in (0, 1), done.output
    return {f["what"]: f for f in json.loads(done.output)["findings"]}


def test_it_names_versions_paths_permissions_clock_and_room(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert {"merata", "sqlite", "libraries", "state", "free disk", "inventory", "ping", "descriptors", "clock"} <= set(
        found
    )


def test_a_state_that_others_can_read_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert findings(tmp_path)["state mode"]["level"] == "note"
    tmp_path.chmod(0o700)
    assert "state mode" not in findings(tmp_path)


def test_a_state_that_does_not_exist_yet_is_looked_for_above(tmp_path: Path) -> None:
    found = findings(tmp_path / "not" / "yet")
    assert "will be made" in found["state"]["text"]
    assert os.access(tmp_path, os.W_OK)
