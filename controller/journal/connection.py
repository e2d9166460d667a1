"""Transactions of the journal's rooms: a writing one is on disk when it ends, a reading one takes no lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from controller.journal.engine import READ_ONLY
from controller.journal.errors import JournalUnavailable


class Connected:
    """Something that reads and writes one journal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(), self._engine.connect() as connection:
            yield connection.execution_options(**READ_ONLY)


@contextmanager
def translated() -> Iterator[None]:
    """Say a driver's failure in our words.

    Raises:
        JournalUnavailable: the file or server does not answer.
    """
    try:
        yield
    except SQLAlchemyError as err:
        # The driver's own words only: SQLAlchemy's message repeats the statement with its values.
        raise JournalUnavailable(
            f"the journal does not answer: {getattr(err, 'orig', None) or type(err).__name__}"
        ) from err
