"""Everything that is wrong, at once, with file, line, key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.inventory import read
from tests.unit.devices.inventory.conftest import BASE, Complain

SITE_LINE = 9  # where the site of BASE begins


def test_every_error_is_said_at_once_in_the_order_of_the_file(complaints: Complain) -> None:
    said = complaints(
        """\
timezone: Asia/Pontianakk
sites:
  - id: S 1
    name: X
    area: 61.08
    lat: 95
    lon: "109,5"
    kind: sekolah
    latitud: 3
devices:
  - {id: a1, site: nowhere, host: 10.0.0.300, role: acces}
"""
    )
    assert [line.split(": ")[0] for line in said] == [
        "inventory.yaml:1", "inventory.yaml:3", "inventory.yaml:5", "inventory.yaml:6",
        "inventory.yaml:7", "inventory.yaml:8", "inventory.yaml:9", "inventory.yaml:11", "inventory.yaml:11",
        "inventory.yaml:11",
    ]  # fmt: skip
    text = "\n".join(said)
    assert "for instance s-1" in text
    assert "this is one of a province or regency" in text
    assert "a decimal point, not a comma" in text
    assert "one of school, puskesmas" in text
    assert "unknown key 'latitud': did you mean 'lat'?" in text
    assert "unknown site 'nowhere'" in text


def device(more: str) -> str:
    return BASE.replace("role: router}", f"role: router, {more}}}")


def site(more: str) -> str:
    return BASE.replace("kind: school", f"kind: school\n    {more}")


CASES = {
    "a repeated key": (
        BASE.replace("    kind: school", "    kind: school\n    name: other"),
        15, "given twice; the first is in line 10",
    ),
    "a repeated id": (
        BASE + "      - {id: r1, host: 10.0.0.9, role: ap}\n",
        17, "device id 'r1' given twice; the first is in inventory.yaml:16",
    ),
    "an unknown key of a device": (device("plattform: x"), 16, "did you mean 'platform'?"),
    "a secret in the wrong place": (device("community: public"), 16, "secrets are not written here"),
    "an unknown group": (device("groups: [vsat]"), 16, "unknown group 'vsat'"),
    "an unknown credential": (BASE.replace("{credential: baca}", "{credential: bacca}"), 7, "did you mean 'baca'?"),
    "an unknown parent": (device("parent: r2"), 16, "unknown device 'r2': expected one of r1"),
    "its own parent": (device("parent: r1"), 16, "is its own parent"),
    "an unknown domain": (device("domain: vpm"), 16, "unknown domain 'vpm'"),
    "an id that means nothing": (BASE.replace("id: r1", "id: none"), 16, "an id other than none"),
    "an unknown platform": (device("platform: routerso"), 16, "did you mean 'routeros'?"),
    "latitude out of range": (BASE.replace("lat: -0.1", "lat: -91"), 12, "from -90 to 90"),
    "longitude out of range": (BASE.replace("lon: 109.5", "lon: 181"), 13, "from -180 to 180"),
    "nowhere": (BASE.replace("lat: -0.1", "lat: 0").replace("lon: 109.5", "lon: 0"), 12, "Gulf of Guinea"),
    "until before since": (site("since: 2025-01-02\n    until: 2025-01-01"), 16, "not before since (2025-01-02)"),
    "a day that is none": (site("since: 2025-02-30"), 15, "a day that exists"),
    "a day the other way round": (site("since: 31/01/2025"), 15, "year-month-day"),
    "no capacity": (site("capacity_clients: 0"), 15, "a whole number from 1"),
    "a negative plan": (site("plan_up_mbps: -1"), 15, "a number above 0"),
    "a unit": (site("plan_up_mbps: 10 Mbps"), 15, "without a unit"),
    "hours that end before they begin": (site("opening_hours: mon 20:00-02:00"), 15, "ends before it begins"),
    "an unknown day": (site("opening_hours: mo 07:00-08:00"), 15, "not understood: 'mo 07:00-08:00'"),
    "a BPS code": (BASE.replace("61.08.01.2001", "6103030016"), 11, "looks like a BPS code"),
    "a site that is a word": ("sites: s1\n", 1, "expected a list"),
    "a nothing": (BASE.replace("kind: school", "kind:"), 14, "found nothing"),
    "a list for a word": (BASE.replace("kind: school", "kind: [school]"), 14, "expected one value, found a list"),
    "an alias": (BASE.replace("kind: school", "kind: *x"), 14, "aliases are not read"),
    "an anchor": (BASE.replace("kind: school", "kind: &x school"), 14, "use `groups:`"),
    "a tag": (BASE.replace("kind: school", "kind: !!str school"), 14, "tags are not read"),
    "a merge": (BASE.replace("kind: school", "<<: {kind: school}\n    kind: school"), 14, "merge keys are not read"),
    "two documents": (BASE + "---\nsites: []\n", 17, "expected one document"),
    "broken YAML": (BASE.replace("kind: school", "kind: [school"), 15, "not valid YAML"),
    "a version that does not fit": (
        BASE.replace("{credential: baca}", "{credential: baca, version: 3}"),
        7, "fits not: expected version '2c'",
    ),
    "SNMP with a key": (BASE.replace("{credential: baca}", "{credential: masuk}"), 7, "an SNMP credential"),
    "SSH with a community": (device("ssh: {credential: baca, username: x}"), 16, "is for SNMP"),
    "SSH without a name": (device("ssh: {credential: masuk}"), 16, "ssh needs `username`"),
    "two ports": (device("port: 162, snmp: {port: 163}"), 16, "port 162 and snmp.port 163 disagree"),
    "an observer of nobody": (BASE + "observers: [{how: ping}]\n", 17, "an observer needs `host`"),
    "an observer by a credential": (
        BASE + "observers: [{host: 10.0.0.9, how: snmp:x}]\n",
        17, "unknown credential 'x'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), CASES.values(), ids=CASES.keys())
def test_it_is_said_in_its_line(complaints: Complain, text: str, line: int, words: str) -> None:
    said = complaints(text)
    assert len(said) == 1, said
    assert said[0].startswith(f"inventory.yaml:{line}: ")
    assert words in said[0]


SECRETS = {
    "a community": "baca: {community: rahasia-sekali}",
    "a password": "baca: {password: rahasia-sekali}",
    "a v3 password": "baca: {username: u, auth: sha1, auth_password: rahasia-sekali}",
    "a reference with a typing error": 'baca: {community: "evn:rahasia-sekali"}',
}


@pytest.mark.parametrize("entry", SECRETS.values(), ids=SECRETS.keys())
def test_a_literal_secret_is_refused_with_its_line_and_never_repeated(complaints: Complain, entry: str) -> None:
    said = complaints(f"credentials:\n  {entry}\n")
    assert said[0].startswith("inventory.yaml:2: credentials.baca.")
    assert "a secret itself must not stand in this file" in said[0]
    assert "rahasia" not in "\n".join(said)


LEVELS = {
    "auth without its password": ("{username: u, auth: sha1}", "`auth` needs `auth_password`"),
    "a password without auth": ('{username: u, auth_password: "env:A"}', "`auth_password` needs `auth`"),
    "priv without auth": ('{username: u, priv: aes128, priv_password: "env:A"}', "`priv` needs `auth`"),
    "priv without its password": (
        '{username: u, auth: md5, auth_password: "env:A", priv: aes128}',
        "needs `priv_password`",
    ),
    "no user": ('{auth: md5, auth_password: "env:A"}', "an SNMPv3 credential needs `username`"),
    "a community and a user": ('{username: u, community: "env:A"}', "stands alone"),
    "a key and a password": ('{username: u, key: agent, password: "env:A"}', "found both"),
    "both ways in": ('{username: u, key: agent, auth: md5, auth_password: "env:A"}', "make two credentials"),
    "nothing": ("{}", "found nothing"),
    "DES": ('{username: u, auth: md5, auth_password: "env:A", priv: des, priv_password: "env:B"}', "one of aes128"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "words"), LEVELS.values(), ids=LEVELS.keys())
def test_credential_keys_that_do_not_belong_together(complaints: Complain, entry: str, words: str) -> None:
    assert words in "\n".join(complaints(f"credentials:\n  x: {entry}\n"))


@pytest.mark.parametrize("entry", ["{username: u}", '{username: u, auth: sha512, auth_password: "file:a/b"}'])
def test_lower_levels_of_v3_are_good(write: object, tmp_path: Path, entry: str) -> None:
    (tmp_path / "i.yaml").write_text(f"credentials:\n  x: {entry}\n")
    assert read(tmp_path / "i.yaml").complaints == ()


def test_swapped_coordinates_are_recognised(complaints: Complain) -> None:
    said = complaints(
        BASE.replace("lat: -0.1", "lat: 109.5").replace("lon: 109.5", "lon: -0.1", 1).replace("lat: -0.1", "lat: 109.5")
    )
    assert any("are they swapped?" in line for line in said)


def test_circles_of_parents_are_said_once_with_their_way(complaints: Complain) -> None:
    (said,) = complaints(
        device("parent: a3")
        + "      - {id: a2, host: 10.0.0.2, role: ap, parent: r1}\n"
        + "      - {id: a3, host: 10.0.0.3, role: ap, parent: a2}\n"
        + "      - {id: a4, host: 10.0.0.4, role: ap, parent: a3}\n"
    )
    assert "parents go round in a circle: a2 -> r1 -> a3 -> a2" in said


def test_two_devices_on_one_target_are_said(complaints: Complain) -> None:
    (said,) = complaints(BASE + "      - {id: a2, host: 10.0.0.1, role: ap}\n")
    assert "device 'r1' is already on 10.0.0.1 port 161 of domain 'default'" in said


def test_two_devices_of_one_name_in_a_site_are_said(complaints: Complain) -> None:
    (said,) = complaints(BASE + "      - {id: a2, name: R1, host: 10.0.0.2, role: ap}\n")
    assert "device 'r1' of site 's1' is also called 'R1'" in said


def test_an_error_of_a_group_is_said_once_and_not_for_each_of_its_members(complaints: Complain) -> None:
    more = "".join(f"      - {{id: a{n}, host: 10.0.1.{n}, role: ap}}\n" for n in range(20))
    (said,) = complaints(BASE.replace("snmp: {credential: baca}", "snmp: {credential: baca, retries: many}") + more)
    assert "retries" in said


def test_a_device_with_an_error_is_still_known_to_its_children(complaints: Complain) -> None:
    text = BASE.replace("role: router}", "role: rooter}") + "      - {id: a1, host: 10.0.0.2, role: ap, parent: r1}\n"
    (said,) = complaints(text)
    assert "role" in said


def test_an_area_that_does_not_exist_is_refused_when_somebody_knows(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_text(BASE)
    draft = read(tmp_path / "i.yaml", known_area=lambda code: code == "61.71.01")
    assert [c.message for c in draft.complaints] == ["no village or district has the code 61.08.01.2001"]


def test_a_place_outside_indonesia_is_a_warning_only(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_text(BASE.replace("lat: -0.1", "lat: 48.1").replace("lon: 109.5", "lon: 11.5"))
    draft = read(tmp_path / "i.yaml")
    assert draft.inventory is not None
    assert [c.message for c in draft.warnings] == ["48.1, 11.5 is outside Indonesia"]


def test_circular_includes_are_refused_and_a_file_named_twice_is_read_once(complaints: Complain) -> None:
    said = complaints("include: a.yaml\n" + BASE, a="include: b.yaml\n", b="include: a.yaml\n")
    assert len(said) == 1
    assert said[0].startswith("b.yaml:1: include: include goes round in a circle: inventory.yaml -> a.yaml -> b.yaml")


def test_a_missing_include_is_said_where_it_is_named(complaints: Complain) -> None:
    (said,) = complaints("include:\n  - gone.yaml\n" + BASE)
    assert said.startswith("inventory.yaml:2: include: cannot read")


def test_an_id_in_two_files_names_both(complaints: Complain) -> None:
    said = complaints(
        "include: [b.yaml]\n" + BASE,
        b=BASE.split("defaults")[0].replace("baca", "x").replace("inti", "y").replace("masuk", "z")
        + "sites:\n  - {id: s1, name: B, area: 61.08.01, lat: 1, lon: 109, kind: park}\n",
    )
    assert any(
        "b.yaml" in line and "site id 's1' given twice; the first is in inventory.yaml:10" in line for line in said
    )


def test_what_belongs_to_the_main_file_is_refused_elsewhere(complaints: Complain) -> None:
    (said,) = complaints("include: b.yaml\n" + BASE, b="timezone: Asia/Jakarta\n")
    assert "`timezone` belongs in the main inventory file" in said


def test_text_that_is_not_utf8_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").write_bytes(b"# ok\nsites: []\n# caf\xe9\n")
    (complaint,) = read(tmp_path / "i.yaml").complaints
    assert (complaint.line, complaint.message) == (3, "not UTF-8 text; save the file as UTF-8")
