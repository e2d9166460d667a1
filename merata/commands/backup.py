"""`merata backup`: one archive of the state directory, made while the controller runs."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from merata import backup
from merata.cli import Context

_archive = click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def command() -> None:
    """Back up the state directory: history, raw readings, spool, journal, inventories, host keys, configurations."""


@command.command("create")
@click.argument("archive", type=click.Path(path_type=Path), required=False)
@click.pass_obj
def create(context: Context, archive: Path | None) -> None:
    """Write ARCHIVE (a file, or a folder for merata-TIME.tar; default: here). A running controller is not disturbed.

    The archive holds what the state directory holds but its keys: guard it, it is readable by its owner only.
    """
    now = backup.clock()
    target = archive or Path()
    if target.is_dir():
        target = target / backup.default_name(now)
    made = backup.create(context.state, target, now=now, program=version("merata"))
    click.echo(f"{target}: {len(made.members)} files, {made.size / 1e6:.1f} MB")
    if (keys := context.state / "keys").is_dir():
        click.echo(f"without {keys}: it opens the copies of configurations; keep a copy of it elsewhere", err=True)
    if not any(member.name == "journal.db" for member in made.members):
        click.echo("without a journal: back up its PostgreSQL database with pg_dump, if that is where it is", err=True)


@command.command("verify")
@_archive
def verify(archive: Path) -> None:
    """Read the whole ARCHIVE: every hash, and the integrity of every database."""
    found = backup.verify(archive)
    click.echo(f"{archive}: whole; {len(found.members)} files, {found.size / 1e6:.1f} MB, made {found.made_at}")


@command.command("restore")
@_archive
@click.option("--replace", is_flag=True, help="Move what is in the state directory aside (into replaced-TIME in it).")
@click.pass_obj
def restore(context: Context, archive: Path, replace: bool) -> None:
    """Put ARCHIVE into the state directory. It is verified first; stop `merata run` and the pages before."""
    found = backup.restore(archive, context.state, replace=replace, now=backup.clock())
    click.echo(f"{context.state}: restored from {archive}, made {found.made_at} by merata {found.program}")
