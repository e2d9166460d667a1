"""`merata geo import | forget | status`: take what a planner brings, and say what is there.

Every import shows what it would do and changes nothing without --write.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from geography.errors import GeographyError
from geography.units import Level
from merata import geo_words
from merata.cli import Context
from merata.settings import StatePaths, open_state

P = ParamSpec("P")
R = TypeVar("R")
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
KINDS = ["school", "puskesmas", "village_office", "candidate", "other_programme", "settlement"]
LEVELS = [Level.VILLAGE.value, Level.DISTRICT.value, Level.REGENCY.value]


def add_to(group: click.Group) -> None:
    """Add the commands of this file to `merata geo`."""
    for one in (import_, forget, status):
        group.add_command(one)


def _refuse(said: object) -> NoReturn:
    click.echo(f"merata: {said}", err=True)
    sys.exit(2)


def _date(_: click.Context, __: click.Parameter, said: str | None) -> str | None:
    if said is not None and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", said):
        raise click.BadParameter(f"expected 2024, 2024-12 or 2024-12-31, not {said!r}")
    return said


def _common(command: Callable[P, R]) -> Callable[P, R]:
    """Options of every import, and foreseen errors as one sentence with exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (GeographyError, OSError) as error:
            _refuse(error)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object; else text."),
        click.option("--write", is_flag=True, help="Keep it; else only show what it would do."),
        click.option("--date", callback=_date, help="Of the data: 2024, 2024-12 or 2024-12-31."),
        click.option("--licence", help="Under which the data may be used."),
        click.option("--source", help="Who made the data; shown wherever it is used."),
        click.option("--layer", help="Which layer of a GeoPackage or archive that holds several."),
        click.argument("file", type=FILE),
    ):
        run = option(run)
    return run


def _finish(
    context: Context,
    draft: Any,
    report: Any,
    text: str,
    *,
    about: Mapping[str, str | None],
    write: bool,
    as_json: bool,
) -> None:
    """Keep the draft where that is wished, and say what was found."""
    from geography.layers import Layers

    version = None
    if write:
        paths = open_state(context.state)
        paths.geo.mkdir(exist_ok=True, mode=0o700)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        layer = Layers(paths.geo).add(
            draft, imported_at=now, source=about["source"], licence=about["licence"], date=about["date"]
        )
        version = layer.version
    if as_json:
        said = {"schema": "geo.import/1", "layer": draft.key, "version": version} | dict(about) | report.as_facts()
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    click.echo(text)
    if version is None:
        click.echo("nothing was changed: say --write to keep it")
    else:
        click.echo(f"kept as {draft.key}, version {version}; running pages take it up within a minute")


@click.group("import")
def import_() -> None:
    """Take boundaries, population or points that you bring."""


@import_.command("boundaries")
@click.option("--level", type=click.Choice(LEVELS), required=True, help="What one feature of the file is.")
@click.option("--code-field", help="Field of the code (Kemendagri or BPS) [guessed].")
@click.option("--name-field", help="Field of the name [guessed].")
@click.option("--parent-field", help="Field of the code or name of the unit one level up [guessed].")
@_common
@click.pass_obj
def boundaries(
    context: Context,
    *,
    level: str,
    code_field: str | None,
    name_field: str | None,
    parent_field: str | None,
    file: Path,
    layer: str | None,
    source: str | None,
    licence: str | None,
    date: str | None,
    write: bool,
    as_json: bool,
) -> None:
    """Boundaries of units: GeoJSON, GeoPackage or zipped Shapefile, in degrees (WGS84)."""
    from geography.boundaries import prepare
    from geography.units import load

    draft, report = prepare(
        file, load(), Level(level), code_field=code_field, name_field=name_field, parent_field=parent_field, layer=layer
    )
    about = {"source": source, "licence": licence, "date": date}
    text = geo_words.boundaries(report, file.name)
    _finish(context, draft, report, text, about=about, write=write, as_json=as_json)


@import_.command("population")
@click.option("--as", "form", type=click.Choice(["table", "points", "hexagons"]), help="What the file is [guessed].")
@click.option("--code-field", help="Column of the unit's code [guessed].")
@click.option("--people-field", help="Column of people [guessed].")
@click.option("--lat-field", help="Column of latitude [guessed].")
@click.option("--lon-field", help="Column of longitude [guessed].")
@click.option("--h3-field", help="Column of H3 cells [guessed].")
@click.option("--year", type=click.IntRange(1961, 2100), help="Of the figures [from a column].")
@_common
@click.pass_obj
def population(
    context: Context,
    *,
    form: str | None,
    code_field: str | None,
    people_field: str | None,
    lat_field: str | None,
    lon_field: str | None,
    h3_field: str | None,
    year: int | None,
    file: Path,
    layer: str | None,
    source: str | None,
    licence: str | None,
    date: str | None,
    write: bool,
    as_json: bool,
) -> None:
    """People: a table by code (CSV, XLSX), points (lat, lon, people) or hexagons (H3, GeoPackage).

    Held to the official total of each regency; the factor is shown.
    """
    from geography.layers import Layers
    from geography.population import prepare
    from geography.population_file import Form, Wanted
    from geography.units import load

    wanted = Wanted(code=code_field, people=people_field, lat=lat_field, lon=lon_field, hexagon=h3_field)
    layers = Layers(StatePaths(root=context.state).geo)
    draft, report = prepare(
        file, load(), layers, wanted=wanted, form=Form(form) if form else None, year=year, layer=layer
    )
    about = {"source": source, "licence": licence, "date": date}
    text = geo_words.population(report, file.name)
    _finish(context, draft, report, text, about=about, write=write, as_json=as_json)


@import_.command("points")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["school", "puskesmas", "village_office", "candidate", "other_programme"]),
)
@click.option("--name", help="Keeps several files of one kind apart, as of two programmes.")
@click.option("--id-field", help="Column of the id [guessed].")
@click.option("--name-field", help="Column of the name [guessed].")
@click.option("--lat-field", help="Column of latitude [guessed].")
@click.option("--lon-field", help="Column of longitude [guessed].")
@_common
@click.pass_obj
def points(
    context: Context,
    *,
    kind: str,
    name: str | None,
    id_field: str | None,
    name_field: str | None,
    lat_field: str | None,
    lon_field: str | None,
    file: Path,
    layer: str | None,
    source: str | None,
    licence: str | None,
    date: str | None,
    write: bool,
    as_json: bool,
) -> None:
    """Points: schools, puskesmas, village offices, settlements, candidate sites, access points of other programmes.

    Schools, puskesmas, offices and settlements also tell the demand grid where in a village people rather live.
    """
    from geography.places import Kind, Wanted, prepare
    from geography.units import load

    wanted = Wanted(id=id_field, name=name_field, lat=lat_field, lon=lon_field)
    draft, report = prepare(file, load(), Kind(kind), wanted=wanted, name=name, layer=layer)
    about = {"source": source, "licence": licence, "date": date}
    _finish(context, draft, report, geo_words.points(report, file.name), about=about, write=write, as_json=as_json)


@click.command("forget")
@click.argument("key")
@click.option("--write", is_flag=True, help="Do it; else only show what would go.")
@click.pass_obj
def forget(context: Context, key: str, write: bool) -> None:
    """Take the newest version of a layer away; the one before it is in use again."""
    from geography.layers import Layers

    layers = Layers(StatePaths(root=context.state).geo)
    try:
        if key not in layers.keys():  # noqa: SIM118  # Layers is no mapping
            _refuse(f"there is no layer {key}; there are: {', '.join(layers.keys()) or 'none'}")
        history = layers.history(key)
        if write:
            layers.forget(key)
    except (GeographyError, OSError) as error:
        _refuse(error)
    before = f"version {history[-2].version} of {history[-2].file}" if len(history) > 1 else "nothing"
    verb = "was taken away" if write else "would go"
    click.echo(f"{key}, version {history[-1].version} of {history[-1].file}, {verb}; in use after it: {before}")
    if not write:
        click.echo("nothing was changed: say --write to do it")


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; else text.")
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Say which units, boundaries, people and points there are, where they come from, and what is missing."""
    from geography.layers import Layers
    from geography.state import describe
    from geography.units import load

    try:
        found = describe(load(), Layers(StatePaths(root=context.state).geo))
    except GeographyError as error:
        _refuse(error)
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else geo_words.status(found))
