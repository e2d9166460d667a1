"""`merata inventory`: check, show, export and import what we own."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from devices.errors import Complaint, InventoryError
from devices.inventory import Draft, dump, plain, read, slug
from devices.inventory.columns import FIELDS, guess, plain_header
from devices.inventory.dump import Plain, as_yaml, plain_device, plain_site
from devices.inventory.layers import Where
from devices.inventory.proposal import Change, Proposal, propose
from devices.inventory.sheets import Sheet, SheetError, read_sheet
from devices.inventory.tables import as_csv
from devices.inventory.writing import Plan, WriteError, plan, put
from devices.model import DeviceId, Inventory, SiteId
from merata.areas import far_from_area, known_area
from merata.cli import Context

FOLDER = "inventory.d"


@click.group()
def command() -> None:
    """Check, show, export and import what we own."""


@command.command()
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.pass_obj
def check(context: Context, *, strict: bool) -> None:
    """Read the inventory and say everything that is wrong with it. Secrets are not looked for."""
    draft, inventory = _read(context)
    far = [
        draft.site_lines[site.id].complaint(message)
        for site in inventory.sites.values()
        if (message := far_from_area(site)) is not None
    ]
    warnings = sorted([*draft.warnings, *far])
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"{context.inventory}: {len(inventory.sites)} sites, {len(inventory.devices)} devices, "
        f"{len(draft.texts)} file(s): good" + (f", {len(warnings)} warning(s)" if warnings else "")
    )
    if strict and warnings:
        sys.exit(2)


@command.command()
@click.argument("name", metavar="[ID]", required=False)
@click.pass_obj
def show(context: Context, name: str | None) -> None:
    """List sites and devices, or print one with all that it takes from defaults and groups."""
    draft, inventory = _read(context)
    if name is None:
        _list(inventory)
        return
    site, device = inventory.sites.get(SiteId(name)), inventory.devices.get(DeviceId(name))
    if site is None and device is None:
        _refuse(f"no site or device has the id {name!r}")
    if site is not None:
        devices: list[Plain] = [str(d.id) for d in inventory.devices.values() if d.site == site.id]
        click.echo(f"# site, written in {_place(draft.site_lines[name])}")
        click.echo(as_yaml({**plain_site(site), **({"devices": devices} if devices else {})}), nl=False)
    if device is not None:
        click.echo(f"# device, written in {_place(draft.device_lines[name])}")
        click.echo(as_yaml({**plain_device(device), "site": str(device.site)}), nl=False)


@command.command()
@click.option("--format", "form", type=click.Choice(["yaml", "csv", "json"]), default="yaml", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; else to the terminal.")
@click.pass_obj
def export(context: Context, form: str, output: Path | None) -> None:
    """Print the whole inventory, resolved: what defaults and groups gave stands with each device."""
    _, inventory = _read(context)
    if form == "yaml":
        text = dump(inventory)
    elif form == "csv":
        text = as_csv(inventory)
    else:
        text = json.dumps(plain(inventory), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--map", "maps", multiple=True, metavar="FIELD=HEADER", help="This column is that field. Repeatable.")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE", help="For rows without it. Repeatable.")
@click.option("--sheet", "sheet_name", help="Which sheet of a workbook; else the first.")
@click.option("--name", help="Of the import: its entries go to inventory.d/import-NAME.yaml. [the file's name]")
@click.option("--write", is_flag=True, help="Write it. Without this nothing is changed.")
@click.pass_obj
def import_file(
    context: Context,
    file: Path,
    maps: tuple[str, ...],
    sets: tuple[str, ...],
    sheet_name: str | None,
    name: str | None,
    *,
    write: bool,
) -> None:
    """Take sites and devices from a table (CSV, XLSX, ODS); shows what would change."""
    draft, inventory = _read(context)
    try:
        sheet = read_sheet(file, name=sheet_name)
        mapping, constants = _mapping(sheet, maps, sets)
        proposal = propose(sheet, mapping, constants, inventory)
        into = context.inventory.parent / FOLDER / f"import-{_legal(name or file.stem)}.yaml"
        here = _written_in(draft, into)
        found = plan(context.inventory, into, proposal.changes, patterns=draft.patterns, here=here)
    except (SheetError, WriteError) as error:
        _refuse(str(error))
    _tell(proposal, found, draft)
    complaints = proposal.complaints or _judged(context, found, into, sheet)
    if complaints:
        raise InventoryError(list(complaints))
    if not found.texts:
        click.echo("Nothing to write.")
    elif not write:
        click.echo(f"Nothing was changed. With --write this goes to {into}.")
    else:
        for copy in put(found.texts, now=datetime.now(UTC)):
            click.echo(f"kept the old text as {copy}")
        click.echo(f"wrote {into}")
        if found.included:
            click.echo(f"added {FOLDER}/{into.name} to `include:` of {context.inventory}")


def _read(context: Context) -> tuple[Draft, Inventory]:
    draft = read(context.inventory, known_area=known_area())
    if draft.inventory is None:
        raise InventoryError(list(draft.complaints))
    return draft, draft.inventory


def _list(inventory: Inventory) -> None:
    under: dict[str, list[str]] = {}
    for device in inventory.devices.values():
        under.setdefault(device.site, []).append(f"{device.id} {device.role} {device.target.host}")
    for site in inventory.sites.values():
        click.echo(f"{site.id}  {site.name}  {site.kind}  {site.area}")
        for line in under.get(site.id, ()):
            click.echo(f"    {line}")
    click.echo(f"{len(inventory.sites)} sites, {len(inventory.devices)} devices")


def _mapping(sheet: Sheet, maps: tuple[str, ...], sets: tuple[str, ...]) -> tuple[dict[str, int], dict[str, str]]:
    """Columns as guessed and as told, and values for all rows; says what it took for what."""
    mapping, foreign, secret = guess(sheet.header)
    for given in maps:
        field, header = _pair(given, "--map FIELD=HEADER")
        column = next((c for c, h in enumerate(sheet.header) if plain_header(h) == plain_header(header)), None)
        if column is None:
            _refuse(f"{sheet.path} has no column {header!r}; it has: {', '.join(h for h in sheet.header if h)}")
        mapping = {f: c for f, c in mapping.items() if c != column} | {field: column}
    for field, column in mapping.items():
        click.echo(f"column {sheet.header[column]!r} is {field}")
    used = {sheet.header[column] for column in mapping.values()}
    if left := [header for header in foreign if header not in used]:
        click.echo(f"not used: {', '.join(left)} (to use one: --map FIELD=HEADER)")
    if secret:
        click.echo(f"left out, since secrets do not belong in an inventory: {', '.join(secret)}")
    return mapping, dict(_pair(given, "--set FIELD=VALUE") for given in sets)


def _pair(given: str, form: str) -> tuple[str, str]:
    field, equals, value = given.partition("=")
    if not equals or not value:
        raise click.UsageError(f"expected {form}, found {given!r}")
    if field not in FIELDS:
        raise click.UsageError(f"unknown field {field!r}: expected one of {', '.join(FIELDS)}")
    return field, value


def _legal(name: str) -> str:
    return slug(name) or "table"


def _written_in(draft: Draft, into: Path) -> frozenset[tuple[str, str]]:
    """Keys of the entries that are written in this file."""
    lines = {"site": draft.site_lines, "device": draft.device_lines}
    return frozenset(
        (what, name)
        for what, places in lines.items()
        for name, where in places.items()
        if Path(where.path).resolve() == into.resolve()
    )


def _tell(proposal: Proposal, found: Plan, draft: Draft) -> None:
    """The differences, for a person."""
    for change in found.written:
        click.echo(("+ " if change.is_new else "~ ") + _sentence(change))
    for change in found.by_hand:
        lines = draft.site_lines if change.what == "site" else draft.device_lines
        click.echo(f"! {_sentence(change)}; written by hand in {_place(lines[change.id])}: change it there")
    same = sum(1 for change in proposal.changes if change.is_same)
    new = sum(1 for change in found.written if change.is_new)
    click.echo(
        f"{new} new, {len(found.written) - new} changed, {len(found.by_hand)} to change by hand, {same} the same"
    )


def _sentence(change: Change) -> str:
    if change.is_new:
        facts = ", ".join(f"{key} {value}" for key, value in change.after.items() if key != "id")
    else:
        facts = ", ".join(f"{key} {change.before[key] or 'nothing'} -> {value}" for key, value in change.after.items())
    return f"{change.what} {change.id} (row {change.row}): {facts}"


def _judged(context: Context, found: Plan, into: Path, sheet: Sheet) -> tuple[Complaint, ...]:
    """What would be wrong with the whole inventory; complaints of the import's own file name the row of the table."""
    if not found.texts:
        return ()
    draft = read(context.inventory, known_area=known_area(), overlay=found.texts)
    rows = {change.key: change.row for change in found.written}
    starts = sorted(
        (where.line, rows[what, name])
        for what, places in (("site", draft.site_lines), ("device", draft.device_lines))
        for name, where in places.items()
        if (what, name) in rows and Path(where.path).resolve() == into.resolve()
    )

    def in_table(complaint: Complaint) -> Complaint:
        row = max(((line, row) for line, row in starts if line <= complaint.line), default=None)
        if Path(complaint.path).resolve() != into.resolve() or row is None:
            return complaint
        return Complaint(path=sheet.path, line=row[1], key=complaint.key, message=complaint.message)

    return tuple(sorted(in_table(complaint) for complaint in draft.complaints))


def _place(where: Where) -> str:
    return f"{where.path}:{where.line}"


def _refuse(message: str) -> NoReturn:
    click.echo(f"merata: {message}", err=True)
    sys.exit(2)
