"""Administrative units and their people: codes, names, points, population, as far as the facts tables go.

A unit's key is its Kemendagri code as dotted text (61, 61.01, 61.01.01, 61.01.01.2001); its BPS code is an alias.
The tables are data: `geography/data/README.md` names sources. Nothing here knows a province by name.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


class Level(StrEnum):
    """The four levels, from wide to narrow."""

    PROVINCE = "province"
    REGENCY = "regency"
    DISTRICT = "district"
    VILLAGE = "village"


_FILES = {
    Level.PROVINCE: "provinces.csv",
    Level.REGENCY: "regencies.csv",
    Level.DISTRICT: "districts.csv",
    Level.VILLAGE: "villages.csv",
}
_LEVEL_OF_PARTS = {1: Level.PROVINCE, 2: Level.REGENCY, 3: Level.DISTRICT, 4: Level.VILLAGE}
_LEVEL_OF_DIGITS = {2: Level.PROVINCE, 4: Level.REGENCY, 6: Level.DISTRICT, 10: Level.VILLAGE}


class Basis(StrEnum):
    """Where a population figure comes from."""

    OFFICIAL = "official"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One administrative unit. `point` is (lat, lon), WGS84, None where none is known; `area_km2` likewise."""

    code: str
    name: str
    level: Level
    kind: str  # provinsi, kabupaten, kota, kecamatan, desa, kelurahan
    bps_code: str | None
    parent: str | None
    point: tuple[float, float] | None
    area_km2: float | None
    population: int
    population_year: int
    basis: Basis
    population_2010: int | None
    capital: str | None = None
    popcentre: tuple[float, float] | None = None

    @property
    def is_estimate(self) -> bool:
        """True when the population must be labelled an estimate."""
        return self.basis is Basis.ESTIMATE


def dotted(code: str) -> str:
    """A Kemendagri code with its dots: 6101012001 -> 61.01.01.2001; dotted text is given back unchanged.

    Raises:
        ValueError: not a code of 2, 4, 6 or 10 digits.
    """
    text = code.strip()
    digits = text.replace(".", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in _LEVEL_OF_DIGITS:
        raise ValueError(f"not a Kemendagri code: {code!r}")
    parts = [digits[at : at + 2] for at in range(0, min(len(digits), 6), 2)]
    if len(digits) == 10:
        parts.append(digits[6:])
    made = ".".join(parts)
    if "." in text and text != made:
        raise ValueError(f"not a Kemendagri code: {code!r}")
    return made


def level_of(code: str) -> Level:
    """The level that a dotted code stands for."""
    return _LEVEL_OF_PARTS[code.count(".") + 1]


def parent_of(code: str) -> str | None:
    """The code one level up, None for a province."""
    return code.rpartition(".")[0] or None


class Units(Mapping[str, Unit]):
    """All known units by dotted code, in code order."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = {u.code: u for u in sorted(units, key=lambda u: u.code)}
        self._bps = {(u.level, u.bps_code): u for u in self._units.values() if u.bps_code}
        self._children: dict[str | None, list[Unit]] = defaultdict(list)
        for unit in self._units.values():
            self._children[unit.parent].append(unit)

    def __getitem__(self, code: str) -> Unit:
        return self._units[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def find(self, code: str) -> Unit | None:
        """The unit of a code as people write it: Kemendagri with or without dots, else BPS.

        The two disagree (6102 is Mempawah for Kemendagri and Bengkayang for BPS): Kemendagri wins where both
        would fit. Use `find_bps` where a column is known to hold BPS codes.
        """
        try:
            unit = self._units.get(dotted(code))
        except ValueError:
            unit = None
        return unit or self.find_bps(code)

    def find_bps(self, code: str) -> Unit | None:
        """The unit of a BPS code: 2, 4, 7 or 10 digits, dots ignored."""
        digits = code.strip().replace(".", "")
        level = {2: Level.PROVINCE, 4: Level.REGENCY, 7: Level.DISTRICT, 10: Level.VILLAGE}.get(len(digits))
        return self._bps.get((level, digits)) if level else None

    def parent(self, unit: Unit) -> Unit | None:
        """The unit one level up."""
        return self._units.get(unit.parent) if unit.parent else None

    def children(self, unit: Unit) -> list[Unit]:
        """Units one level down, in code order."""
        return list(self._children.get(unit.code, ()))

    def level(self, level: Level) -> list[Unit]:
        """All units of one level, in code order."""
        return [u for u in self._units.values() if u.level is level]

    def within(self, unit: Unit, level: Level) -> list[Unit]:
        """Units of `level` inside `unit`, in code order."""
        prefix = unit.code + "."
        return [u for u in self._units.values() if u.level is level and (u.code.startswith(prefix) or u is unit)]

    def ancestor(self, code: str, level: Level) -> Unit | None:
        """The unit of `level` that holds the (dotted) code, itself included."""
        parts = code.split(".")
        depth = {v: k for k, v in _LEVEL_OF_PARTS.items()}[level]
        return self._units.get(".".join(parts[:depth])) if len(parts) >= depth else None

    def place(self, unit: Unit) -> tuple[float, float] | None:
        """The unit's point; a unit without one (a young village) is shown at its district's centre of people."""
        at: Unit | None = unit
        while at is not None:
            if at is not unit and at.popcentre:
                return at.popcentre
            if at.point:
                return at.point
            at = self.parent(at)
        return None

    def path(self, code: str) -> str:
        """Names from narrow to wide without the province: "Dalam Kaum, Sambas, Kabupaten Sambas"."""
        names: list[str] = []
        unit = self._units.get(code)
        while unit is not None and unit.level is not Level.PROVINCE:
            names.append(unit.name)
            unit = self.parent(unit)
        return ", ".join(names)


def load(folder: Path = DATA) -> Units:
    """Read the facts tables once a process (about 20 ms).

    Raises:
        OSError: a table is missing.
        ValueError: a row does not parse.
    """
    return _load(folder)


@cache
def _load(folder: Path) -> Units:
    return Units(unit for level, name in _FILES.items() for unit in _read(folder / name, level))


def _read(path: Path, level: Level) -> Iterator[Unit]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code = row["code"]
            yield Unit(
                code=code,
                name=row["name"],
                level=level,
                kind=row["kind"],
                bps_code=row["bps_code"] or None,
                parent=parent_of(code),
                point=_point(row["lat"], row["lon"]),
                area_km2=float(row["area_km2"]) if row["area_km2"] else None,
                population=int(row["population"]),
                population_year=int(row["population_year"]),
                basis=Basis(row["population_basis"]),
                population_2010=int(row["population_2010"]) if row["population_2010"] else None,
                capital=row.get("capital") or None,
                popcentre=_point(row.get("popcentre_lat", ""), row.get("popcentre_lon", "")),
            )


def _point(lat: str, lon: str) -> tuple[float, float] | None:
    return (float(lat), float(lon)) if lat and lon else None
