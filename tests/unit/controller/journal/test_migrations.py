"""What the migrations make is what the program uses."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from controller.journal.engine import connect
from controller.journal.schema import upgrade
from controller.journal.tables import METADATA


def test_the_migrated_tables_are_the_tables_of_the_program(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/journal.db")
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()
