"""`merata store`: what is kept, for how long, and how the store is."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import click

from measurements.influx.status import with_spool
from measurements.spool import peek
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.retention import losses
from measurements.sqlite.settings import read_retention, write_retention
from measurements.store import Retention
from merata import influx_commands
from merata.cli import Context


@click.group()
def command() -> None:
    """Look at the store, change how long it keeps, prepare and fill an InfluxDB."""


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Say what is kept, how large it is, and how far roll-ups are. Reads beside a running controller."""
    found = SqliteReader(context.state).status()
    if (waiting := peek(context.state / "spool.db")) is not None:
        found = with_spool(found, waiting, time.time())
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), indent=1))
        return
    click.echo(f"{found.kind}: {found.path}")
    click.echo(f"library: {found.version}")
    click.echo(f"on disk: {found.bytes_on_disk / 1e6:.1f} MB")
    newest = "none" if found.newest_slot is None else _time(found.newest_slot)
    click.echo(f"newest reading: {newest}")
    if found.lag_s is not None:
        click.echo(f"not rolled up yet: {found.lag_s:.0f} s")
    for name, value in found.details.items():
        click.echo(f"{name.replace('_', ' ')}: {_shown(name, value)}")
    for alarm in found.alarms:
        click.echo(f"ALARM: {alarm}")


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(moment))


def _shown(name: str, value: object) -> str:
    if name.endswith("_bytes") and isinstance(value, int):
        return f"{value / 1e6:.1f} MB"
    if name == "rolled_up_until" and isinstance(value, dict):
        return ", ".join(f"{tier} {_time(until)}" for tier, until in value.items())
    if isinstance(value, dict):
        return ", ".join(f"{key} {'for ever' if inner is None else inner}" for key, inner in value.items())
    if isinstance(value, list):
        return " to ".join(str(each) for each in value) or "none"
    return str(value)


@command.command("retention")
@click.option("--raw-days", type=click.IntRange(2), help="Raw rows of devices.")
@click.option("--interface-days", type=click.IntRange(2), help="Raw rows of interfaces: the bulk of the disk.")
@click.option("--five-minute-days", type=click.IntRange(2), help="5-minute rows.")
@click.option("--hourly-days", type=click.IntRange(2), help="Hourly rows.")
@click.option("--hourly-for-ever", is_flag=True, help="Keep hourly rows for ever.")
@click.option("--yes", is_flag=True, help="Delete what a shorter time no longer covers.")
@click.pass_obj
def retention(
    context: Context,
    raw_days: int | None,
    interface_days: int | None,
    five_minute_days: int | None,
    hourly_days: int | None,
    hourly_for_ever: bool,
    yes: bool,
) -> None:
    """Show or change how long tiers are kept. Intervals, outages and daily rows are kept for ever.

    Says what would be deleted and changes nothing without --yes; the next upkeep (within 5 minutes) deletes it.
    """
    said = {
        "raw_days": raw_days,
        "interface_days": interface_days,
        "five_minute_days": five_minute_days,
        "hourly_days": hourly_days,
    }
    changes: dict[str, Any] = {name: days for name, days in said.items() if days is not None}
    if hourly_for_ever:
        changes["hourly_days"] = None
    current = read_retention(context.state)
    wanted = dataclasses.replace(current, **changes)
    for field in dataclasses.fields(Retention):
        was, now = getattr(current, field.name), getattr(wanted, field.name)
        arrow = "" if was == now else f" -> {'for ever' if now is None else now}"
        click.echo(f"{field.name.replace('_', ' ')}: {'for ever' if was is None else was}{arrow}")
    if wanted == current:
        return
    gone = losses(context.state, wanted, time.time())
    for loss in gone:
        size = f"{loss.bytes / 1e6:.1f} MB" if loss.bytes is not None else f"{loss.rows} rows"
        click.echo(f"would be deleted for good: {loss.what}, {loss.days} days, {size}")
    if gone and not yes:
        click.echo("nothing was changed: say --yes to delete this")
        raise SystemExit(1)
    context.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_retention(context.state, wanted)
    click.echo("kept from now on; the next upkeep of `merata run` applies it")


influx_commands.add_to(command)
