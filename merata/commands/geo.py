"""`merata geo`: what is known of administrative units, and what a planner brings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from geography.units import Level, Unit, Units
from merata import geo_import
from merata.cli import Context
from merata.settings import StatePaths


@click.group("geo")
def command() -> None:
    """Administrative units, their people, boundaries and what you import."""


@command.command("show")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; else text.")
@click.pass_obj
def show(context: Context, code: str, as_json: bool) -> None:
    """One unit by its Kemendagri code (dots or not), or its BPS code, and the units in it."""
    units = _units(context)
    unit = units.find(code)
    if unit is None:
        click.echo(f"merata: no unit has the code {code}", err=True)
        sys.exit(2)
    click.echo(json.dumps(_facts(units, unit), ensure_ascii=False) if as_json else _text(units, unit))


@command.command("find")
@click.argument("words", nargs=-1, required=True)
@click.option("--level", type=click.Choice([level.value for level in Level]), help="Only units of this level.")
@click.pass_obj
def find(context: Context, words: tuple[str, ...], level: str | None) -> None:
    """Units whose name holds all the words."""
    units = _units(context)
    wanted = [w.lower() for w in words]
    found = [u for u in units.values() if all(w in u.name.lower() for w in wanted) and level in (None, u.level.value)]
    for unit in found:
        click.echo(f"{unit.code:<14} {units.path(unit.code)}  ({_people(unit)})")
    if not found:
        click.echo("merata: no unit has such a name", err=True)
        sys.exit(1)


@command.command("outlines")
@click.option("--level", type=click.Choice([level.value for level in Level]), default="regency", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="GeoJSON file; else standard output.")
@click.pass_obj
def outlines_(context: Context, level: str, out: Path | None) -> None:
    """Outlines as GeoJSON: imported boundaries, simplified; else approximate ones made from village points."""
    from geography.errors import GeographyError
    from geography.layers import Layers
    from geography.outlines import outlines, to_geojson

    try:
        found = outlines(Level(level), layers=Layers(StatePaths(root=context.state).geo))
    except GeographyError as error:
        click.echo(f"merata: {error}", err=True)
        sys.exit(2)
    text = json.dumps(to_geojson(found), ensure_ascii=False, separators=(",", ":"))
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


def _units(context: Context) -> Units:
    """The units, with the people of an imported table."""
    from geography.units import load

    units, folder = load(), StatePaths(root=context.state).geo
    if not folder.is_dir():
        return units
    from geography.errors import GeographyError
    from geography.layers import Layers
    from geography.population import with_table

    try:
        return with_table(units, Layers(folder))
    except GeographyError as error:
        click.echo(f"merata: {error}", err=True)
        sys.exit(2)


def _facts(units: Units, unit: Unit) -> dict[str, object]:
    return {
        "code": unit.code, "bps_code": unit.bps_code, "name": unit.name, "kind": unit.kind, "level": unit.level.value,
        "path": units.path(unit.code), "point": unit.point, "area_km2": unit.area_km2, "population": unit.population,
        "population_year": unit.population_year, "population_basis": unit.basis.value,
        "population_2010": unit.population_2010, "children": [u.code for u in units.children(unit)],
    }  # fmt: skip


def _text(units: Units, unit: Unit) -> str:
    lines = [
        f"{unit.code}  {units.path(unit.code) or unit.name} ({unit.kind}), BPS {unit.bps_code or 'none'}",
        f"  {_people(unit)}; census 2010: {unit.population_2010 if unit.population_2010 is not None else 'not known'}",
        f"  area {unit.area_km2 if unit.area_km2 is not None else 'not known'} km2, "
        + (f"point {unit.point[0]}, {unit.point[1]}" if unit.point else "no point yet"),
    ]
    lines += [f"    {u.code:<14} {u.name}  ({_people(u)})" for u in units.children(unit)]
    return "\n".join(lines)


def _people(unit: Unit) -> str:
    return f"{unit.population:,} people, {'estimate ' if unit.is_estimate else ''}{unit.population_year}"


geo_import.add_to(command)
