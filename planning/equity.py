"""How evenly something is spread over people: population-weighted inequality measures.

`value` has shape (n,), non-negative; `people` has shape (n,), non-negative, the people who have that value each.
A measure that is not defined (nobody, or nothing to share) is None.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planning.reach import sums

Floats = NDArray[np.float64]


def _shares(value: Floats, people: Floats) -> tuple[Floats, Floats, float] | None:
    """People shares, value over mean, mean; None where no measure is defined."""
    if np.any(value < 0) or np.any(people < 0):
        raise ValueError("values and people must not be negative")
    total = float(people.sum())
    if total <= 0:
        return None
    share = people / total
    mean = float(share @ value)
    return (share, value / mean, mean) if mean > 0 else None


def lorenz(value: Floats, people: Floats) -> tuple[Floats, Floats]:
    """Points (F, L) of the Lorenz curve from (0, 0) to (1, 1): cumulative people, cumulative value, poorest first."""
    order = np.argsort(value, kind="stable")
    held = (value * people)[order]
    f = np.concatenate(([0.0], np.cumsum(people[order])))
    cumulated = np.concatenate(([0.0], np.cumsum(held)))
    return f / f[-1], cumulated / cumulated[-1] if cumulated[-1] > 0 else cumulated


def gini(value: Floats, people: Floats) -> float | None:
    """Gini index, 1 - sum (L_k + L_k-1)(F_k - F_k-1), without small-sample correction. Source: Gini (1912)."""
    if _shares(value, people) is None:
        return None
    f, cumulated = lorenz(value, people)
    return max(0.0, float(1 - np.sum((cumulated[1:] + cumulated[:-1]) * np.diff(f))))


def theil_t(value: Floats, people: Floats) -> float | None:
    """Theil's T, sum p (x/mu) ln(x/mu) with 0 ln 0 = 0. Source: Theil (1967)."""
    found = _shares(value, people)
    if found is None:
        return None
    share, ratio, _ = found
    logs = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return max(0.0, float(share @ (ratio * logs)))


def theil_split(value: Floats, people: Floats, region: Sequence[str]) -> tuple[float, float] | None:
    """Theil's T between and within regions; the two sum to the whole.

    Between treats everybody as having the mean of the region; within is what remains inside, weighed by value shares.
    """
    total = theil_t(value, people)
    if total is None:
        return None
    names = sorted(set(region))
    code = np.searchsorted(names, np.asarray(region, dtype=object).astype(str))
    held = sums(code, value * people, len(names))
    heads = sums(code, people, len(names))
    mean = np.divide(held, heads, out=np.zeros_like(held), where=heads > 0)
    between = theil_t(mean, heads)
    assert between is not None  # the total is defined, so the means are  # noqa: S101
    return between, max(0.0, total - between)


def atkinson(value: Floats, people: Floats, *, aversion: float) -> float | None:
    """Atkinson's index for inequality aversion > 0; with a zero value and aversion >= 1 it is 1.

    Source: Atkinson (1970), Journal of Economic Theory 2, 244-263.
    """
    found = _shares(value, people)
    if found is None:
        return None
    share, ratio, _ = found
    counted = share > 0
    share, ratio = share[counted], ratio[counted]
    if aversion == 1:
        return 1.0 if np.any(ratio <= 0) else float(1 - np.exp(share @ np.log(ratio)))
    if aversion > 1 and np.any(ratio <= 0):
        return 1.0
    return float(1 - (share @ ratio ** (1 - aversion)) ** (1 / (1 - aversion)))


def held_below(value: Floats, people: Floats, fraction: float) -> float:
    """What the poorest `fraction` of people hold together; a row at the edge is cut in proportion."""
    order = np.argsort(value, kind="stable")
    f = np.concatenate(([0.0], np.cumsum(people[order])))
    held = np.concatenate(([0.0], np.cumsum((value * people)[order])))
    return float(np.interp(fraction * f[-1], f, held))


def ratio_20_20(value: Floats, people: Floats) -> float | None:
    """Mean of the richest fifth of people over the mean of the poorest fifth; None where the poorest hold nothing."""
    if _shares(value, people) is None:
        return None
    low = held_below(value, people, 0.2)
    top = float(value @ people) - held_below(value, people, 0.8)
    return top / low if low > 0 else None


def palma(value: Floats, people: Floats) -> float | None:
    """Sum over the richest tenth of people over the sum over the poorest 40 %. Source: Palma (2011)."""
    if _shares(value, people) is None:
        return None
    low = held_below(value, people, 0.4)
    top = float(value @ people) - held_below(value, people, 0.9)
    return top / low if low > 0 else None
