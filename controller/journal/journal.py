"""The journal's door: jobs, requests, events, identities, settings. Safe to use from several threads and processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from sqlalchemy import CursorResult, and_, bindparam, delete, insert, select, update

from controller.journal import schema
from controller.journal.accounts import AccountRows
from controller.journal.configurations import Configurations
from controller.journal.connection import Connected, translated
from controller.journal.engine import connect
from controller.journal.errors import RequestNotOpen
from controller.journal.records import Event, Job, Request, RequestState
from controller.journal.rollouts import Rollouts
from controller.journal.tables import EVENT, IDENTITY, JOB, REQUEST, SETTING
from devices.facts import Identity


class Journal(Connected):
    """One journal. Every writing method is one durable transaction: it is on disk when it returns.

    Every method raises `JournalUnavailable` when the file or server does not answer.
    """

    @classmethod
    def open(cls, url: str | Path) -> Self:
        """Open a journal by path or SQLAlchemy URL; missing tables are made, older ones migrated after a copy.

        Raises:
            JournalTooNew: written by a newer program.
            JournalUnavailable: it cannot be reached.
        """
        address = f"sqlite:///{url}" if isinstance(url, Path) else url
        engine = connect(address)
        with translated():
            schema.upgrade(engine)
        return cls(engine)

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    @property
    def rollouts(self) -> Rollouts:
        """Plans, rollouts, leases and the audit of this journal."""
        return Rollouts(self._engine)

    @property
    def accounts(self) -> AccountRows:
        """Accounts, sessions and failed sign-ins of this journal."""
        return AccountRows(self._engine)

    @property
    def configurations(self) -> Configurations:
        """What each device was last seen to hold."""
        return Configurations(self._engine)

    # Jobs

    def job_started(self, name: str, at: float) -> int:
        """Note that a job starts; gives the id that `job_ended` wants."""
        with self._write() as connection:
            return _key(connection.execute(insert(JOB).values(name=name, started=at, skipped=0, facts={})))

    def job_ended(self, job_id: int, at: float, outcome: str, facts: Mapping[str, Any] | None = None) -> None:
        """Note that a job ended and what it counted."""
        with self._write() as connection:
            values = {"ended": at, "outcome": outcome, "facts": dict(facts or {})}
            connection.execute(update(JOB).where(JOB.c.id == job_id).values(values))

    def job_skipped(self, name: str, at: float) -> None:
        """Count a start that was refused because the job still runs (a row of its own if none is known)."""
        newest = select(JOB.c.id).where(JOB.c.name == name).order_by(JOB.c.id.desc()).limit(1)
        with self._write() as connection:
            found = connection.execute(newest).scalar()
            if found is None:
                row = {"name": name, "started": at, "ended": at, "outcome": "skipped", "skipped": 1, "facts": {}}
                connection.execute(insert(JOB).values(row))
            else:
                connection.execute(update(JOB).where(JOB.c.id == found).values(skipped=JOB.c.skipped + 1))

    def jobs(self, name: str | None = None, *, limit: int = 50) -> list[Job]:
        """The last runs, newest first."""
        query = select(JOB).order_by(JOB.c.id.desc()).limit(limit)
        if name is not None:
            query = query.where(JOB.c.name == name)
        with self._read() as connection:
            return [Job(**row._mapping) for row in connection.execute(query)]

    # Requests

    def ask(self, kind: str, payload: Mapping[str, Any], *, who: str, at: float) -> int:
        """Write down what somebody wants done; the controller takes it up. Gives the request's id."""
        values = {"kind": kind, "payload": dict(payload), "who": who, "at": at, "state": RequestState.WAITING.value}
        with self._write() as connection:
            return _key(connection.execute(insert(REQUEST).values(values)))

    def take(self, kinds: Sequence[str], *, by: str, at: float) -> Request | None:
        """The oldest waiting request of these kinds, now held by `by`; no two callers get the same one."""
        oldest = (
            select(REQUEST)
            .where(and_(REQUEST.c.state == RequestState.WAITING.value, REQUEST.c.kind.in_(kinds)))
            .order_by(REQUEST.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)  # PostgreSQL; SQLite holds the one write lock already
        )
        with self._read() as connection:  # the usual answer is "nothing": asked without the write lock
            if connection.execute(oldest.with_only_columns(REQUEST.c.id)).first() is None:
                return None
        with self._write() as connection:
            row = connection.execute(oldest).first()
            if row is None:
                return None
            values = {"state": RequestState.TAKEN.value, "taken_by": by, "taken_at": at}
            connection.execute(update(REQUEST).where(REQUEST.c.id == row.id).values(values))
            return _request({**row._mapping, **values})

    def finish(self, request_id: int, *, by: str, at: float, ok: bool, result: Mapping[str, Any]) -> None:
        """Close a request that `by` holds.

        Raises:
            RequestNotOpen: it is not held by `by` (taken back after a restart, or finished already).
        """
        state = RequestState.DONE if ok else RequestState.FAILED
        held = and_(REQUEST.c.id == request_id, REQUEST.c.state == RequestState.TAKEN.value, REQUEST.c.taken_by == by)
        with self._write() as connection:
            values = {"state": state.value, "ended": at, "result": dict(result)}
            if connection.execute(update(REQUEST).where(held).values(values)).rowcount != 1:
                raise RequestNotOpen(f"request {request_id} is not held by {by}")

    def put_back(self, kinds: Sequence[str]) -> int:
        """Requests that were taken and not finished wait again; for a controller that starts after a crash."""
        lost = and_(REQUEST.c.state == RequestState.TAKEN.value, REQUEST.c.kind.in_(kinds))
        values = {"state": RequestState.WAITING.value, "taken_by": None, "taken_at": None}
        with self._write() as connection:
            return int(connection.execute(update(REQUEST).where(lost).values(values)).rowcount)

    def request(self, request_id: int) -> Request | None:
        """One request, None when there is none of that id."""
        with self._read() as connection:
            row = connection.execute(select(REQUEST).where(REQUEST.c.id == request_id)).first()
            return None if row is None else _request(dict(row._mapping))

    def requests(self, *, kind: str | None = None, state: RequestState | None = None, limit: int = 50) -> list[Request]:
        """Requests, newest first."""
        query = select(REQUEST).order_by(REQUEST.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(REQUEST.c.kind == kind)
        if state is not None:
            query = query.where(REQUEST.c.state == state.value)
        with self._read() as connection:
            return [_request(dict(row._mapping)) for row in connection.execute(query)]

    # Events

    def record(self, events: Sequence[Event]) -> None:
        """Keep events, all or none, in one transaction."""
        if not events:
            return
        with self._write() as connection:
            connection.execute(insert(EVENT), _rows(events))

    def events(
        self,
        *,
        subject: str | None = None,
        kinds: Sequence[str] | None = None,
        start: float | None = None,
        end: float | None = None,
        limit: int = 200,
    ) -> list[Event]:
        """Events over [start, end), newest first."""
        query = select(EVENT).order_by(EVENT.c.at.desc(), EVENT.c.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(EVENT.c.subject == subject)
        if kinds is not None:
            query = query.where(EVENT.c.kind.in_([str(kind) for kind in kinds]))
        if start is not None:
            query = query.where(EVENT.c.at >= start)
        if end is not None:
            query = query.where(EVENT.c.at < end)
        with self._read() as connection:
            return [Event(**row._mapping) for row in connection.execute(query)]

    def forget(self, *, before: float) -> int:
        """Delete ended jobs and events older than `before`; gives how many. Requests are kept for ever."""
        with self._write() as connection:
            old_jobs = delete(JOB).where(and_(JOB.c.started < before, JOB.c.ended.is_not(None)))
            gone = connection.execute(old_jobs).rowcount
            return int(gone + connection.execute(delete(EVENT).where(EVENT.c.at < before)).rowcount)

    # Identities

    def keep_identities(self, told: Mapping[str, Identity], events: Sequence[Event] = ()) -> None:
        """Replace what these devices (by id) said they are, with the events that tell of a change, in one go."""
        if not told:
            return
        with self._write() as connection:
            # Two plain statements, not an upsert: that is spelled otherwise in each database.
            connection.execute(delete(IDENTITY).where(IDENTITY.c.device == bindparam("gone")), [
                {"gone": device} for device in told
            ])  # fmt: skip
            connection.execute(insert(IDENTITY), [_identity_row(device, one) for device, one in told.items()])
            if events:
                connection.execute(insert(EVENT), _rows(events))

    def identity(self, device: str) -> Identity | None:
        """What a device last said it is; None where it never did."""
        with self._read() as connection:
            row = connection.execute(select(IDENTITY).where(IDENTITY.c.device == device)).first()
            return None if row is None else Identity(told_at=row.told_at, **row.facts)

    def identities(self) -> dict[str, Identity]:
        """What every device last said it is, by id."""
        with self._read() as connection:
            found = connection.execute(select(IDENTITY))
            return {row.device: Identity(told_at=row.told_at, **row.facts) for row in found}

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        """The value under `key` (anything JSON can say), or the default."""
        with self._read() as connection:
            row = connection.execute(select(SETTING.c.value).where(SETTING.c.key == key)).first()
            return default if row is None else row.value

    def settings(self) -> dict[str, Any]:
        """Every setting."""
        with self._read() as connection:
            return {row.key: row.value for row in connection.execute(select(SETTING))}

    def set_setting(self, key: str, value: Any, *, who: str, at: float) -> None:
        """Set a value; the one before is kept as an event `setting_changed`."""
        with self._write() as connection:
            before = connection.execute(select(SETTING.c.value).where(SETTING.c.key == key).with_for_update()).first()
            values = {"value": value, "who": who, "at": at}
            if before is None:
                connection.execute(insert(SETTING).values(key=key, **values))
            else:
                connection.execute(update(SETTING).where(SETTING.c.key == key).values(values))
            text = {"before": before.value if before else None, "after": value, "who": who}
            connection.execute(insert(EVENT).values(at=at, kind="setting_changed", subject=f"setting:{key}", text=text))


def _rows(events: Sequence[Event]) -> list[dict[str, Any]]:
    return [{"at": e.at, "kind": str(e.kind), "subject": e.subject, "text": dict(e.text)} for e in events]


def _identity_row(device: str, told: Identity) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(told).items() if value is not None and name != "told_at"}
    return {"device": device, "told_at": told.told_at, "facts": facts}


def _request(row: dict[str, Any]) -> Request:
    return Request(**{**row, "state": RequestState(row["state"])})


def _key(made: CursorResult[Any]) -> int:
    row = made.inserted_primary_key
    assert row is not None  # noqa: S101  an INSERT of one row always has one
    return int(row[0])
