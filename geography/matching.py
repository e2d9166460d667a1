"""Which unit is meant by the codes and names of somebody else's file.

Kemendagri codes (dotted or not) and BPS codes look alike and disagree even for regencies, so a column as a whole is
read one way: the way that finds more units, then the way whose names agree more, then Kemendagri. What has no code
that is known is matched by its name within its parent, and of several of that name the one whose point lies in the
shape.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import shapely
from shapely.geometry.base import BaseGeometry

from geography.units import Level, Unit, Units, dotted

_KIND = re.compile(r"^(kabupaten|kab|kecamatan|kec|desa|kelurahan|kel|provinsi|prov)\b\.?\s+")
_ABOVE = {Level.VILLAGE: Level.DISTRICT, Level.DISTRICT: Level.REGENCY, Level.REGENCY: Level.PROVINCE}


class System(StrEnum):
    """Whose codes a column holds."""

    KEMENDAGRI = "kemendagri"
    BPS = "bps"


class How(StrEnum):
    """By what a unit was found."""

    CODE = "code"
    ALIAS = "bps code"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a file says of one unit; "" where it says nothing."""

    code: str = ""
    name: str = ""
    parent: str = ""
    shape: BaseGeometry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The unit meant, and by what it was found."""

    unit: Unit
    how: How


def match(units: Units, level: Level, asked: Sequence[Asked]) -> tuple[list[Found | None], System]:
    """The unit of each row, None where none is meant, and how codes were read."""
    system = system_of(units, [(one.code, one.name) for one in asked], level)
    parents = system_of(units, [(one.parent, "") for one in asked], _ABOVE.get(level))
    names = _by_name(units, level)
    return [_one(units, level, one, (system, parents), names) for one in asked], system


def system_of(units: Units, rows: Sequence[tuple[str, str]], level: Level | None = None) -> System:
    """How a column of codes is to be read, from (code, name) of its rows."""
    score = {system: [0, 0] for system in System}
    for code, name in rows:
        for system in System if code else ():
            unit = by_code(units, code, system)
            if unit is not None and level in (None, unit.level):
                score[system][0] += 1
                score[system][1] += bool(name) and plain_name(name) == plain_name(unit.name)
    return System.BPS if score[System.BPS] > score[System.KEMENDAGRI] else System.KEMENDAGRI


def by_code(units: Units, code: str, system: System) -> Unit | None:
    """The unit of a code, read one way; a country's prefix (ID6101010) and a spreadsheet's `.0` are put aside."""
    text = re.sub(r"^ID(?=\d)", "", code.strip(), flags=re.IGNORECASE)
    if system is System.BPS:
        return units.find_bps(text)
    try:
        return units.get(dotted(text))
    except ValueError:
        return None


def plain_name(name: str) -> str:
    """A name for comparison: small letters, without the kind of unit; "Kota" stays, it tells two regencies apart."""
    text = _KIND.sub("", " ".join(name.lower().split()))
    return re.sub(r"[^a-z0-9]", "", text)


def _by_name(units: Units, level: Level) -> dict[str, list[Unit]]:
    names: dict[str, list[Unit]] = defaultdict(list)
    for unit in units.level(level):
        names[plain_name(unit.name)].append(unit)
        if (short := plain_name(unit.name).removeprefix("kota")) != plain_name(unit.name):
            names[short].append(unit)
    return names


def _one(
    units: Units, level: Level, asked: Asked, systems: tuple[System, System], names: dict[str, list[Unit]]
) -> Found | None:
    if asked.code:
        unit = by_code(units, asked.code, systems[0])
        if unit is not None and unit.level is level:
            return Found(unit=unit, how=How.ALIAS if systems[0] is System.BPS else How.CODE)
    if not asked.name:
        return None
    candidates = [u for u in names.get(plain_name(asked.name), ()) if _within(units, u, asked.parent, systems[1])]
    if len(candidates) > 1 and asked.shape is not None:
        candidates = [u for u in candidates if u.point and shapely.contains_xy(asked.shape, u.point[1], u.point[0])]
    return Found(unit=candidates[0], how=How.NAME) if len(candidates) == 1 and _near(candidates[0], asked) else None


def _within(units: Units, unit: Unit, parent: str, system: System) -> bool:
    if not parent:
        return True
    above = units.parent(unit)
    if above is None:
        return False
    named = by_code(units, parent, system)
    return named is above if named is not None else plain_name(parent) == plain_name(above.name)


def _near(unit: Unit, asked: Asked) -> bool:
    """A name alone is no proof: the shape must hold the unit's point, or come as near as a degree's fifth."""
    if asked.parent or asked.shape is None or unit.point is None:
        return True
    return bool(shapely.distance(asked.shape, shapely.Point(unit.point[1], unit.point[0])) < 0.2)
