"""The ground of live plans: where people are, what reaches them, and what could."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from controller.coverage import demand, live
from controller.coverage.candidates import Brought, candidates
from controller.coverage.errors import BadInput
from controller.coverage.model import Inputs, SiteWorth, Verdict
from geography.grid import DemandGrid
from geography.units import Units
from planning.cover import Cover, merge
from planning.reach import Reach, by_radius, sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Ground:
    """What every question about one radius and area shares: demand points, what reaches them, what could.

    Making it takes a second or two; every plan on it far less.

    Args:
        grid: who lives where.
        sites: all judged sites.
        units: names and points of villages.
        inputs: what the worth of the sites stands on.
        radius_km: along the great circle.
        area: code of a regency or district whose people and places alone count; None: everywhere.
        brought: imported points.
        ways: km from a village (code) to a place (site, village or `point:` id) by road or river: people then stand at
            their village's point, and a pair that is not listed is out of reach.

    Raises:
        BadInput: the area is not known.
    """

    def __init__(
        self,
        grid: DemandGrid,
        sites: Sequence[SiteWorth],
        units: Units,
        inputs: Inputs,
        *,
        radius_km: float,
        area: str | None = None,
        brought: Brought | None = None,
        ways: live.Ways | None = None,
    ) -> None:
        points = brought or Brought()
        if area is not None and area not in units:
            raise BadInput(f"{area!r} is no unit that is known", path="--regency")
        self.inputs, self.radius_km, self.units = inputs, radius_km, units
        self.area, self.ways = area, ways
        self.served = live.public(sites)
        self.others = points.others
        self.candidates = candidates(
            grid, self.served, units, inputs, points.offered, area=area, radius_km=radius_km if ways is None else None
        )
        self.places = np.array([c.lat for c in self.candidates]), np.array([c.lon for c in self.candidates])
        stands = (self.served.lat, self.served.lon)
        if ways is None:
            self.people = demand.split(demand.within(grid, area), stands, radius_km, more=self.places)
            at = (self.people.lat, self.people.lon)
            self.standing: Reach = by_radius(at, stands, radius_km)
            self.reach: Reach = by_radius(at, self.places, radius_km)
        else:
            self.people = demand.of_villages(units, area)
            self.standing = live.by_ways(self.people, [s.site for s in self.served.sites], ways).within(radius_km)
            self.reach = live.by_ways(self.people, [c.place for c in self.candidates], ways).within(radius_km)
        self.covered: Mask = self.standing.of_sites(self.served.are(Verdict.EFFECTIVE)).reached()
        self.unknown: Mask = self.standing.of_sites(self.served.are(Verdict.UNMEASURED)).reached() & ~self.covered
        self.regions, of_village = demand.units_above(self.people.villages, 2 if area is None else area.count(".") + 2)
        self.region: Ints = of_village[self.people.village]
        self.total: Floats = sums(self.region, self.people.people, len(self.regions))
        self._covers: dict[bool, Cover] = {}

    def weight(self, *, is_unknown_open: bool) -> Floats:
        """People who count as gained where they are reached."""
        waits = self.unknown & (not is_unknown_open)
        return np.where(waits, 0.0, self.people.people)

    def cover(self, *, is_unknown_open: bool) -> Cover:
        """The covering problem, made once."""
        if is_unknown_open not in self._covers:
            weight = self.weight(is_unknown_open=is_unknown_open)
            self._covers[is_unknown_open] = merge(self.reach, weight, self.region, len(self.regions), self.covered)
        return self._covers[is_unknown_open]

    def missed(self, *, is_unknown_open: bool) -> Cover:
        """The same, with people weighed by the chance that nothing in reach works; served ones count too."""
        fails = 1 - live.any_works(self.standing, self.served.worth)
        weight = self.weight(is_unknown_open=is_unknown_open) * fails
        nobody = np.zeros(len(weight), dtype=bool)
        return merge(self.reach, weight, np.zeros(len(weight), dtype=np.int64), 1, nobody)

    def promise(self) -> Floats:
        """Shape (n_candidates,): the part of what is missing that a step brings, 0 to 1.

        What is built, repaired or upgraded is taken to reach the availability of the profile.
        """
        promised = self.inputs.profile.min_availability_ratio
        had = np.array([0.0 if c.site is None else self.served.worth[c.site] for c in self.candidates])
        brought: Floats = 1 - (1 - np.maximum(promised, had)) / np.maximum(1 - had, 1e-12)
        return brought

    def share(self, covered: Mask) -> Floats:
        """Served share of each region."""
        got = sums(self.region, self.people.people * covered, len(self.regions))
        return np.divide(got, self.total, out=np.zeros(len(got)), where=self.total > 0)
