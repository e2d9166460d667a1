"""`merata config`: what the routers hold, and how it is changed in bulk (docs/how-to/change-routers.md)."""

from __future__ import annotations

import click

from merata import config_copies, config_plans, config_push


@click.group()
def command() -> None:
    """Keep, compare and change the configurations of many routers.

    Exit codes: 0 all well; 1 done, with failures; 2 bad input; 3 stopped; 4 waiting or not over.
    """


for verb in (*config_copies.VERBS, *config_plans.VERBS, *config_push.VERBS):
    command.add_command(verb)
