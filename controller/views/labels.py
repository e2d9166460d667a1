"""Where names stand on a drawn map: near their area, off one another and off the marks that must be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
_STEPS = ((0, 0), (0, -1), (0, 1), (0, -2), (0, 2), (0, -3), (0, 3))  # in line heights
_ASIDE = (0.0, 0.55, 1.0, 1.3, 1.8)  # in half widths, left or right, and a little more
_FAR = 1.7  # line heights: a name further from its area gets a line to it
_OUTWARD = 0.55  # how much rather a name moves away from the middle of the map: off a coast, not over a neighbour


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name to write: where its area is, and how large it will be. Units of the picture."""

    x: float
    y: float
    half: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a name stands (middle of its foot). line: from it to its area where it had to go far; hidden: no room."""

    x: float
    y: float
    line: tuple[float, float, float, float] | None
    hides: int


def placed(
    names: Mapping[str, Name],
    marks: Sequence[tuple[float, float]],
    *,
    mark: float,
    width: float,
    height: float,
    beside: float = 0.0,
) -> dict[str, Written]:
    """A place for each name, in the order given: the first find room first.

    Args:
        names: by code.
        marks: middles of the marks that a name should not hide.
        mark: their radius.
        width: of the picture; names stay inside.
        height: of the picture.
        beside: how far left and right of the picture names may stand.

    Returns:
        Places by code; `hides` counts the names and marks that one still covers: 0 where there was room.
    """
    points = [(x - mark, y - mark, x + mark, y + mark) for x, y in marks]
    taken: list[Box] = []
    found: dict[str, Written] = {}
    for code, name in names.items():
        tries = _tries(name, width, height, beside)
        best = min(tries, key=lambda at: _cost(name, at, taken, points, width, height))
        box = _box(name, *best)
        hides = sum(_meet(box, t) for t in (*taken, *points))
        taken.append(box)
        found[code] = Written(x=best[0], y=best[1], line=_line(name, best), hides=hides)
    return found


def _tries(name: Name, width: float, height: float, beside: float) -> list[tuple[float, float]]:
    made = []
    for _, rows in _STEPS:
        for aside in _ASIDE:
            for side in (-1, 1) if aside else (1,):
                dx = side * aside * (name.half + (name.height if aside > 1 else 0))
                x = min(max(name.x + dx, name.half + 2 - beside), width + beside - name.half - 2)
                y = min(max(name.y + rows * name.height, name.height), height - 2)
                made.append((x, y))
    return made


def _cost(
    name: Name, at: tuple[float, float], taken: Sequence[Box], points: Sequence[Box], width: float, height: float
) -> float:
    """Covering a name is worse than covering a mark, covering a mark worse than any way."""
    box = _box(name, *at)
    covers = 3 * sum(_meet(box, t) for t in taken) + sum(_meet(box, t) for t in points)
    dx, dy = at[0] - name.x, at[1] - name.y
    ox, oy = name.x - width / 2, name.y - height / 2
    outward = (dx * ox + dy * oy) / (math.hypot(ox, oy) or 1.0)
    return covers * 10_000 + math.hypot(dx, dy) - _OUTWARD * max(0.0, outward)


def _box(name: Name, x: float, y: float) -> Box:
    return x - name.half, y - 0.82 * name.height, x + name.half, y + 0.3 * name.height


def _line(name: Name, at: tuple[float, float]) -> tuple[float, float, float, float] | None:
    left, top, right, bottom = _box(name, *at)
    nearest = min(max(name.x, left), right), min(max(name.y, top), bottom)
    if math.hypot(nearest[0] - name.x, nearest[1] - name.y) < _FAR * name.height:
        return None
    return (*nearest, name.x, name.y)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
