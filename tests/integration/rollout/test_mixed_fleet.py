"""The same change for sixty-two routers of five languages, two of which break by it; told once, seen from all sides.

The table of a run: python -m tests.integration.rollout.mixed
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.configuring.registry import dialect
from tests.integration.rollout.mixed import CUT, REFUSING, SECRET, WANTED, Fleet, Told, fleet, tell

pytestmark = pytest.mark.needs("netns", "frr", "sshd", "snmpd")
BROKEN = {CUT, REFUSING}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("mixed")) as made:
        yield made


@pytest.fixture(scope="module")
def told(whole: Fleet) -> Told:
    return tell(whole)


def test_the_plan_is_for_all_and_warns_of_the_way_that_is_cut(whole: Fleet, told: Told) -> None:
    assert len(whole.names) >= 60
    assert told.plan["counts"] == {"change": len(whole.names), "unchanged": 0, "offline": 0, "refused": 0}
    warned = {d["device"] for d in told.plan["devices"] if "management_path" in d["warnings"]}
    assert {name for name in warned if name.startswith("frr-")} == {CUT}  # a new account on a console is one too


def test_two_failures_stop_the_wave(told: Told) -> None:
    assert (told.first["state"], told.first["why"]["reason"]) == ("stopped", "budget")
    assert set(told.first["why"]["devices"]) == BROKEN
    assert told.ended(told.first, "rolled_back") == BROKEN
    assert told.end(told.first, REFUSING) == "rolled_back, refused"


def test_what_broke_holds_what_it_held(told: Told) -> None:
    for name in BROKEN:
        same = dialect(name.rpartition("-")[0]).normalise
        before = same(told.before.running[name])
        assert same(told.between.running[name]) == before
        assert same(told.between.saved[name]) in (same(told.before.saved[name]), before)


def test_the_router_that_cut_its_way_came_back_by_itself(told: Told) -> None:
    """Its only port was shut: nobody but itself could open it."""
    assert told.away_s > 1.0


def test_the_rest_is_untouched_to_the_byte(told: Told) -> None:
    rest = told.ended(told.first, "skipped")
    assert len(rest) > len(told.before.running) / 2
    for name in rest:
        assert told.between.running[name] == told.before.running[name]
        assert told.between.saved[name] == told.before.saved[name]
        assert told.between.taken.get(name, 0) == 0


def test_resumed_with_a_mended_template_all_end_well(whole: Fleet, told: Told) -> None:
    names = set(whole.names)
    assert told.resumed["state"] == "done"
    assert told.ended(told.resumed, "ok") == names - BROKEN
    assert {d["device"] for d in told.again["devices"]} == BROKEN
    assert told.ended(told.second, "ok") == BROKEN
    assert all(WANTED in text for text in told.after.running.values())
    # Safe mode's consoles keep every change at once; elsewhere it was saved.
    assert all(WANTED in text for text in told.after.saved.values())


def test_nothing_was_sent_twice(whole: Fleet, told: Told) -> None:
    assert set(told.announced) == set(whole.names)
    assert {name: times for name, times in told.announced.items() if times != 1} == dict.fromkeys(BROKEN, 2)
    assert {name for name, times in told.after.taken.items() if times != 1} <= BROKEN


def test_the_secret_is_on_the_routers_and_nowhere_else(whole: Fleet, told: Told) -> None:
    consoles = [n for n in whole.consoles if not n.startswith("vrp")]
    assert all(SECRET in told.after.running[name] for name in consoles)
    files = [path for path in (*whole.state.rglob("*"), whole.folder / "executor.log") if path.is_file()]
    assert {path.name for path in files} >= {"journal.db", "executor.log"}
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert not any(SECRET in said for said in whole.log)
