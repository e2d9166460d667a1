"""What geography can say instead of taking a file.

GeographyError
    ImportRefused (path, line, column)
"""

from __future__ import annotations

from pathlib import Path


class GeographyError(Exception):
    """Something about places cannot be done; one sentence."""


class ImportRefused(GeographyError):
    """A file that somebody brought cannot be taken.

    Attributes:
        path: the file.
        line: of the file, as an editor or spreadsheet program counts; None where the whole file is meant.
        column: name of the column or field.
    """

    def __init__(self, path: Path, said: str, *, line: int | None = None, column: str | None = None) -> None:
        self.path, self.line, self.column = path, line, column
        where = "".join(
            [
                path.name,
                f", line {line}" if line is not None else "",
                f", column {column}" if column is not None else "",
            ]
        )
        super().__init__(f"{where}: {' '.join(said.split())}")
