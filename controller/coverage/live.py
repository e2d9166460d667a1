"""Coverage as measured: who has a working site in reach, who was promised one, who is not known to, and why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from controller.coverage.demand import People, units_above
from controller.coverage.model import (
    REMEDY_OF,
    Cause,
    Coverage,
    Equity,
    Gap,
    Inputs,
    LiveCoverage,
    Redundancy,
    SiteWorth,
    Verdict,
)
from geography.units import Units
from planning import access, equity
from planning.reach import Reach, by_radius, from_pairs, nearest, sums

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Ways = Mapping[tuple[str, str], float]
RADII_KM = (0.15, 1.0, 5.0)
BANDS = ((0.2, 1.0), (0.4, 0.68), (1.0, 0.22))  # E2SFCA: share of the radius, weight (1, 2 and 5 km at a radius of 5)
CAUSES = (Cause.NO_SITE, Cause.SLOW, Cause.FULL, Cause.DOWN, Cause.UNMEASURED)  # the last that fits explains the gap
_OF_VERDICT = {
    Verdict.SLOW: Cause.SLOW,
    Verdict.FULL: Cause.FULL,
    Verdict.DOWN: Cause.DOWN,
    Verdict.UNMEASURED: Cause.UNMEASURED,
}
_LEAST_PEOPLE = 0.5  # a smaller remainder of a village is no gap but rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """What each demand point has, shape (n_points,). cause: index into `CAUSES`, -1 where served."""

    nominal: Mask
    effective: Mask
    unknown: Mask
    cause: Ints
    expected: Floats  # probability of a working site in reach
    kbps: Floats  # per person


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The public sites in order, as arrays. worth: 0 to 1; speed_bps: NaN where not known."""

    sites: tuple[SiteWorth, ...]
    lat: Floats
    lon: Floats
    verdict: tuple[Verdict, ...]
    worth: Floats
    speed_bps: Floats

    def are(self, *verdicts: Verdict) -> Mask:
        """Shape (n_sites,): which have one of the verdicts."""
        return np.array([v in verdicts for v in self.verdict], dtype=bool)


def public(sites: Sequence[SiteWorth]) -> Served:
    """Those that people may use."""
    found = tuple(s for s in sites if s.verdict is not Verdict.NOT_PUBLIC)
    return Served(
        sites=found,
        lat=np.array([s.lat for s in found], dtype=np.float64),
        lon=np.array([s.lon for s in found], dtype=np.float64),
        verdict=tuple(s.verdict for s in found),
        worth=np.array([s.worth_ratio for s in found], dtype=np.float64),
        speed_bps=np.array([np.nan if s.speed_bps is None else s.speed_bps for s in found], dtype=np.float64),
    )


def climb(people: Floats, reach: Reach, served: Served, *, radius_km: float) -> Ladder:
    """Where each demand point stands on the ladder.

    Args:
        people: shape (n_points,).
        reach: pairs of points and public sites within the radius.
        served: the sites.
        radius_km: for the bands of access.
    """
    effective = reach.of_sites(served.are(Verdict.EFFECTIVE)).reached()
    cause = np.zeros(reach.n_demand, dtype=np.int64)
    for number, each in enumerate(CAUSES):
        verdicts = [v for v, c in _OF_VERDICT.items() if c is each]
        if verdicts:
            cause[reach.of_sites(served.are(*verdicts)).reached()] = number
    cause[effective] = -1
    return Ladder(
        nominal=reach.reached(),
        effective=effective,
        unknown=cause == CAUSES.index(Cause.UNMEASURED),
        cause=cause,
        expected=any_works(reach, served.worth),
        kbps=_access(people, reach, served, radius_km),
    )


def any_works(reach: Reach, worth: Floats) -> Floats:
    """1 - prod(1 - a_j) over the sites in reach: the chance that at least one works, each failing on its own.

    Source: Daskin (1983), Transportation Science 17, 48-70.
    """
    with np.errstate(divide="ignore"):
        fails = np.log1p(-np.clip(worth, 0.0, 1.0))
    return np.asarray(1.0 - np.exp(sums(reach.demand, fails[reach.site], reach.n_demand)))


def _access(people: Floats, reach: Reach, served: Served, radius_km: float) -> Floats:
    """kbit/s per person within reach (E2SFCA), from working sites whose speed is known; a bound from below."""
    known = np.isfinite(served.speed_bps) & served.are(Verdict.EFFECTIVE)
    supply = np.where(known, served.speed_bps, 0.0) / 1000
    weight = access.band_weights(reach.km, [(share * radius_km, weight) for share, weight in BANDS])
    return access.e2sfca(reach, people, supply, weight)[0]


def coverage(
    people: People,
    sites: Sequence[SiteWorth],
    units: Units,
    *,
    inputs: Inputs,
    radius_km: float,
    ways: Ways | None = None,
) -> LiveCoverage:
    """Everything of one radius.

    Args:
        people: where people are, split for this radius.
        sites: all judged sites.
        units: names.
        inputs: what the figures stand on.
        radius_km: along the great circle (no river, no road, so it is optimistic), or by `ways`.
        ways: km from a village (code) to a site (id) by road or river; people must then stand at village points, and a
            pair that is not listed is out of reach.
    """
    served = public(sites)
    if ways is None:
        reach = by_radius((people.lat, people.lon), (served.lat, served.lon), radius_km)
    else:
        reach = by_ways(people, [site.site for site in served.sites], ways).within(radius_km)
    ladder = climb(people.people, reach, served, radius_km=radius_km)
    rows = _rows(people, ladder, units, inputs.profile.min_kbps_per_person, radius_km)
    villages = [row for row in rows if row.level == "village"]
    share = np.array([row.effective_ratio or 0.0 for row in villages])
    heads = np.array([row.people for row in villages])
    return LiveCoverage(
        inputs=inputs,
        radius_km=radius_km,
        total=_total(rows, radius_km),
        rows=tuple(rows),
        gaps=tuple(_gaps(people, ladder, reach, served, units)),
        sites=tuple(sorted(sites, key=lambda s: s.site)),
        equity=fairness(rows),
        redundancy=_redundancy(people.people, ladder, reach, served),
        lorenz=_lorenz(share, heads),
    )


def by_ways(people: People, places: Sequence[str], ways: Ways) -> Reach:
    """Pairs of a table of ways; people must stand at village points, and `places` be unique."""
    row = {people.villages[village]: k for k, village in enumerate(people.village.tolist())}
    column = {place: j for j, place in enumerate(places)}
    listed = ((row[v], column[s], km) for (v, s), km in ways.items() if v in row and s in column)
    return from_pairs(len(people.people), len(places), listed)


# --- figures by unit -------------------------------------------------------------------------------------------------

_LEVELS = (("province", 1), ("regency", 2), ("district", 3), ("village", 4))


def _rows(people: People, ladder: Ladder, units: Units, least_kbps: float | None, radius_km: float) -> list[Coverage]:
    """All levels; units without people are left out."""
    adequate = None if least_kbps is None else people.people * (ladder.effective & (ladder.kbps >= least_kbps))
    figures = {
        "people": people.people,
        "nominal": people.people * ladder.nominal,
        "effective": people.people * ladder.effective,
        "unknown": people.people * ladder.unknown,
        "expected": people.people * ladder.expected,
        "kbps": people.people * ladder.kbps,
        **({} if adequate is None else {"adequate": adequate}),
    }
    by_village = {name: sums(people.village, value, len(people.villages)) for name, value in figures.items()}
    rows = []
    for level, parts in _LEVELS:
        codes, index = units_above(people.villages, parts)
        table = {name: sums(index, value, len(codes)) for name, value in by_village.items()}
        for k, code in enumerate(codes):
            if table["people"][k] <= 0:
                continue
            row = {name: float(value[k]) for name, value in table.items()}
            rows.append(_row(code, units[code].name if code in units else code, level, radius_km, row))
    return rows


def _row(code: str, name: str, level: str, radius_km: float, row: Mapping[str, float]) -> Coverage:
    return Coverage(
        code=code,
        name=name,
        level=level,
        radius_km=radius_km,
        people=row["people"],
        nominal=row["nominal"],
        effective=row["effective"],
        adequate=row.get("adequate"),
        unknown=row["unknown"],
        expected=row["expected"],
        kbps_per_person=row["kbps"] / row["people"] if row["people"] > 0 else None,
    )


def _total(rows: Sequence[Coverage], radius_km: float) -> Coverage:
    top = [row for row in rows if row.level == "province"]
    adequate = [row.adequate for row in top if row.adequate is not None]
    table = {
        "people": sum(r.people for r in top),
        "nominal": sum(r.nominal for r in top),
        "effective": sum(r.effective for r in top),
        "unknown": sum(r.unknown for r in top),
        "expected": sum(r.expected for r in top),
        "kbps": sum((r.kbps_per_person or 0.0) * r.people for r in top),
        **({"adequate": sum(adequate)} if adequate else {}),
    }
    name = top[0].name if len(top) == 1 else ""
    return _row(top[0].code if len(top) == 1 else "", name, "total", radius_km, table)


# --- gaps ------------------------------------------------------------------------------------------------------------


def _gaps(people: People, ladder: Ladder, reach: Reach, served: Served, units: Units) -> list[Gap]:
    """One for each village and cause, most people first."""
    count = len(CAUSES)
    open_ = ladder.cause >= 0
    key = people.village[open_] * count + ladder.cause[open_]
    table = sums(key, people.people[open_], len(people.villages) * count).reshape(-1, count)
    everyone = sums(people.village, people.people, len(people.villages))
    concerned = _concerned(people, ladder, reach, served)
    works = np.flatnonzero(served.are(Verdict.EFFECTIVE))
    middles = _middles(people, units)
    which, km = nearest(middles, (served.lat[works], served.lon[works]))
    found = []
    for village, number in np.argwhere(table >= _LEAST_PEOPLE):
        code, cause = people.villages[village], CAUSES[number]
        found.append(
            Gap(
                village=code,
                name=units[code].name if code in units else code,
                district=".".join(code.split(".")[:3]),
                regency=".".join(code.split(".")[:2]),
                people=float(table[village, number]),
                village_people=float(everyone[village]),
                cause=cause,
                remedy=REMEDY_OF[cause],
                nearest_site=served.sites[works[which[village]]].site if len(works) else None,
                nearest_km=float(km[village]) if len(works) else None,
                sites=concerned.get((int(village), cause), ()),
            )
        )
    return sorted(found, key=lambda gap: (-gap.people, gap.village, gap.cause))


def _concerned(
    people: People, ladder: Ladder, reach: Reach, served: Served
) -> Mapping[tuple[int, Cause], tuple[str, ...]]:
    """The sites in reach of a gap that are its cause."""
    mine = np.array([CAUSES.index(_OF_VERDICT[v]) if v in _OF_VERDICT else -2 for v in served.verdict], dtype=np.int64)
    if not len(mine):
        return {}
    hit = ladder.cause[reach.demand] == mine[reach.site]
    pairs = np.unique(np.column_stack((people.village[reach.demand[hit]], reach.site[hit])), axis=0)
    found: dict[tuple[int, Cause], list[str]] = defaultdict(list)
    for village, site in pairs:
        found[int(village), CAUSES[mine[site]]].append(served.sites[site].site)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def _middles(people: People, units: Units) -> tuple[Floats, Floats]:
    """Where a village is looked at from: its point, else the middle of its people."""
    heads = np.maximum(sums(people.village, people.people, len(people.villages)), 1e-12)
    lat = sums(people.village, people.lat * people.people, len(people.villages)) / heads
    lon = sums(people.village, people.lon * people.people, len(people.villages)) / heads
    for number, code in enumerate(people.villages):
        if code in units and (at := units[code].point) is not None:
            lat[number], lon[number] = at
    return lat, lon


# --- equity and redundancy -------------------------------------------------------------------------------------------


def fairness(rows: Sequence[Coverage]) -> Equity:
    """Inequality of the effective share, between regencies and between villages."""
    regencies = [row for row in rows if row.level == "regency"]
    villages = [row for row in rows if row.level == "village"]
    share, heads = _shares(regencies)
    fine, dwellers = _shares(villages)
    split = (
        equity.theil_split(fine, dwellers, [".".join(r.code.split(".")[:2]) for r in villages]) if villages else None
    )
    ranked = sorted(regencies, key=lambda r: (r.effective_ratio or 0.0, r.code))
    return Equity(
        gini=equity.gini(share, heads) if regencies else None,
        gini_villages=equity.gini(fine, dwellers) if villages else None,
        theil=equity.theil_t(fine, dwellers) if villages else None,
        theil_between=split[0] if split else None,
        theil_within=split[1] if split else None,
        ratio_20_20=equity.ratio_20_20(fine, dwellers) if villages else None,
        palma=equity.palma(fine, dwellers) if villages else None,
        atkinson_05=equity.atkinson(fine, dwellers, aversion=0.5) if villages else None,
        worst_regency=ranked[0].code if ranked else None,
        worst_ratio=ranked[0].effective_ratio if ranked else None,
        best_regency=ranked[-1].code if ranked else None,
        best_ratio=ranked[-1].effective_ratio if ranked else None,
    )


def _shares(rows: Sequence[Coverage]) -> tuple[Floats, Floats]:
    return np.array([r.effective_ratio or 0.0 for r in rows]), np.array([r.people for r in rows])


def _lorenz(share: Floats, heads: Floats, points: int = 101) -> tuple[tuple[float, float], ...]:
    """The curve at equal steps of people."""
    if not len(share) or heads.sum() <= 0 or (share @ heads) <= 0:
        return ()
    f, held = equity.lorenz(share, heads)
    at = np.linspace(0, 1, points)
    return tuple((float(x), float(y)) for x, y in zip(at, np.interp(at, f, held), strict=True))


def _redundancy(people: Floats, ladder: Ladder, reach: Reach, served: Served) -> Redundancy:
    """Who loses everything when one site fails."""
    works = reach.of_sites(served.are(Verdict.EFFECTIVE))
    working = np.bincount(works.demand, minlength=reach.n_demand)
    standing = np.bincount(reach.demand, minlength=reach.n_demand)
    shaky = served.are(Verdict.DOWN)
    lone = (standing[reach.demand] == 1) & shaky[reach.site]
    by_site = sums(reach.site[lone], people[reach.demand[lone]], reach.n_sites)
    listed = sorted(
        ((served.sites[j].site, float(by_site[j])) for j in np.flatnonzero(by_site >= _LEAST_PEOPLE)),
        key=lambda each: (-each[1], each[0]),
    )
    return Redundancy(
        single_effective=float(people[ladder.effective & (working == 1)].sum()),
        single_unreliable=float(by_site.sum()),
        sites=tuple(listed),
    )
