from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from controller.coverage import costs, profiles, siting
from controller.coverage.candidates import Brought, Point
from controller.coverage.errors import BadInput, LedgerError
from controller.coverage.measured import Fleet
from controller.coverage.model import Remedy, Rules, Verdict
from controller.coverage.planner import Planner
from controller.coverage.speed import FILE, SpeedBook
from controller.health.tree import draw
from measurements.intervals import Interval, State
from planning.siting import Limit
from tests.unit.coverage.make import DAY, PROFILE, RULES, FakeHistory, grid, inventory, site, units

CODE = "61.01.01.2001"
NOW = 100.0 * DAY
UP = Interval(subject="site:a", question="state", state=State.UP, start=0.0, end=NOW, seen=NOW)


def planner(history: FakeHistory, folder: Path | None = None, book: SpeedBook | None = None) -> Planner:
    known = inventory([site(area=CODE)])
    fleet = Fleet(inventory=known, members=draw(known).sites)
    return Planner(
        fleet=lambda: fleet,
        history=history,
        grid=lambda: grid([(1.0, 109.0, 1000.0, CODE)]),
        units=units({CODE: (1.0, 109.0, 1000)}),
        people=lambda _: {"a": 1000},
        tests=book.between if book else lambda _a, _b: {},
        folder=folder,
    )


def test_the_same_hour_is_answered_from_what_is_kept(tmp_path: Path) -> None:
    history = FakeHistory(states=[UP])
    first = planner(history, tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW)
    asked = history.asked
    again = planner(history, tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW + 1800)
    assert (again, history.asked) == (first, asked)
    planner(history, tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW + 3600)
    assert history.asked > asked


def test_who_must_not_wait_gets_what_was_kept_last(tmp_path: Path) -> None:
    history, book = FakeHistory(states=[UP]), SpeedBook(tmp_path)
    first = planner(history, tmp_path, book).coverage(PROFILE, RULES, radius_km=5.0, now=NOW)
    book.add("a", at=NOW + 60, down_bps=9e6, by="me")  # another question from now on
    late = planner(history, tmp_path, book)
    assert late.newest(PROFILE, RULES, radius_km=5.0, now=NOW + 7200) == first
    assert late.newest(PROFILE, RULES, radius_km=5.0, now=NOW + 4 * 3600) is None
    assert late.newest(PROFILE, RULES, radius_km=1.0, now=NOW) is None
    assert late.newest(PROFILE, Rules(min_observed_ratio=0.5), radius_km=5.0, now=NOW) is None
    renewed = late.coverage(PROFILE, RULES, radius_km=5.0, now=NOW + 120)
    assert planner(history, tmp_path, book).newest(PROFILE, RULES, radius_km=5.0, now=NOW + 120) == renewed != first


def test_what_was_kept_of_other_people_is_not_shown(tmp_path: Path) -> None:
    planner(FakeHistory(states=[UP]), tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW)
    other = planner(FakeHistory(states=[UP]), tmp_path)
    other.grid = lambda: replace(grid([(1.0, 109.0, 900.0, CODE)]), inputs="imported")
    assert other.newest(PROFILE, RULES, radius_km=5.0, now=NOW) is None


def test_other_rules_are_another_question(tmp_path: Path) -> None:
    found = planner(FakeHistory(states=[UP]), tmp_path)
    hashes = {
        found.worths(profile, rules, now=NOW).inputs.hash
        for profile in profiles.load().values()
        for rules in (RULES, Rules(min_observed_ratio=0.5), Rules(is_opening_hours_only=False))
    }
    assert len(hashes) == 3 * len(profiles.load())


def test_a_damaged_kept_file_is_made_anew(tmp_path: Path) -> None:
    history = FakeHistory(states=[UP])
    first = planner(history, tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW)
    for path in tmp_path.glob("*.json"):
        path.write_bytes(path.read_bytes()[:100])
    assert planner(history, tmp_path).coverage(PROFILE, RULES, radius_km=5.0, now=NOW) == first


def test_a_folder_that_cannot_be_written_costs_time_and_not_the_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = planner(FakeHistory(states=[UP]), tmp_path / "file" / "below")
    assert found.worths(PROFILE, RULES, now=NOW).sites[0].verdict is Verdict.UNMEASURED


def test_a_written_down_test_makes_a_quiet_site_effective_at_once(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    found = planner(FakeHistory(states=[UP]), tmp_path, book)
    before = found.worths(PROFILE, RULES, now=NOW).sites[0]
    assert (before.verdict, before.reason) == (Verdict.UNMEASURED, "speed")
    book.add("a", at=NOW - DAY, down_bps=7e6, by="Budi, phone")
    after = found.worths(PROFILE, RULES, now=NOW).sites[0]
    assert (after.verdict, after.speed_bps) == (Verdict.EFFECTIVE, 7e6)


def test_a_test_older_than_thirty_days_proves_nothing(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.add("a", at=NOW - 31 * DAY, down_bps=7e6, by="x")
    found = planner(FakeHistory(states=[UP]), None, book).worths(PROFILE, RULES, now=NOW).sites[0]
    assert (found.verdict, found.speed_bps) == (Verdict.UNMEASURED, None)


def test_a_test_without_a_positive_speed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="speed"):
        SpeedBook(tmp_path).add("a", at=1.0, down_bps=0.0, by="x")


def test_a_damaged_book_of_tests_is_said(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.add("a", at=1.0, down_bps=1.0, by="x")
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text().replace('"at": 1.0', '"at": "noon"'))
    with pytest.raises(LedgerError, match=f"{FILE}:2"):
        book.between(0, 2)


def test_the_shipped_profiles_name_their_source() -> None:
    known = profiles.load()
    assert set(known) == {"bakti", "bakti-8", "umc-school", "bakti-bersama"}
    assert (known["bakti"].min_availability_ratio, known["bakti"].min_down_bps) == (0.95, 4e6)
    assert all(len(p.source) > 30 for p in known.values())


def test_a_threshold_that_no_source_gives_is_labelled_an_assumption() -> None:
    ours = profiles.load()["bakti-bersama"]
    assert ours.min_kbps_per_person == 5
    assert "asumsi" in ours.name
    assert "our own planning assumption" in ours.source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "is not TOML"),
        ("", "holds no"),
        ('[[profile]]\nid="a"\nname="A"\nmin_availability_ratio=95\nmin_down_mbps=4\nsource="s"', "from 0 to 1"),
        ('[[profile]]\nid="a"\nname="A"\nmin_availability_ratio=0.9\nmin_down_mbps=4', "source"),
        ('[[profile]]\nid="a"\nname="A"\nmin_availability_ratio=0.9\nmin_down_mbps=4\nsource="s"\nspeed=4', "speed"),
    ],
)
def test_a_profile_that_is_not_whole_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        profiles.load(tmp_path / "p.toml")


def test_costs_left_out_keep_their_shipped_figure(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[build]\nvsat = 1\n")
    found = costs.load(tmp_path / "c.toml")
    assert found[Remedy.BUILD] == {**costs.load()[Remedy.BUILD], "vsat": 1.0}


@pytest.mark.parametrize(
    "text", ["[build]\nvsat = 0", "[build]\nsteam = 5", "[measure]\nvsat = 5", "[build]\nvsat = true", "x"]
)
def test_costs_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(BadInput):
        costs.load(tmp_path / "c.toml")


def test_imported_places_and_other_programmes_reach_the_plan() -> None:
    found = planner(FakeHistory(states=[UP]))
    found.brought = lambda: Brought(
        offered=(Point(id="7", name="Balai Desa", lat=1.0, lon=109.0),),
        others=(Point(id="8", name="Sekolah", lat=1.0, lon=109.0),),
    )
    ground = found.ground(PROFILE, RULES, radius_km=5.0, now=NOW)
    assert "point:7" in [c.place for c in ground.candidates]
    step = siting.plan(ground, siting.Ask(limit=Limit(count=1), is_unknown_open=True), costs.load()).steps[0]
    assert "Sekolah (other programme)" in step.duplicates


def test_ways_are_another_ground(tmp_path: Path) -> None:
    found = planner(FakeHistory(states=[UP]), tmp_path)
    line = found.ground(PROFILE, RULES, radius_km=5.0, now=NOW)
    ways = found.ground(PROFILE, RULES, radius_km=5.0, now=NOW, ways={(CODE, "a"): 9.0})
    assert line.standing.reached().any()
    assert not ways.standing.reached().any()
    assert ways.inputs.notes[0].startswith("ways from a table")
