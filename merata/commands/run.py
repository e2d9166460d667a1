"""`merata run`: the controller. Polls until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click

from merata.cli import Context


@click.command("run")
@click.option(
    "--store", type=click.Choice(["sqlite", "influx"]), default="sqlite", envvar="MERATA_STORE", show_default=True,
    help="Where raw readings are kept.",
)  # fmt: skip
@click.option(
    "--interval", type=click.IntRange(1, 3600), default=60, envvar="MERATA_INTERVAL", show_default=True,
    help="Seconds between polls of a device.",
)  # fmt: skip
@click.option(
    "--in-flight", type=click.IntRange(1, 20_000), default=1_000, envvar="MERATA_IN_FLIGHT", show_default=True,
    help="Devices asked at the same time at most.",
)  # fmt: skip
@click.option(
    "--speed-tests", type=click.Path(path_type=Path, dir_okay=False), envvar="MERATA_SPEED_TESTS",
    help="TOML file: how sites test their speed by themselves. Without it MERATA_SPEED_URL alone, else none.",
)  # fmt: skip
@click.option("--speed-url", envvar="MERATA_SPEED_URL", hidden=True)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.pass_obj
def command(
    context: Context,
    store: str,
    interval: int,
    in_flight: int,
    speed_tests: Path | None,
    speed_url: str | None,
    log_level: str,
) -> None:
    """Poll the fleet of the inventory, judge it and store what it said.

    Prints `READY` once the first cycle may begin. SIGTERM and SIGINT end it cleanly: the cycle under way is dropped,
    what it already gave is stored.
    """
    from controller.coverage.errors import BadInput
    from controller.polling.settings import PollingSettings
    from merata import bootstrap
    from merata.coverage_jobs import RulesFile

    try:
        speed = RulesFile(speed_tests, speed_url)
        speed()
    except BadInput as error:
        click.echo(f"merata: {error}", err=True)
        sys.exit(2)
    if speed.complaint is not None:  # later a broken file only leaves the old rules standing
        click.echo(f"merata: {speed.complaint}", err=True)
        sys.exit(2)
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel("ERROR")
    settings = PollingSettings(interval_s=interval, in_flight=in_flight)

    async def main() -> None:
        async with bootstrap.controller(
            context.state, context.inventory, settings=settings, store=store, speed=speed
        ) as (controller, parts):
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, controller.stop)
            await controller.run(
                ready=lambda: click.echo(f"READY {len(parts.inventory.devices)} devices every {interval} s")
            )

    bootstrap.run_loop(main)
