"""Run by Alembic: migrate over the connection, and inside the transaction, that `schema.upgrade` holds."""

from __future__ import annotations

from alembic import context

from controller.journal.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # true of PostgreSQL, and of SQLite since we begin transactions ourselves
    render_as_batch=True,
)
context.run_migrations()
