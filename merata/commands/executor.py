"""`merata executor`: the one process that changes routers."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from datetime import time
from typing import TYPE_CHECKING

import click

from merata.cli import Context

if TYPE_CHECKING:
    from controller.rollout.executor import Executor


@click.command("executor")
@click.option(
    "--workers", type=click.IntRange(1, 200), default=100, show_default=True, help="Devices in hand at once at most."
)
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option(
    "--backup-at", default="02:00", envvar="MERATA_BACKUP_AT", show_default=True, metavar="HH:MM|never",
    help="When every configuration is fetched and kept, in the inventory's time zone.",
)  # fmt: skip
@click.pass_obj
def command(context: Context, workers: int, log_level: str, backup_at: str) -> None:
    """Send approved plans to routers, in waves, as requests ask for it; fetch every configuration at night.

    Prints `READY` once it holds the lease. SIGTERM and SIGINT let nothing new begin; devices under way are finished or
    rolled back first. After a kill the next start examines what was left in the middle.
    """
    from merata.rollout_parts import Changed, executor, nightly

    at = _time(backup_at)
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("alembic", "paramiko"):
        logging.getLogger(noisy).setLevel("ERROR")
    asked: list[int] = []
    while not asked:
        with executor(context.state, context.inventory, workers=workers) as whole:

            def stop(number: int, *_: object, whole: Executor = whole) -> None:
                asked.append(number)
                whole.stop()

            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, stop)
            # What is under way ends with the inventory it began with; then everything is joined anew.
            changed, backups = Changed(context.inventory), nightly(context.state, context.inventory, at)

            def over(changed: Changed = changed, backups: Callable[[], object] = backups) -> bool:
                backups()
                return changed()

            whole.run(ready=lambda: click.echo("READY"), until=over)


def _time(written: str) -> time | None:
    if written == "never":
        return None
    try:
        return time.fromisoformat(written)
    except ValueError:
        raise click.BadParameter(
            f"{written!r} is no time such as 02:00, nor `never`", param_hint="--backup-at"
        ) from None
