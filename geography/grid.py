"""The demand grid: who lives in which hexagon, as well as it is known.

Built from the finest population there is. Where only totals of villages are known they are spread evenly over the
village's land, and say so: every figure below a regency is an estimate. A row is a cell and the village that holds its
centre; a village too small to hold a centre gets a row of its own at the cell of its middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geography import hexagons, keeping
from geography.hexagons import Cells, Floats
from geography.land import are_exact, village_shapes
from geography.layers import Layer, Layers
from geography.population import GRID_KEY, TABLE_KEY, Placed, Scaling, placed, scaling, with_table
from geography.population_file import Form
from geography.settled import NEAR_KM, NEAR_SHARE, lean
from geography.spread import spread
from geography.units import Level, Unit, Units

Texts = NDArray[np.str_]

RECIPE = 2  # raise it when the way of making changes, so that kept files are made anew
DEFAULT_RESOLUTION = 8


class GridBasis(StrEnum):
    """Where the people of a row come from. All are estimates of where people are."""

    SPREAD = "estimate"  # the village's total, spread over its land
    POINTS = "points"  # an imported table of points with people
    HEXAGONS = "hexagons"  # imported hexagons with people


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandGrid:
    """People by hexagon; arrays of one length, rows by cell, then village.

    Attributes:
        resolution: of H3; 8 is 0.9 km across.
        index: the cells as numbers; `cell` gives their names.
        lat, lon: degrees, centre of the cell.
        people: estimated, multiples of 1/1024: sums are exact in any order.
        village, district, regency: Kemendagri codes of the place.
        basis: values of `GridBasis`.
        area_share: 0..1, share of the cell's area that is land of the units; below 1 at coasts and outer borders, 0 for
            the second village of a cell.
        displaced: villages without any land of their own; their people are spread over the unit given (the district).
        inputs: hash of everything the grid was built from.
        notes: what a reader of the figures must know.
    """

    resolution: int
    index: Cells
    lat: Floats
    lon: Floats
    people: Floats
    village: Texts
    basis: Texts
    area_share: Floats
    displaced: Mapping[str, str]
    inputs: str
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def cell(self) -> Texts:
        """H3 names of the cells."""
        return hexagons.as_text(self.index)

    @property
    def district(self) -> Texts:
        """Codes of the districts."""
        return _cut(self.village, 3)

    @property
    def regency(self) -> Texts:
        """Codes of the regencies."""
        return _cut(self.village, 2)

    @property
    def is_estimate(self) -> bool:
        """Always: nobody counts people by hexagon."""
        return True


def build(
    units: Units,
    layers: Layers | None = None,
    *,
    resolution: int = DEFAULT_RESOLUTION,
    near_share: float = NEAR_SHARE,
    cache: Path | None = None,
) -> DemandGrid:
    """The demand grid of all units that have a village with land.

    Args:
        units: with their people.
        layers: what was imported; None: nothing.
        resolution: of H3, 5 (17 km across) to 10 (130 m); each step multiplies the rows by seven.
        near_share: 0..1, of a village's people who live within a kilometre of its imported schools, puskesmas, offices
            and settlements; the others, and all of a village without such points, are spread evenly.
        cache: folder in which the result is kept under the hash of its inputs; None: made every time.

    Raises:
        ValueError: the resolution is outside 5 to 10, or the share outside 0 to 1.
        GeographyError: an imported layer cannot be read.
    """
    if not 0 <= near_share <= 1:
        raise ValueError(f"the share of people near places must be 0 to 1, not {near_share:g}")
    if not 5 <= resolution <= 10:
        raise ValueError(f"the grid's resolution must be 5 to 10, not {resolution}")
    imported = layers if layers is not None else Layers(None)
    inputs = keeping.fingerprint(
        RECIPE, shapely.geos_version, resolution, near_share, units.values(), imported.fingerprint
    )
    path = cache / f"grid-{resolution}-{inputs}.npz" if cache is not None else None
    if path is not None and (kept := _read(path)) is not None:
        return kept
    made = _build(units, imported, resolution, near_share, inputs)
    if path is not None:
        _write(path, made)
    return made


def _build(units: Units, layers: Layers, resolution: int, near_share: float, inputs: str) -> DemandGrid:
    known = with_table(units, layers)
    shapes = village_shapes(known, layers)
    codes = sorted(shapes)
    index, owner = _cells(codes, shapes, resolution)
    share = _land_share(index, [shapes[code] for code in codes], resolution)
    index, owner, share = _with_small_villages(codes, shapes, resolution, (index, owner, share))
    weight, leaning = lean(layers, codes, shapes, (index, owner, share), resolution=resolution, near_share=near_share)
    people, displaced = _people(known, codes, owner, share, weight)
    village = np.array(codes, dtype=np.str_)[owner] if len(owner) else np.array([], dtype="<U13")
    rows = _Rows(
        index=index, village=village, people=people, share=share, basis=np.full(len(index), GridBasis.SPREAD.value)
    )
    found = placed(layers, shapes, resolution)
    factors: tuple[Scaling, ...] = ()
    if found is not None:
        rows, factors = _finer(known, rows, found)
    order = np.lexsort((rows.village, rows.index))
    lat, lon = hexagons.centres(rows.index[order])
    return DemandGrid(
        resolution=resolution, index=rows.index[order], lat=lat, lon=lon, people=rows.people[order],
        village=rows.village[order], basis=rows.basis[order], area_share=rows.share[order], displaced=displaced,
        inputs=inputs,
        notes=(*_notes(known, layers, displaced, found, factors), *_leaning_note(leaning, near_share)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    index: Cells
    village: Texts
    people: Floats
    share: Floats
    basis: Texts


def _finer(units: Units, rows: _Rows, found: Placed) -> tuple[_Rows, tuple[Scaling, ...]]:
    """Rows with the imported places of people where there are any, held to each regency's total."""
    regency = _cut(found.village, 2)
    names, pot = np.unique(regency, return_inverse=True)
    brought = np.bincount(pot, weights=found.people, minlength=len(names))
    factors = scaling(units, dict(zip(names.tolist(), brought.tolist(), strict=True)))
    known = {one.regency for one in factors}
    totals = np.array([units[name].population for name in names.tolist()], dtype=np.float64)
    people = spread(totals, np.where(brought[pot] > 0, pot, -1).astype(np.int64), found.people)
    some, rest = people > 0, ~np.isin(_cut(rows.village, 2), sorted(known))
    land = dict(zip(zip(rows.index.tolist(), rows.village.tolist(), strict=True), rows.share.tolist(), strict=True))
    pairs = zip(found.index[some].tolist(), found.village[some].tolist(), strict=True)
    basis = GridBasis.POINTS if found.form is Form.POINTS else GridBasis.HEXAGONS
    made = _Rows(
        index=np.concatenate([rows.index[rest], found.index[some]]),
        village=np.concatenate([rows.village[rest], found.village[some]]),
        people=np.concatenate([rows.people[rest], people[some]]),
        share=np.concatenate([rows.share[rest], np.array([land.get(pair, 0.0) for pair in pairs])]),
        basis=np.concatenate([rows.basis[rest], np.full(int(some.sum()), basis.value)]),
    )
    return made, factors


def _notes(
    units: Units, layers: Layers, displaced: Mapping[str, str], found: Placed | None, factors: tuple[Scaling, ...]
) -> tuple[str, ...]:
    notes = []
    if len(factors) < len(units.level(Level.REGENCY)) or not factors:
        notes.append("estimate: totals of villages are spread evenly over the village's land")
    if found is not None and factors:
        layer = layers.current(GRID_KEY)
        low, high = min(f.factor for f in factors), max(f.factor for f in factors)
        notes.append(
            f"estimate: people of {len(factors)} regencies stand where {_named(layer)} ({found.form.value}) puts them, "
            f"held to official totals by factors from {low:.3f} to {high:.3f}; cells without people are left out there"
        )
    if table := layers.current(TABLE_KEY):
        notes.append(f"totals of units: {_named(table)}, held to official totals of regencies")
    if not are_exact(layers, Level.VILLAGE):
        notes.append("boundaries of villages are approximate")
    if displaced:
        named = ", ".join(f"{units[code].name} ({code})" for code in displaced)
        notes.append(f"without land of their own, counted over their district: {named}")
    return tuple(notes)


def _leaning_note(villages: int, near_share: float) -> tuple[str, ...]:
    if not villages:
        return ()
    return (
        f"in {villages} villages {near_share:.0%} of the people are put within {NEAR_KM:g} km of imported schools, "
        "puskesmas, offices and settlements (our choice, not a measurement), except where imported people say better",
    )


def _named(layer: Layer | None) -> str:
    if layer is None:
        return "no source"
    year = layer.facts.get("year")
    return f"{layer.source or layer.file}{f' {year}' if year else ''}"


# --- cells -----------------------------------------------------------------------------------------------------------


def _cells(codes: list[str], shapes: Mapping[str, BaseGeometry], resolution: int) -> tuple[Cells, NDArray[np.int64]]:
    """Cells by the village that holds their centre; a centre on a border belongs to the first code."""
    found = [hexagons.inside(shapes[code], resolution) for code in codes]
    index = np.concatenate([*found, np.array([], dtype=np.uint64)])
    owner = np.repeat(np.arange(len(codes), dtype=np.int64), [len(cells) for cells in found])
    index, first = np.unique(index, return_index=True)
    return index, owner[first]


def _with_small_villages(
    codes: list[str],
    shapes: Mapping[str, BaseGeometry],
    resolution: int,
    rows: tuple[Cells, NDArray[np.int64], Floats],
) -> tuple[Cells, NDArray[np.int64], Floats]:
    """A row for each village that holds no centre, at the cell of a place inside it; the land is counted elsewhere."""
    index, owner, share = rows
    small = np.setdiff1d(np.arange(len(codes), dtype=np.int64), owner)
    if not len(small):
        return rows
    middles = [shapes[codes[village]].representative_point() for village in small.tolist()]
    near = hexagons.at(np.array([p.y for p in middles]), np.array([p.x for p in middles]), resolution)
    return np.concatenate([index, near]), np.concatenate([owner, small]), np.concatenate([share, np.zeros(len(small))])


def _land_share(index: Cells, land: list[BaseGeometry], resolution: int) -> Floats:
    """Share of each cell that is land of any unit; exact in degrees, which near enough are equal across one cell."""
    share = np.ones(len(index))
    if not len(index):
        return share
    edge = shapely.get_parts(shapely.boundary(shapely.union_all(land)))
    lat, lon = hexagons.centres(index)
    reach_deg = hexagons.circumradius_km(resolution) / 111.0 / np.cos(np.radians(np.abs(lat).max()))
    near = shapely.STRtree(_pieces(edge)).query(shapely.points(lon, lat), predicate="dwithin", distance=reach_deg)
    rim = np.unique(near[0])
    if not len(rim):
        return share
    hexes = np.atleast_1d(np.asarray(shapely.polygons(hexagons.corners(index[rim])[..., ::-1]), dtype=object))
    hit, piece = shapely.STRtree(land).query(hexes, predicate="intersects")
    common = shapely.area(shapely.intersection(hexes[hit], np.array(land, dtype=object)[piece]))
    share[rim] = np.minimum(1.0, np.bincount(hit, weights=common, minlength=len(rim)) / shapely.area(hexes))
    return share


def _pieces(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """The single segments of lines: a tree of long lines would find everything near everything."""
    found = []
    for line in lines:
        dots = shapely.get_coordinates(line)
        found.append(np.asarray(shapely.linestrings(np.stack((dots[:-1], dots[1:]), axis=1)), dtype=object))
    return np.concatenate(found) if found else np.array([], dtype=object)


# --- people ----------------------------------------------------------------------------------------------------------


def _people(
    units: Units, codes: list[str], owner: NDArray[np.int64], share: Floats, weight: Floats
) -> tuple[Floats, dict[str, str]]:
    """People of each row, and the villages whose people had to go to a wider unit."""
    totals = np.array([units[code].population if code in units else 0 for code in codes], dtype=np.float64)
    people = spread(totals, owner, weight)
    wider: dict[str, str] = {}
    held = {".".join(code.split(".")[:parts]) for code in codes for parts in range(1, 5)}
    for village in units.level(Level.VILLAGE):
        if village.code not in held and (host := _host(units, village, held)) is not None:
            wider[village.code] = host
    for host in sorted(set(wider.values())):
        total = sum(units[code].population for code, at in wider.items() if at == host)
        mine = np.array([code.startswith(host + ".") for code in codes], dtype=bool)
        pot = np.where(mine[owner], 0, -1).astype(np.int64)
        people += spread(np.array([float(total)]), pot, share)
    return people, wider


def _host(units: Units, village: Unit, held: set[str]) -> str | None:
    """The narrowest unit above a village that has land."""
    above = units.parent(village)
    while above is not None and above.code not in held:
        above = units.parent(above)
    return above.code if above is not None else None


def _cut(codes: Texts, parts: int) -> Texts:
    """The first parts of dotted codes (2, 2, 2, 4 digits: each level has its width)."""
    return codes.astype(f"<U{3 * parts - 1}")


# --- keeping ---------------------------------------------------------------------------------------------------------


def _read(path: Path) -> DemandGrid | None:
    kept = keeping.read_arrays(path)
    if kept is None:
        return None
    arrays, said = kept
    try:
        return DemandGrid(
            resolution=said["resolution"], displaced=said["displaced"], inputs=said["inputs"],
            notes=tuple(said["notes"]),
            **{name: arrays[name] for name in ("index", "lat", "lon", "people", "village", "basis", "area_share")},
        )  # fmt: skip
    except KeyError:
        return None


def _write(path: Path, grid: DemandGrid) -> None:
    said = {
        "resolution": grid.resolution, "displaced": dict(grid.displaced), "inputs": grid.inputs, "notes": grid.notes,
    }  # fmt: skip
    arrays = {n: getattr(grid, n) for n in ("index", "lat", "lon", "people", "village", "basis", "area_share")}
    keeping.write_arrays(path, arrays, said)
