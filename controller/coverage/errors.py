"""What can be wrong with a table that a planner brings."""

from __future__ import annotations


class BadInput(Exception):
    """A table was refused; the message names file, line and column, and what was expected."""

    def __init__(self, message: str, *, path: str, line: int | None = None, column: str | None = None) -> None:
        where = path + (f":{line}" if line else "") + (f": {column}" if column else "")
        super().__init__(f"{where}: {message}")
        self.path, self.line, self.column = path, line, column


class LedgerError(Exception):
    """The kept months cannot be read or may not be changed so; the message names file and line, or the month."""
