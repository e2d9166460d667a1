"""Rules of the house that a machine can hold: doors, locks without addresses, licences, file names."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.licences import REFUSED, licence_of, refused

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("devices", "collectors", "measurements", "geography", "controller", "web", "merata", "simulator")

# library -> the only places that may import it
DOORS = {
    "asyncssh": ("simulator/shells/",),
    "pysnmp": ("devices/transport/traps.py", "devices/transport/snmp/"),
    "netmiko": ("devices/transport/ssh.py", "devices/transport/ssh_link.py"),
    "paramiko": ("devices/transport/ssh", "devices/hostkeys.py"),
    "argon2": ("controller/accounts/passwords.py",),
    "influxdb_client": ("measurements/influx/",),
    "apscheduler": ("controller/schedule.py",),
    "flask": ("web/",),
    "jinja2": ("controller/changes/templates.py", "web/"),
    "granian": ("web/", "merata/"),
    "sqlalchemy": ("controller/journal/",),
    "alembic": ("controller/journal/",),
    "shapely": ("geography/",),
    "python_calamine": ("devices/inventory", "geography/"),
    "h3": ("geography/hexagons.py",),
    "pyogrio": ("geography/vectors.py", "geography/packages.py"),
    "typst": ("controller/reports/pages.py",),
    "xlsxwriter": ("controller/reports/files.py",),
}


def sources() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("library", DOORS)
def test_each_library_enters_by_its_own_door(library: str) -> None:
    strangers = [
        str(path.relative_to(ROOT))
        for path in sources()
        if library in imported(path) and not str(path.relative_to(ROOT)).startswith(DOORS[library])
    ]
    assert strangers == []


def test_the_rooms_keep_their_arrows() -> None:
    done = subprocess.run(
        [str(ROOT / ".venv/bin/lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    "lock", ["requirements.lock", "requirements-dev.lock", "requirements-peers.lock", "frontend/package-lock.json"]
)
def test_locks_hold_hashes_and_no_addresses_of_registries(lock: str) -> None:
    text = (ROOT / lock).read_text()
    addresses = re.findall(r'"resolved"|https?://(?!github\.com/)[^\s"]+|--(?:extra-)?index-url|--find-links', text)
    assert addresses == []
    assert "sha256:" in text or "sha512-" in text


def test_no_run_time_package_is_under_the_gpl() -> None:
    assert refused() == []


def test_the_licence_check_would_notice() -> None:
    assert REFUSED.search("GNU General Public License v3 (GPLv3)")
    assert REFUSED.search("AGPL-3.0-only")
    assert licence_of("flask")


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return listing.stdout.splitlines()


def test_no_recording_or_foreign_outline_is_committed() -> None:
    assert [f for f in tracked() if re.search(r"\.snmprec$|kalbar-[a-z]+\.geojson$", f)] == []


def test_rooms_without_a_noun_do_not_exist() -> None:
    assert [str(p.relative_to(ROOT)) for p in sources() if {"utils", "common", "helpers"} & {*p.parts, p.stem}] == []
