"""Live plans over how far people have to go: everybody at the village's point, on straight lines or a table of ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from controller.coverage import demand, live
from controller.coverage.ground import Ground
from controller.coverage.model import Verdict
from planning import distance, distance_proof
from planning.question import Question
from planning.reach import by_radius
from planning.siting import Deadline, Siting

Mask = NDArray[np.bool_]
OBJECTIVES = ("mean-distance", "max-distance")
FARTHEST_KM = 40.0  # nobody is taken to go further on straight lines; it keeps the pairs of a province in hand


def choose(ground: Ground, objective: str, question: Question, *, is_unknown_open: bool, deadline: Deadline) -> Siting:
    """The p-median (`mean-distance`) or p-center (`max-distance`) of the area; as many as can get a way come first.

    Args:
        ground: candidates and standing sites.
        objective: one of `OBJECTIVES`.
        question: cost, limit and what is allowed or locked.
        is_unknown_open: people near unmeasured sites only are not served; else they do not count.
        deadline: for the proof.
    """
    asked = travel(ground, question, is_unknown_open=is_unknown_open)
    solver = distance_proof.median if objective == "mean-distance" else distance.farthest
    return solver(asked, deadline=deadline)


def travel(ground: Ground, question: Question, *, is_unknown_open: bool) -> distance.Travel:
    """Who goes where."""
    people = demand.of_villages(ground.units, ground.area)
    at, served = (people.lat, people.lon), ground.served
    if ground.ways is None:
        reach = by_radius(at, ground.places, FARTHEST_KM)
        stands = by_radius(at, (served.lat, served.lon), FARTHEST_KM)
    else:
        reach = live.by_ways(people, [c.place for c in ground.candidates], ground.ways)
        stands = live.by_ways(people, [s.site for s in served.sites], ground.ways)
    near = stands.within(ground.radius_km)
    works, unknown = served.are(Verdict.EFFECTIVE), served.are(Verdict.UNMEASURED)
    waits: Mask = near.of_sites(unknown).reached() & ~near.of_sites(works).reached() & (not is_unknown_open)
    return distance.Travel(
        reach=reach,
        weight=np.where(waits, 0.0, people.people),
        already_km=stands.of_sites(works).nearest_km(),
        cost=question.cost,
        allowed=question.allowed,
        limit=question.limit,
        locked=question.locked,
    )
