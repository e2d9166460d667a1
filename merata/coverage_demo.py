"""Speed tests of the demonstration: what active tests at its quiet sites would have found, written down as such.

A quiet site that is fast and a quiet site that is slow look the same in traffic; only a test tells them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from controller.coverage.speed import SpeedBook
from merata.coverage_live import folder_of
from simulator.province import Province, SimSite
from simulator.traits import make_traits

DAY_S = 86_400
QUIET_BPS = 3e6
_FOUND = ("good", "slow", None, "good", None, "good")  # of the quiet sites in turn; None: nobody has tested it yet


def write_tests(state: Path, province: Province, *, until: float) -> int:
    """Write down tests of the last weeks at some quiet public sites.

    Args:
        state: the demonstration's state directory.
        province: the sites.
        until: end of its history, epoch s.

    Returns:
        How many were written.
    """
    book, written = SpeedBook(folder_of(state)), 0
    for found, (site, carried) in zip(cycle(_FOUND), _quiet(province, until), strict=False):
        if found is None or site.plan_down_mbps is None:
            continue
        rng = random.Random(f"{province.seed}:{site.id}:speed")  # noqa: S311 - a story, not a secret
        # A weak link lets through hardly more than it carries: up all day, and of little use.
        weak, strong = carried * rng.uniform(1.05, 1.25), site.plan_down_mbps * 1e6 * rng.uniform(0.6, 0.9)
        at = until - rng.uniform(2, 25) * DAY_S
        book.add(site.id, at=at, down_bps=weak if found == "slow" else strong, by="simulated test", octets=5_000_000)
        written += 1
    return written


def _quiet(province: Province, until: float) -> Iterator[tuple[SimSite, float]]:
    """Public sites whose traffic proves no speed but whose plan would do, with what they carry at most, bit/s."""
    for site in province.sites.values():
        if site.is_public and (site.plan_down_mbps or 0) >= 10:
            rates = make_traits(province, province.gateway(site.id), until).mix
            if (carried := 8 * sum(rate for _, rate in rates)) < QUIET_BPS:
                yield site, carried
