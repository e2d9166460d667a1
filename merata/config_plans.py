"""`merata config lint, render, plan, replan, plans, show, approve, reject`: from a change file to a plan to send."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click

from merata.cli import Context
from merata.config_copies import JSON, refuse, whoami

if TYPE_CHECKING:
    from controller.changes.model import Change
    from controller.changes.subjects import Subject
    from controller.rollout.records import Plan
    from merata.config_fleet import ConfigFleet

CHANGE = click.argument("change", type=click.Path(path_type=Path, exists=True), metavar="CHANGE")
PLAN = click.argument("number", type=int, metavar="PLAN")
SETS = click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="A variable's value. Repeatable.")
WORKERS = click.option(
    "--workers", default=50, show_default=True, type=click.IntRange(1, 500), help="Sessions at once."
)
EXIT_FAILED = 1


@click.command("lint")
@CHANGE
@SETS
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@JSON
@click.pass_obj
def lint(context: Context, change: Path, sets: tuple[str, ...], *, strict: bool, as_json: bool) -> None:
    """Check a change: its file, its templates, and what it becomes for every device. No device is asked.

    CHANGE is a file, or a folder with change.yaml. Exits with 1 when there is an error.
    """
    from controller.changes.lint import lint as look
    from devices.configuring.registry import dialect_of
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        whole = _read(fleet, change, as_json=as_json)
        fleet_now = fleet.chosen(fleet.where("all" if whole.where is None else whole.where.text))
        report = look(whole, fleet_now, dialect_of=dialect_of, values=_settings(whole, sets, is_whole=False))
    is_bad = not report.is_good or (strict and bool(report.findings))
    if as_json:
        click.echo(json.dumps({"good": not is_bad, **asdict(report)}, indent=1))
    else:
        for finding in report.findings:
            click.echo(str(finding), err=True)
        click.echo(
            f"{whole.path}: {report.targeted} devices, {report.written} can be written for"
            + ("" if is_bad else ": good")
        )
    raise SystemExit(EXIT_FAILED if is_bad else 0)


@click.command("render")
@CHANGE
@click.option("--device", "device", required=True, metavar="ID", help="For which device.")
@SETS
@click.option("--live", is_flag=True, help="Ask the device what it holds now, instead of the last copy.")
@JSON
@click.pass_obj
def render(context: Context, change: Path, device: str, sets: tuple[str, ...], *, live: bool, as_json: bool) -> None:
    """Print the lines that a device would be sent. Secrets stay marks (⟦env:NAME⟧).

    Intents look at what the device holds: its last copy (merata config backup), or with --live the device itself.
    """
    from controller.changes.rendering import render as write
    from devices.configuring.registry import dialect_of
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        whole = _read(fleet, change, as_json=as_json)
        subject = next((s for s in fleet.subjects if s.device.id == device), None)
        if subject is None:
            refuse(f"no device in service has the id {device!r}")
        dialect = dialect_of(subject.platform)
        if dialect is None:
            refuse(f"platform {subject.platform} of {device} is only watched")
        running = _running(fleet, subject, live=live)
        values = _settings(whole, sets, is_whole=True)
        found = write(whole, subject, dialect, running=dialect.normalise(running), values=values)
    if as_json:
        click.echo(json.dumps({"device": device, "dialect": dialect.name, **asdict(found)}, indent=1))
        return
    for line in found.lines:
        click.echo(line)
    for check in found.checks:
        click.echo(f"# must hold: {check}", err=True)


@click.command("plan")
@CHANGE
@click.option("--where", "expression", help="Which devices, instead of the change's own `where:`.")
@SETS
@click.option("--ticket", default="", help="Number of the paper behind it.")
@click.option("--reason", default="", help="Why; else the change's own.")
@WORKERS
@click.option("--brief", is_flag=True, help="No diffs and commands; `merata config show` has them.")
@JSON
@click.pass_obj
def plan(
    context: Context, change: Path, expression: str | None, sets: tuple[str, ...], ticket: str, reason: str,
    workers: int, *, brief: bool, as_json: bool,
) -> None:  # fmt: skip
    """Ask the devices now and freeze what each would be sent. Nothing is changed.

    Prints the masked difference and the exact commands by device, counts those that hold it already, warns where the
    way to a device or the only site of its people is at stake. Exits with 1 when a device could not be planned for.
    """
    from merata import config_making
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        whole = _read(fleet, change, as_json=as_json)
        with _bar(as_json=as_json) as bar:
            made = config_making.make(
                fleet, whole, author=whoami(), expression=expression, values=_pairs(sets), ticket=ticket,
                reason=reason, workers=workers, on_begin=bar.begin, on_done=bar.step,
            )  # fmt: skip
        zone = ZoneInfo(fleet.inventory.timezone)
    _told(made, zone, brief=brief, as_json=as_json)


@click.command("replan")
@PLAN
@WORKERS
@click.option("--brief", is_flag=True, help="No diffs and commands.")
@JSON
@click.pass_obj
def replan(context: Context, number: int, workers: int, *, brief: bool, as_json: bool) -> None:
    """Make a new plan for the devices of PLAN that it did not change: drifted, offline, refused, rolled back, skipped.

    The change file is read anew, so a mended template counts; the new plan needs its own approval.
    """
    from controller.rollout.differences import between
    from merata import config_making
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        old = known(fleet, number)
        with _bar(as_json=as_json) as bar:
            made = config_making.again(
                fleet, old, author=whoami(), workers=workers, on_begin=bar.begin, on_done=bar.step
            )
        zone = ZoneInfo(fleet.inventory.timezone)
    if made is None:
        refuse(f"plan {number} left no device behind: there is nothing to plan again")
    if not as_json:
        click.echo(f"Since plan {number}:")
        for line in between(old, made) or ["nothing is otherwise"]:
            click.echo(f"  {line}")
    _told(made, zone, brief=brief, as_json=as_json)


@click.command("plans")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@JSON
@click.pass_obj
def plans(context: Context, limit: int, *, as_json: bool) -> None:
    """List the plans, newest first."""
    from merata.config_fleet import config_fleet
    from merata.config_words import clock

    with config_fleet(context.state, context.inventory) as fleet:
        found = fleet.journal.rollouts.plans(limit=limit)
        sent = {r.plan: r for r in reversed(fleet.journal.rollouts.rollouts(limit=10 * limit))}
        zone = ZoneInfo(fleet.inventory.timezone)
    if as_json:
        rows = [{**asdict(one), "rollout": sent[one.id].id if one.id in sent else None} for one in found]
        click.echo(json.dumps(rows, indent=1))
        return
    for one in found:
        went = f"rollout {sent[one.id].id} {sent[one.id].state.value}" if one.id in sent else one.state.value
        click.echo(f"{one.id:>5}  {clock(one.made_at, zone)}  {one.author:<12} {one.change:<24} {went}")


@click.command("show")
@PLAN
@click.option("--device", "device", metavar="ID", help="Only this device.")
@JSON
@click.pass_obj
def show(context: Context, number: int, device: str | None, *, as_json: bool) -> None:
    """Print a plan: by device the masked difference and the exact commands."""
    from merata import config_words as words
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        found = known(fleet, number)
        zone = ZoneInfo(fleet.inventory.timezone)
    if device is not None and device not in {d.device for d in found.devices}:
        refuse(f"plan {number} has no device {device!r}")
    if as_json:
        click.echo(json.dumps(words.plan_json(found), indent=1))
        return
    for line in (*words.head(found, zone), *words.warnings(found), *words.devices(found, device)):
        click.echo(line)


@click.command("approve")
@PLAN
@JSON
@click.pass_obj
def approve(context: Context, number: int, *, as_json: bool) -> None:
    """Approve a plan: sign in as an engineer other than its author. Name and password are asked for, not arguments."""
    from controller.rollout.approval import approve as say_yes
    from controller.rollout.freezing import is_whole
    from merata import config_words as words
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        found = known(fleet, number)
        if not is_whole(found):
            refuse(f"plan {number} is not what was frozen under its hash: do not send it")
        if not as_json:
            for line in (*words.head(found, ZoneInfo(fleet.inventory.timezone)), *words.warnings(found)):
                click.echo(line)
        who = signed_in(fleet)
        approved = say_yes(fleet.journal, number, who, time.time())
    if as_json:
        click.echo(json.dumps({"plan": number, "state": approved.state.value, "approved_by": who}))
    else:
        click.echo(f"plan {number} is approved by {who}; send it with: merata config push {number}")


@click.command("reject")
@PLAN
@JSON
@click.pass_obj
def reject(context: Context, number: int, *, as_json: bool) -> None:
    """Say no to a plan, approved or not. A rollout that runs is stopped by `merata config stop`."""
    from controller.rollout.approval import reject as say_no
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        say_no(fleet.journal, number, whoami(), time.time())
    click.echo(json.dumps({"plan": number, "state": "rejected"}) if as_json else f"plan {number} is rejected")


def known(fleet: ConfigFleet, number: int) -> Plan:
    """A plan with its devices; ends the command where there is none."""
    found = fleet.journal.rollouts.plan(number)
    if found is None:
        refuse(f"there is no plan {number}; `merata config plans` lists them")
    return found


def signed_in(fleet: ConfigFleet) -> str:
    """The engineer who signs in here; ends the command where nobody does."""
    from controller.accounts.records import Role
    from controller.accounts.signin import authenticate

    name = click.prompt("Account", err=True)
    password = click.prompt("Password", hide_input=True, err=True)
    found = authenticate(fleet.journal, name, password, at=time.time(), address=f"local:{whoami()}")
    if found is None:
        refuse("account and password do not belong together, or too many tries: nothing was done")
    if found.role is not Role.ENGINEER:
        refuse(f"{found.name} is not an engineer")
    return found.name


@contextmanager
def foreseen() -> Iterator[None]:
    """What people get wrong in a change or an expression becomes a few lines and exit code 2."""
    from controller.changes.errors import RenderError, WhereError

    try:
        yield
    except WhereError as wrong:
        refuse(f"--where: {wrong.pointing()}")
    except (RenderError, ValueError) as wrong:
        refuse(str(wrong))


def _read(fleet: ConfigFleet, path: Path, *, as_json: bool) -> Change:
    from controller.changes.errors import ChangeError
    from merata.config_making import read

    try:
        return read(fleet, path)
    except ChangeError as error:
        _refused(error, as_json=as_json)


def _refused(error: Any, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"good": False, "complaints": [asdict(one) for one in error.complaints]}, indent=1))
    for complaint in () if as_json else error.complaints:
        click.echo(str(complaint), err=True)
    refuse(f"change refused: {len(error.complaints)} error(s)")


def _pairs(sets: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for given in sets:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise ValueError(f"expected --set NAME=VALUE, found {given!r}")
        found[name.strip()] = value
    return found


def _settings(change: Change, sets: tuple[str, ...], *, is_whole: bool) -> Mapping[str, str]:
    """Values as set; lint may go without some, and then says so for each device."""
    from controller.changes.variables import settings

    given = _pairs(sets)
    if not is_whole:
        lacking = [n for n, v in change.variables.items() if v.value is None and n not in given]
        if lacking:
            raise ValueError(f"{', '.join(lacking)} must be set to look at the change (--set {lacking[0]}=...)")
    return settings(change, given)


def _running(fleet: ConfigFleet, subject: Subject, *, live: bool) -> str:
    from devices.configuring.registry import dialect_of
    from devices.errors import CredentialError, DeviceError

    name = str(subject.device.id)
    if live:
        dialect = dialect_of(subject.platform)
        assert dialect is not None  # noqa: S101  asked before
        try:
            session = fleet.sessions.open(fleet.device(subject), deadline_s=120)
            try:
                found = dialect.fetch(session)
            except BaseException:
                session.cut()
                raise
            session.close()
        except (DeviceError, CredentialError) as error:
            refuse(f"{name}: {error}")
        return found
    kept = fleet.copies.listed(name)
    if kept:
        return fleet.copies.get(name, kept[0].reference)
    click.echo(f"{name} was never fetched (merata config backup): written as for an empty device", err=True)
    return ""


class _Bar:
    """How many devices were asked, on standard error."""

    def __init__(self, *, hidden: bool) -> None:
        self._hidden, self._total, self._done = hidden or not sys.stderr.isatty(), 0, 0

    def begin(self, total: int) -> None:
        self._total = total

    def step(self, _: object) -> None:
        self._done += 1
        if not self._hidden:
            click.echo(f"\rAsked {self._done} of {self._total}", nl=False, err=True)

    def end(self) -> None:
        if not self._hidden and self._total:
            click.echo("", err=True)


@contextmanager
def _bar(*, as_json: bool) -> Iterator[_Bar]:
    bar = _Bar(hidden=as_json)
    try:
        yield bar
    finally:
        bar.end()


def _told(made: Plan, zone: ZoneInfo, *, brief: bool, as_json: bool) -> NoReturn:
    from merata import config_words as words

    found = words.counts(made)
    if as_json:
        click.echo(json.dumps(words.plan_json(made), indent=1))
    else:
        for line in () if brief else words.devices(made):
            click.echo(line)
        click.echo("")
        for line in (*words.head(made, zone), *words.warnings(made)):
            click.echo(line)
        if found["change"]:
            click.echo(f"Somebody else approves it: merata config approve {made.id}")
    raise SystemExit(EXIT_FAILED if found["offline"] or found["refused"] else 0)


VERBS = (lint, render, plan, replan, plans, show, approve, reject)
