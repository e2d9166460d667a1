"""The demonstration's story as the planner tells it: what is slow, full, dark, quiet or not known, and what would help.

A simulated province with months behind it; its sites are tested by the controller's own duties, by real downloads from
the simulator's HTTP server; its months are closed by the process that `merata run` starts for it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from controller.coverage import costs, profiles, siting
from controller.coverage.ledger import Ledger
from controller.coverage.live import RADII_KM
from controller.coverage.model import Cause, Gap, LiveCoverage, Remedy, Rules, SiteWorth, Verdict
from controller.coverage.speed import SpeedBook
from devices.inventory import load
from measurements.intervals import Interval, State
from measurements.sqlite.store import SqliteStore
from merata import coverage_demo, demo, demo_history
from merata.coverage_jobs import CoverageJobs, RulesFile
from merata.coverage_live import planner
from planning.siting import Limit
from simulator.downloads import Downloads
from simulator.lasting import Lasting
from simulator.links import available_bps
from simulator.province import build
from simulator.story import PAST_S, Story

NOW = 1_795_273_200.0  # 2026-11-21T15:00Z, 22:00 in Pontianak
DEVICES = 120
DUTIES = ("speed tests", "ledger", "prepare")
RADIUS_KM = 1.0
BUDGET = 80e6  # rupiah
BAKTI = profiles.named("bakti")


@dataclass
class Diary:
    """Keeps what the duties say of themselves."""

    jobs: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    def job(self, name: str, started: float, ended: float, outcome: str, facts: Mapping[str, Any]) -> None:
        self.jobs.append((name, outcome, facts))

    def tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        self.told.append((kind, subject))


class NoShell:
    """Nothing here has SSH: the machine downloads in the sites' place."""

    async def run(self, *_: object, **__: object) -> Any:
        raise AssertionError

    def open(self, *_: object, **__: object) -> Any:
        raise AssertionError


@dataclass
class Told:
    """The province and what was made of it."""

    folder: Path
    story: Story
    diary: Diary
    found: LiveCoverage
    plan: Any

    @property
    def lasting(self) -> Lasting:
        return self.story.province.lasting

    def worth(self, site: str) -> SiteWorth:
        return next(s for s in self.found.sites if s.site == site)

    def gaps(self, site: str) -> list[Gap]:
        return [g for g in self.found.gaps if site in g.sites]


@contextmanager
def served(story: Story) -> Iterator[int]:
    """The simulator's HTTP server, in a thread of its own; gives its port."""
    loop = asyncio.new_event_loop()
    server = Downloads(story, clock=lambda: NOW)
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield asyncio.run_coroutine_threadsafe(server.open("127.61.0.1", 0), loop).result(10)
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def jobs(folder: Path, diary: Diary) -> CoverageJobs:
    """The duties of a controller that was just started."""
    known = load(folder / "inventory.yaml")
    return CoverageJobs(
        state=folder / "state", inventory_file=folder / "inventory.yaml", inventory=lambda: known, shell=NoShell(),
        sessions=NoShell(), platform=lambda _: None, rules=RulesFile(folder / "speed.toml", None), keeps=diary,
        clock=lambda: NOW + 30,
    )  # fmt: skip


def done(work: CoverageJobs, *, is_maintained: bool) -> None:
    """Let the duties begin what is due, and wait for its end."""

    async def wait() -> None:
        work.tick(NOW + 30)
        if is_maintained:
            work.maintained(NOW + 30)
        while work.status()["under_way"]:
            await asyncio.gather(*(t for t in asyncio.all_tasks() if t.get_name() in DUTIES))
        await work.stop()

    asyncio.run(wait())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("story")
    (folder / "state").mkdir(mode=0o700)
    demo._write_scene(folder, demo.Scene(layout=demo.LAYOUT, seed=61, devices=DEVICES, origin=NOW, snmp_port=16100))
    story, diary = Story(build(seed=61, devices=DEVICES), (NOW,)), Diary()
    demo_history.write(folder / "state", story, load(folder / "inventory.yaml"), until=NOW)
    coverage_demo.write_tests(folder / "state", story, start=NOW - PAST_S, end=NOW - demo.MEASURED_S)
    with served(story) as port:
        rules = coverage_demo.rules(story.province, port=port, has_shells=False)
        (folder / "speed.toml").write_text(
            rules.replace("max_mb = 1.5", "max_mb = 0.5").replace("max_s = 3", "max_s = 2")
        )
        done(jobs(folder, diary), is_maintained=True)
    known = planner(folder / "state", folder / "inventory.yaml")
    found = known.coverage(BAKTI, Rules(), radius_km=RADIUS_KM, now=NOW)
    ground = known.ground(BAKTI, Rules(), radius_km=RADIUS_KM, now=NOW)
    plan = siting.plan(ground, siting.Ask(limit=Limit(budget=BUDGET), is_quick=True), costs.load())
    return Told(folder, story, diary, found, plan)


def test_an_up_site_behind_a_useless_link_makes_its_village_a_gap_to_upgrade(told: Told) -> None:
    for site in told.lasting.useless:
        worth = told.worth(site)
        assert (worth.verdict, worth.reason) == (Verdict.SLOW, "active_test")
        assert (worth.availability_ratio or 0) > 0.95
        assert (worth.plan_down_bps or 0) >= BAKTI.min_down_bps  # bought fast enough, and slow all the same
        assert {(g.cause, g.remedy) for g in told.gaps(site)} == {(Cause.SLOW, Remedy.UPGRADE)}
        assert sum(g.people for g in told.gaps(site)) > 50


def test_a_crowded_site_makes_its_village_a_gap_to_upgrade(told: Told) -> None:
    for site in told.lasting.crowded:
        worth = told.worth(site)
        assert worth.verdict is Verdict.FULL
        assert (worth.is_saturated, worth.is_full) == (True, True)
        assert {(g.cause, g.remedy) for g in told.gaps(site)} == {(Cause.FULL, Remedy.UPGRADE)}


def test_a_quiet_good_site_makes_no_gap(told: Told) -> None:
    for site in told.lasting.quiet:
        worth = told.worth(site)
        assert worth.verdict is Verdict.EFFECTIVE
        assert (worth.busy_down_bps or 0) < BAKTI.min_down_bps / 2  # its traffic proves nothing,
        assert (worth.speed_how or "").startswith("active test")  # the test does
        assert told.gaps(site) == []


def test_a_dark_site_near_many_people_is_repaired_among_the_first(told: Told) -> None:
    for site in told.lasting.broken:
        worth = told.worth(site)
        assert (worth.verdict, worth.reason) == (Verdict.DOWN, "availability")
        assert (worth.availability_ratio or 1) < 0.5
        assert {(g.cause, g.remedy) for g in told.gaps(site)} == {(Cause.DOWN, Remedy.REPAIR)}
    repairs = {step.place: step.rank for step in told.plan.steps if step.action is Remedy.REPAIR}
    assert min((repairs.get(site, 99) for site in told.lasting.broken), default=99) <= 5
    assert all(step.people > 0 for step in told.plan.steps)
    assert told.found.redundancy.single_unreliable > 0


def test_sites_that_nobody_could_measure_are_unknown_and_to_be_measured(told: Told) -> None:
    unknown = [s for s in told.found.sites if s.verdict is Verdict.UNMEASURED]
    assert {s.reason for s in unknown} == {"speed"}
    dark = {s.id for s in told.story.province.sites.values() if s.is_public and not available_bps(told.story, s, NOW)}
    assert {s.site for s in unknown} & {s.id for s in coverage_demo.tested(told.story.province)} <= dark
    gaps = [g for g in told.found.gaps if g.cause is Cause.UNMEASURED]
    assert {g.remedy for g in gaps} == {Remedy.MEASURE}
    assert sum(g.people for g in gaps) == pytest.approx(told.found.total.unknown, rel=0.01)
    assert {m.site for m in told.plan.measure} <= {s.site for s in unknown}


def test_the_speeds_of_today_were_measured_and_the_months_before_say_that_they_were_not(told: Told) -> None:
    book = SpeedBook(told.folder / "state" / "coverage")
    made = book.between(NOW - demo.MEASURED_S, NOW + 3600)
    sites = told.story.province.sites
    assert made.keys() <= {site.id for site in coverage_demo.tested(told.story.province)}
    assert set(told.lasting.useless) | set(told.lasting.quiet) <= made.keys()
    for name, tests in made.items():
        assert len(tests) == 1
        assert 0 < tests[0].down_bps < 1.3e6 * (sites[name].plan_down_mbps or 0)
    lines = (told.folder / "state" / "coverage" / "speed-tests.jsonl").read_text().splitlines()[1:]
    assert sum('"by": "here, http,' in line for line in lines) == len(made)
    assert sum(coverage_demo.TOLD in line for line in lines) == len(lines) - len(made)


def test_a_restart_tests_nothing_again(told: Told) -> None:
    book = SpeedBook(told.folder / "state" / "coverage")
    before = book.between(0, 2**40)
    with served(told.story):
        done(jobs(told.folder, told.diary), is_maintained=False)
    assert book.between(0, 2**40) == before


def test_the_months_that_are_over_were_closed_by_themselves(told: Told) -> None:
    ledger = Ledger(told.folder / "state" / "coverage")
    for profile in profiles.load():
        for radius_km in RADII_KM:
            assert [m.month for m in ledger.months(profile, radius_km)] == ["2026-09", "2026-10"]
    september, october = ledger.months("bakti", RADIUS_KM)
    assert None not in (september.gini, october.gini, september.person_hours_lost, october.person_hours_lost)
    assert (october.person_hours_lost or 0) > 2 * (september.person_hours_lost or 0)  # it went dark in October
    assert october.effective < september.effective
    assert ("ledger", "ok") in [job[:2] for job in told.diary.jobs]


def test_closing_again_changes_nothing(told: Told) -> None:
    path = told.folder / "state" / "coverage" / "equity-ledger.jsonl"
    before = path.read_bytes()
    diary = Diary()
    done(jobs(told.folder, diary), is_maintained=True)
    assert path.read_bytes() == before
    assert "ledger" not in [job[0] for job in diary.jobs]  # nothing was due: no process was even started


def test_figures_are_made_before_somebody_looks(told: Told) -> None:
    assert ("prepare the planner", "ok") in [job[:2] for job in told.diary.jobs]
    pages = planner(told.folder / "state", told.folder / "inventory.yaml")
    for radius_km in RADII_KM:
        found = pages.newest(BAKTI, Rules(), radius_km=radius_km, now=NOW + 60)
        assert found is not None
        assert found.inputs.hash == told.found.inputs.hash


def test_the_radii_of_the_ledger_are_those_of_the_pages() -> None:
    assert profiles.RADII_KM == RADII_KM


def test_a_month_of_which_too_little_was_seen_is_refused_and_said(told: Told, tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text((told.folder / "inventory.yaml").read_text())
    began, ended = NOW - 40 * 86_400, NOW - 15 * 86_400  # from the 12th of October on
    with SqliteStore.open(tmp_path / "state") as store:
        store.write_intervals(
            [
                Interval(subject=subject, question="state", state=State.UP, start=began, end=ended, seen=ended)
                for subject in ("controller", *(f"site:{site}" for site in told.story.province.sites))
            ]
        )
    shutil.copytree(told.folder / "state" / "cache", tmp_path / "state" / "cache")  # people are the same
    diary = Diary()
    work = jobs(tmp_path, diary)
    done(work, is_maintained=True)
    assert list(work.status()["ledger_refused"]) == ["2026-10"]
    assert 0.5 < work.status()["ledger_refused"]["2026-10"] < 0.70
    assert diary.told == [("ledger_refused", "ledger:2026-10")]
    assert not (tmp_path / "state" / "coverage" / "equity-ledger.jsonl").exists()
