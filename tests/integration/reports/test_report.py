"""`merata report` on an inventory that nothing was measured of: files come out, wrong questions are one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.reports.pages import page_count
from merata import demo
from merata.cli import cli

AT = "2026-11-21T20:00Z"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "state").mkdir(mode=0o700)
    scene = demo.Scene(layout=1, seed=61, devices=60, origin=1_795_291_200.0, snmp_port=16100)
    demo._write_scene(folder, scene)
    return folder


@pytest.fixture
def report(province: Path) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        where = ["--state", str(province / "state"), "--inventory", str(province / "inventory.yaml"), "report"]
        return CliRunner().invoke(cli, [*where, *words, "--at", AT], catch_exceptions=False)

    return run


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_report_of_a_regency_is_two_pages(report: Callable[..., Result], tmp_path: Path, lang: str) -> None:
    done = report("regency", "61.06", str(tmp_path / "r.pdf"), "--lang", lang, "--count", "5")
    assert done.exit_code == 0, done.output
    assert page_count((tmp_path / "r.pdf").read_bytes()) == 2


def test_the_same_question_gives_the_same_bytes(report: Callable[..., Result], tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        assert report("province", "61", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


@pytest.mark.parametrize("what", ["coverage", "gaps", "worth"])
def test_the_ending_of_the_name_chooses_the_format(report: Callable[..., Result], tmp_path: Path, what: str) -> None:
    for kind in ("csv", "xlsx", "geojson", "gpkg"):
        assert report("export", str(tmp_path / f"x.{kind}"), "--what", what).exit_code == 0
    assert (tmp_path / "x.csv-metadata.json").is_file()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("regency", "99.99", "x.pdf"), "no unit has the code"),
        (("regency", "61", "x.pdf"), "61 is a province"),
        (("province", "61.01", "x.pdf"), "61.01 is a regency"),
        (("export", "x.doc"), "say --format"),
        (("export", "x.csv", "--what", "plan"), "one of --scenario, --count and --budget"),
        (("export", "x.csv", "--what", "plan", "--scenario", "../../etc"), "no saved scenario"),
        (("regency", "61.06", "nowhere/x.pdf"), "No such file"),
    ],
)
def test_a_wrong_question_is_one_sentence_and_exit_2(
    report: Callable[..., Result], words: tuple[str, ...], complaint: str
) -> None:
    done = report(*words)
    assert done.exit_code == 2
    assert complaint in done.output
    assert len(done.output.strip().splitlines()) == 1
