"""The reference knows every platform, collector, setting, threshold profile and file that the code knows."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.coverage import profiles
from controller.coverage.model import ThresholdProfile
from controller.polling.settings import PollingSettings
from measurements.store import Retention
from merata.settings import StatePaths
from tests.docs.shell import PAGES, ROOT

REFERENCE = ROOT / "docs" / "reference"
SETTINGS = (REFERENCE / "settings.md").read_text(encoding="utf-8")
THRESHOLDS = (REFERENCE / "thresholds.md").read_text(encoding="utf-8")
COLLECTORS = sorted((REFERENCE / "collectors").glob("*.md"))
ROOMS = ("devices", "collectors", "measurements", "geography", "planning", "controller", "web", "merata", "simulator")
_VARIABLE = re.compile(r"\bMERATA(?:_[A-Z]+)+\b")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
_PAGE_IN_CODE = re.compile(r"\bdocs/[\w/-]+\.md\b")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def platforms_of_files() -> list[tuple[str, str]]:
    """File name and platform name of every file that defines a platform, read without importing it."""
    found = []
    for path in sources("devices/platforms"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Platform":
                names = [k.value.value for k in node.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
                found += [(path.stem, str(name)) for name in names]
    return found


def variables() -> set[str]:
    places = [*sources(*ROOMS, "tests"), *(ROOT / "deploy").rglob("*"), ROOT / "Makefile", ROOT / "inventory.yaml"]
    text = "\n".join(p.read_text(encoding="utf-8") for p in places if p.is_file())
    return set(_VARIABLE.findall(text))


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """Cells of the rows below a heading by what stands between the first backticks."""
    below = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = (re.match(r"\| `([^`]+)`(.*)\|$", line) for line in below.splitlines())
    return {row[1]: [cell.strip() for cell in row[2].split("|")[1:]] for row in found if row}


def plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@pytest.mark.parametrize(("file", "name"), platforms_of_files())
def test_every_platform_file_has_its_row(file: str, name: str) -> None:
    assert f"| `{name}` |" in (REFERENCE / "platforms.md").read_text(encoding="utf-8"), file


def test_platform_files_were_found() -> None:
    assert len(platforms_of_files()) >= 60


@pytest.mark.parametrize("file", sorted(p.stem for p in sources("collectors") if p.stem != "__init__"))
def test_every_collector_is_the_code_of_a_page(file: str) -> None:
    if file in ("asks", "learned"):  # ports and memory of a poll: they bring no rows of their own
        return
    assert any(f"collectors/{file}.py" in page.read_text(encoding="utf-8") for page in COLLECTORS)


@pytest.mark.parametrize("page", COLLECTORS, ids=lambda page: page.stem)
def test_the_page_of_a_collector_names_code_that_exists(page: Path) -> None:
    named = re.findall(r"`((?:collectors|devices)/[\w/]+\.py)`", page.read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", sorted(variables()))
def test_every_variable_of_the_environment_is_documented(name: str) -> None:
    assert f"`{name}`" in SETTINGS


def test_no_variable_is_documented_that_nobody_reads() -> None:
    assert set(_VARIABLE.findall(SETTINGS)) - variables() == set()


def test_every_figure_of_polling_is_documented_with_its_default() -> None:
    told, known = rows(SETTINGS, "Polling"), PollingSettings()
    assert set(told) == {f.name for f in dataclasses.fields(known)}
    for name, (default, *_) in told.items():
        value = getattr(known, name)
        if isinstance(value, int | float):
            assert float(default) == value, name
    assert told["classes"][0] == ", ".join(f"{name}: {plain(s)}" for name, s in known.classes.items())


def test_every_key_of_retention_is_documented_with_its_default() -> None:
    told = rows(SETTINGS, "Retention")
    assert {name: cells[0] for name, cells in told.items()} == {
        name: str(days) for name, days in dataclasses.asdict(Retention()).items()
    }


def test_every_place_in_the_state_directory_is_documented(tmp_path: Path) -> None:
    named = {name.rstrip("/") for name in rows(SETTINGS, "The state directory")}
    paths = StatePaths(root=tmp_path)
    parts = [getattr(paths, name) for name, kind in vars(StatePaths).items() if isinstance(kind, property)]
    assert {path.name for path in parts} <= named


@pytest.mark.parametrize("profile", profiles.load().values(), ids=lambda profile: profile.id)
def test_every_threshold_profile_is_documented_with_its_figures(profile: ThresholdProfile) -> None:
    row = next(line for line in THRESHOLDS.splitlines() if line.startswith(f"| `{profile.id}`"))
    available, speed, person = [cell.strip() for cell in row.split("|")[2:5]]
    assert float(available.split(" %")[0]) == profile.min_availability_ratio * 100
    assert speed == f"{profile.min_down_bps / 1e6:g} Mbit/s"
    assert person == ("none named" if profile.min_kbps_per_person is None else f"{profile.min_kbps_per_person:g}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_pages_that_code_refers_to_exist() -> None:
    named = {(page, p.name) for p in sources(*ROOMS) for page in _PAGE_IN_CODE.findall(p.read_text(encoding="utf-8"))}
    assert sorted((page, file) for page, file in named if not (ROOT / page).exists()) == []
