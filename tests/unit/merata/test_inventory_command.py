"""`merata inventory` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from merata.cli import cli

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def main(tmp_path: Path) -> Path:
    (tmp_path / "inventory.yaml").write_text((ROOT / "inventory.yaml").read_text())
    return tmp_path / "inventory.yaml"


def run(main: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--inventory", str(main), "inventory", *arguments])


def test_check_counts_what_is_good(main: Path) -> None:
    result = run(main, "check")
    assert result.exit_code == 0
    assert "4 sites, 7 devices, 1 file(s): good" in result.output


def test_check_warns_and_with_strict_refuses(main: Path) -> None:
    main.write_text(main.read_text().replace("lat: 0.7859", "lat: 50.7859"))
    assert "warning" in run(main, "check").output
    assert run(main, "check", "--strict").exit_code == 2


def test_check_warns_of_a_site_far_from_the_village_it_names(main: Path) -> None:
    assert "warning" not in run(main, "check").output
    main.write_text(main.read_text().replace("lon: 109.3818", "lon: 110.3818"))
    line = 1 + main.read_text().splitlines().index("  - id: rasau-jaya-satu-kantor-desa")
    words = "-0.2513, 110.382 is 111 km from Rasau Jaya Satu, Rasau Jaya, Kabupaten Kubu Raya (61.12.07.2002)"
    assert f"warning: {main}:{line}: id: {words}" in run(main, "check").output


def test_a_broken_inventory_ends_with_2_and_every_complaint_and_no_traceback(main: Path) -> None:
    main.write_text(main.read_text().replace("role: router", "role: roter").replace("61.06.17.2014", "61.06.17.2999"))
    done = subprocess.run(
        [sys.executable, "-m", "merata", "--inventory", str(main), "inventory", "check"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("role: expected one of router, ap") == 3
    assert "no village or district has the code 61.06.17.2999" in done.stderr
    assert "inventory refused: 4 error(s)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_inventory_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "merata", "--inventory", str(tmp_path / "no.yaml"), "inventory", "show"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot read" in done.stderr
    assert "Traceback" not in done.stderr


def test_show_prints_what_a_device_takes_and_where_it_is_written(main: Path) -> None:
    result = run(main, "show", "kdm-ap1")
    line = 1 + main.read_text().splitlines().index("      - id: kdm-ap1")
    assert f"# device, written in {main}:{line}" in result.output
    assert "timeout_ms: 5000" in result.output
    assert "kdm-r1" in run(main, "show", "kedamin-darat-sdn").output
    assert "4 sites, 7 devices" in run(main, "show").output
    assert run(main, "show", "nobody").exit_code == 2


@pytest.mark.parametrize("form", ["yaml", "csv", "json"])
def test_export_gives_every_form(main: Path, tmp_path: Path, form: str) -> None:
    result = run(main, "export", "--format", form)
    assert result.exit_code == 0
    assert "rj1-cctv1" in result.output
    if form == "json":
        assert len(json.loads(result.output)["sites"]) == 4
    out = tmp_path / "out"
    assert run(main, "export", "--format", form, "--output", str(out)).exit_code == 0
    assert out.read_text() == result.output


def test_an_exported_table_imports_without_a_change(main: Path, tmp_path: Path) -> None:
    table = tmp_path / "all.csv"
    run(main, "export", "--format", "csv", "--output", str(table))
    result = run(main, "import", str(table))
    assert "0 new, 0 changed, 0 to change by hand, 11 the same" in result.output
    assert "Nothing to write." in result.output


TABLE = """Nama Lokasi;Kode Desa;Lat;Long;Jenis;IP;Perangkat;Password;Catatan
Dermaga Sukadana;61.11.01.2001;-1.24;109.95;Dermaga;10.61.11.1;Router Dermaga;rahasia;x
"""


def test_import_shows_and_changes_nothing_until_it_is_told_to(main: Path, tmp_path: Path) -> None:
    table = tmp_path / "kayong utara.csv"
    table.write_text(TABLE)
    before = main.read_text()
    shown = run(main, "import", str(table), "--set", "role=router", "--set", "domain=vpn")
    assert shown.exit_code == 0, shown.output
    assert "+ site dermaga-sukadana (row 2): name Dermaga Sukadana" in shown.output
    assert "secrets do not belong in an inventory: Password" in shown.output
    assert "rahasia" not in shown.output
    assert "not used: Catatan" in shown.output
    assert main.read_text() == before
    assert not (tmp_path / "inventory.d").exists()
    written = run(main, "import", str(table), "--set", "role=router", "--set", "domain=vpn", "--write")
    assert "import-kayong-utara.yaml" in written.output
    assert main.read_text() == before + "\ninclude:\n  - inventory.d/import-kayong-utara.yaml\n"
    assert "5 sites, 8 devices" in run(main, "check").output
    assert "Nothing to write." in run(main, "import", str(table), "--set", "role=router", "--set", "domain=vpn").output


def test_what_the_whole_would_refuse_is_said_with_the_row_of_the_table(main: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(TABLE + "Dermaga B;61.11.01.2999;-1.25;109.96;Dermaga;10.61.6.1;Router B;;\n")
    done = subprocess.run(
        [sys.executable, "-m", "merata", "--inventory", str(main), "inventory", "import", str(table), "--write",
         "--set", "role=router", "--map", "device.id=Perangkat"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{table}:2: id: expected an id of a-z" in done.stderr
    table.write_text(table.read_text().replace("Router Dermaga", "r-1").replace("Router B", "r-2"))
    done = subprocess.run(
        [sys.executable, "-m", "merata", "--inventory", str(main), "inventory", "import", str(table), "--write",
         "--set", "role=router", "--map", "device.id=Perangkat"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"{table}:3: area: no village or district has the code 61.11.01.2999" in done.stderr
    assert f"{table}:3: host: device 'kdm-r1' is already on 10.61.6.1" in done.stderr
    assert not (tmp_path / "inventory.d").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--map", "host=Alamat"], "has no column 'Alamat'; it has: Nama Lokasi"),
        (["--map", "hots=IP"], "unknown field 'hots'"),
        (["--set", "role"], "expected --set FIELD=VALUE"),
        (["--sheet", "x"], "no sheets"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(
    main: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    table = tmp_path / "t.csv"
    table.write_text(TABLE)
    result = run(main, "import", str(table), *arguments)
    assert result.exit_code == 2
    assert words in result.output
