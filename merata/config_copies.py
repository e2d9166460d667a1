"""`merata config backup, history, diff, text, copy, drift, accept, compliance`: what the routers hold."""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click

from merata.cli import Context

if TYPE_CHECKING:
    from controller.changes.subjects import Subject
    from controller.configurations.collect import Fetched
    from controller.configurations.rules import Verdict
    from merata.config_fleet import ConfigFleet

WHERE = click.option("--where", "expression", default="all", show_default=True, help="Which devices.")
JSON = click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
RULES = "compliance.yaml"
#: Breaches and failures named in the text form; all are in --json.
SHOWN = 30


@click.command("backup")
@WHERE
@click.option("--workers", default=50, show_default=True, type=click.IntRange(1, 500), help="Sessions at once.")
@click.option(
    "--timeout", "session_s", default=90.0, show_default=True, type=click.FloatRange(1), help="Seconds a device."
)
@JSON
@click.pass_obj
def backup(context: Context, expression: str, workers: int, session_s: float, *, as_json: bool) -> None:
    """Fetch the running configurations: an encrypted copy each, and masked text in the history.

    Exits with 1 when a device could not be fetched.
    """
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        chosen = spoken(among(fleet, expression))
        collector = fleet.collector(workers=workers, session_s=session_s)
        with click.progressbar(length=len(chosen), label="Fetching", file=sys.stderr, hidden=as_json) as bar:
            told = collector.fetch(
                [fleet.device(s) for s in chosen], who=whoami(), why="backup", on_done=lambda _: bar.update(1)
            )
    failed = [one for one in told if one.error is not None]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in told], indent=1))
    else:
        _backup_told(told, failed)
    raise SystemExit(1 if failed else 0)


def _backup_told(told: Sequence[Fetched], failed: Sequence[Fetched]) -> None:
    counts: dict[str, int] = {}
    for one in told:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    click.echo(f"{len(told)} devices: " + (", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "none"))
    for text, names in (
        ("differ from what was accepted", [one.device for one in told if one.drifted]),
        ("hold changes that are not saved", [one.device for one in told if one.saved_differs]),
    ):
        if names:
            click.echo(f"{len(names)} {text}: {', '.join(names[:SHOWN])}{' ...' if len(names) > SHOWN else ''}")
    for one in failed[:SHOWN]:
        click.echo(f"  {one.device}: {one.error}", err=True)
    if len(failed) > SHOWN:
        click.echo(f"  and {len(failed) - SHOWN} more: --json tells all", err=True)


@click.command("history")
@click.argument("device")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="Revisions.")
@JSON
@click.pass_obj
def history(context: Context, device: str, limit: int, *, as_json: bool) -> None:
    """List the revisions in which a device's configuration changed, newest first."""
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        revisions = fleet.history.log(device, limit=limit)
        held = fleet.journal.configurations.held(device)
        zone = ZoneInfo(fleet.inventory.timezone)
    if not revisions:
        refuse(f"nothing is kept of {device!r} yet: run: merata config backup --where 'device={device}'")
    if as_json:
        accepted = None if held is None else held.accepted_revision
        click.echo(json.dumps({"accepted": accepted, "revisions": [asdict(r) for r in revisions]}, indent=1))
        return
    for revision in revisions:
        mark = " accepted" if held is not None and held.accepted_revision == revision.id else ""
        click.echo(
            f"{revision.id[:10]}  {clock(revision.at, zone)}  +{revision.added} -{revision.removed}"
            f"  {revision.who}: {revision.why}{mark}"
        )


@click.command("diff")
@click.argument("device")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.pass_obj
def diff(context: Context, device: str, old: str | None, new: str | None) -> None:
    """Show what changed in a device's configuration, secrets masked.

    Without revisions: from what was accepted to what was last fetched. With one: from that to the last.
    """
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        held = fleet.journal.configurations.held(device)
        if held is None or held.revision is None:
            refuse(f"nothing is kept of {device!r} yet: run: merata config backup --where 'device={device}'")
        first = old or held.accepted_revision or held.revision
        text = fleet.history.diff(device, first, new or held.revision)
        hidden = old is None and held.drifted and not text
    click.echo(text or ("Only a secret differs; it is not shown." if hidden else "No difference."), nl=not text)


@click.command("text")
@click.argument("device")
@click.argument("revision", required=False)
@click.pass_obj
def text(context: Context, device: str, revision: str | None) -> None:
    """Print a device's configuration as last fetched, or of a revision; secrets are masked."""
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        found = fleet.history.newest(device) if revision is None else fleet.history.text(device, revision)
    if found is None:
        refuse(f"nothing is kept of {device!r} yet: run: merata config backup --where 'device={device}'")
    click.echo(found, nl=False)


@click.command("copy")
@click.argument("device")
@click.argument("reference", required=False)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it here (mode 0600) instead of listing."
)
@click.pass_obj
def copy(context: Context, device: str, reference: str | None, output: Path | None) -> None:
    """List the restorable copies of a device, or write one, secrets included, to a file of yours.

    Writing one is a line in the audit.
    """
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        listed = fleet.copies.listed(device)
        if not listed:
            refuse(f"there is no copy of {device!r} yet: run: merata config backup --where 'device={device}'")
        if output is None:
            for kept in listed:
                click.echo(f"{kept.reference}  {kept.size} octets, encrypted")
            return
        wanted = reference or listed[0].reference
        whole = fleet.copies.get(device, wanted)
        try:
            opened = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            refuse(f"{output}: {error.strerror or error}")
        fleet.journal.rollouts.audit.append(
            time.time(), whoami(), "copy_written", f"device:{device}", {"reference": wanted}
        )
        with os.fdopen(opened, "w") as file:
            file.write(whole)
    click.echo(f"{output}: {device} as of {wanted}, with its secrets")


@click.command("drift")
@WHERE
@JSON
@click.pass_obj
def drift(context: Context, expression: str, *, as_json: bool) -> None:
    """List the devices that hold something else than what was accepted, as of their last backup.

    Exits with 1 when there is one.
    """
    from controller.configurations.drift import drifted, what
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        ids = {s.device.id for s in among(fleet, expression)}
        rows = {device: held for device, held in fleet.journal.configurations.all().items() if device in ids}
        found = [what(held, fleet.history) for held in drifted(rows)]
        zone = ZoneInfo(fleet.inventory.timezone)
    if as_json:
        click.echo(json.dumps([{**asdict(one.held), "diff": one.diff} for one in found], indent=1))
    else:
        click.echo(f"{len(found)} of {len(rows)} known configurations differ from what was accepted.")
        for one in found:
            held = one.held
            click.echo(f"\n{held.device}: accepted {clock(held.accepted_at, zone)} by {held.accepted_by}"
                       f" ({held.accepted_why}), fetched {clock(held.fetched_at, zone)}")  # fmt: skip
            click.echo(one.diff or "  Only a secret differs; it is not shown.\n", nl=False)
    raise SystemExit(1 if found else 0)


@click.command("accept")
@click.argument("devices", nargs=-1, required=True, metavar="DEVICE...")
@click.option("--why", required=True, help="Why what they hold is right.")
@click.pass_obj
def accept(context: Context, devices: tuple[str, ...], why: str) -> None:
    """Say that what these devices were last seen to hold is right: it is no drift any more."""
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        now, who = time.time(), whoami()
        accepted = fleet.journal.configurations.accept(devices, at=now, by=who, why=why[:300])
        for device in accepted:
            fleet.journal.rollouts.audit.append(now, who, "configuration_accepted", f"device:{device}", {"why": why})
    for device in accepted:
        click.echo(f"{device}: accepted")
    if missing := [device for device in devices if device not in accepted]:
        refuse(f"never fetched, so not accepted: {', '.join(missing)}")


@click.command("compliance")
@click.option(
    "--rules", "path", type=click.Path(path_type=Path, dir_okay=False),
    help=f"Rules file [{RULES} beside the inventory].",
)  # fmt: skip
@WHERE
@JSON
@click.pass_obj
def compliance(context: Context, path: Path | None, expression: str, *, as_json: bool) -> None:
    """Hold the last fetched configurations against the rules: green, red, why.

    Exits with 1 when a rule is broken.
    """
    from controller.configurations.rules import judge, load
    from merata.config_fleet import config_fleet

    file = path or context.inventory.parent / RULES
    try:
        written = file.read_text(encoding="utf-8")
    except OSError as error:
        refuse(f"{file}: {error.strerror or error}; docs/reference/configurations.md tells what a rules file is")
    with config_fleet(context.state, context.inventory) as fleet:
        rules, about = load(written, str(file), about_of(fleet))
        verdicts = judge(rules, [s.device.id for s in among(fleet, expression)], fleet.history.newest, about)
    if as_json:
        click.echo(json.dumps([_plain(v) for v in verdicts], indent=1))
    else:
        for verdict in verdicts:
            _verdict_told(verdict)
    raise SystemExit(1 if any(v.breaches for v in verdicts) else 0)


def about_of(fleet: ConfigFleet) -> Callable[[str], Callable[[str], bool]]:
    """What a where-expression means for device ids."""

    def meaning(expression: str) -> Callable[[str], bool]:
        ids = {s.device.id for s in fleet.chosen(fleet.where(expression))}
        return lambda device: device in ids

    return meaning


def _verdict_told(verdict: Verdict) -> None:
    rule = verdict.rule
    sign = "broken" if verdict.breaches else "kept"
    unread = f", {len(verdict.unread)} never fetched" if verdict.unread else ""
    click.echo(f"{sign:<6}  {rule.id}: {rule.title or rule.why}  ({verdict.kept} keep it,"
               f" {len(verdict.breaches)} break it{unread})")  # fmt: skip
    for breach in verdict.breaches[:SHOWN]:
        for pattern in breach.absent:
            click.echo(f"          {breach.device}: no line matches {pattern}")
        for number, line in breach.lines:
            click.echo(f"          {breach.device}:{number}: {line}")
    if len(verdict.breaches) > SHOWN:
        click.echo(f"          and {len(verdict.breaches) - SHOWN} more: --json tells all")


def _plain(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "rule": rule.id,
        "title": rule.title,
        "kept": verdict.kept,
        "unread": list(verdict.unread),
        "breaches": [asdict(b) for b in verdict.breaches],
    }


def among(fleet: ConfigFleet, expression: str) -> list[Subject]:
    """Whom an expression means; a wrong expression ends the command with a caret under the mistake."""
    from controller.changes.errors import WhereError

    try:
        return fleet.chosen(fleet.where(expression))
    except WhereError as error:
        refuse(f"--where: {error.pointing()}")


def spoken(chosen: Sequence[Subject]) -> list[Subject]:
    """Those with SSH settings and a language that we speak; the others are counted on standard error."""
    from merata.config_fleet import is_spoken

    found = [s for s in chosen if is_spoken(s)]
    if left := len(chosen) - len(found):
        click.echo(
            f"{left} devices are left out: no `ssh` settings to configure by, or a platform that is only watched",
            err=True,
        )
    if not found:
        refuse("no device is left to ask")
    return found


def clock(at: float | None, zone: ZoneInfo) -> str:
    """A time for people."""
    return "never" if at is None else datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def whoami() -> str:
    """Who acts on this command line: the user of the operating system."""
    return getpass.getuser()


def refuse(message: str) -> NoReturn:
    """End with one sentence and exit code 2."""
    click.echo(f"merata: {message}", err=True)
    raise SystemExit(2)


VERBS = (backup, history, diff, text, copy, drift, accept, compliance)
