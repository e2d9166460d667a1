from __future__ import annotations

import json

from devices.model import DeviceId, SiteId
from tests.unit.inventories.conftest import SITE, Desk, hour


def test_the_first_poll_gives_the_inventory_and_the_next_ones_nothing(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    first = desk.keeper.poll(hour(1))
    assert first is not None
    assert set(first.devices) == {"r1", "a1"}
    assert desk.keeper.poll(hour(2)) is None
    assert desk.keeper.poll(hour(3)) is None
    assert desk.keeper.running is first


def test_a_changed_file_is_picked_up_and_both_versions_are_kept(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.write(SITE.replace("SDN 01", "SDN 1 Rasau Jaya"), hour(2))
    changed = desk.keeper.poll(hour(3))
    assert changed is not None
    assert changed.sites[SiteId("s1")].name == "SDN 1 Rasau Jaya"
    old, new = desk.keeper.versions.all()
    assert desk.keeper.versions.inventory(old.name).sites[SiteId("s1")].name == "SDN 01"
    assert desk.keeper.versions.texts(old.name) == {str(desk.main): SITE}
    assert (old.at, new.at) == (hour(1), hour(3))


def test_a_broken_file_is_refused_and_the_running_inventory_stays(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    running = desk.keeper.poll(hour(1))
    desk.write(SITE.replace("lat: -0.1", "lat: 109.5"), hour(2))
    assert desk.keeper.poll(hour(3)) is None
    assert desk.keeper.running is running
    assert [c.key for c in desk.keeper.refused] == ["lat"]
    assert desk.keeper.versions.refused() == desk.keeper.refused
    desk.write(SITE, hour(4))
    assert desk.keeper.poll(hour(5)) is None
    assert desk.keeper.refused == ()
    assert desk.keeper.versions.refused() == ()


def test_a_touched_file_is_no_new_version(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.write(SITE, hour(2))
    assert desk.keeper.poll(hour(3)) is None
    assert len(desk.keeper.versions.all()) == 1


def test_a_file_that_is_still_being_written_waits_for_the_next_poll(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.write(SITE.replace("SDN 01", "SDN 02"), hour(2))
    assert desk.keeper.poll(hour(2)) is None
    assert desk.keeper.poll(hour(2.01)) is not None


def test_a_file_from_the_future_is_taken_when_it_stays_as_it_is(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.write(SITE.replace("SDN 01", "SDN 02"), hour(500))
    assert desk.keeper.poll(hour(2)) is not None


def test_a_new_file_that_an_include_names_is_picked_up(desk: Desk) -> None:
    desk.write("include: inventory.d/*.yaml\n" + SITE, hour(0))
    desk.keeper.poll(hour(1))
    extra = SITE.split("devices:")[0].replace("s1", "s3").replace("s2", "s4")
    desk.write(extra, hour(2), "inventory.d/sambas.yaml")
    grown = desk.keeper.poll(hour(3))
    assert grown is not None
    assert set(grown.sites) == {"s1", "s2", "s3", "s4"}
    (desk.folder / "inventory.d/sambas.yaml").unlink()
    shrunk = desk.keeper.poll(hour(4))
    assert shrunk is not None
    assert set(shrunk.sites) == {"s1", "s2"}


def test_a_change_of_an_included_file_right_after_it_was_discovered_is_seen(desk: Desk) -> None:
    desk.write("include: more.yaml\n" + SITE, hour(0))
    desk.write("groups: {}\n", hour(0), "more.yaml")
    desk.keeper.poll(hour(1))
    desk.write("groups: {vsat: {site: {backhaul: vsat}}}\n", hour(0), "more.yaml")
    assert desk.keeper.poll(hour(2)) is not None


def test_another_process_reads_what_runs(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    running = desk.keeper.poll(hour(1))
    other = desk.fresh().versions
    assert other.current() == running
    assert other.current() is other.current()


def test_a_restart_on_the_same_files_makes_no_new_version(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    again = desk.fresh()
    assert again.poll(hour(2)) is not None
    assert len(again.versions.all()) == 1


def test_a_restart_on_broken_files_runs_the_last_accepted_version(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    running = desk.keeper.poll(hour(1))
    desk.write("sites: nonsense\n", hour(2))
    again = desk.fresh()
    assert again.poll(hour(3)) == running
    assert again.refused
    assert again.poll(hour(4)) is None


def test_a_start_on_broken_files_without_a_past_runs_nothing_and_says_why(desk: Desk) -> None:
    desk.write("sites: nonsense\n", hour(0))
    assert desk.keeper.poll(hour(1)) is None
    assert desk.keeper.running is None
    assert desk.keeper.refused


def test_a_vanished_file_is_refused_like_a_broken_one(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.main.unlink()
    assert desk.keeper.poll(hour(2)) is None
    assert "cannot read" in desk.keeper.refused[0].message


def test_an_accepted_version_says_where_every_device_stands(desk: Desk) -> None:
    desk.write(SITE, hour(0))
    desk.keeper.poll(hour(1))
    desk.write(SITE.replace("id: a1, site: s1", "id: a1, site: s2"), hour(2))
    desk.keeper.poll(hour(3))
    links = desk.keeper.links
    assert [links.site_of(DeviceId("a1"), hour(h)) for h in (2.9, 3)] == ["s1", "s2"]


def test_the_refusal_is_readable_by_people_and_machines(desk: Desk) -> None:
    desk.write("sites: nonsense\n", hour(0))
    desk.keeper.poll(hour(1))
    (complaint,) = json.loads((desk.state / "refused.json").read_text())
    assert complaint["line"] == 1
    assert complaint["key"] == "sites"
