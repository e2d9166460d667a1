"""Accounts, sessions and failed sign-ins as rows. What they mean is decided in `controller.accounts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from controller.accounts.errors import AccountExists, NoSuchAccount
from controller.accounts.records import Account, Role, Session
from controller.journal.audit import add as add_audit
from controller.journal.connection import Connected
from controller.journal.tables import ACCOUNT, SIGN_IN_FAILURE, WEB_SESSION


class AccountRows(Connected):
    """The three tables. Every writing method is one durable transaction, its audit row included.

    Every method raises `JournalUnavailable` when the journal does not answer.
    """

    # Accounts

    def add(self, account: Account, password: str, *, by: str) -> None:
        """Keep a new account with its encoded hash.

        Raises:
            AccountExists: the name is taken.
        """
        values = {
            "name": account.name,
            "full_name": account.full_name,
            "role": account.role.value,
            "password": password,
            "made_at": account.made_at,
        }
        with self._write() as connection:
            if connection.execute(select(ACCOUNT.c.name).where(ACCOUNT.c.name == account.name)).first() is not None:
                raise AccountExists(f"there is an account {account.name!r} already")
            connection.execute(insert(ACCOUNT).values(values))
            facts = {"role": account.role.value}
            _audit(connection, account.made_at, by, "account.add", account.name, facts)

    def all(self) -> list[Account]:
        """Every account by name, disabled ones too."""
        with self._read() as connection:
            return [_account(row) for row in connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.name))]

    def exists_any(self) -> bool:
        """Whether anybody can sign in."""
        query = select(ACCOUNT.c.name).where(ACCOUNT.c.disabled_at.is_(None)).limit(1)
        with self._read() as connection:
            return connection.execute(query).first() is not None

    def account(self, name: str) -> tuple[Account, str] | None:
        """An account and its encoded hash."""
        with self._read() as connection:
            row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == name)).first()
            return None if row is None else (_account(row), str(row.password))

    def change(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        at: float,
        by: str,
        act: str,
        end_sessions: bool,
        facts: Mapping[str, Any] | None = None,
    ) -> int:
        """Change columns of an account and end its sessions, in one transaction; gives how many ended.

        Raises:
            NoSuchAccount: there is none of that name.
        """
        with self._write() as connection:
            if connection.execute(update(ACCOUNT).where(ACCOUNT.c.name == name).values(dict(values))).rowcount != 1:
                raise NoSuchAccount(f"there is no account {name!r}")
            ended = 0
            if end_sessions:
                alive = and_(WEB_SESSION.c.account == name, WEB_SESSION.c.ends_at > at)
                ended = int(connection.execute(update(WEB_SESSION).where(alive).values(ends_at=at)).rowcount)
            _audit(connection, at, by, act, name, {**(facts or {}), "sessions_ended": ended})
            return ended

    def renew_hash(self, name: str, old: str, new: str) -> None:
        """Replace a hash of the same password that was made with other parameters."""
        same = and_(ACCOUNT.c.name == name, ACCOUNT.c.password == old)
        with self._write() as connection:
            connection.execute(update(ACCOUNT).where(same).values(password=new))

    def note(self, at: float, who: str, act: str, name: str, facts: Mapping[str, Any]) -> None:
        """An audit row about an account."""
        with self._write() as connection:
            _audit(connection, at, who, act, name, facts)

    # Sessions

    def open_session(self, digest: str, session: Session, *, agent: str, ends: str | None, forget: float) -> None:
        """Keep a session that just began, end the one it replaces, and forget those that ended before `forget`."""
        row = {
            "token": digest,
            "account": session.account.name,
            "made_at": session.made_at,
            "seen_at": session.seen_at,
            "ends_at": session.ends_at,
            "agent": agent[:200],
            "address": session.address[:64],
        }
        with self._write() as connection:
            if ends is not None:
                connection.execute(_ending(ends, session.made_at))
            connection.execute(delete(WEB_SESSION).where(WEB_SESSION.c.ends_at < forget))
            connection.execute(insert(WEB_SESSION).values(row))
            connection.execute(
                update(ACCOUNT).where(ACCOUNT.c.name == session.account.name).values(seen_at=session.made_at)
            )
            name, facts = session.account.name, {"address": session.address}
            _audit(connection, session.made_at, name, "sign_in", name, facts)

    def session(self, digest: str) -> Session | None:
        """The session of a token's digest with its account, ended or not."""
        columns = (
            *ACCOUNT.c,
            *(WEB_SESSION.c[n].label(f"s_{n}") for n in ("made_at", "seen_at", "ends_at", "address")),
        )
        joined = select(*columns).join(WEB_SESSION, WEB_SESSION.c.account == ACCOUNT.c.name)
        with self._read() as connection:
            row = connection.execute(joined.where(WEB_SESSION.c.token == digest)).first()
        if row is None:
            return None
        times = {"made_at": row.s_made_at, "seen_at": row.s_seen_at, "ends_at": row.s_ends_at}
        return Session(account=_account(row), address=row.s_address, **times)

    def touch(self, digest: str, at: float) -> None:
        """Note that the session was used."""
        alive = and_(WEB_SESSION.c.token == digest, WEB_SESSION.c.ends_at > at)
        with self._write() as connection:
            connection.execute(update(WEB_SESSION).where(alive).values(seen_at=at))

    def end(self, digest: str, at: float, *, by: str) -> None:
        """End one session; does nothing when it has ended."""
        with self._write() as connection:
            if connection.execute(_ending(digest, at)).rowcount:
                _audit(connection, at, by, "sign_out", by, {})

    def sessions_alive(self, at: float, idle_s: float) -> Mapping[str, int]:
        """How many browsers are signed in, by account."""
        alive = and_(WEB_SESSION.c.ends_at > at, WEB_SESSION.c.seen_at > at - idle_s)
        query = select(WEB_SESSION.c.account, func.count()).where(alive).group_by(WEB_SESSION.c.account)
        with self._read() as connection:
            return {name: int(count) for name, count in connection.execute(query)}

    def is_known(self, name: str, address: str, since: float) -> bool:
        """Whether this account signed in from this address since then."""
        place = and_(WEB_SESSION.c.account == name, WEB_SESSION.c.address == address[:64])
        query = select(WEB_SESSION.c.token).where(and_(place, WEB_SESSION.c.made_at > since)).limit(1)
        with self._read() as connection:
            return connection.execute(query).first() is not None

    # Failed sign-ins

    @contextmanager
    def trying(self, subjects: Mapping[str, str], since: float) -> Iterator[Trying]:
        """Failures since then, and the pen to add one, in one transaction: two workers cannot both be the last."""
        with self._write() as connection:
            connection.execute(delete(SIGN_IN_FAILURE).where(SIGN_IN_FAILURE.c.at < since))
            held = select(SIGN_IN_FAILURE.c.subject, SIGN_IN_FAILURE.c.at).where(
                SIGN_IN_FAILURE.c.subject.in_(subjects.values())
            )
            times: dict[str, list[float]] = {kind: [] for kind in subjects}
            kinds = {subject: kind for kind, subject in subjects.items()}
            for subject, at in connection.execute(held.order_by(SIGN_IN_FAILURE.c.at)):
                times[kinds[subject]].append(at)
            yield Trying(connection, times)

    def forgive(self, subjects: Sequence[str], *, at: float | None = None) -> None:
        """Forget failures of these subjects; with a time only the one noted then."""
        which = delete(SIGN_IN_FAILURE).where(SIGN_IN_FAILURE.c.subject.in_(subjects))
        if at is not None:
            which = which.where(SIGN_IN_FAILURE.c.at == at)
        with self._write() as connection:
            connection.execute(which)


class Trying:
    """Failures of each kind, oldest first, while nobody else can add one."""

    def __init__(self, connection: Connection, failures: Mapping[str, Sequence[float]]) -> None:
        self._connection = connection
        self.failures = failures

    def note(self, subjects: Mapping[str, str], at: float) -> None:
        """Count a try as failed; it is taken back when it turns out right."""
        self._connection.execute(insert(SIGN_IN_FAILURE), [{"subject": s, "at": at} for s in subjects.values()])


def _audit(connection: Connection, at: float, who: str, act: str, name: str, facts: Mapping[str, Any]) -> None:
    add_audit(connection, at=at, who=who, act=act, subject=f"account:{name}", facts=facts)


def _ending(digest: str, at: float) -> Any:
    alive = and_(WEB_SESSION.c.token == digest, WEB_SESSION.c.ends_at > at)
    return update(WEB_SESSION).where(alive).values(ends_at=at)


def _account(row: Row[Any]) -> Account:
    return Account(
        name=row.name,
        full_name=row.full_name,
        role=Role(row.role),
        made_at=row.made_at,
        disabled_at=row.disabled_at,
        seen_at=row.seen_at,
    )
