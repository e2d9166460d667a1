"""Whose internet a public site is: the people of an area shared among the sites that stand in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from geography.units import Unit, Units, dotted, load


def share_people(sites: Iterable[tuple[str, str]], units: Units | None = None) -> dict[str, int]:
    """People for whom each public site is the one that matters, each person counted once.

    The people of a village are shared equally among the sites coded to it. A site coded to a district (or wider)
    has the people of that area who do not live in a smaller area that has sites of its own. People of villages
    without any site, in a district without a district-coded site, belong to nobody here: they have no public
    internet to lose. Every figure below regency is an estimate and must be called one.

    Args:
        sites: (site id, Kemendagri code with or without dots). Give only sites that serve the public.
        units: the units to count in; None: the shipped tables.

    Returns:
        People by site id, whole numbers that add up exactly (odd persons go to the first ids in text order).
        A site whose code is unknown is absent: unknown is not 0.
    """
    known = units if units is not None else load()
    at: dict[str, list[str]] = defaultdict(list)
    for site, code in sites:
        if (unit := _find(known, code)) is not None:
            at[unit.code].append(site)
    taken: dict[str, int] = defaultdict(int)  # people of smaller areas that already have sites of their own
    shares: dict[str, int] = {}
    for code in sorted(at, key=lambda c: (-c.count("."), c)):  # narrow areas first
        people = max(0, known[code].population - taken[code])
        shares.update(_deal(people, sorted(set(at[code]))))
        for above in _ancestors(known, known[code]):
            taken[above.code] += people
    return shares


def _find(units: Units, code: str) -> Unit | None:
    try:
        return units.get(dotted(code))
    except ValueError:
        return None


def _deal(people: int, sites: list[str]) -> dict[str, int]:
    each, odd = divmod(people, len(sites))
    return {site: each + (1 if place < odd else 0) for place, site in enumerate(sites)}


def _ancestors(units: Units, unit: Unit) -> Iterable[Unit]:
    at = units.parent(unit)
    while at is not None:
        yield at
        at = units.parent(at)
