"""Pages go on with the planner they have until the next one is ready, and keep it where the next cannot be made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from merata.planning_watch import LOOK_S, WatchedPlanner
from merata.reading import Renewed


class FakePlanner:
    """A numbered planner that is ready when its gate opens."""

    def __init__(self, number: int, gate: threading.Event | None = None, *, error: bool = False) -> None:
        self.number, self.gate, self.error = number, gate, error
        self.asked: Sequence[tuple[str, float]] = [("bakti", 5.0)]
        self.warmed: list[Sequence[tuple[str, float]]] = []

    def warm(self, now: float, asked: Sequence[tuple[str, float]] = ()) -> None:
        self.warmed.append(asked)
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.error:
            raise RuntimeError("no such boundaries")

    @property
    def resolutions(self) -> Sequence[int]:
        return (self.number,)


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def watched(
    made: list[FakePlanner], mark: Callable[[], str], clock: Clock, turns: Path | None = None, **more: Any
) -> WatchedPlanner:
    rest = iter(made)
    make: Any = lambda: next(rest)  # noqa: E731
    return WatchedPlanner(make, mark=mark, turns=turns, clock=lambda: 0.0, monotonic=clock, **more)


def test_the_first_planner_is_made_ready_at_once(tmp_path: Path) -> None:
    one = FakePlanner(1)
    planner = watched([one], lambda: "a", Clock(), tmp_path / "turn")
    planner.join(10)
    assert one.warmed == [()]
    assert planner.resolutions == (1,)


def test_an_import_is_taken_up_behind_the_readers() -> None:
    gate, clock, marks = threading.Event(), Clock(), ["a"]
    one, two = FakePlanner(1), FakePlanner(2, gate)
    planner = watched([one, two], lambda: marks[-1], clock, is_eager=False)
    marks.append("b")
    assert planner.resolutions == (1,)  # not looked at again yet
    clock.at = LOOK_S
    assert planner.resolutions == (1,)  # the next is being made
    gate.set()
    planner.join(10)
    assert planner.resolutions == (2,)
    assert two.warmed == [[("bakti", 5.0)]]  # it begins with what was asked before


def test_an_import_that_cannot_be_used_changes_nothing_and_is_tried_once() -> None:
    clock, marks = Clock(), ["a"]
    planner = watched([FakePlanner(1), FakePlanner(2, error=True)], lambda: marks[-1], clock, is_eager=False)
    marks.append("b")
    for moment in (1, 2, 3):
        clock.at = moment * LOOK_S
        assert planner.resolutions == (1,)
        planner.join(10)


def test_a_planner_that_cannot_be_made_ready_is_asked_all_the_same(tmp_path: Path) -> None:
    planner = watched([FakePlanner(1, error=True)], lambda: "a", Clock(), tmp_path / "missing" / "turn")
    planner.join(10)
    assert planner.resolutions == (1,)


def test_outlines_of_the_fleet_pages_are_held_while_their_mark_stays() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    kept = Renewed(make, mark=lambda: "a")
    assert [kept() for _ in range(3)] == [1, 1, 1]
