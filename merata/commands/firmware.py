"""`merata firmware`: what the devices run against what they should."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from merata.cli import Context
from merata.config_copies import JSON, WHERE, among, refuse

LIST = "firmware.yaml"
#: Devices named under each kind that is not as wanted.
NAMED = 8


@click.command("firmware")
@click.option(
    "--list", "path", type=click.Path(path_type=Path, dir_okay=False),
    help=f"The wanted list [{LIST} beside the inventory].",
)  # fmt: skip
@WHERE
@JSON
@click.pass_obj
def command(context: Context, path: Path | None, expression: str, *, as_json: bool) -> None:
    """Compare the versions that devices told with the wanted list; nothing is sent to any device.

    Exits with 1 when a device runs a version that is refused or not the wanted one.
    """
    from controller.configurations.firmware import Standing, counted, load, report
    from merata.config_fleet import config_fleet

    file = path or context.inventory.parent / LIST
    try:
        entries = load(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        refuse(f"{file}: {error.strerror or error}; docs/reference/configurations.md tells what a wanted list is")
    with config_fleet(context.state, context.inventory) as fleet:
        chosen = among(fleet, expression)
        running = report(entries, {s.device.id: s.platform for s in chosen}, fleet.journal.identities())
    bad = (Standing.REFUSED, Standing.OTHER)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in running], indent=1))
    else:
        for platform, model, version, count, standing in counted(running):
            click.echo(f"{standing:<9} {count:>5}  {platform}  {model or '-'}  {version or '-'}")
            kind = [
                one.device
                for one in running
                if (one.platform, one.model or "", one.version or "", one.standing)
                == (platform, model, version, standing)
            ]
            if standing in bad:
                wanted = next(one for one in running if one.device == kind[0])
                click.echo(f"{'':>17}wanted {wanted.wanted or 'another'}{f': {wanted.why}' if wanted.why else ''}")
                click.echo(f"{'':>17}{', '.join(kind[:NAMED])}{' ...' if len(kind) > NAMED else ''}")
    raise SystemExit(1 if any(one.standing in bad for one in running) else 0)
