"""How many people use a place, hour by hour of the week, and what that makes flow.

The same formulas serve one moment (a float) and a whole history (an array), so that what the agent answers now and
what is written as the past agree. A counter is the integral of the load, in closed form: it needs no memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A moment or many: seconds since 1970-01-01T00:00Z.
Times: TypeAlias = Any

WEEK_S = 604_800
STEP_S = 300
STEPS = WEEK_S // STEP_S
MONDAY = 345_600  # 1970-01-05, a Monday
#: Counters are integrals since this moment; small numbers keep them exact.
EPOCH = 1_704_067_200  # 2024-01-01

_OFFICE: list[tuple[float, float]] = [
    (0, 0.02),
    (6, 0.05),
    (7.5, 0.5),
    (9, 0.8),
    (12, 0.6),
    (14, 0.75),
    (15.5, 0.3),
    (17, 0.15),
]
_EVENING: list[tuple[float, float]] = [(18, 0.35), (19, 0.85), (20.5, 1.0), (22, 0.6), (23.5, 0.15), (24, 0.02)]
_Day: TypeAlias = Sequence[tuple[float, float]]
_PROFILES: dict[str, tuple[_Day, ...]] = {  # Monday to Friday, Saturday, Sunday: (hour, level)
    "school": (
        [(0, 0), (6, 0.03), (7, 0.7), (9.5, 1.0), (10, 0.75), (12, 0.95), (14, 0.5), (15, 0.15), (17, 0.02), (24, 0)],
        [(0, 0.01), (6.5, 0.03), (7.5, 0.5), (10, 0.7), (12, 0.3), (13.5, 0.04), (24, 0.01)],
        [(0, 0.01), (9, 0.04), (15, 0.06), (18, 0.02), (24, 0.01)],
    ),
    "village_office": (_OFFICE + _EVENING, [(0, 0.02), (8, 0.15), (12, 0.25), (16, 0.3), *_EVENING],
                       [(0, 0.02), (9, 0.2), (13, 0.3), (16, 0.35), *_EVENING]),
    "puskesmas": (
        [(0, 0.04), (6, 0.08), (8, 0.8), (10, 1.0), (12, 0.7), (14, 0.35), (16, 0.15), (20, 0.12), (24, 0.04)],
        [(0, 0.04), (7, 0.1), (9, 0.8), (12, 0.5), (14, 0.12), (24, 0.04)],
        [(0, 0.04), (9, 0.12), (18, 0.12), (24, 0.04)],
    ),
    "market": (
        [(0, 0.02), (3.5, 0.1), (5, 0.6), (7, 1.0), (9.5, 0.9), (11, 0.5), (13, 0.25), (17, 0.2), (20, 0.1), (24, 0)],
        [(0, 0.02), (3.5, 0.15), (5, 0.75), (7, 1.0), (10, 1.0), (12, 0.5), (17, 0.25), (24, 0.02)],
        [(0, 0.02), (4, 0.15), (6, 0.85), (8, 1.0), (10.5, 0.9), (12, 0.4), (17, 0.2), (24, 0.02)],
    ),
    "park": (
        [(0, 0.08), (2, 0.02), (6, 0.12), (9, 0.15), (15, 0.3), (17, 0.75), (20, 1.0), (22, 0.7), (24, 0.08)],
        [(0, 0.12), (2, 0.03), (6, 0.3), (9, 0.4), (15, 0.5), (17, 0.9), (20.5, 1.0), (23, 0.7), (24, 0.12)],
        [(0, 0.12), (2, 0.03), (6, 0.7), (8, 0.8), (11, 0.45), (16, 0.8), (19, 1.0), (22, 0.5), (24, 0.08)],
    ),
    "harbour": (
        [(0, 0.05), (4, 0.2), (6, 0.9), (8.5, 1.0), (10, 0.5), (13, 0.3), (15.5, 0.8), (17.5, 0.9), (19, 0.4), (24, 0)],
    ) * 3,
    "worship": (
        [(0, 0.02), (4, 0.3), (5.5, 0.1), (11.5, 0.4), (13, 0.15), (17.5, 0.6), (19.5, 1.0), (21, 0.3), (24, 0.02)],
    ) * 3,
}  # fmt: skip
_PROFILES["district_office"] = (
    [*_OFFICE, (20.0, 0.1), (24.0, 0.02)],
    _PROFILES["puskesmas"][1],
    _PROFILES["puskesmas"][2],
)
_PROFILES["library"] = ([*_OFFICE, (19.0, 0.1), (24.0, 0.02)], _PROFILES["market"][1], _PROFILES["school"][2])
KINDS = tuple(sorted(_PROFILES))

#: Periods (s) and depths of what is not the hour's doing; depths add up to less than 1, so that counters never go back.
_WAVES = ((660.0, 0.28), (3180.0, 0.24), (19_080.0, 0.16))


class Table:
    """Values at equal steps, read in between by straight lines, at one place or many."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._array = values
        self._list: list[float] = values.tolist()

    def at(self, place: Times) -> Times:
        """Value at `place`, in steps from the first; 0 <= place < length - 1."""
        if isinstance(place, float):
            low = int(place)
            value = self._list[low]
            return value + (self._list[low + 1] - value) * (place - low)
        lows = place.astype(np.intp)
        values = self._array[lows]
        return values + (self._array[lows + 1] - values) * (place - lows)


@cache
def _tables(kind: str) -> tuple[Table, Table, float]:
    """Level (0 to 1) by step of the week, its integral in seconds, and the integral of a whole week."""
    weekday, saturday, sunday = _PROFILES[kind]
    days = [weekday] * 5 + [saturday, sunday]
    hours = np.arange(0, 24, STEP_S / 3600)
    level = np.concatenate([np.interp(hours, [h for h, _ in day], [v for _, v in day]) for day in days])
    ring = np.append(level, level[0])
    total = np.concatenate([[0.0], np.cumsum((ring[1:] + ring[:-1]) / 2 * STEP_S)])
    return Table(np.append(ring, ring[1])), Table(np.append(total, total[-1] + total[1])), float(total[-1])


def check_profiles() -> None:
    """Hours ascend and levels lie within 0 to 1.

    Raises:
        ValueError: a profile is broken.
    """
    for kind, days in _PROFILES.items():
        for day in days:
            if any(a[0] >= b[0] for a, b in pairwise(day)) or any(not 0 <= v <= 1 for _, v in day):
                raise ValueError(f"profile {kind}")


def level(kind: str, t: Times, offset_s: int) -> Times:
    """Share (0 to 1) of the busiest hour's people at `t`, local time `offset_s` east of UTC."""
    table, _, _ = _tables(kind)
    return table.at((t + (offset_s - MONDAY)) % WEEK_S / STEP_S)


def integral(kind: str, t: Times, offset_s: int) -> Times:
    """Integral of `level` from EPOCH's week to `t`, seconds of full load; exact for the linear `level` at the steps."""
    _, table, whole = _tables(kind)
    local = t + (offset_s - MONDAY)
    weeks = local // WEEK_S
    return (weeks - (EPOCH - MONDAY) // WEEK_S) * whole + table.at(local % WEEK_S / STEP_S)


def warp(t: Times, phase: float) -> Times:
    """`t` with a small swing to and fro, differing by `phase`; it never runs backwards.

    Loads read at warped times are lively, and their integrals stay in closed form.
    """
    sin = math.sin if isinstance(t, float) else np.sin
    since = t - EPOCH
    out = t
    for place, (period, depth) in enumerate(_WAVES):
        omega = 2 * math.pi / period
        out = out + depth / omega * sin(omega * since + phase * (place + 1))
    return out


def liveliness(t: Times, phase: float) -> Times:
    """Derivative of `warp`: 1 on average, always above 0."""
    cos = math.cos if isinstance(t, float) else np.cos
    since = t - EPOCH
    out = 1.0
    for place, (period, depth) in enumerate(_WAVES):
        out = out + depth * cos(2 * math.pi / period * since + phase * (place + 1))
    return out
