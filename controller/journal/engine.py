"""The connection: what SQLite must be told so that many processes may write one file safely.

journal_mode=TRUNCATE, never WAL: SQLite 3.7.0-3.51.2 can corrupt a WAL file when two connections write or
checkpoint at one moment (fixed in 3.51.3), and web workers, controller and commands all write here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from controller.journal.errors import JournalUnavailable

APPLICATION_ID = 0x4D4A524E  # "MJRN"; file(1) and `PRAGMA application_id` show it
BUSY_TIMEOUT_MS = 30_000  # SQLite gives waiting writers no turn: on a slow disk one may wait for many others
READ_ONLY = {"merata_read": True}  # execution option: do not take the write lock


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+driver://...`; nothing is opened yet.

    Raises:
        JournalUnavailable: the URL names no driver that is installed.
    """
    try:
        parsed = make_url(url)
        arguments = {"timeout": BUSY_TIMEOUT_MS / 1000} if parsed.get_backend_name() == "sqlite" else {}
        engine = create_engine(parsed, connect_args=arguments, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as err:
        raise JournalUnavailable(f"the journal's address cannot be used: {err}") from err
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # else the driver opens deferred transactions of its own
    # Changing journal_mode wants a lock: ask only when it differs (the mode is not kept in the file).
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=TRUNCATE")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads and then writes would otherwise fail with "database is locked" at once
    # when another has written in between; busy_timeout does not help there.
    reading = connection.get_execution_options().get("merata_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
