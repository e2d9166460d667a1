"""Plans and rollouts as text and exit codes, and whose only site a site is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.rollout.records import DeviceProgress, Plan, PlanDevice, Rollout, RolloutState, Step
from devices.model import Inventory, SiteKind
from merata import config_words as words
from merata.config_reach import NearbySites
from tests.unit.changes.fleet import site

ZONE = ZoneInfo("Asia/Pontianak")


def planned(name: str, **more: Any) -> PlanDevice:
    facts = {"device": name, "site": f"s-{name}", "area": "61.08.01", "platform": "routeros", "dialect": "routeros"}
    return PlanDevice(**{**facts, "base": "x", **more})


LINES, DIFF = ("dns 9.9.9.9",), "-dns 1\n+dns 9.9.9.9"
PLAN = Plan(
    id=3, hash="f" * 64, change="dns", title="Name servers", author="siti", made_at=1.7e9,
    expires_at=1.7e9 + 3600, where="all", ticket="T-1", values={"server": "9.9.9.9"},
    devices=(
        planned("a", lines=LINES, diff=DIFF, guard="held", warnings=("only_site",), people=40),
        planned("b", lines=LINES, diff=DIFF, guard="held"),
        planned("c"),
        planned("d", error="offline: no answer in time"),
        planned("e", error="render: none"),
    ),
)  # fmt: skip


def test_devices_are_counted_by_what_becomes_of_them() -> None:
    assert words.counts(PLAN) == {"change": 2, "unchanged": 1, "offline": 1, "refused": 1}


def test_devices_that_are_sent_the_same_are_shown_once() -> None:
    shown = "\n".join(words.devices(PLAN))
    assert "== 2 devices: a, b  guard held\n   -dns 1\n   +dns 9.9.9.9\n   commands:\n   > dns 9.9.9.9" in shown
    assert "== c\n   unchanged" in shown
    assert "== d\n   cannot be changed: offline: no answer in time" in shown
    assert "cannot be changed" not in "\n".join(words.devices(PLAN, "a"))


def test_a_plan_says_what_it_is_and_what_to_mind() -> None:
    told = [*words.head(PLAN, ZONE), *words.warnings(PLAN)]
    assert told[0] == "plan 3  dns: Name servers  [draft]"
    assert "made      2023-11-15 05:13 by siti, valid until 2023-11-15 06:13" in told
    assert "set       server=9.9.9.9" in told
    assert told[-1] == "WARNING   the only site that works for its people (about 40 people): a"


def rollout(state: RolloutState, *steps: Step) -> Rollout:
    devices = tuple(
        DeviceProgress(device=f"r{n}", wave=0, place=n, step=step, since=0, facts={"reason": "why"})
        for n, step in enumerate(steps)
    )
    return Rollout(
        id=1, plan=3, state=state, started=0, by="siti", why={"reason": "budget", "spent": 2}, devices=devices
    )


@pytest.mark.parametrize(
    ("state", "steps", "code"),
    [
        (RolloutState.DONE, (Step.OK, Step.UNCHANGED), 0),
        (RolloutState.DONE, (Step.OK, Step.DRIFTED), 1),
        (RolloutState.EXPIRED, (Step.OFFLINE,), 1),
        (RolloutState.STOPPED, (Step.OK,), 3),
        (RolloutState.RUNNING, (Step.OK,), 4),
        (RolloutState.PAUSED, (Step.WAITING,), 4),
    ],
)
def test_the_exit_code_says_how_a_rollout_stands(state: RolloutState, steps: tuple[Step, ...], code: int) -> None:
    assert words.exit_code(rollout(state, *steps)) == code


def test_a_rollout_names_every_device_that_is_not_well() -> None:
    told = list(words.progress(rollout(RolloutState.STOPPED, Step.OK, Step.ROLLED_BACK, Step.SKIPPED), ZONE))
    assert "why       budget (spent 2)" in told
    assert "wave 0    1 ok, 1 rolled_back, 1 skipped" in told
    assert told[-1] == "  r1: rolled_back, why"


def reach_of(*sites: Any, states: dict[str, str] | None = None) -> NearbySites:
    return NearbySites(Inventory(version="v", sites={s.id: s for s in sites}, devices={}), states or {})


def test_a_site_is_the_only_one_when_none_works_within_a_walk_or_in_its_village() -> None:
    here = site("here", area="61.08.01.2001", lat=0.3, lon=109.9)
    near, far = replace(here, id="near", lat=0.305), replace(here, id="far", area="61.08.01.2002", lat=0.4)  # type: ignore[arg-type]
    same = replace(far, id="same", area=here.area)  # type: ignore[arg-type]
    assert reach_of(here, far).reach("here").is_only
    assert not reach_of(here, near).reach("here").is_only
    assert not reach_of(here, same).reach("here").is_only
    down = reach_of(here, near, states={"here": "up", "near": "down"})
    assert down.reach("here").is_only
    assert not down.reach("near").is_only  # it does not work now: nothing can be lost
    assert (reach_of(here).reach("here").people or 0) > 0


def test_a_tower_is_nobodys_only_site() -> None:
    tower = site("tower", kind=SiteKind.TOWER)
    assert not reach_of(tower).reach("tower").is_only
    assert not reach_of(tower).reach("unknown").is_only
