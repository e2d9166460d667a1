"""An inventory written and read again is the same: as YAML, as JSON, as kept by the controller."""

from __future__ import annotations

import csv
import io
import json
import string
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.inventory import dump, load, load_plain, plain
from devices.inventory.hours import MIDNIGHT, opening_hours, written
from devices.inventory.tables import as_csv
from devices.model import (
    Anchor,
    Backhaul,
    Credential,
    Device,
    DeviceId,
    Domain,
    Inventory,
    OpeningHours,
    Role,
    Site,
    SiteId,
    SiteKind,
    SnmpSettings,
    SnmpVersion,
    SshSettings,
    Target,
)

ROOT = Path(__file__).resolve().parents[4]
WORDS = (
    st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda t: t and t.isprintable() and t != "none")
)
IDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6).filter(lambda i: i != "none")
MBPS = st.none() | st.floats(0.001, 1e6)
CREDENTIALS = {
    "baca": Credential(name="baca", community="env:C"),
    "inti": Credential(
        name="inti", username="m: #x", auth="sha1", auth_password="file:a b/'c'", priv="aes256c", priv_password="env:P"
    ),
    "masuk": Credential(name="masuk", key="key:secrets/id"),
}


def spans(minutes: list[int]) -> tuple[tuple[time, time], ...]:
    def clock(minute: int) -> time:
        return MIDNIGHT if minute == 1440 else time(*divmod(minute, 60))

    edges = sorted(set(minutes))
    return tuple((clock(a), clock(b)) for a, b in zip(edges[::2], edges[1::2], strict=False))


HOURS = st.lists(st.lists(st.integers(0, 1440), max_size=4).map(spans), min_size=7, max_size=7).map(
    lambda days: OpeningHours(days=dict(enumerate(days)))
)
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    site_ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    sites = {SiteId(i): draw(sites_of(i)) for i in site_ids}
    devices: dict[DeviceId, Device] = {}
    for number, name in enumerate(draw(st.lists(IDS, max_size=6, unique=True))):
        parent = draw(st.none() | st.sampled_from(sorted(devices))) if devices else None
        devices[DeviceId(name)] = draw(devices_of(name, number, draw(st.sampled_from(site_ids)), parent))
    return Inventory(
        version="v",
        sites=sites,
        devices=devices,
        domains={"vpn": Domain(name="vpn", source_address="10.0.0.1", interface="wg0"), "lan": Domain(name="lan")},
        credentials=CREDENTIALS,
        anchors=(Anchor(domain="lan", host="::1"), Anchor(domain="vpn", host="a.b", how="tcp:80")),
        timezone="Asia/Makassar",
        simulated=draw(st.booleans()),
    )


@st.composite
def sites_of(draw: st.DrawFn, name: str) -> Site:
    since = draw(DAYS)
    lat = draw(st.floats(-90, 90).filter(bool))
    return Site(
        id=SiteId(name), name=draw(WORDS), area=draw(st.sampled_from(["61.10.01", "61.08.01.2001"])), lat=lat,
        lon=draw(st.floats(-180, 180)), kind=draw(st.sampled_from(SiteKind)),
        backhaul=draw(st.none() | st.sampled_from(Backhaul)), provider=draw(st.none() | WORDS),
        plan_down_mbps=draw(MBPS), plan_up_mbps=draw(MBPS), capacity_clients=draw(st.none() | st.integers(1, 10**6)),
        programme=draw(st.none() | WORDS), opening_hours=draw(st.none() | HOURS), since=since,
        until=since + timedelta(days=3) if since else None,
    )  # fmt: skip


@st.composite
def devices_of(draw: st.DrawFn, name: str, number: int, site: str, parent: str | None) -> Device:
    port = draw(st.integers(1, 65535))
    version, credential = draw(st.sampled_from([(SnmpVersion.V2C, "baca"), (SnmpVersion.V3, "inti")]))
    few = st.none() | st.integers(1, 200)
    snmp = SnmpSettings(
        version=version, credential=credential, port=port, timeout_ms=draw(st.integers(50, 60000)),
        retries=draw(st.integers(0, 10)), bulk=draw(st.none() | st.booleans()), max_oids=draw(few),
        max_repetitions=draw(few),
    )  # fmt: skip
    return Device(
        id=DeviceId(name), site=SiteId(site), name=f"{draw(WORDS)} {number}",
        target=Target(domain=draw(st.sampled_from(["vpn", "lan"])), host=f"10.0.0.{number}", port=port),
        role=draw(st.sampled_from(Role)), platform=draw(st.sampled_from(["auto", "routeros"])),
        parent=DeviceId(parent) if parent else None, poll_class=draw(st.sampled_from(["standard", "slow"])),
        ping=draw(st.booleans()), snmp=draw(st.none() | st.just(snmp)),
        ssh=draw(st.none() | st.just(SshSettings(credential="masuk", username="root", port=port))),
        service_check=draw(st.sampled_from([None, "tcp:10.0.0.1:554", "dns:kalbarprov.go.id", "http://x/?a=b#c"])),
        uplink=draw(st.none() | WORDS), tags=tuple(draw(st.lists(IDS, max_size=3, unique=True))),
    )  # fmt: skip


def bare(inventory: Inventory) -> Inventory:
    """Without what says from which files it came, and in the order in which devices stand under their sites."""
    order = list(inventory.sites)
    devices = sorted(inventory.devices.values(), key=lambda d: order.index(d.site))
    return replace(inventory, version="", files=(), devices={d.id: d for d in devices})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_an_inventory_that_is_exported_and_loaded_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, inventory: Inventory
) -> None:
    path = tmp_path_factory.mktemp("dump") / "inventory.yaml"
    path.write_text(dump(inventory), encoding="utf-8")
    again = load(path)
    assert bare(again) == bare(inventory)
    assert list(again.devices) == list(bare(inventory).devices)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inventories())
def test_an_inventory_that_is_kept_as_json_and_restored_is_the_same(inventory: Inventory) -> None:
    again = load_plain(json.loads(json.dumps(plain(inventory))), version="v")
    assert bare(again) == bare(inventory)


def test_the_example_is_the_same_after_export(tmp_path: Path) -> None:
    first = load(ROOT / "inventory.yaml")
    (tmp_path / "i.yaml").write_text(dump(first))
    assert bare(load(tmp_path / "i.yaml")) == bare(first)


def test_small_numbers_are_written_without_an_exponent(tmp_path: Path) -> None:
    inventory = load(ROOT / "inventory.yaml")
    sites = {i: replace(s, lat=1.5e-7, plan_down_mbps=0.00001) for i, s in inventory.sites.items()}
    text = dump(replace(inventory, sites=sites))
    assert "lat: 0.00000015\n" in text
    (tmp_path / "i.yaml").write_text(text)
    assert load(tmp_path / "i.yaml").sites == sites


@given(HOURS)
def test_opening_hours_that_are_written_and_read_are_the_same(hours: OpeningHours) -> None:
    assert opening_hours(written(hours)) == hours


def test_a_table_has_a_row_for_each_device_and_each_site_without_one() -> None:
    inventory = load(ROOT / "inventory.yaml")
    rows = list(csv.DictReader(io.StringIO(as_csv(inventory))))
    assert len(rows) == 7
    camera = next(row for row in rows if row["device.id"] == "rj1-cctv1")
    assert (camera["site.id"], camera["role"], camera["snmp.credential"]) == (
        "rasau-jaya-satu-kantor-desa", "camera", "",
    )  # fmt: skip
    assert camera["lat"] == "-0.2513"
