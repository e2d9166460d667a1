import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import load

WIB = 7 * 3600
MONDAY_MIDNIGHT = 1_795_366_800.0 + 0.0  # 2026-11-23 00:00 WIB = 2026-11-22 17:00 UTC
TIMES = st.floats(1_700_000_000, 1_900_000_000)


def at(weekday: int, hour: float) -> float:
    return MONDAY_MIDNIGHT + weekday * 86_400 + hour * 3600


def test_profiles_are_in_order_and_within_bounds() -> None:
    load.check_profiles()


def test_schools_are_full_in_school_hours_and_empty_on_sundays() -> None:
    assert load.level("school", at(1, 9.5), WIB) == pytest.approx(1.0, abs=0.02)
    assert load.level("school", at(1, 22), WIB) < 0.05
    assert load.level("school", at(6, 9.5), WIB) < 0.06


def test_villages_are_busiest_in_the_evening_and_markets_in_the_morning() -> None:
    assert load.level("village_office", at(2, 20.5), WIB) == pytest.approx(1.0, abs=0.02)
    assert load.level("village_office", at(2, 3), WIB) < 0.1
    assert load.level("market", at(2, 7), WIB) > 3 * load.level("market", at(2, 15), WIB)


@given(kind=st.sampled_from(load.KINDS), start=TIMES, length=st.floats(1, 3 * 86_400))
def test_the_integral_is_the_sum_of_the_load(kind: str, start: float, length: float) -> None:
    edges = np.linspace(start, start + length, 4001)
    middles = (edges[1:] + edges[:-1]) / 2
    summed = float(load.level(kind, middles, WIB).sum() * length / 4000)
    exact = load.integral(kind, start + length, WIB) - load.integral(kind, start, WIB)
    assert exact == pytest.approx(
        summed, rel=0.01, abs=8.0
    )  # between its steps of 300 s the integral is a straight line


@given(t=TIMES, ahead=st.floats(0.01, 7200), phase=st.floats(0, 6.28))
def test_the_warp_never_runs_backwards(t: float, ahead: float, phase: float) -> None:
    assert load.warp(t + ahead, phase) > load.warp(t, phase)
    assert abs(load.warp(t, phase) - t) < 2000


@given(t=TIMES, phase=st.floats(0, 6.28))
def test_liveliness_is_the_slope_of_the_warp(t: float, phase: float) -> None:
    slope = (load.warp(t + 0.5, phase) - load.warp(t - 0.5, phase)) / 1.0
    assert load.liveliness(t, phase) == pytest.approx(slope, abs=0.01)
    assert load.liveliness(t, phase) > 0.2


@given(kind=st.sampled_from(load.KINDS), t=TIMES, phase=st.floats(0, 6.28))
def test_one_moment_and_many_agree(kind: str, t: float, phase: float) -> None:
    many = np.array([t, t + 17.0])
    assert load.level(kind, many, WIB)[0] == load.level(kind, t, WIB)
    assert load.integral(kind, many, WIB)[0] == load.integral(kind, t, WIB)
    assert load.warp(many, phase)[0] == pytest.approx(load.warp(t, phase), abs=1e-6)
