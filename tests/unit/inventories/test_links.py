from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.inventories import InventoriesError, Link, LinkKind, Links
from devices.model import Device, DeviceId, Inventory, Role, Site, SiteId, SiteKind, Target
from tests.unit.inventories.conftest import hour

D = DeviceId("ap-1")
EPOCH = datetime(1970, 1, 2, tzinfo=UTC)


def inventory(
    site: str | None = "s1", *, parent: str | None = None, since: date | None = None, until: date | None = None
) -> Inventory:
    sites = {
        SiteId(name): Site(id=SiteId(name), name=name, area="61.08.01", lat=-0.1, lon=109.0, kind=SiteKind.SCHOOL)
        for name in ("s1", "s2")
    }
    devices = {}
    if site is not None:
        devices[D] = Device(
            id=D, site=SiteId(site), name="AP", target=Target(domain="d", host="10.0.0.1"), role=Role.AP,
            parent=DeviceId(parent) if parent else None, since=since, until=until,
        )  # fmt: skip
    return Inventory(version=str(site), sites=sites, devices=devices)


@pytest.fixture
def links(tmp_path: Path) -> Links:
    return Links(tmp_path)


def test_the_first_inventory_holds_from_ever(links: Links) -> None:
    links.accept(inventory(), now=hour(0))
    assert links.site_of(D, EPOCH) == "s1"
    assert links.area_of(SiteId("s1"), EPOCH) == "61.08.01"


def test_a_device_that_comes_later_holds_from_its_acceptance(links: Links) -> None:
    links.accept(inventory(None), now=hour(0))
    links.accept(inventory(), now=hour(5))
    assert links.site_of(D, hour(4.99)) is None
    assert links.site_of(D, hour(5)) == "s1"


def test_since_and_until_are_civil_days_of_the_zone(links: Links) -> None:
    links.accept(inventory(since=date(2026, 3, 1), until=date(2026, 3, 2)), now=hour(0))
    # A day of Asia/Pontianak begins at 17:00 UTC of the day before; `until` counts as a whole day.
    inside = (datetime(2026, 2, 28, 17, 0, tzinfo=UTC), datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC))
    outside = (datetime(2026, 2, 28, 16, 59, 59, tzinfo=UTC), datetime(2026, 3, 2, 17, 0, tzinfo=UTC))
    assert [links.site_of(D, at) for at in inside] == ["s1", "s1"]
    assert [links.site_of(D, at) for at in outside] == [None, None]


def test_a_moved_device_changes_its_site_at_the_acceptance(links: Links) -> None:
    links.accept(inventory("s1"), now=hour(0))
    links.accept(inventory("s2"), now=hour(10))
    assert links.links(LinkKind.DEVICE_SITE, hour(9), hour(11)) == [
        Link(kind=LinkKind.DEVICE_SITE, child=D, parent="s1", start=None, end=hour(10)),
        Link(kind=LinkKind.DEVICE_SITE, child=D, parent="s2", start=hour(10), end=None),
    ]


def test_a_since_that_is_new_says_when_a_device_was_moved(links: Links) -> None:
    links.accept(inventory("s1", since=date(2026, 1, 1)), now=hour(0))
    links.accept(inventory("s2", since=date(2026, 2, 1)), now=hour(10))
    assert links.site_of(D, datetime(2026, 1, 31, 16, 59, tzinfo=UTC)) == "s1"
    assert links.site_of(D, datetime(2026, 1, 31, 17, 0, tzinfo=UTC)) == "s2"


def test_a_removed_device_ends_and_may_come_back(links: Links) -> None:
    links.accept(inventory(), now=hour(0))
    links.accept(inventory(None), now=hour(1))
    links.accept(inventory(), now=hour(2))
    assert [links.site_of(D, hour(h)) for h in (0.5, 1, 1.5, 2)] == ["s1", None, None, "s1"]


def test_a_parent_that_is_taken_away_ends(links: Links) -> None:
    links.accept(inventory(parent="r1"), now=hour(0))
    links.accept(inventory(), now=hour(1))
    assert [links.parent_of(D, hour(h)) for h in (0.5, 1)] == ["r1", None]


def test_accepting_the_same_again_changes_nothing(links: Links) -> None:
    links.accept(inventory(parent="r1"), now=hour(0))
    before = links.path.read_bytes()
    links.accept(inventory(parent="r1"), now=hour(1))
    assert links.links(LinkKind.DEVICE_PARENT, EPOCH, hour(9))[0].end is None
    assert len(links.path.read_bytes()) == len(before)


def test_a_file_of_a_newer_program_is_refused(links: Links) -> None:
    links.accept(inventory(), now=hour(0))
    with sqlite3.connect(links.path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InventoriesError, match="newer program"):
        links.site_of(D, hour(0))


def test_a_foreign_file_is_refused(links: Links) -> None:
    with sqlite3.connect(links.path) as db:
        db.execute("CREATE TABLE precious (x)")
    with pytest.raises(InventoriesError, match="not a file of links"):
        links.accept(inventory(), now=hour(0))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, "s1", "s2"]), st.integers(0, 3)), min_size=1, max_size=8))
def test_at_any_time_a_device_stands_at_most_once_and_where_the_last_inventory_said(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str | None, int]]
) -> None:
    links = Links(tmp_path_factory.mktemp("links"))
    at = 0
    said: dict[int, str | None] = {}
    for site, gap in steps:
        at += gap
        links.accept(replace(inventory(site), version=str(at)), now=hour(at))
        said[at] = site
    found = links.links(LinkKind.DEVICE_SITE, EPOCH, hour(99))
    for before, after in pairwise(found):
        assert before.end is not None
        assert after.start is not None
        assert before.end <= after.start
    for moment, site in said.items():
        assert links.site_of(D, hour(moment)) == site
