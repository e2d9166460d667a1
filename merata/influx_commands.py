"""`merata store setup`, `replay` and `dead`: prepare an InfluxDB, fill it, see what it refused."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from measurements.errors import StoreError
from measurements.influx.config import InfluxSettings, duration
from merata.cli import Context
from merata.store_settings import StoreSettings, store_settings

_url = click.option("--influx", metavar="URL", help="Address of the InfluxDB [MERATA_INFLUX_URL].")
_token = click.option("--token", metavar="TOKEN|file:PATH", help="Its token [MERATA_INFLUX_TOKEN]; better in a file.")
_org = click.option("--org", help="Its organisation, 2.x only [MERATA_INFLUX_ORG].")


def _settings(influx: str | None, token: str | None, org: str | None) -> InfluxSettings:
    said = {"MERATA_INFLUX_TOKEN": token, "MERATA_INFLUX_ORG": org}
    environ: Mapping[str, str] = {**os.environ, **{name: value for name, value in said.items() if value is not None}}
    found: StoreSettings = store_settings(environ, url=influx)
    if found.influx is None:
        raise StoreError("say where InfluxDB is: --influx URL or MERATA_INFLUX_URL")
    return found.influx


@click.command("setup")
@_url
@_token
@_org
@click.option("--yes", is_flag=True, help="Do not ask, even where points would be deleted.")
def setup(influx: str | None, token: str | None, org: str | None, yes: bool) -> None:
    """Make the buckets of an InfluxDB (1.8+, 2.x, 3) with their retention, or correct them.

    MERATA_INFLUX_RETENTION says how long each is kept: raw=30d,5m=365d,1h=1095d,1d=inf.
    """
    from measurements.influx.connection import Connection
    from measurements.influx.setup import apply, look

    settings = _settings(influx, token, org)
    connection = Connection(settings)
    try:
        server, plans = look(connection)
        click.echo(f"{settings.url}: InfluxDB {server.version}")
        for plan in plans:
            if plan.deletes and plan.found_s is not None:
                had, wanted = duration(plan.found_s), duration(plan.wanted_s)
                click.echo(
                    f"{plan.name}: kept for {had} now; with {wanted} InfluxDB deletes every point older than that"
                )
                if not yes:
                    click.confirm("Go on?", abort=True)
            done = apply(connection, server, plan)
            click.echo(f"{plan.name}: {done} (kept for {duration(plan.wanted_s)})")
    finally:
        connection.close()


@click.command("replay")
@_url
@_token
@_org
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="UTC; else all there is.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="UTC; else until now.")
@click.pass_obj
def replay(
    context: Context,
    influx: str | None,
    token: str | None,
    org: str | None,
    start: datetime | None,
    end: datetime | None,
) -> None:
    """Fill an InfluxDB from what is kept locally: raw rows, 5 minutes, hours, days, areas.

    Runs beside a running controller. Sending twice changes nothing, so an interrupted run is simply started again.
    """
    from measurements.influx.connection import Connection
    from measurements.influx.replay import Replay
    from measurements.sqlite.reader import open_reader

    settings = _settings(influx, token, org)
    connection = Connection(settings)
    now = time.time()
    run = Replay(open_reader(context.state), connection, settings, pause=time.sleep, rng=random.Random())  # noqa: S311
    began, said, lines, dead = time.monotonic(), 0.0, 0, 0
    try:
        for step in run.run(start=_epoch(start), end=_epoch(end) or int(now), now=now):
            lines, dead = step.lines, step.dead
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                until = datetime.fromtimestamp(step.until, UTC).isoformat("T", "minutes")
                click.echo(f"{step.bucket} {until}  {lines:,} lines, {lines / (said - began + 1e-9):,.0f}/s")
    finally:
        connection.close()
    click.echo(f"done: {lines:,} lines in {time.monotonic() - began:.1f} s, {dead:,} refused for good")


@click.command("dead")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many batches.")
@click.pass_obj
def dead(context: Context, limit: int) -> None:
    """Show the newest lines that InfluxDB will never take, and why."""
    from measurements.spool import dead_letters

    for bucket, at, reason, lines in dead_letters(context.state / "spool.db", limit):
        click.echo(f"{datetime.fromtimestamp(at, UTC).isoformat('T', 'seconds')} {bucket}: {reason}")
        click.echo("\n".join(f"  {line}" for line in lines.splitlines()))


def _epoch(said: datetime | None) -> int | None:
    return None if said is None else int(said.replace(tzinfo=UTC).timestamp())


def add_to(group: click.Group) -> None:
    """Hang the commands under `merata store`."""
    for each in (setup, replay, dead):
        group.add_command(each)
