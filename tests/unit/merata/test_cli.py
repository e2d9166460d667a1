"""The program starts fast: a command imports what it needs and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from merata.cli import cli, said

HEAVY = ("numpy", "scipy", "highspy", "shapely", "flask")
SCRIPT = """
import json, sys, time
began = time.process_time()
from merata.cli import main
try:
    main()
except SystemExit:
    pass
heavy = [name for name in sys.argv[0].split(",") if name in sys.modules]
print(json.dumps({"heavy": heavy, "cpu_s": time.process_time() - began}))
"""


def started(*words: str) -> dict[str, object]:
    """What a command leaves imported, in a process of its own."""
    run = f"import sys; sys.argv = [{','.join(HEAVY)!r}, *sys.argv[1:]]\n{SCRIPT}"
    done = subprocess.run([sys.executable, "-c", run, *words], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("words", [["--help"], ["status", "--help"], ["plan", "--help"], ["poll", "--help"]])
def test_help_imports_no_library_of_planning(words: list[str]) -> None:
    assert started(*words)["heavy"] == []


def test_status_of_a_state_imports_no_library_of_planning(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    assert started("--state", str(tmp_path / "state"), "status")["heavy"] == []


def test_the_list_says_what_each_command_says() -> None:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        found = cli.get_command(context, name)
        assert found is not None
        shown = found.get_short_help_str(200)
        assert click.Command(name, help=said(name)).get_short_help_str(200) == shown != "", name
