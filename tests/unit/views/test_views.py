"""What the pages are handed, from a small world whose facts are known."""

from __future__ import annotations

import dataclasses
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.views import Sources, Views
from controller.views.charts import SPANS
from controller.views.fleet import WORST_FIRST
from controller.views.history import bar, last_answers, spells_of
from controller.views.map import label_points
from controller.views.sites import PAGE_SIZE, SiteFilter, filter_of
from devices.facts import Identity
from measurements.intervals import Interval, State
from measurements.outages import Outage
from tests.unit.web.world import DAY, HOUR, NOW, World, world


@pytest.fixture(scope="module")
def province() -> World:
    return world()


def interval(state: State, start: float, end: float | None, subject: str = "site:a") -> Interval:
    return Interval(subject=subject, question="state", state=state, start=start, end=end)


def test_outages_stand_by_people_or_by_newness(province: World):
    by_people = [o.people for o in province.views.board(NOW).outages]
    by_time = [o.started for o in province.views.board(NOW, order="newest").outages]
    assert by_people == sorted(by_people, reverse=True)
    assert by_time == sorted(by_time, reverse=True)


def test_people_of_the_board_are_the_sum_of_the_open_outages(province: World):
    page = province.views.board(NOW)
    assert page.people == sum(o.people for o in province.reader.outage_list)
    assert sum(page.counts.values()) == page.total == 120


def test_person_hours_go_on_from_what_was_counted():
    given_world = world()
    first = given_world.reader.outage_list[0]
    item = given_world.views.board(NOW).outages[0]
    assert item.lost_person_hours == pytest.approx(first.people * (NOW - first.started) / HOUR, rel=0.01)


def test_a_degraded_outage_loses_no_person_hours():
    given_world = world(quiet=True)
    site = next(iter(given_world.inventory.sites))
    given_world.reader.outage_list.append(
        Outage(id="x", state="degraded", cause="slow", started=NOW - HOUR, ended=None, sites=(site,), devices=(),
               root=None, people=900)
    )  # fmt: skip
    (item,) = given_world.views.outages(NOW, start=None, end=None)
    assert item.lost_person_hours == 0


def test_an_outage_survives_sites_that_left_the_inventory():
    given_world = world(quiet=True)
    given_world.reader.outage_list.append(
        Outage(id="x", state="down", cause="silent", started=NOW - HOUR, ended=None, sites=("gone",), devices=("gone",),
               root="gone", people=10)
    )  # fmt: skip
    page = given_world.views.outage("x", NOW)
    assert page is not None
    assert page.outage.gone == ("gone",)
    assert page.outage.sites == ()


def test_sites_are_fifty_a_page_worst_first_and_past_the_end_is_the_last(province: World):
    page = province.views.sites(NOW, SiteFilter(), page=99)
    assert (page.page, page.pages, page.first, page.last) == (3, 3, 101, 120)
    first = province.views.sites(NOW, SiteFilter())
    ranks = [WORST_FIRST.index(r.site.state) for r in first.rows]
    assert len(first.rows) == PAGE_SIZE
    assert ranks == sorted(ranks)


def test_counts_beside_the_statuses_do_not_follow_the_status_filter(province: World):
    every = province.views.sites(NOW, SiteFilter())
    down = province.views.sites(NOW, filter_of(states=["down"]))
    assert down.counts == every.counts
    assert down.matched == every.counts[State.DOWN]


def test_a_filter_drops_what_does_not_exist():
    assert filter_of(states=["down", "purple"], kind="castle") == SiteFilter(states=(State.DOWN,))


def test_time_without_an_interval_is_unknown_time():
    spells = spells_of([interval(State.UP, 100, 200), interval(State.DOWN, 260, None)], 0, 300)
    assert [(s.state, s.start, s.end) for s in spells] == [
        (State.UNKNOWN, 0, 100), (State.UP, 100, 200), (State.UNKNOWN, 200, 260), (State.DOWN, 260, 300),
    ]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-500, 1500), st.floats(0, 600) | st.none(), st.sampled_from(list(State))), max_size=12)
)
def test_spells_always_cover_the_bar_without_gap_or_overlap(raw):
    found = [interval(state, start, None if length is None else start + length) for start, length, state in raw]
    spells = spells_of(found, 0, 1000)
    assert all(s.end > s.start for s in spells)
    assert all(0 <= b.start - a.end <= 1 for a, b in pairwise(spells))
    assert spells[0].start <= 1
    assert 999 <= spells[-1].end <= 1000


def test_thirty_days_add_up(province: World):
    made = bar(province.reader, "device:rb-016", NOW)
    assert made.availability_ratio == pytest.approx(1 - 7 / (30 * 24), abs=1e-3)
    assert made.down_times == 1
    assert sum(s.length_s for s in made.spells) == pytest.approx(30 * DAY, abs=5)


def test_a_silent_device_last_answered_when_its_last_good_state_ended():
    given_world = world()
    down = next(d for d in given_world.views.fleet(NOW).devices.values() if d.state is State.DOWN)
    assert down.latest is not None
    never_told = dataclasses.replace(down, latest=dataclasses.replace(down.latest, answered_at=None))
    assert down.since is not None
    assert last_answers(given_world.reader, [never_told], NOW) == {down.id: pytest.approx(down.since)}


@pytest.mark.parametrize("span", SPANS)
def test_charts_of_a_span_share_one_axis_and_keep_holes(province: World, span: str):
    down = next(d.id for d in province.views.fleet(NOW).devices.values() if d.state is State.DOWN)
    found = province.views.charts(down, NOW, span=span)
    assert found is not None
    length, step = SPANS[span]
    assert len(found.slots) == length // step
    for chart in found.charts:
        for line in chart.lines:
            assert len(line.values) == len(found.slots)
            assert line.values[-1] is None


def test_columns_hold_every_site_once(province: World):
    told = province.views.columns(NOW)
    assert sorted(told["id"]) == sorted(province.inventory.sites)
    assert len(told["state"]) == len(told["lon"]) == len(told["kind"]) == 120


def test_the_public_counts_only_places_that_serve_the_public(province: World):
    page = province.views.public(NOW)
    assert page.total == sum(1 for s in province.inventory.sites.values() if s.kind.serves_public)
    assert sum(r.total for r in page.regencies) == page.total


@pytest.mark.parametrize("words", ["10.61.0.6", "rb-006", "SUNGAI", "kapuas"])
def test_search_finds_addresses_devices_sites_and_places(province: World, words: str):
    assert province.views.search(words, NOW).found > 0


def test_one_letter_finds_nothing_and_says_why(province: World):
    page = province.views.search("a", NOW)
    assert page.too_short
    assert page.found == 0


def test_the_present_is_read_once_for_many_readers():
    given_world = world()
    views = Views(given_world.sources)
    given_world.reader.calls.clear()
    threads = [threading.Thread(target=views.board, args=(NOW,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given_world.reader.calls.count("latest") == 1


def test_the_version_changes_with_what_is_shown_and_only_then():
    given_world = world()
    views = Views(given_world.sources, keep_s=0)
    before = views.fleet(NOW).version
    assert views.fleet(NOW + 1).version == before
    given_world.reader.spans.append(interval(State.DOWN, NOW - 1, None, "site:lok-002"))
    assert views.fleet(NOW + 2).version != before


def test_a_label_stands_at_the_centre_of_the_largest_ring():
    square = [(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (0.0, 2.0), (0.0, 0.0)]
    islet = [(9.0, 9.0), (9.1, 9.0), (9.1, 9.1), (9.0, 9.0)]
    assert label_points({"61": [islet, square]}) == {"61": (2.0, 1.0)}


def test_views_need_nothing_but_the_sources(province: World):
    bare = Sources(reader=province.reader, inventory=lambda: None, units=province.sources.units, people=lambda _: {})
    assert Views(bare).board(NOW).total == 0
    assert Views(bare).device("x", NOW) is None
    assert Views(bare).site("x", NOW) is None


@pytest.mark.parametrize(
    ("vendor", "model", "said"),
    [("MikroTik", "hAP ac²", "MikroTik hAP ac²"), ("TP-Link", "TP-LINK Archer C7", "TP-LINK Archer C7"),
     (None, "x86_64", "x86_64"), ("Ubiquiti", None, "Ubiquiti"), (None, None, None)],
)  # fmt: skip
def test_the_maker_is_said_once(province: World, vendor: str | None, model: str | None, said: str | None):
    page = province.views.device("rb-006", NOW)
    assert page is not None
    told = Identity(told_at=NOW, platform="generic", vendor=vendor, model=model)
    assert dataclasses.replace(page, identity=told).model == said
    assert dataclasses.replace(page, identity=None).model is None
