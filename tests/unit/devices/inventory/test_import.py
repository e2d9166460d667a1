"""Tables that people bring, in the forms and words in which they bring them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.inventory import load
from devices.inventory.columns import guess, meant
from devices.inventory.proposal import Proposal, propose
from devices.inventory.sheets import Sheet, SheetError, read_sheet
from devices.inventory.writing import WriteError, plan, put, with_include
from devices.model import DeviceId, SiteId
from tests.unit.devices.inventory.conftest import BASE

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
HEADER = ["Nama Lokasi", "Kode Desa", "Lintang", "Bujur", "Jenis Lokasi", "Alamat IP", "Jenis Perangkat", "Jam Buka"]
PLACE = ["Kantor Desa Lubuk Dagang", "61.01.01.2002", 1.3085, 109.338, "Kantor Desa"]
ROWS: list[list[Any]] = [
    [*PLACE, "10.1.1.1", "Router", "sen-jum 07.00-15.30"],
    [*PLACE, "10.1.1.2", "Access Point", None],
]


def as_csv(folder: Path) -> Path:
    text = "\n".join(";".join("" if c is None else str(c) for c in row) for row in [HEADER, *ROWS])
    (folder / "t.csv").write_text(text, encoding="utf-8-sig")
    return folder / "t.csv"


def as_xlsx(folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Data titik layanan 2024"])
    book.active.append([])
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def as_ods(folder: Path) -> Path:
    from odfdo import Document, Table
    from odfdo import Row as OdsRow

    document = Document("spreadsheet")
    document.body.clear()
    table = Table("Titik")
    for values in [HEADER, *ROWS]:
        row = OdsRow()
        row.set_values(values)
        table.append_row(row)
    document.body.append(table)
    document.save(folder / "t.ods")
    return folder / "t.ods"


@pytest.mark.parametrize("make", [as_csv, as_xlsx, as_ods], ids=["csv", "xlsx", "ods"])
def test_the_same_table_is_understood_in_every_form(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    sheet = read_sheet(make(tmp_path))
    mapping, foreign, secret = guess(sheet.header)
    assert (foreign, secret) == ([], [])
    proposal = propose(sheet, mapping, {}, None)
    assert proposal.complaints == ()
    site, router, ap = proposal.changes
    assert site.entry == {
        "id": "kantor-desa-lubuk-dagang", "name": "Kantor Desa Lubuk Dagang", "area": "61.01.01.2002",
        "lat": "1.3085", "lon": "109.338", "kind": "village_office", "opening_hours": "sen-jum 07.00-15.30",
    }  # fmt: skip
    assert (router.entry["host"], router.entry["role"], router.site) == ("10.1.1.1", "router", site.id)
    assert (ap.entry["host"], ap.entry["role"], ap.site) == ("10.1.1.2", "ap", site.id)
    assert router.id != ap.id


@pytest.mark.parametrize(
    ("field", "cell", "word"),
    [
        ("kind", "SMA Negeri", "school"), ("kind", "Balai Desa", "village_office"), ("kind", "Kantor", "office"),
        ("kind", "Pasar Desa", "market"), ("kind", "Taman Kanak-Kanak", "school"), ("kind", "Masjid", "worship"),
        ("kind", "village office", "village_office"), ("kind", "warung", "warung"),
        ("kind", "Kantor Camat", "district_office"),
        ("role", "Access Point", "ap"), ("role", "CCTV", "camera"), ("role", "MikroTik", "router"),
        ("backhaul", "Fiber Optic", "fibre"), ("backhaul", "4G LTE", "4g"), ("backhaul", "Satelit", "vsat"),
        ("lat", "-0,0263", "-0.0263"), ("lat", "0.0263° LS", "-0.0263"), ("lon", "109,34 BT", "109.34"),
        ("plan_down_mbps", "20 Mbps", "20"), ("capacity_clients", "50 orang", "50"),
        ("site.since", "31/01/2024", "2024-01-31"), ("device.since", "2024-01-31 00:00:00", "2024-01-31"),
    ],
)  # fmt: skip
def test_words_of_people_become_words_of_the_inventory(field: str, cell: str, word: str) -> None:
    assert meant(field, cell) == word


def test_id_and_name_belong_to_the_device_where_there_are_addresses() -> None:
    assert guess(["ID", "Nama", "IP"])[0] == {"device.id": 0, "device.name": 1, "host": 2}
    assert guess(["ID", "Nama", "Latitude"])[0] == {"site.id": 0, "site.name": 1, "lat": 2}


def test_columns_with_secrets_are_left_out() -> None:
    mapping, foreign, secret = guess(["IP", "Password", "SNMP Community", "Catatan"])
    assert mapping == {"host": 0}
    assert (foreign, secret) == (["Catatan"], ["Password", "SNMP Community"])


@pytest.fixture
def main(tmp_path: Path) -> Path:
    (tmp_path / "inventory.yaml").write_text("# ours\n" + BASE + "# end\n")
    return tmp_path / "inventory.yaml"


def proposed(main: Path, rows: list[list[str]]) -> Proposal:
    (main.parent / "t.csv").write_text("\n".join(",".join(row) for row in rows))
    sheet = read_sheet(main.parent / "t.csv")
    return propose(sheet, guess(sheet.header)[0], {}, load(main))


def test_what_is_there_is_found_again_by_address_or_name(main: Path) -> None:
    site, device = proposed(
        main, [["nama lokasi", "kode desa", "ip", "platform"], ["sdn 01", "61.08.01.2001", "10.0.0.1", "routeros"]]
    ).changes
    assert (site.id, site.is_new) == ("s1", False)
    assert (device.id, device.before, device.after) == ("r1", {"platform": "auto"}, {"platform": "routeros"})


def test_a_table_that_says_what_is_there_changes_nothing(main: Path) -> None:
    changes = proposed(
        main,
        [
            ["id lokasi", "lat", "lon", "device id", "host", "role"],
            ["s1", "-0.10", "109.50", "r1", "10.0.0.1", "router"],
        ],
    ).changes
    assert [change.is_same for change in changes] == [True, True]


def test_every_wrong_cell_is_said_with_its_row(main: Path) -> None:
    complaints = proposed(
        main,
        [
            ["nama lokasi", "kode desa", "lat", "lon", "jenis lokasi", "ip", "role"],
            ["A", "61.01.01.2002", "95", "109", "sekolah", "10.0.0.300", "router"],
            ["A", "61.01.01.2002", "1", "109", "warung", "10.0.0.8", "router"],
            ["B", "", "1", "109", "sekolah", "10.0.0.9", "router"],
        ],
    ).complaints
    said = [(c.line, c.key) for c in complaints]
    assert said == [(2, "host"), (2, "lat"), (3, "kind"), (3, "kind"), (3, "lat"), (4, "area")]
    assert "site 'a' has '95' in row 2 and '1' here" in "\n".join(c.message for c in complaints)


def test_two_devices_without_names_get_ids_of_their_own_that_stay(main: Path) -> None:
    rows = [["id lokasi", "ip", "role"], ["s1", "10.0.0.5", "ap"], ["s1", "10.0.0.6", "ap"]]
    first = [c.id for c in proposed(main, rows).changes if c.what == "device"]
    assert first == ["s1-ap", "s1-ap-2"]
    assert [c.id for c in proposed(main, rows).changes if c.what == "device"] == first


def write(main: Path, rows: list[list[str]]) -> Path:
    from devices.inventory import read

    into = main.parent / "inventory.d" / "import-t.yaml"
    draft = read(main)
    here = frozenset(
        (what, name)
        for what, lines in (("site", draft.site_lines), ("device", draft.device_lines))
        for name, where in lines.items()
        if Path(where.path).resolve() == into.resolve()
    )
    found = plan(main, into, proposed(main, rows).changes, patterns=draft.patterns, here=here)
    assert read(main, overlay=found.texts).complaints == ()
    put(found.texts, now=NOW)
    return into


def test_an_import_is_written_beside_and_named_once(main: Path) -> None:
    rows = [["id lokasi", "ip", "role", "platform"], ["s1", "10.0.0.5", "ap", "unifi"]]
    into = write(main, rows)
    text = main.read_text()
    assert text == "# ours\n" + BASE + "# end\n\ninclude:\n  - inventory.d/import-t.yaml\n"
    device = load(main).devices[DeviceId("s1-ap")]
    assert (device.site, device.platform) == (SiteId("s1"), "unifi")
    assert (main.parent / "inventory.yaml.20260301T000000.bak").read_text() == "# ours\n" + BASE + "# end\n"
    # The second time: another value, another row; what was there before and is not in the table stays.
    write(
        main,
        [
            ["id lokasi", "ip", "role", "platform"],
            ["s1", "10.0.0.6", "ap", "airos"],
            ["s1", "10.0.0.5", "ap", "openwrt"],
        ],
    )
    assert main.read_text() == text
    devices = load(main).devices
    assert {d.target.host: d.platform for d in devices.values() if d.id != "r1"} == {
        "10.0.0.5": "openwrt", "10.0.0.6": "airos",
    }  # fmt: skip
    write(main, [["id lokasi", "ip", "role"], ["s1", "10.0.0.7", "ap"]])
    assert len(load(main).devices) == 4
    assert into.stat().st_mode & 0o777 == 0o640


def test_entries_that_people_wrote_are_left_to_people(main: Path) -> None:
    changes = proposed(main, [["id lokasi", "nama lokasi", "lat"], ["s1", "SDN 01 Baru", "-0.2"]]).changes
    found = plan(main, main.parent / "x.yaml", changes, patterns=(), here=frozenset())
    assert found.texts == {}
    assert [(c.id, c.after) for c in found.by_hand] == [("s1", {"name": "SDN 01 Baru", "lat": "-0.2"})]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\ninclude:\n  - x.yaml\n"),
        ("a: b", "a: b\n\ninclude:\n  - x.yaml\n"),
        (
            "include:\n  - a.yaml # one\n# two\nsites: []\n",
            "include:\n  - a.yaml # one\n  - x.yaml\n# two\nsites: []\n",
        ),
        ("include:\n- a.yaml\n- 'b.yaml'", "include:\n- a.yaml\n- 'b.yaml'\n- x.yaml\n"),
    ],
)
def test_an_include_is_added_as_a_line_and_nothing_else_moves(before: str, after: str) -> None:
    assert with_include(before, "x.yaml") == after


@pytest.mark.parametrize("text", ["include: a.yaml\n", "include: [a.yaml]\n", "include:\n  [a.yaml,\n   b.yaml]\n"])
def test_an_include_in_another_form_is_left_to_its_author(text: str) -> None:
    with pytest.raises(WriteError, match=r"add x\.yaml to it yourself"):
        with_include(text, "x.yaml")


def test_an_include_that_names_a_folder_needs_no_new_line(main: Path) -> None:
    main.write_text("include: inventory.d/*.yaml\n" + BASE)
    before = main.read_text()
    write(main, [["id lokasi", "ip", "role"], ["s1", "10.0.0.5", "ap"]])
    assert main.read_text() == before
    assert len(load(main).devices) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.xlsx", b"not a workbook", "no workbook that can be read"),
        ("t.ods", b"PK\x03\x04 broken", "no workbook that can be read"),
        ("t.csv", b"one\ntwo\n", "holds no header"),
        ("t.csv", b"", "holds no header"),
    ],
)
def test_a_file_that_is_no_table_is_one_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SheetError, match=words):
        read_sheet(tmp_path / name)


def test_a_csv_of_old_windows_is_read_and_quotes_hold_separators(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('Nama;IP\n"SD ""Ceria""; Desa Caf\xe9";10.0.0.1\n'.encode("cp1252"))
    sheet: Sheet = read_sheet(tmp_path / "t.csv")
    assert sheet.rows[0].cells == ('SD "Ceria"; Desa Café', "10.0.0.1")


def test_dates_times_and_numbers_of_a_workbook_become_text(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["a", "b", "c", "d", "e"])
    book.active.append([datetime.date(2024, 1, 31), 12.0, 0.5, True, datetime.time(7, 30)])
    book.save(tmp_path / "t.xlsx")
    assert read_sheet(tmp_path / "t.xlsx").rows[0].cells == ("2024-01-31", "12", "0.5", "yes", "07:30")
    with pytest.raises(SheetError, match="has no sheet 'x'; it has Sheet"):
        read_sheet(tmp_path / "t.xlsx", name="x")
