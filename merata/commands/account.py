"""`merata account`: who may sign in, and what they may do. Works on the state directory alone."""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path

import click

from controller.accounts import manage
from controller.accounts.errors import AccountError, AccountExists, NoSuchAccount
from controller.accounts.passwords import MIN_LENGTH
from controller.accounts.records import Role, name_of
from controller.accounts.sessions import Lifetime
from controller.accounts.signin import usual
from controller.journal.journal import Journal
from controller.rollout.approval import SELF_APPROVAL
from merata.cli import Context
from merata.settings import open_state

ROLES = click.Choice([r.value for r in Role])
PASSWORD_FILE = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="First line of this file; - is standard input. Without it you are asked.",
)


@click.group()
def command() -> None:
    """Accounts of the people who sign in."""


@command.command()
@click.argument("name")
@click.option(
    "--role", type=ROLES, default=Role.VIEWER.value, show_default=True, help="An engineer may change devices."
)
@click.option("--full-name", default="", help="As it stands on plans and in the audit.")
@PASSWORD_FILE
@click.pass_obj
def add(context: Context, name: str, role: str, full_name: str, password_file: Path | None) -> None:
    """Make an account."""
    journal = _journal(context)
    if journal.accounts.account(name_of(name) or "") is not None:  # before a password is asked for
        raise AccountExists(f"there is an account {name!r} already")
    made = manage.add(
        journal,
        name,
        _password(password_file),
        full_name=full_name,
        role=Role(role),
        at=time.time(),
        by=_who(),
        passwords=usual(),
    )
    click.echo(f"{made.name}: {made.role.value}")


@command.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """Show the accounts, when each last signed in, and how many browsers are signed in now."""
    journal = _journal(context)
    now = time.time()
    alive = journal.accounts.sessions_alive(now, Lifetime().idle_s)
    rows = [
        (
            a.name,
            a.full_name,
            "disabled" if a.is_disabled else a.role.value,
            _day(a.seen_at),
            str(alive.get(a.name, 0)),
        )
        for a in journal.accounts.all()
    ]
    if not rows:
        click.echo("no accounts yet; make the first: merata account add NAME --role engineer")
        return
    rows.insert(0, ("name", "full name", "role", "last sign-in (UTC)", "signed in"))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@command.command()
@click.argument("name")
@PASSWORD_FILE
@click.pass_obj
def password(context: Context, name: str, password_file: Path | None) -> None:
    """Give a new password; every browser of the account is signed out, and waiting after failures ends."""
    journal = _journal(context)
    _known(journal, name)
    ended = manage.set_password(journal, name, _password(password_file), at=time.time(), by=_who(), passwords=usual())
    click.echo(f"{name}: password changed, {ended} session(s) ended")


@command.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@click.pass_obj
def role(context: Context, name: str, role: str) -> None:
    """Change what an account may do; its sessions end."""
    ended = manage.set_role(_journal(context), name, Role(role), at=time.time(), by=_who())
    click.echo(f"{name}: {role}, {ended} session(s) ended")


@command.command()
@click.argument("name")
@click.pass_obj
def disable(context: Context, name: str) -> None:
    """Let an account sign in no more; its sessions end at once. It stays in the record."""
    ended = manage.set_enabled(_journal(context), name, False, at=time.time(), by=_who())
    click.echo(f"{name}: disabled, {ended} session(s) ended")


@command.command()
@click.argument("name")
@click.pass_obj
def enable(context: Context, name: str) -> None:
    """Let a disabled account sign in again."""
    manage.set_enabled(_journal(context), name, True, at=time.time(), by=_who())
    click.echo(f"{name}: enabled")


@command.command("self-approval")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.pass_obj
def self_approval(context: Context, switch: str) -> None:
    """Let authors approve their own plans, or not: for offices of one person."""
    journal, at, on = _journal(context), time.time(), switch == "on"
    journal.set_setting(SELF_APPROVAL, on, who=_who(), at=at)
    journal.rollouts.audit.append(at, _who(), "setting.changed", f"setting:{SELF_APPROVAL}", {"value": on})
    click.echo(
        "an author may approve the own plan" if on else "a plan is approved by another account than its author's"
    )


def _journal(context: Context) -> Journal:
    return Journal.open(open_state(context.state).journal)


def _known(journal: Journal, name: str) -> None:
    if journal.accounts.account(name) is None:  # before a password is asked for
        raise NoSuchAccount(f"there is no account {name!r}")


def _who() -> str:
    """Who types: kept in the audit."""
    return f"local:{getpass.getuser()}"


def _password(file: Path | None) -> str:
    """The password: never an argument, where every user of the machine could read it.

    Raises:
        AccountError: the file cannot be read or is empty.
    """
    if file is None:
        words = f"Password (at least {MIN_LENGTH} characters)"
        return str(click.prompt(words, hide_input=True, confirmation_prompt="Again"))
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise AccountError(f"{file} cannot be read: {err}") from err
    first = text.split("\n", 1)[0].rstrip("\r")
    if not first:
        raise AccountError(f"{file}: its first line is empty")
    return first


def _day(at: float | None) -> str:
    return "never" if at is None else time.strftime("%Y-%m-%d %H:%M", time.gmtime(at))
