"""`merata audit`: who did what to which router and why; a chain that shows tampering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from merata.cli import Context

if TYPE_CHECKING:
    from controller.journal.audit import Audit, Entry


@click.group()
def command() -> None:
    """Read and verify the record of changes to routers. Rows are only ever added."""


@command.command("list")
@click.option("--subject", help="Only of plan:ID, rollout:ID, device:ID or account:NAME.")
@click.option("--act", help="Only this act, such as device.sending.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def listing(context: Context, subject: str | None, act: str | None, limit: int, *, as_json: bool) -> None:
    """Show the newest rows, oldest first."""
    with _audit(context.state) as audit:
        for entry in audit.entries(subject=subject, act=act, limit=limit):
            click.echo(json.dumps(entry.plain(), ensure_ascii=False) if as_json else _line(entry))


@command.command("verify")
@click.option("--head", metavar="SEQ:HASH", help="A head that was noted elsewhere: it must still be in the chain.")
@click.pass_obj
def verify(context: Context, head: str | None) -> None:
    """Follow the chain; say its head, to be noted elsewhere. Exit code 1 when a row does not fit."""
    with _audit(context.state) as audit:
        broken = audit.verify(head=_head(head))
        newest = audit.head()
    if broken is not None:
        click.echo(f"row {broken} does not fit: the audit was changed there, or its end was cut off", err=True)
        raise SystemExit(1)
    if newest is None:
        click.echo("the audit is empty")
        return
    click.echo(f"{newest.seq} rows, each fits the one before; head {newest.seq}:{newest.hash}")


@command.command("export")
@click.argument("output", type=click.File("w", encoding="utf-8", lazy=False), default="-")
@click.pass_obj
def export(context: Context, output: TextIO) -> None:
    """Write every row as JSON lines to OUTPUT (default: standard output), oldest first."""
    with _audit(context.state) as audit:
        for entry in audit.every():
            output.write(json.dumps(entry.plain(), ensure_ascii=False) + "\n")


@contextmanager
def _audit(state: Path) -> Iterator[Audit]:
    from controller.journal.journal import Journal
    from merata.settings import open_state

    with closing(Journal.open(open_state(state).journal)) as journal:
        yield journal.rollouts.audit


def _head(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise click.BadParameter("expected SEQ:HASH as `merata audit verify` prints it", param_hint="--head")
    return int(number), digest


def _line(entry: Entry) -> str:
    when = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = json.dumps({k: v for k, v in entry.facts.items() if v not in (None, "", [])}, ensure_ascii=False)
    return f"{entry.seq:>6}  {when}  {entry.who:<12} {entry.act:<22} {entry.subject}  {told if told != '{}' else ''}"
