"""The audit: what was done to routers, by whom and why. Rows are only added, and each holds the hash of the one before.

The chain shows a changed, inserted or removed row. It cannot show that its newest rows were cut off, or that the whole
was written anew: keep `head()` elsewhere (a printed report, a message) and hand it to `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, text

from controller.journal.connection import Connected
from controller.journal.tables import AUDIT

FIRST: Final = "0" * 64  # what the first row holds as the hash before it
_LOCK: Final = 0x4D415544  # PostgreSQL advisory lock: one row after the other
_CHUNK: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. `subject`: `plan:<id>`, `rollout:<id>`, `device:<id>`, `account:<name>`. `facts` hold no secret."""

    seq: int
    at: float
    who: str
    act: str
    subject: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    before: str = FIRST
    hash: str = ""

    def plain(self) -> dict[str, Any]:
        """Values for JSON."""
        return {**asdict(self), "facts": dict(self.facts)}


class Audit(Connected):
    """The audit of a journal."""

    def append(self, at: float, who: str, act: str, subject: str, facts: Mapping[str, Any] | None = None) -> Entry:
        """Add one row; it is on disk when this returns."""
        with self._write() as connection:
            return add(connection, at=at, who=who, act=act, subject=subject, facts=facts or {})

    def entries(
        self, *, subject: str | None = None, act: str | None = None, after: int = 0, limit: int | None = 200
    ) -> list[Entry]:
        """Rows with a number above `after`, oldest first; with `limit` the newest so many of them."""
        query = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq.desc())
        if subject is not None:
            query = query.where(AUDIT.c.subject == subject)
        if act is not None:
            query = query.where(AUDIT.c.act == act)
        with self._read() as connection:
            return [_entry(row._mapping) for row in connection.execute(query.limit(limit))][::-1]

    def newest(
        self,
        *,
        subjects: Sequence[str] = (),
        act: str | None = None,
        rollout: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Entry]:
        """Rows newest first.

        Args:
            subjects: any of these; none: all.
            act: this one, or with a dot at its end all that begin so.
            rollout: what was done to devices in it comes too.
            before: rows with a lower number.
            limit: at most so many.
        """
        query = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
        if subjects:
            about: ColumnElement[bool] = AUDIT.c.subject.in_(subjects)
            if rollout is not None:
                begun = select(func.min(AUDIT.c.seq)).where(AUDIT.c.subject == f"rollout:{rollout}").scalar_subquery()
                on_device = AUDIT.c.subject.startswith("device:") & (AUDIT.c.seq > begun)
                about = or_(about, on_device & (AUDIT.c.facts["rollout"].as_integer() == rollout))
            query = query.where(about)
        if act is not None:
            query = query.where(
                AUDIT.c.act.startswith(act, autoescape=True) if act.endswith(".") else AUDIT.c.act == act
            )
        if before is not None:
            query = query.where(AUDIT.c.seq < before)
        with self._read() as connection:
            return [_entry(row._mapping) for row in connection.execute(query)]

    def every(self) -> Iterator[Entry]:
        """All rows in order, read in pieces; rows that are added meanwhile come too."""
        last = 0
        while True:
            query = select(AUDIT).where(AUDIT.c.seq > last).order_by(AUDIT.c.seq).limit(_CHUNK)
            with self._read() as connection:
                found = [_entry(row._mapping) for row in connection.execute(query)]
            if not found:
                return
            yield from found
            last = found[-1].seq

    def head(self) -> Entry | None:
        """The newest row; its number and hash stand for all before it."""
        with self._read() as connection:
            row = connection.execute(select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)).first()
            return None if row is None else _entry(row._mapping)

    def verify(self, *, head: tuple[int, str] | None = None) -> int | None:
        """Follow the chain; gives the number of the first row that does not fit, None when all do.

        Args:
            head: number and hash of a row as it was kept elsewhere; a chain that no longer holds it does not fit there.
        """
        before, due, told = FIRST, 1, head
        for entry in self.every():
            if entry.seq != due or entry.before != before or entry.hash != _hash(entry):
                return min(due, entry.seq)
            if told is not None and entry.seq == told[0]:
                if entry.hash != told[1]:
                    return entry.seq
                told = None
            before, due = entry.hash, due + 1
        return None if told is None else due


def add(connection: Connection, *, at: float, who: str, act: str, subject: str, facts: Mapping[str, Any]) -> Entry:
    """Add a row within a transaction that also does what it tells of."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    newest = connection.execute(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    plain = json.loads(_canonical(facts))  # what the column gives back: lists for tuples, text for keys
    entry = Entry(
        seq=1 if newest is None else newest.seq + 1,
        at=float(at),
        who=who,
        act=act,
        subject=subject,
        facts=plain,
        before=FIRST if newest is None else newest.hash,
    )
    row = {**entry.plain(), "hash": _hash(entry)}
    connection.execute(insert(AUDIT).values(row))
    return Entry(**row)


def _hash(entry: Entry) -> str:
    said = {name: value for name, value in entry.plain().items() if name not in ("before", "hash")}
    return hashlib.sha256(f"{entry.before}\n{_canonical(said)}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(**row)
