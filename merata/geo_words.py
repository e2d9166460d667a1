"""What `merata geo` says of imports and of the state, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geography import boundaries as boundaries_room
    from geography import places as places_room
    from geography import population as population_room

_FEW = 20
_PLURAL = {"province": "provinces", "regency": "regencies", "district": "districts", "village": "villages"}


def boundaries(report: boundaries_room.Report, file: str) -> str:
    """What an import of boundaries found."""
    used = report.fields
    how = ", ".join(f"{count:,} by {by}" for by, count in report.by.items())
    lines = [
        f"boundaries of {_PLURAL[report.level]} from {file}: {report.features:,} features",
        f"  fields: code {used.code or 'none'}, name {used.name or 'none'}, parent {used.parent or 'none'}; "
        f"codes read as {report.codes}",
        f"  matched: {_counts(report.matched)} ({how})",
        f"  without a boundary: {len(report.unmatched_units):,} {_PLURAL[report.level]}"
        + _list(f"{name} ({code})" for code, name in report.unmatched_units.items()),
        f"  features that are no unit: {len(report.unmatched_features):,}" + _list(report.unmatched_features),
    ]
    if report.elsewhere:
        lines.append(f"  further features outside the area of the units: {report.elsewhere:,}")
    if report.repaired or report.cleaned:
        mended = "overlaps or slips between neighbours mended" if report.cleaned else "neighbours fit"
        lines.append(f"  repaired shapes: {report.repaired:,}; {mended}")
    if report.point_outside:
        lines.append(
            f"  known point outside the boundary: {len(report.point_outside):,}{_list(report.point_outside)}: "
            "if these are many, codes may be mixed up"
        )
    return "\n".join(lines)


def population(report: population_room.Report, file: str) -> str:
    """What an import of people found, with the factor of each regency."""
    used = ", ".join(f"{what} {name}" for what, name in report.fields.items())
    year = f"year {report.year}" if report.year is not None else "year not said (--year)"
    lines = [
        f"people as {report.form} from {file}: {report.rows:,} rows, {report.used:,} used, "
        f"{report.people:,.0f} people before scaling, {year}",
        f"  columns: {used}" + (f"; codes read as {report.codes}" if report.codes else ""),
    ]
    if report.unmatched_count:
        lines.append(f"  rows that are no unit (line: code): {report.unmatched_count:,}{_list(report.unmatched)}")
    if report.elsewhere:
        lines.append(f"  rows outside the land of the units: {report.elsewhere:,}")
    lines.append("  held to official totals:")
    for one in report.scaled:
        doubt = "  <- far from 1: other area, year or unit of count?" if not 0.67 <= one.factor <= 1.5 else ""
        lines.append(f"    {one.regency} {one.name}: {one.brought:,.0f} x {one.factor:.4f} = {one.official:,}{doubt}")
    if report.missing:
        lines.append(
            f"  regencies it does not speak of, unchanged: {len(report.missing)}{_list(report.missing.values())}"
        )
    return "\n".join(lines)


def points(report: places_room.Report, file: str) -> str:
    """What an import of points found."""
    used = ", ".join(f"{what} {name}" for what, name in report.fields.items()) or "none"
    lines = [
        f"{report.kind} points from {file}: {report.points:,} of {report.rows:,} rows",
        f"  columns: {used}; all others are kept as text",
    ]
    if report.without_place_count:
        lines.append(f"  left out, no coordinates: {report.without_place_count:,} lines{_list(report.without_place)}")
    if report.elsewhere_count:
        lines.append(f"  left out, outside the area: {report.elsewhere_count:,} lines{_list(report.elsewhere)}")
    return "\n".join(lines)


def status(found: Mapping[str, Any]) -> str:
    """What there is."""
    people = found["population"]
    years = ", ".join(map(str, people["years"]))
    lines = [
        f"units: {_counts(found['units'])}",
        f"people: {people['total']:,} ({years}, official per regency; every figure below is an estimate)",
        *_sources(people),
        "boundaries:",
    ]
    for level, one in found["boundaries"].items():
        made = "approximate, from village points" if one["approximate"] else _origin(one["layer"])
        lines.append(f"  {_PLURAL[level]}: {made}")
    without = found["villages_without_land"]
    lines.append(
        f"villages without land of their own: {len(without)}" + (", counted with their district:" if without else "")
    )
    lines += [f"  {v['code']} {v['name']}, {v['population']:,} people, with {v['counted_with']}" for v in without]
    lines.append(f"imported layers: {len(found['layers']) or 'none'}")
    lines += [f"  {one['key']}: {_origin(one)}, {one['versions']} version(s) kept" for one in found["layers"]]
    return "\n".join(lines)


def _sources(people: Mapping[str, Any]) -> list[str]:
    lines = []
    if people["table"]:
        lines.append(f"  totals of units: {_origin(people['table'])}")
    if people["grid"]:
        factors = [one["factor"] for one in people["grid"]["facts"]["scaled"]]
        lines.append(f"  where they live: {_origin(people['grid'])}, factors {min(factors):.3f} to {max(factors):.3f}")
    else:
        lines.append("  where they live: spread evenly over each village's land")
    return lines


def _origin(layer: Mapping[str, Any]) -> str:
    said = [
        layer["source"] or "source not said",
        layer["licence"] or "licence not said",
        layer["date"] or "date not said",
    ]
    return f"{', '.join(said)} (version {layer['version']}, {layer['file']}, imported {layer['imported_at']})"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {level if n == 1 else _PLURAL[level]}" for level, n in counts.items())


def _list(things: Iterable[object]) -> str:
    listed = [str(thing) for thing in things]
    if not listed:
        return ""
    more = f" and {len(listed) - _FEW} more" if len(listed) > _FEW else ""
    return ": " + ", ".join(listed[:_FEW]) + more
