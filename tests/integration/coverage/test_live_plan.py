"""The live verbs of `merata plan` on a real store: a simulated province with thirty days behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from devices.inventory import load
from geography.units import load as load_units
from measurements.reading import DeviceRow, InterfaceRow, Reading, ServiceRow
from measurements.sqlite.store import SqliteStore
from measurements.sqlite.tierscan import scan
from merata import coverage_demo, demo, demo_history
from merata.cli import cli
from simulator.province import build
from simulator.story import Story

NOW = 1_795_291_200.0  # 2026-11-21T20:00Z
AT = datetime.fromtimestamp(NOW, UTC).isoformat()
DEVICES = 120


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province")
    (folder / "state").mkdir(mode=0o700)
    scene = demo.Scene(layout=1, seed=61, devices=DEVICES, origin=NOW, snmp_port=16100)
    demo._write_scene(folder, scene)
    story = Story(build(seed=61, devices=DEVICES), (NOW,))
    demo_history.write(folder / "state", story, load(folder / "inventory.yaml"), until=NOW)
    assert coverage_demo.write_tests(folder / "state", story, start=NOW - 28 * 86_400, end=NOW) >= 2
    return folder


@pytest.fixture
def plan(province: Path) -> Callable[..., Result]:
    def run(*words: str, at: str = AT) -> Result:
        where = ["--state", str(province / "state"), "--inventory", str(province / "inventory.yaml"), "plan"]
        return CliRunner().invoke(cli, [*where, *words, "--at", at], catch_exceptions=False)

    return run


def answer(found: Result) -> dict[str, Any]:
    assert found.exit_code == 0, found.output
    said: dict[str, Any] = json.loads(found.stdout)
    return said


def test_coverage_shows_three_radii_whose_units_add_up(plan: Callable[..., Result]) -> None:
    said = answer(plan("coverage", "--live", "--json"))
    assert [r["radius_km"] for r in said["radii"]] == [0.15, 1.0, 5.0]
    for one in said["radii"]:
        total = one["total"]
        assert 0 < total["effective"] <= total["effective"] + total["unknown"] <= total["nominal"] < total["people"]
        assert sum(r["effective"] for r in one["rows"]) == pytest.approx(total["effective"])
        assert len(one["rows"]) == 14
    effective = [r["total"]["effective"] for r in said["radii"]]
    assert effective == sorted(effective)
    assert said["inputs"]["profile"]["source"].startswith("Availability 95 %")


def test_the_verdicts_of_the_story_are_told_truly(plan: Callable[..., Result], province: Path) -> None:
    said = answer(plan("worth", "--order", "id", "--limit", "999", "--json"))
    sites = {s["site"]: s for s in said["sites"]}
    verdicts = {s["verdict"] for s in sites.values()}
    assert {"effective", "unmeasured", "slow"} <= verdicts
    for each in sites.values():
        if each["verdict"] == "effective":
            assert each["availability_ratio"] >= 0.95
            assert each["speed_bps"] >= 4e6
        if each["verdict"] == "unmeasured":  # quiet, up and observed: not called slow
            assert each["reason"] == "speed"
            assert each["busy_down_bps"] < 4e6
        if each["verdict"] == "slow":  # only because it was tested
            assert each["reason"] == "active_test"
            assert each["evidence"]["active_tests"] >= 1
    quiet_good = [s for s in sites.values() if s["busy_down_bps"] < 4e6 and s["verdict"] == "effective"]
    assert quiet_good
    assert all("active test" in s["speed_how"] for s in quiet_good)
    gaps = answer(plan("gaps", "--radius-km", "0.15", "--limit", "9999", "--json"))["gaps"]
    useless = {s["site"] for s in sites.values() if s["verdict"] == "slow" and s["availability_ratio"] > 0.95}
    assert useless
    assert useless & {site for g in gaps if g["cause"] == "slow" for site in g["sites"]}
    inventory = load(province / "inventory.yaml")
    assert {str(s) for s, site in inventory.sites.items() if not site.kind.serves_public}.isdisjoint(sites)


def test_a_site_up_but_measured_slow_becomes_a_gap_to_upgrade(plan: Callable[..., Result]) -> None:
    said = answer(plan("worth", "--order", "id", "--limit", "999", "--json"))
    quiet = next(s for s in said["sites"] if s["verdict"] == "unmeasured" and s["availability_ratio"] > 0.97)
    earlier = datetime.fromtimestamp(NOW - 86_400, UTC).isoformat()
    noted = plan("record-speed", quiet["site"], "--down-mbps", "0.6", "--by", "a test", at=earlier)
    assert noted.exit_code == 0, noted.output
    gaps = answer(plan("gaps", "--cause", "slow", "--limit", "99", "--json"))["gaps"]
    assert gaps
    assert {(g["cause"], g["remedy"]) for g in gaps} == {("slow", "upgrade")}
    assert any(quiet["site"] in g["sites"] for g in gaps)
    radius = ("--radius-km", "1", "--budget", "40000000", "--lock", quiet["site"])
    steps = answer(plan("site", "--live", *radius, "--json"))["steps"]
    assert (quiet["site"], "upgrade") in [(s["place"], s["action"]) for s in steps]


def test_every_gap_has_a_cause_and_its_remedy(plan: Callable[..., Result]) -> None:
    remedy = {"no_site": "build", "down": "repair", "slow": "upgrade", "full": "upgrade", "unmeasured": "measure"}
    gaps = answer(plan("gaps", "--limit", "9999", "--json"))["gaps"]
    assert all(remedy[g["cause"]] == g["remedy"] for g in gaps)
    assert all(bool(g["sites"]) == (g["cause"] != "no_site") for g in gaps)
    assert all(g["nearest_site"] and g["nearest_km"] >= 0 for g in gaps)
    people = [g["people"] for g in gaps]
    assert people == sorted(people, reverse=True)


def test_a_table_of_ways_replaces_the_straight_line(plan: Callable[..., Result], tmp_path: Path) -> None:
    sites = answer(plan("worth", "--verdict", "effective", "--json"))["sites"]
    (tmp_path / "ways.csv").write_text(f"demand_id,site_id,km\n61.01.01.2007,{sites[0]['site']},0.4\n")
    found = plan("coverage", "--live", "--radius-km", "1", "--distances", str(tmp_path / "ways.csv"), "--json")
    said = answer(found)
    assert said["inputs"]["notes"][0].startswith("ways from a table")
    assert said["radii"][0]["total"]["effective"] == load_units()["61.01.01.2007"].population


def test_a_plan_for_a_regency_is_proven_and_keeps_to_its_budget(plan: Callable[..., Result]) -> None:
    said = answer(plan("site", "--live", "--radius-km", "1", "--budget", "300000000", "--regency", "6108", "--json"))
    assert (said["status"], said["gap_pct"]) == ("optimal", 0)
    assert 0 < said["cost"] <= 300e6
    assert said["covered_after"] - said["covered_before"] == pytest.approx(sum(s["people"] for s in said["steps"]))
    assert all(s["regency"] == "61.08" for s in said["steps"])
    assert said["objective_value"] == pytest.approx(said["covered_after"])


def test_the_text_says_what_the_figures_stand_on(plan: Callable[..., Result]) -> None:
    for words in (
        ("coverage", "--live", "--radius-km", "1"),
        ("gaps",),
        ("worth",),
        ("site", "--live", "--radius-km", "1", "--count", "3"),
    ):
        text = plan(*words).output
        for said in ("Profile bakti", "source:", "Measured 2026-10-22", "straight line", "estimate", "Inputs "):
            assert said in text, (words, said)


def test_a_month_is_closed_once_and_then_corrected_only(plan: Callable[..., Result]) -> None:
    later = "2026-12-03T00:00Z"
    open_month = answer(plan("ledger", "--json"))["months"]
    assert [(m["month"], m["is_closed"]) for m in open_month] == [("2026-11", False)]
    closed = answer(plan("ledger", "--close", "--json", at=later))
    november = next(m for m in closed["months"] if m["month"] == "2026-11")
    assert november["is_closed"]
    assert november["observed_ratio"] == pytest.approx(0.68, abs=0.05)  # 20 of 30 days
    assert november["unknown"] > november["effective"]  # only sites with most of their hours in these days are judged
    assert answer(plan("ledger", "--close", "--json", at=later))["entries"] == closed["entries"]
    again = answer(plan("ledger", "--correct", "2026-11", "--reason", "late data", "--json", at=later))
    assert [e["revision"] for e in again["entries"] if e["month"] == "2026-11"] == [1, 2]
    refused = plan("ledger", "--correct", "2026-12", "--reason", "x", at=later)
    assert (refused.exit_code, refused.stderr) == (2, "merata: 2026-12 is not closed, there is nothing to correct\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("coverage", "--live", "--profile", "none"), "bakti, bakti-8, umc-school, bakti-bersama"),
        (("coverage", "--live", "--demand", "x.csv"), "--live"),
        (("gaps", "--regency", "9999"), "no unit has the code"),
        (
            ("site", "--live", "--radius-km", "1", "--count", "3", "--lock", "nowhere"),
            "neither a village's code nor a site",
        ),
        (("site", "--live", "--count", "3", "--objective", "mean-distance"), "--radius-km: is needed with --live"),
        (("record-speed", "nowhere", "--down-mbps", "3", "--by", "x"), "no site of the inventory"),
        (("coverage", "--radius-km", "1"), "--demand: is needed without --live"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence_and_exit_2(
    plan: Callable[..., Result], words: tuple[str, ...], said: str
) -> None:
    found = plan(*words)
    assert found.exit_code == 2
    assert said in found.stderr
    assert found.stderr.count("\n") == 1
    assert found.stdout == ""


def test_the_tier_scan_gives_what_polls_left_and_checks_that_downloaded(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    begin = 1_795_132_800
    for k in range(62):
        store.write([_reading("a", begin, k, 7_500_000, down_bps=3e6), _reading("b", begin, k, 750_000)])
    store.maintain(begin + 7300.0)
    store.close()
    span: dict[str, Any] = {"start": begin, "end": begin + 3600, "devices": ["b", "a", "never"]}
    found = scan(tmp_path / "history.db", "interface", ("in_octets", "in_rate_ds"), **span)
    assert [found.devices[d] for d in found.device] == ["b", "a"]
    bps = found.columns["in_octets"] * 80 / found.columns["in_rate_ds"]
    assert bps == pytest.approx([0.1e6, 1e6])
    tests = scan(tmp_path / "history.db", "service", ("down_bps_sum", "down_bps_n"), **span)
    told = tests.columns["down_bps_n"] > 0
    assert [tests.devices[d] for d in tests.device[told]] == ["a"]
    assert tests.columns["down_bps_sum"][told] / tests.columns["down_bps_n"][told] == pytest.approx(3e6)
    assert len(scan(tmp_path / "none.db", "service", ("ok_n",), **span).bucket) == 0
    with pytest.raises(ValueError, match="no column"):
        scan(tmp_path / "history.db", "service", ("bucket; --",), **span)


def _reading(name: str, begin: int, minute: int, octets: int, down_bps: float | None = None) -> Reading:
    """One poll a minute; `octets` come in each."""
    slot = begin + 60 * minute
    port = InterfaceRow(
        device=name,
        if_name="wan",
        slot=slot,
        if_hc_in_octets=octets * minute,
        if_hc_out_octets=minute,
        speed_bps=10**9,
        is_uplink=True,
    )
    return Reading(
        device=name,
        slot=slot,
        at=slot + 1.0,
        row=DeviceRow(device=name, slot=slot, snmp_ok=True, sys_up_time=6000 * minute + 100, clients=5),
        interfaces=(port,),
        services=(ServiceRow(device=name, check="http:x", slot=slot, ok=True, down_bps=down_bps),),
    )
