"""Is this person who they say, and may they try now? A wrong name and a wrong password answer alike, and as late."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from controller.accounts import limits
from controller.accounts.limits import Limits
from controller.accounts.passwords import Passwords
from controller.accounts.records import Account, name_of
from controller.journal.journal import Journal

NO_NAME = "?"  # in the audit, where the name typed is no account's: it might be a password
NOBODY = ""  # counted together: names that no account can have


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a try. Neither an account nor a wait: wrong name, wrong password, or disabled."""

    account: Account | None = None
    wait_s: float = 0.0  # too many failures: not even looked at


def authenticate(
    journal: Journal, name: str, password: str, *, at: float, address: str, passwords: Passwords | None = None
) -> Account | None:
    """The account, when name and password belong together and the limit on guessing allows the try.

    Args:
        journal: where accounts are.
        name: as typed.
        password: as typed.
        at: now, epoch s.
        address: where the person is: an IP address, or `local:<user>` for a command on this machine.
        passwords: how hashes are worked out; None: as the program does.
    """
    return check(journal, name, password, at=at, address=address, passwords=passwords or usual()).account


@cache
def usual() -> Passwords:
    """The program's own way to hash; one object a process, since it bounds the memory taken at once."""
    return Passwords()


def check(
    journal: Journal,
    name: str,
    password: str,
    *,
    at: float,
    address: str,
    passwords: Passwords,
    allowed: Limits | None = None,
) -> Answer:
    """As `authenticate`, and how long to wait where there were too many failures.

    The try is counted as failed before the password is looked at, and taken back when it was right, so that many at
    once in several workers are no way around the limit.
    """
    rows = journal.accounts
    wanted = name_of(name) or NOBODY
    known = rows.is_known(wanted, address, at - limits.KNOWN_S)
    counted = limits.subjects(wanted, address, known=known)
    with rows.trying(counted, at - limits.WINDOW_S) as trying:
        wait_s = limits.wait_s(trying.failures, allowed or Limits(), at)
        if wait_s <= 0:
            trying.note(counted, at)
    if wait_s > 0:
        return Answer(wait_s=wait_s)
    found = rows.account(wanted)
    account, encoded = found or (None, None)
    right = passwords.is_right(encoded, password)
    if account is None or encoded is None or not right or account.is_disabled:
        facts = {"address": address, "disabled": account is not None and account.is_disabled}
        rows.note(
            at, account.name if account else NO_NAME, "sign_in.failed", account.name if account else NO_NAME, facts
        )
        return Answer()
    rows.forgive([counted["pair"]])
    rows.forgive([s for k, s in counted.items() if k != "pair"], at=at)
    if passwords.is_outdated(encoded):
        rows.renew_hash(account.name, encoded, passwords.renew(password))
    return Answer(account=account)
