"""Who holds what, and until when: one executor of bulk changes, one hand on a device.

A lease that ended is nobody's. Times are the caller's epoch seconds; whoever works renews well before the end, and
asks again before each act (`held_by` in the transaction of a step), so that a process that slept through its lease
does nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, insert, select, update

from controller.journal.connection import Connected
from controller.journal.tables import LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One row: `name` is held by `holder` over [since, until)."""

    name: str
    holder: str
    purpose: str
    since: float
    until: float


class Leases(Connected):
    """The leases of a journal."""

    def take_lease(
        self, name: str, holder: str, purpose: str, at: float, seconds: float, *, instead_of: str | None = None
    ) -> bool:
        """Take or prolong a lease; False while another holds it.

        Args:
            name: `executor`, `device:<id>`.
            holder: who; the same holder may take it again.
            purpose: a short code that people are shown.
            at: now.
            seconds: how long.
            instead_of: a holder that is known to be dead, whose lease may be taken before its end.
        """
        with self._write() as connection:
            found = connection.execute(select(LEASE).where(LEASE.c.name == name).with_for_update()).first()
            if found is not None and found.until > at and found.holder not in (holder, instead_of):
                return False
            mine = found is not None and found.holder == holder and found.until > at
            since = found.since if mine and found is not None else at
            values = {"holder": holder, "purpose": purpose, "since": since, "until": at + seconds}
            if found is None:
                connection.execute(insert(LEASE).values(name=name, **values))
            else:
                connection.execute(update(LEASE).where(LEASE.c.name == name).values(values))
            return True

    def renew(self, name: str, holder: str, at: float, seconds: float) -> bool:
        """Prolong; False when it is no longer `holder`'s (it ended and another took it, or it was released)."""
        mine = and_(LEASE.c.name == name, LEASE.c.holder == holder)
        with self._write() as connection:
            return connection.execute(update(LEASE).where(mine).values(until=at + seconds)).rowcount == 1

    def renew_all(self, holder: str, at: float, seconds: float) -> int:
        """Prolong everything that `holder` holds, in one transaction; gives how many."""
        with self._write() as connection:
            mine = and_(LEASE.c.holder == holder, LEASE.c.until < at + seconds)
            return int(connection.execute(update(LEASE).where(mine).values(until=at + seconds)).rowcount)

    def release(self, name: str, holder: str) -> None:
        """Give it back; no error when it is another's by now."""
        with self._write() as connection:
            connection.execute(delete(LEASE).where(and_(LEASE.c.name == name, LEASE.c.holder == holder)))

    def lease(self, name: str) -> Lease | None:
        """The row, ended or not; None when nobody ever held it or gave it back."""
        with self._read() as connection:
            row = connection.execute(select(LEASE).where(LEASE.c.name == name)).first()
            return None if row is None else Lease(**row._mapping)

    def leases(self, prefix: str = "", *, at: float | None = None) -> Sequence[Lease]:
        """Leases whose name begins so; with `at` only those that hold then."""
        query = select(LEASE).where(LEASE.c.name.startswith(prefix, autoescape=True)).order_by(LEASE.c.name)
        if at is not None:
            query = query.where(LEASE.c.until > at)
        with self._read() as connection:
            return [Lease(**row._mapping) for row in connection.execute(query)]


def held_by(connection: Connection, name: str, holder: str) -> bool:
    """True when the lease is this holder's (and, ended or not, nobody took it since)."""
    found = connection.execute(select(LEASE.c.holder).where(LEASE.c.name == name)).scalar()
    return found == holder
