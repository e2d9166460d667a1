"""Make and change accounts. By a command on the machine: who can write the state directory may do this anyway."""

from __future__ import annotations

from controller.accounts.errors import AccountError
from controller.accounts.limits import LOCAL, subjects
from controller.accounts.passwords import Passwords
from controller.accounts.records import Account, Role, name_of
from controller.journal.journal import Journal


def add(
    journal: Journal, name: str, password: str, *, full_name: str, role: Role, at: float, by: str, passwords: Passwords
) -> Account:
    """Make an account.

    Raises:
        AccountError: the name or the password is not taken, or there is one already.
    """
    right = name_of(name)
    if right is None or right != name:
        raise AccountError(
            f"{name!r} cannot be an account: 2 to 40 of a-z, 0-9, dot, dash and underscore, a letter or digit first"
        )
    account = Account(name=right, full_name=full_name.strip() or right, role=role, made_at=at)
    journal.accounts.add(account, passwords.hash(password, right), by=by)
    return account


def set_password(journal: Journal, name: str, password: str, *, at: float, by: str, passwords: Passwords) -> int:
    """Change a password and end every session; gives how many ended. Waiting after failures ends too.

    Raises:
        AccountError: there is no such account, or the password is not taken.
    """
    encoded = passwords.hash(password, name)
    ended = journal.accounts.change(
        name, {"password": encoded}, at=at, by=by, act="account.password", end_sessions=True
    )
    journal.accounts.forgive(
        [subjects(name, "", known=False)["account"], subjects(name, LOCAL + by, known=True)["pair"]]
    )
    return ended


def set_role(journal: Journal, name: str, role: Role, *, at: float, by: str) -> int:
    """Change what an account may do; its sessions end, so that no page shows what is no longer allowed.

    Raises:
        NoSuchAccount: there is none.
    """
    return journal.accounts.change(
        name, {"role": role.value}, at=at, by=by, act="account.role", end_sessions=True, facts={"role": role.value}
    )


def set_enabled(journal: Journal, name: str, enabled: bool, *, at: float, by: str) -> int:
    """Let an account sign in, or no more; its sessions end. The name stays taken and its acts stay its own.

    Raises:
        NoSuchAccount: there is none.
    """
    act = "account.enable" if enabled else "account.disable"
    return journal.accounts.change(
        name, {"disabled_at": None if enabled else at}, at=at, by=by, act=act, end_sessions=not enabled
    )
