"""A signed-in browser: a random token in its cookie, only the token's SHA-256 in the journal."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace

from controller.accounts.limits import KNOWN_S
from controller.accounts.records import Account, Session
from controller.journal.journal import Journal

TOKEN_BYTES = 32
TOUCH_S = 60.0  # how exactly the last use is known: not every request writes to disk
_FORM = b"merata form token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """When a session ends: so long after its last use, and so long after sign-in whatever happens."""

    idle_s: float = 3600.0
    absolute_s: float = 43_200.0


def begin(
    journal: Journal,
    account: Account,
    *,
    at: float,
    address: str,
    agent: str,
    lifetime: Lifetime,
    replaces: str | None = None,
) -> str:
    """Start a session after a right password; gives the token. It is new whatever the browser held before.

    Args:
        journal: where sessions are.
        account: who signed in.
        at: now.
        address: where from.
        agent: what the browser calls itself.
        lifetime: when it ends.
        replaces: token that the browser held; its session ends.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = Session(account=account, made_at=at, seen_at=at, ends_at=at + lifetime.absolute_s, address=address)
    old = digest(replaces) if replaces else None
    journal.accounts.open_session(digest(token), session, agent=agent, ends=old, forget=at - KNOWN_S)
    return token


def session_of(journal: Journal, token: str, *, at: float, lifetime: Lifetime, uses: bool = True) -> Session | None:
    """The session of a token, None when there is none, it has ended, or its account is disabled.

    Args:
        journal: where sessions are.
        token: from the cookie.
        at: now.
        lifetime: when it ends.
        uses: the person did something; False for what a page asks by itself, which keeps nobody signed in.
    """
    found = journal.accounts.session(digest(token))
    if found is None or found.account.is_disabled or found.until(lifetime.idle_s) <= at:
        return None
    if uses and at - found.seen_at >= TOUCH_S:
        journal.accounts.touch(digest(token), at)
        return replace(found, seen_at=at)
    return found


def renew(journal: Journal, token: str, *, at: float) -> None:
    """The person asks to stay signed in; the absolute end stays."""
    journal.accounts.touch(digest(token), at)


def end(journal: Journal, token: str, *, at: float, by: str) -> None:
    """Sign out."""
    journal.accounts.end(digest(token), at, by=by)


def digest(token: str) -> str:
    """What the journal holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(token: str) -> str:
    """What a form of this session carries: it cannot be had without the token, nor the token from it."""
    return hmac.new(token.encode(), _FORM, hashlib.sha256).hexdigest()


def is_form_token(token: str, given: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(form_token(token), given.encode("ascii", "replace").decode())
