from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from devices.inventory import load, read
from devices.model import Backhaul, DeviceId, Role, SiteId, SiteKind, SnmpVersion, Target
from merata.areas import known_area
from tests.unit.devices.inventory.conftest import BASE, Complain, Load

ROOT = Path(__file__).resolve().parents[4]


def test_the_example_at_the_root_is_good_and_its_codes_exist() -> None:
    draft = read(ROOT / "inventory.yaml", known_area=known_area())
    assert draft.complaints == ()
    assert draft.warnings == ()
    inventory = load(ROOT / "inventory.yaml")
    assert len(inventory.sites) == 4
    assert inventory.devices[DeviceId("rj1-cctv1")].snmp is None
    vsat = inventory.devices[DeviceId("kdm-ap1")].snmp
    assert vsat is not None
    assert (vsat.timeout_ms, vsat.credential) == (5000, "baca")
    core = inventory.devices[DeviceId("pop-ptk-r1")]
    assert core.snmp is not None
    assert (core.target.domain, core.snmp.version) == ("kantor", SnmpVersion.V3)


def test_scalars_stay_as_they_are_written(loaded: Load) -> None:
    inventory = loaded(
        BASE.replace("area: 61.08.01.2001", "area: 61.10.01")
        .replace("name: SDN 01", "name: NO")
        .replace("role: router}", "role: router, uplink: 1e3, tags: [on, 0x10, 2024-01-01, 12:30:45]}")
        .replace("12:30:45", '"0012"')
    )
    site = inventory.sites[SiteId("s1")]
    assert (site.area, site.name) == ("61.10.01", "NO")
    device = inventory.devices[DeviceId("r1")]
    assert device.uplink == "1e3"
    assert device.tags == ("on", "0x10", "2024-01-01", "0012")


def test_hours_and_days_are_typed(loaded: Load) -> None:
    site = loaded(
        BASE.replace("kind: school", "kind: school\n    opening_hours: mon 07:00-15:30\n    since: 2024-02-29")
    ).sites[SiteId("s1")]
    assert site.opening_hours is not None
    assert site.opening_hours.days[0] == ((time(7), time(15, 30)),)
    assert site.opening_hours.days[6] == ()
    assert site.since == date(2024, 2, 29)


def test_a_site_and_its_device_with_everything_that_is_taken_anyway(loaded: Load) -> None:
    inventory = loaded(BASE)
    site, device = inventory.sites[SiteId("s1")], inventory.devices[DeviceId("r1")]
    assert (site.kind, site.backhaul, site.opening_hours) == (SiteKind.SCHOOL, None, None)
    assert device.target == Target(domain="default", host="10.0.0.1", port=161)
    assert (device.name, device.platform, device.role, device.ping) == ("r1", "auto", Role.ROUTER, True)
    assert inventory.timezone == "Asia/Pontianak"
    assert set(inventory.domains) == {"default"}


def test_groups_of_the_site_then_of_the_device_then_its_own_keys_win(loaded: Load) -> None:
    text = BASE + "      - {id: a1, host: 10.0.0.2, role: ap, groups: [b], snmp: {port: 1161}}\n"
    text = (
        text.replace("    devices:", "    groups: a\n    devices:")
        + """
groups:
  a:
    site: {backhaul: vsat, provider: A}
    device: {platform: routeros, tags: [from-a], snmp: {timeout_ms: 5000, retries: 5}}
  b:
    device: {platform: openwrt, snmp: {retries: 1}}
"""
    )
    inventory = loaded(text)
    assert inventory.sites[SiteId("s1")].backhaul is Backhaul.VSAT
    device = inventory.devices[DeviceId("a1")]
    assert (device.platform, device.tags) == ("openwrt", ("from-a",))
    assert device.snmp is not None
    assert (device.snmp.timeout_ms, device.snmp.retries, device.snmp.port) == (5000, 1, 1161)
    assert device.target.port == 1161
    assert inventory.devices[DeviceId("r1")].platform == "routeros"


def test_none_takes_back_what_was_inherited(loaded: Load) -> None:
    inventory = loaded(BASE.replace("role: router}", "role: camera, snmp: none, port: 8161}"))
    device = inventory.devices[DeviceId("r1")]
    assert device.snmp is None
    assert device.target.port == 8161


def test_a_mapping_that_was_taken_back_may_begin_anew(loaded: Load) -> None:
    text = BASE.replace("role: router}", "role: router, groups: [quiet], snmp: {credential: inti}}")
    device = loaded(text + "groups: {quiet: {device: {snmp: none}}}\n").devices[DeviceId("r1")]
    assert device.snmp is not None
    assert device.snmp.version is SnmpVersion.V3


def test_devices_may_stand_beside_sites_and_in_other_files(loaded: Load) -> None:
    inventory = loaded(
        "include: [sambas.yaml]\n" + BASE,
        sambas="devices:\n  - {id: a1, site: s1, host: 10.0.0.2, role: ap, parent: r1}\n",
    )
    assert inventory.devices[DeviceId("a1")].parent == "r1"
    assert [Path(name).name for name in inventory.files] == ["inventory.yaml", "sambas.yaml"]


def test_the_version_changes_with_any_file(loaded: Load) -> None:
    main = "include: more.yaml\n" + BASE
    first = loaded(main, more="groups: {}\n").version
    assert loaded(main, more="groups: {}\n").version == first
    assert loaded(main, more="groups: {} # changed\n").version != first


def test_area_codes_get_their_dots(loaded: Load) -> None:
    assert loaded(BASE.replace("61.08.01.2001", "6108012001")).sites[SiteId("s1")].area == "61.08.01.2001"
    assert loaded(BASE.replace("61.08.01.2001", "610801")).sites[SiteId("s1")].area == "61.08.01"


def test_addresses_have_one_spelling(loaded: Load) -> None:
    def host(written: str) -> str:
        text = BASE.replace("host: 10.0.0.1", f'host: "{written}"')
        return loaded(text).devices[DeviceId("r1")].target.host

    assert host("2001:DB8::0:1") == "2001:db8::1"
    assert host("[2001:db8::1]") == "2001:db8::1"
    assert host("AP-1.Kalbar.example.") == "ap-1.kalbar.example"


def test_the_only_domain_is_taken_and_of_several_one_is_named(loaded: Load, complaints: Complain) -> None:
    assert loaded(BASE + "domains: {vpn: {}}\n").devices[DeviceId("r1")].target.domain == "vpn"
    (said,) = complaints(BASE + "domains: {vpn: {}, lan: {}}\n")
    assert "say which of the domains: vpn, lan" in said


def test_one_address_may_serve_two_ports_or_two_domains_or_follow_in_time(loaded: Load) -> None:
    text = (
        BASE
        + """
      - {id: a1, host: 10.0.0.1, role: ap, snmp: {port: 1161}}
      - {id: a2, host: 10.0.0.1, role: ap, domain: lan}
      - {id: a3, host: 10.0.0.3, role: ap, until: 2024-12-31}
      - {id: a4, host: 10.0.0.3, role: ap, since: 2025-01-01}
domains: {default: {}, lan: {}}
"""
    )
    assert len(loaded(text.replace("device: {snmp", "device: {domain: default, snmp")).devices) == 5


def test_ssh_takes_the_name_of_the_credential_when_it_says_none(loaded: Load) -> None:
    text = BASE.replace("masuk: {key: agent}", "masuk: {username: teknisi, key: agent}")
    device = loaded(text.replace("role: router}", "role: router, ssh: {credential: masuk}}")).devices[DeviceId("r1")]
    assert device.ssh is not None
    assert (device.ssh.username, device.ssh.port) == ("teknisi", 22)


def test_an_empty_file_is_an_empty_inventory(loaded: Load) -> None:
    assert loaded("# nothing yet\n").devices == {}
    assert loaded("sites:\ndevices:\n").sites == {}


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(loaded: Load) -> None:
    assert loaded("\ufeff" + BASE.replace("\n", "\r\n")).sites[SiteId("s1")].name == "SDN 01"


@pytest.mark.parametrize(
    "name", ["SDN 01 “Harapan”", "Ñ & <b>", "- dash", "# hash", "{brace", "a: b", "'", '"', "null"]
)
def test_names_may_be_anything_printable(loaded: Load, name: str) -> None:
    quoted = name.replace("'", "''")
    assert loaded(BASE.replace("name: SDN 01", f"name: '{quoted}'")).sites[SiteId("s1")].name == name
