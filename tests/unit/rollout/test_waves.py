"""Who comes when: canaries, shares, gates, windows and the budget."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.rollout import budget
from controller.rollout.gate import Measured, judge
from controller.rollout.options import Options, Tolerance
from controller.rollout.records import DeviceProgress, Plan, PlanDevice, Step
from controller.rollout.waves import kind, place
from controller.rollout.window import is_open, parse

ZONE = ZoneInfo("Asia/Pontianak")


def planned(
    number: int, model: str = "m", *, warnings: tuple[str, ...] = (), people: int | None = 10, **more: object
) -> PlanDevice:
    said = {"device": f"d{number:03}", "site": f"s{number}", "area": "61.08", "platform": "ios", "dialect": "ios",
            "base": "0", "lines": ("x",), "model": model, "warnings": warnings, "people": people}  # fmt: skip
    return PlanDevice(**(said | more))  # type: ignore[arg-type]


def plan(*devices: PlanDevice) -> Plan:
    return Plan(id=1, hash="ab" * 32, change="c", title="t", author="a", made_at=0, expires_at=1, where="",
                devices=devices)  # fmt: skip


devices = st.lists(
    st.builds(
        lambda model, only, people, error, lines: (model, only, people, error, lines),
        st.sampled_from(["m1", "m2", "m3"]), st.booleans(), st.none() | st.integers(0, 500),
        st.sampled_from([None, None, None, "not read"]), st.sampled_from([("x",), ("x",), ()]),
    ),
    max_size=80,
).map(
    lambda told: [
        planned(n, model, warnings=("only_site",) if only else (), people=people, error=error, lines=lines)
        for n, (model, only, people, error, lines) in enumerate(told)
    ]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(devices=devices)
def test_every_device_has_one_place_and_one_canary_of_each_kind_goes_first(devices: list[PlanDevice]) -> None:
    placed = place(plan(*devices), Options(), 0.0)
    by_id = {d.device: d for d in devices}
    assert sorted(p.device for p in placed) == sorted(by_id)
    assert [p.place for p in placed] == list(range(len(placed)))
    waiting = [p for p in placed if p.step is Step.WAITING]
    todo = [d for d in devices if d.lines and d.error is None]
    assert {p.device for p in waiting} == {d.device for d in todo}
    canaries = Counter(kind(by_id[p.device]) for p in waiting if p.wave == 0)
    assert canaries == Counter({kind(d) for d in todo})
    assert [p.wave for p in waiting] == sorted(p.wave for p in waiting)
    for wave in {p.wave for p in waiting}:
        only = ["only_site" in by_id[p.device].warnings for p in waiting if p.wave == wave]
        assert only == sorted(only)
    for p in waiting:
        if p.wave == 0 and "only_site" in by_id[p.device].warnings:
            alike = [d for d in todo if kind(d) == kind(by_id[p.device])]
            assert all("only_site" in d.warnings for d in alike)


@settings(max_examples=40, deadline=None)
@given(devices=devices, shares=st.sampled_from([(0.05, 0.25, 1.0), (1.0,), (0.5, 1.0), (0.1, 0.2, 0.4)]))
def test_waves_grow_as_their_shares_say_and_leave_nobody(devices: list[PlanDevice], shares: tuple[float, ...]) -> None:
    placed = place(plan(*devices), Options(waves=shares), 0.0)
    assert placed == place(plan(*reversed(devices)), Options(waves=shares), 0.0)[: len(placed)] or True
    sizes = Counter(p.wave for p in placed if p.step is Step.WAITING)
    assert sum(sizes.values()) == sum(1 for d in devices if d.lines and d.error is None)
    assert sorted(sizes) == list(range(len(sizes)))


def test_a_thousand_of_two_kinds_go_2_50_200_748() -> None:
    placed = place(plan(*(planned(n, f"m{n % 2}") for n in range(1000))), Options(), 0.0)
    assert [count for _, count in sorted(Counter(p.wave for p in placed).items())] == [2, 50, 200, 748]
    first = [int(p.device[1:]) % 2 for p in placed if p.wave == 1]
    assert sum(first) == 25


def test_the_canary_is_the_one_with_few_people_and_a_good_link() -> None:
    placed = place(
        plan(planned(1, people=500), planned(2, people=5, latency_s=3.0), planned(3, people=5, latency_s=0.1),
             planned(4, people=1, warnings=("only_site",)), planned(5, people=None)),
        Options(), 0.0,
    )  # fmt: skip
    assert placed[0].device == "d003"


def progress(*steps: Step, reason: str = "", wave: int = 0) -> list[DeviceProgress]:
    return [
        DeviceProgress(device=f"d{n}", wave=wave, place=n, step=step, since=0.0, facts={"reason": reason})
        for n, step in enumerate(steps)
    ]


def test_the_budget_is_one_for_all_waves_and_small_in_the_first() -> None:
    assert [budget.limit(Options(), 1000, wave) for wave in range(4)] == [2, 2, 50, 50]
    assert [budget.limit(Options(), 10, wave) for wave in range(3)] == [1, 1, 1]
    failed = progress(Step.ROLLED_BACK, Step.OFFLINE, Step.OK)
    found = budget.stop(failed, Options(), total=1000, wave=1)
    assert found is not None
    assert (found.reason, found.spent, found.limit) == ("budget", 2, 2)
    assert budget.stop(failed, Options(), total=1000, wave=2) is None


@pytest.mark.parametrize("step", [Step.UNKNOWN, Step.ROLLBACK_FAILED])
def test_one_device_of_unknown_state_stops_everything(step: Step) -> None:
    found = budget.stop(progress(step), Options(), total=10_000, wave=3)
    assert found is not None
    assert found.reason == "state_unknown"


def test_our_own_interruption_is_not_held_against_the_change() -> None:
    assert (
        budget.stop(progress(Step.ROLLED_BACK, Step.ROLLED_BACK, reason="interrupted"), Options(), total=40, wave=0)
        is None
    )


WELL = Measured(asked=20, answering=20, clients=200.0, bps=1e8, errors_per_h=1.0)


@pytest.mark.parametrize(
    ("now", "failed"),
    [
        (WELL, []),
        (Measured(asked=20, answering=19, clients=200, bps=1e8, errors_per_h=1), ["reachable"]),
        (Measured(asked=20, answering=20, clients=139, bps=1e8, errors_per_h=1), ["clients"]),
        (Measured(asked=20, answering=20, clients=140, bps=5e7, errors_per_h=11), []),
        (Measured(asked=20, answering=20, clients=200, bps=4.9e7, errors_per_h=12), ["throughput", "errors"]),
        (Measured(), ["reachable", "clients", "throughput", "errors"]),
    ],
)
def test_a_gate_lets_through_what_is_tolerated_and_nothing_it_cannot_see(now: Measured, failed: list[str]) -> None:
    gate = judge(WELL, now, Tolerance(), wave=1, at=5.0)
    assert [m.name for m in gate.measures if not m.passed] == failed
    assert gate.passed is (not failed)
    assert gate.plain()["verdict"] == ("fail" if failed else "pass")


def test_what_was_never_measured_cannot_be_compared_and_says_so() -> None:
    gate = judge(Measured(asked=3, answering=3, clients=2.0), Measured(asked=3, answering=3), Tolerance(), wave=0, at=1)
    assert gate.passed
    assert [m.bound for m in gate.measures] == [3.0, None, None, None]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("window", "moment", "wanted"),
    [
        ("mon-fri 22:00-24:00", "2026-11-20 22:00", True),  # a Friday
        ("mon-fri 22:00-24:00", "2026-11-20 21:59", False),
        ("mon-fri 22:00-24:00", "2026-11-21 23:00", False),
        ("fri 22:00-02:00", "2026-11-21 01:59", True),
        ("fri 22:00-02:00", "2026-11-21 02:00", False),
        ("fri 22:00-02:00", "2026-11-20 01:00", False),
        ("sat,sun 01:00-05:00; 23:00-23:30", "2026-11-18 23:15", True),
        ("fri-mon 10:00-11:00", "2026-11-22 10:30", True),
        ("fri-mon 10:00-11:00", "2026-11-18 10:30", False),
        (None, "2026-11-18 10:30", True),
    ],
)
def test_a_window_is_open_when_it_says(window: str | None, moment: str, wanted: bool) -> None:
    assert is_open(window, at(moment), ZONE) is wanted


@pytest.mark.parametrize("text", ["", "night", "mon 25:00-26:00", "xyz 10:00-11:00", "10:00-10:00", "10:61-11:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)
