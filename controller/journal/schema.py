"""Bring a journal to this program's version: Alembic, run from inside the program, one process at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from controller.journal.engine import APPLICATION_ID, READ_ONLY
from controller.journal.errors import JournalError, JournalTooNew

_LOCK = 0x4D4A524E  # PostgreSQL advisory lock that orders two programs that migrate at once


def upgrade(engine: Engine) -> None:
    """Make or migrate the tables; an older SQLite file is copied beside itself first.

    Raises:
        JournalTooNew: written by a newer program; untouched.
        JournalError: the file is another program's.
    """
    with engine.connect().execution_options(**READ_ONLY) as connection:
        if _revision(connection) == head():
            return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _revision(connection)  # again: another process may have been first
        if found == head():
            return
        if found is not None:
            _copy_before(engine, found)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={len(revisions())}")


def head() -> str:
    """The newest revision this program knows."""
    return revisions()[-1]


def revisions() -> list[str]:
    """Every revision this program knows, oldest first."""
    walk = ScriptDirectory.from_config(_config()).walk_revisions()
    return [script.revision for script in walk][::-1]


def _revision(connection: Connection) -> str | None:
    """The revision of the tables, None when there are none yet."""
    if connection.dialect.name == "sqlite":
        _ours(connection)
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in revisions():
        raise JournalTooNew(f"the journal is at version {found}, newer than this program's {head()}; it is not touched")
    return found


def _ours(connection: Connection) -> None:
    owner = connection.exec_driver_sql("PRAGMA application_id").scalar()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    if tables and owner != APPLICATION_ID:
        raise JournalError(f"{connection.engine.url.database} is not a journal of merata (application_id {owner})")


def _copy_before(engine: Engine, revision: str) -> None:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return  # PostgreSQL migrates in one transaction and has its own backups
    path = Path(engine.url.database)
    copy = path.with_name(f"{path.name}.before-{revision}-upgrade")
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def _config() -> Config:
    config = Config()
    folder = Path(__file__).resolve().parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
