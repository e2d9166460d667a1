"""`merata store`: what is kept, for how long, and how the store is."""

from __future__ import annotations

import click

from merata import influx_commands


@click.group()
def command() -> None:
    """Look at the store, change how long it keeps, prepare and fill an InfluxDB."""


influx_commands.add_to(command)
