import math
from pathlib import Path

import pytest

from devices.inventory import read
from geography.units import Level, load
from simulator import inventory_text
from simulator.province import build

PROVINCE = build()


def test_the_same_seed_makes_the_same_province_and_another_seed_another() -> None:
    again, other = build(), build(seed=62)
    assert (again.sites, again.devices) == (PROVINCE.sites, PROVINCE.devices)
    assert other.sites != PROVINCE.sites


@pytest.mark.parametrize("devices", [5, 20, 40, 601, 2500])
def test_exactly_as_many_devices_as_asked_for_each_at_an_address_of_its_own(devices: int) -> None:
    made = build(devices=devices)
    assert len(made.devices) == len(made.by_address) == devices
    assert all(d.address.startswith("127.6") for d in made.devices.values())
    assert {d.site for d in made.devices.values()} == set(made.sites)


@pytest.mark.parametrize("devices", [4, 60_001])
def test_too_few_and_too_many_are_refused(devices: int) -> None:
    with pytest.raises(ValueError, match="between"):
        build(devices=devices)


def test_the_demonstration_has_some_250_sites_in_every_regency() -> None:
    assert 240 <= len(PROVINCE.sites) <= 280
    assert {s.regency for s in PROVINCE.sites.values() if s.is_public} == {u.code for u in load().level(Level.REGENCY)}


def test_sites_stand_near_the_place_they_are_named_after() -> None:
    units = load()
    for site in PROVINCE.sites.values():
        unit = units[site.area]
        place = units.place(unit)
        assert place is not None
        near = 0.05 if not site.is_public else 0.021
        assert math.dist(place, (site.lat, site.lon)) < near or site.kind == "tower"


def test_every_chain_of_parents_ends_and_each_site_hangs_on_its_gateway() -> None:
    for device in PROVINCE.devices.values():
        assert len(list(PROVINCE.ancestors(device))) <= 3
        if not device.is_gateway:
            assert device.parent is not None
            assert PROVINCE.devices[device.parent].site == device.site
    for site in PROVINCE.sites:
        assert PROVINCE.gateway(site).is_gateway


def test_all_platforms_and_links_are_there_and_some_speak_v3() -> None:
    devices = PROVINCE.devices.values()
    assert {d.platform for d in devices} == {
        "routeros-plain", "routeros-wireless", "routeros-wifi", "unifi", "airos-ap", "airos-sector", "openwrt", "linux",
    }  # fmt: skip
    assert {s.backhaul for s in PROVINCE.sites.values()} == {"fibre", "radio", "4g", "vsat"}
    assert 30 <= sum(d.v3 for d in devices) <= 90


def test_the_clients_of_a_site_are_shared_out_whole() -> None:
    for site, devices in PROVINCE.devices_of.items():
        shares = sum(d.share for d in devices)
        assert shares == pytest.approx(1.0 if PROVINCE.sites[site].is_public else 0.0)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("devices", [5, 600])
def test_the_product_reads_the_inventory_and_finds_nothing_wrong(tmp_path: Path, devices: int, tcp: bool) -> None:
    province = build(devices=devices)
    path = tmp_path / "inventory.yaml"
    path.write_text("".join(inventory_text.write(province, port=16161, tcp=tcp)), encoding="utf-8")
    inventory = read(path).inventory
    assert inventory.simulated
    assert set(inventory.devices) == set(province.devices)
    assert set(inventory.sites) == set(province.sites)
    for device in province.devices.values():
        found = inventory.devices[device.id]  # type: ignore[index]
        assert (found.target.host, found.target.port, found.parent) == (device.address, 16161, device.parent)
        assert found.snmp is not None
        assert found.snmp.version.value == ("3" if device.v3 else "2c")
        assert found.ping is False
