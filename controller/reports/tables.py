"""What can be taken away as a table: coverage by unit, gaps, the worth of sites, a plan, with what they stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from controller.coverage.model import Coverage, Gap, Inputs, LivePlan, Plain, SiteWorth, Step
from controller.reports.columns import TABLES, Column

Point: TypeAlias = tuple[float, float]  # lon, lat
Ring: TypeAlias = Sequence[tuple[float, float]]
Shape: TypeAlias = Point | tuple[Ring, ...] | None
WHAT = tuple(TABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows with their columns; `shapes` beside the rows: a point, the rings of an area, or None.

    about: what the figures stand on, name and value, in the order to show.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Plain, ...], ...]
    shapes: tuple[Shape, ...]
    is_area: bool
    about: tuple[tuple[str, str], ...]
    made_at: float


def about(inputs: Inputs, *, radius_km: float | None, made_at: float) -> tuple[tuple[str, str], ...]:
    """Question, thresholds, method, period and hash, as plain text."""
    profile, rules = inputs.profile, inputs.rules
    said = [
        ("made", time_of(made_at)),
        ("measured_from", time_of(inputs.start)),
        ("measured_to", time_of(inputs.end)),
        ("profile", f"{profile.id}: {profile.name}"),
        ("profile_source", profile.source),
        ("min_availability", f"{profile.min_availability_ratio:g}"),
        ("min_down_mbps", f"{profile.min_down_bps / 1e6:g}"),
        ("min_kbps_per_person", "" if profile.min_kbps_per_person is None else f"{profile.min_kbps_per_person:g}"),
        ("unknown_below_observed", f"{rules.min_observed_ratio:g}"),
        ("saturated_from", f"{rules.saturated_ratio:g}"),
        ("hours", "opening hours" if rules.is_opening_hours_only else "all day"),
        ("people", inputs.demand_kind),
        ("demand_hash", inputs.demand),
        ("inventory", inputs.inventory),
        ("inputs_hash", inputs.hash),
    ]
    if radius_km is not None:
        said.insert(1, ("radius_km", f"{radius_km:g}"))
    said.append(("method", "docs/explanation/coverage.md of the program: nominal, effective, adequate, unknown"))
    return tuple(said + [(f"note_{k}", note) for k, note in enumerate(inputs.notes, 1)])


def time_of(moment: float) -> str:
    """ISO time in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%MZ}"


def coverage(
    rows: Sequence[Coverage],
    inputs: Inputs,
    *,
    made_at: float,
    areas: Mapping[str, Sequence[Ring]],
    points: Mapping[str, Point],
) -> Table:
    """Units with the ladder. Villages are points, wider units areas.

    Args:
        rows: of one level, at one radius or several.
        inputs: what they stand on.
        made_at: when this was made.
        areas: rings of regencies or districts, by code.
        points: (lon, lat) of villages, by code.
    """
    is_area = bool(rows) and rows[0].level != "village"
    made = [
        (r.code, r.name, r.level, r.radius_km, _people(r.people), _people(r.nominal), _people(r.effective),
         _people(r.adequate), _people(r.unknown), _people(r.promised), _people(r.expected), _ratio(r.effective_ratio),
         _round(r.kbps_per_person, 2))
        for r in rows
    ]  # fmt: skip
    shapes = [tuple(areas.get(r.code, ())) or None if is_area else points.get(r.code) for r in rows]
    radii = sorted({r.radius_km for r in rows})
    said = about(inputs, radius_km=radii[0] if len(radii) == 1 else None, made_at=made_at)
    return _table("coverage", made, shapes, said, made_at, is_area=is_area)


def gaps(
    found: Sequence[Gap], inputs: Inputs, *, radius_km: float, made_at: float, points: Mapping[str, Point]
) -> Table:
    """People without a working site in reach, village by village."""
    made = [
        (g.village, g.name, g.district, g.regency, _people(g.people), _people(g.village_people), g.cause.value,
         g.remedy.value, g.nearest_site, _round(g.nearest_km, 2), " ".join(g.sites))
        for g in found
    ]  # fmt: skip
    shapes = [points.get(g.village) for g in found]
    return _table("gaps", made, shapes, about(inputs, radius_km=radius_km, made_at=made_at), made_at)


def worth(sites: Sequence[SiteWorth], inputs: Inputs, *, made_at: float) -> Table:
    """Every site with its verdict and the figures behind it."""
    made = [
        (s.site, s.name, s.area, s.kind, s.backhaul, s.programme, s.verdict.value, s.reason, _ratio(s.observed_ratio),
         _ratio(s.availability_ratio), _mbps(s.speed_bps), s.speed_how, _mbps(s.busy_down_bps), _mbps(s.plan_down_bps),
         _round(s.busy_clients, 1), s.capacity_clients, s.people, _round(s.down_s / 3600, 2),
         _round(s.person_hours_lost, 0))
        for s in sites
    ]  # fmt: skip
    shapes = [(s.lon, s.lat) for s in sites]
    return _table("worth", made, shapes, about(inputs, radius_km=None, made_at=made_at), made_at)


def plan(found: LivePlan, *, made_at: float) -> Table:
    """The steps of a plan, with its proof among what it stands on."""
    proof = (
        ("objective", found.objective),
        ("status", found.status),
        ("objective_value", f"{found.objective_value:.3f}"),
        ("bound", f"{found.bound:.3f}"),
        ("gap_pct", f"{found.gap_pct:.3f}"),
        ("covered_before", f"{found.covered_before:.0f}"),
        ("covered_after", f"{found.covered_after:.0f}"),
        ("expected_before", f"{found.expected_before:.0f}"),
        ("expected_after", f"{found.expected_after:.0f}"),
        ("cost_rupiah", f"{found.cost:.0f}"),
        ("costs", "planning assumptions"),
    )
    said = about(found.inputs, radius_km=found.radius_km, made_at=made_at) + proof
    shapes = [(s.lon, s.lat) for s in found.steps]
    return _table("plan", [_step(s) for s in found.steps], shapes, said, made_at)


def _step(s: Step) -> tuple[Plain, ...]:
    return (s.rank, s.action.value, s.place, s.name, s.district, s.regency, s.backhaul, _round(s.cost, 0),
            _people(s.people), _people(s.expected), _round(s.rupiah_per_person, 0), s.because, s.is_locked,
            " ".join(s.duplicates))  # fmt: skip


def _table(
    name: str,
    rows: Sequence[tuple[Plain, ...]],
    shapes: Sequence[Shape],
    said: tuple[tuple[str, str], ...],
    made_at: float,
    *,
    is_area: bool = False,
) -> Table:
    return Table(
        name=name, columns=TABLES[name], rows=tuple(rows), shapes=tuple(shapes), is_area=is_area, about=said,
        made_at=made_at,
    )  # fmt: skip


def dictionary(table: Table) -> list[dict[str, str]]:
    """The columns as plain objects."""
    return [asdict(column) for column in table.columns]


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _people(value: float | None) -> float | None:
    return _round(value, 1)


def _ratio(value: float | None) -> float | None:
    return _round(value, 4)


def _mbps(value: float | None) -> float | None:
    return None if value is None else round(value / 1e6, 3)
