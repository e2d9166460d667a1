"""Plans: what each device would be sent, frozen; and everything that keeps a device out of one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from controller.changes.file import read_change
from controller.changes.model import Change
from controller.changes.subjects import Subject
from controller.journal.journal import Journal
from controller.rollout.differences import between, masked_diff
from controller.rollout.fingerprint import Fingerprint
from controller.rollout.freezing import digest, is_whole
from controller.rollout.planning import Planner, Reach, Wish
from controller.rollout.records import PlanDevice
from devices.configuring.dialect import GuardKind
from devices.credentials import Secret
from devices.errors import CredentialError, Unreachable
from tests.unit.changes.fleet import PLAIN, UNITS, Box, Boxes, Plain, device, subject

TEXT = """
name: notes
title: Notes
reason: Because.
variables:
  psk: {type: secret, value: env:PSK}
  note: {type: string, value: hello}
templates: {plain: a.j2, routeros: a.j2}
verify: {any: {present: ["note={{ note }}"]}}
"""
LINES = "note={{ note }}\nwifi_psk={{ psk }}\n"
SECRET = "sangat-rahasia"


@pytest.fixture
def change(tmp_path: Path) -> Change:
    (tmp_path / "change.yaml").write_text(TEXT)
    (tmp_path / "a.j2").write_text(LINES)
    return read_change(tmp_path, units=UNITS, platforms=("plain", "routeros"))


class Everywhere:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def reach(self, site: str) -> Reach:
        return self._reach


class Busy:
    def held(self, device: str, *, by: str, until: float) -> Any:
        return nullcontext(False)


def resolve(reference: str) -> Secret:
    if reference != "env:PSK":
        raise CredentialError(f"{reference}: the environment variable is not set or empty")
    return Secret(SECRET)


def planner(*boxes: Box, dialect: Any = PLAIN, reach: Reach = Reach(people=120), **more: Any) -> Planner:  # noqa: B008
    return Planner(
        sessions=Boxes(*boxes), dialect_of=lambda platform: dialect if platform == "routeros" else None,
        fingerprint=Fingerprint(b"k" * 32), only_sites=Everywhere(reach), now=lambda: 1_000.0, monotonic=time.monotonic,
        **{"resolve": resolve, **more},
    )  # fmt: skip


def wish(change: Change, **more: Any) -> Wish:
    return Wish(change=change, author="engineer", where="all", values={}, **more)


def one(change: Change, text: str, **more: Any) -> PlanDevice:
    box = Box(device(), text, more.pop("obstacles", ()), more.pop("error", None))
    return planner(box, **more).plan(wish(change), [subject()]).devices[0]


def test_a_device_is_planned_with_marks_and_a_masked_diff(change: Change) -> None:
    found = one(change, "# at noon\nnote=old\nwifi_psk=former\n")
    assert found.error is None
    assert found.lines == ("note=hello", "wifi_psk=⟦env:PSK⟧")
    assert found.diff is not None
    assert found.diff.splitlines() == [
        "@@ -1,2 +1,2 @@", "-note=old", "-wifi_psk=***", "+note=hello", "+wifi_psk=***",
    ]  # fmt: skip
    assert found.checks == ("+ note=hello",)
    assert (found.people, found.guard, found.warnings) == (120, "none", ("no_guard",))
    assert found.base == Fingerprint(b"k" * 32).of("note=old\nwifi_psk=former\n")
    assert found.latency_s is not None


def test_a_secret_that_alone_changes_is_seen_and_not_shown(change: Change) -> None:
    found = one(change, "note=hello\nwifi_psk=former\n")
    assert found.diff is not None
    assert [line for line in found.diff.splitlines() if line[0] in "+-"] == ["-wifi_psk=***", "+wifi_psk=***"]


def test_a_device_that_holds_it_all_is_unchanged(change: Change) -> None:
    found = one(change, f'note=hello\nwifi_psk="{SECRET}"\n')
    assert (found.lines, found.diff, found.error) == ((), None, None)


def test_no_secret_stands_in_a_plan(change: Change) -> None:
    plan = planner(Box(device(), f"note=old\nwifi_psk={SECRET}\n")).plan(wish(change), [subject()])
    assert SECRET not in json.dumps(asdict(plan))
    assert "⟦env:PSK⟧" in plan.devices[0].lines[1]


def test_lines_that_are_not_understood_are_shown_as_commands_only(change: Change, tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("! {{ note }}\n{% if 0 %}{{ psk }}{% endif %}")
    found = one(read_change(tmp_path, units=UNITS, platforms=("plain", "routeros")), "note=hello\n")
    assert found.diff is None
    assert found.lines == ("! hello",)
    assert "commands_only" in found.warnings


def test_what_touches_the_way_in_and_the_only_site_is_warned_of(change: Change, tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("address={{ note }}\n{% if 0 %}{{ psk }}{% endif %}")
    whole = read_change(tmp_path, units=UNITS, platforms=("plain", "routeros"))
    found = one(whole, "x=1\n", reach=Reach(people=90, is_only=True))
    assert found.warnings == ("management_path", "only_site", "no_guard")


class Guarded(Plain):
    guards: Any = (GuardKind.TIMER, GuardKind.HELD)


def test_the_held_session_is_the_guard_unless_the_way_in_is_touched(change: Change, tmp_path: Path) -> None:
    assert one(change, "x=1\n", dialect=Guarded()).guard == "held"
    (tmp_path / "a.j2").write_text("address={{ note }}\n{% if 0 %}{{ psk }}{% endif %}")
    whole = read_change(tmp_path, units=UNITS, platforms=("plain", "routeros"))
    assert one(whole, "x=1\n", dialect=Guarded()).guard == "timer"
    (tmp_path / "a.j2").write_text(
        "{% for n in range(90) %}\nk{{ n }}={{ note }}\n{% endfor %}\n{% if 0 %}{{ psk }}{% endif %}"
    )
    whole = read_change(tmp_path, units=UNITS, platforms=("plain", "routeros"))
    assert one(whole, "x=1\n", dialect=Guarded()).guard == "timer"


def test_who_does_not_answer_stands_in_the_plan_with_the_reason(change: Change) -> None:
    boxes = [Box(device("r1"), "x=1\n"), Box(device("r3"), "x=1\n", ["uci changes are pending"])]
    told: list[str] = []
    fleet = [subject(id="r1"), subject(id="r2"), subject(id="r3"), subject(id="r4", platform="airos")]
    plan = planner(*boxes).plan(wish(change), fleet, on_done=lambda d: told.append(d.device))
    errors = {d.device: d.error for d in plan.devices}
    assert errors == {
        "r1": None,
        "r2": "offline: no answer in time",
        "r3": "obstacle: uci changes are pending",
        "r4": "no_dialect: platform airos is only watched",
    }
    assert sorted(told) == ["r1", "r2", "r3", "r4"]
    assert [d.device for d in plan.devices] == sorted(told)


def test_what_goes_wrong_with_one_device_is_told_without_secrets(change: Change) -> None:
    def none(reference: str) -> Secret:
        raise CredentialError(f"{reference}: the environment variable is not set or empty")

    assert (
        one(change, "x=1\n", resolve=none).error == "credential: env:PSK: the environment variable is not set or empty"
    )
    unsayable = one(change, "x=1\n", resolve=lambda _: Secret('quote"in-it'))
    assert unsayable.error == "credential: env:PSK: a character of it cannot be said in the language of plain"
    cut = one(change, "", error=Unreachable("gone while wifi_psk=" + SECRET))
    assert cut.error == "offline: gone while wifi_psk=***"
    strange = one(change, "", error=RuntimeError(SECRET))
    assert strange.error == "unexpected: RuntimeError"
    assert one(change, "x=1\n", locks=Busy()).error == "busy: another hand is on it now"


def test_a_session_that_failed_is_cut_and_one_that_did_well_is_closed(change: Change) -> None:
    good, bad = Box(device("r1"), "x=1\n"), Box(device("r2"), "", error=Unreachable("gone"))
    planner(good, bad).plan(wish(change), [subject(id="r1"), subject(id="r2")])
    assert (good.ended, bad.ended) == (["close"], ["cut"])


def test_a_plan_is_frozen_under_its_hash(change: Change) -> None:
    plan = planner(Box(device(), "x=1\n")).plan(wish(change, ticket="T-1"), [subject()])
    assert plan.hash == digest(plan)
    assert is_whole(replace(plan, id=7, approved_by="other"))
    assert not is_whole(replace(plan, ticket="T-2"))
    worse = replace(plan.devices[0], lines=("note=other",))
    assert not is_whole(replace(plan, devices=(worse,)))


def test_a_plan_is_the_same_when_read_back(change: Change, tmp_path: Path) -> None:
    plan = planner(Box(device(), "x=1\n")).plan(wish(change), [subject(), subject(id="gone")])
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        kept = journal.rollouts.add_plan(plan)
        back = journal.rollouts.plan(kept.id)
    assert back is not None
    assert is_whole(back)
    assert back == kept


def test_two_plans_are_told_apart_by_what_is_sent(change: Change) -> None:
    first = planner(Box(device(), "x=1\n")).plan(wish(change), [subject()])
    again = planner(Box(device(), "x=2\n")).plan(
        Wish(change=change, author="engineer", where="all", values={"note": "new"}), [subject(), subject(id="r2")]
    )
    assert between(first, again) == [
        "r1: its configuration is another than it was", "r1: -note=hello", "r1: +note=new", "r2: is new in the plan",
    ]  # fmt: skip


def test_a_diff_keeps_its_places_when_the_mask_does_not() -> None:
    def halving(text: str) -> str:
        return "\n".join(text.splitlines()[::2])

    assert "-a" in masked_diff("a\nb\n", "c\nb\n", halving)
    assert masked_diff("a\n", "a\n", str) == ""


def of_many(names: Sequence[str]) -> list[Subject]:
    return [subject(id=name) for name in names]


def test_a_thousand_devices_are_planned_in_seconds(change: Change) -> None:
    names = [f"r{n:04}" for n in range(1000)]
    boxes = [Box(device(name), "".join(f"k{n}=v\n" for n in range(100))) for name in names]
    began = time.monotonic()
    plan = planner(*boxes).plan(wish(change), of_many(names))
    assert len(plan.devices) == 1000
    assert not [d.error for d in plan.devices if d.error]
    assert time.monotonic() - began < 20
