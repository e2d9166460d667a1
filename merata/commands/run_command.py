"""`merata run-command`: one command asked of many devices, the answers grouped by who said the same."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from merata.cli import Context
from merata.config_copies import JSON, among, refuse, spoken, whoami

if TYPE_CHECKING:
    from controller.changes.subjects import Subject
    from controller.configurations.asking import Answer
    from merata.config_fleet import ConfigFleet


@click.command("run-command")
@click.option("--where", "expression", required=True, help="Which devices; `all` for every one.")
@click.option("--workers", default=50, show_default=True, type=click.IntRange(1, 500), help="Sessions at once.")
@click.option(
    "--timeout", "session_s", default=60.0, show_default=True, type=click.FloatRange(1), help="Seconds a device."
)
@click.option("--by-device", is_flag=True, help="One answer a device instead of groups.")
@click.option(
    "--change", "account", metavar="ACCOUNT",
    help="Let a command through that may change something: sign in as this engineer. Nothing will undo it.",
)  # fmt: skip
@JSON
@click.argument("line", metavar="COMMAND")
@click.pass_obj
def command(
    context: Context, expression: str, workers: int, session_s: float, line: str, account: str | None,
    *, by_device: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run a command on devices and show what they say, secrets masked.

    Only commands that are known to change nothing are let through; a change belongs into `merata config`, which undoes
    what goes wrong. Exits with 1 when a device did not answer.
    """
    from controller.configurations.asking import Asker
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        chosen = spoken(among(fleet, expression))
        who = _allowed(fleet, chosen, line, account)
        asker = Asker(ways=fleet.ways(session_s), workers=workers)
        with click.progressbar(length=len(chosen), label="Asking", file=sys.stderr, hidden=as_json) as bar:
            answers = asker.ask([fleet.device(s) for s in chosen], line, on_done=lambda _: bar.update(1))
        if account is not None:
            failed = [a.device for a in answers if a.error is not None]
            facts = {"command": _masked(chosen, line), "devices": len(answers), "failed": failed}
            fleet.journal.rollouts.audit.append(time.time(), who, "command_ended", "fleet", facts)
    _told(answers, by_device=by_device, as_json=as_json)
    raise SystemExit(1 if any(answer.error is not None for answer in answers) else 0)


def _allowed(fleet: ConfigFleet, chosen: Sequence[Subject], line: str, account: str | None) -> str:
    """Who asks; ends the command where a line that may change something was not signed for."""
    from controller.accounts.records import Role
    from controller.accounts.signin import authenticate
    from devices.configuring.readonly import only_looks

    writes = sorted({s.dialect for s in chosen if s.dialect and not only_looks(s.dialect, line)})
    if not writes and account is None:
        return whoami()
    if account is None:
        refuse(
            f"{line!r} is not known to change nothing on {', '.join(writes)}; use `merata config` for changes, or"
            " --change ACCOUNT when it must be so"
        )
    password = click.prompt(f"Password of {account}", hide_input=True, err=True)
    signed = authenticate(fleet.journal, account, password, at=time.time(), address=f"local:{whoami()}")
    if signed is None or signed.role is not Role.ENGINEER:
        refuse(f"{account!r} did not sign in as an engineer")
    shown = _masked(chosen, line)
    click.echo(f"{len(chosen)} devices will be told: {shown}\nNothing undoes it.", err=True)
    if not click.confirm("Send it?", default=False, err=True):
        refuse("nothing was sent")
    facts = {
        "command": shown,
        "devices": [str(s.device.id) for s in chosen],
        "os_user": whoami(),
        "process": os.getpid(),
    }
    fleet.journal.rollouts.audit.append(time.time(), signed.name, "command_sent", "fleet", facts)
    return signed.name


def _masked(chosen: Sequence[Subject], line: str) -> str:
    from devices.configuring.registry import dialect_of

    for platform in {s.platform for s in chosen}:
        if (dialect := dialect_of(platform)) is not None:
            line = dialect.mask(line).rstrip("\n")
    return line


def _told(answers: Sequence[Answer], *, by_device: bool, as_json: bool) -> None:
    from controller.configurations.asking import grouped

    if as_json:
        click.echo(json.dumps([asdict(answer) for answer in answers], indent=1))
        return
    if by_device:
        for answer in answers:
            click.echo(f"== {answer.device}" if answer.error is None else f"== {answer.device}: {answer.error}")
            if answer.text is not None:
                click.echo(answer.text.rstrip())
        return
    for group in grouped(answers):
        names = ", ".join(group.devices)
        click.echo(f"== {len(group.devices)}: {names}" + (f": {group.error}" if group.error is not None else ""))
        if group.text is not None:
            click.echo(group.text)
