"""What geography can say instead of taking a file.

GeographyError
    ImportRefused (path, line, column)
"""

from __future__ import annotations

from pathlib import Path

#: Files whose rows are lines; others hold features.
_BY_LINES = (".csv", ".csv.gz", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")


class GeographyError(Exception):
    """Something about places cannot be done; one sentence."""


class ImportRefused(GeographyError):
    """A file that somebody brought cannot be taken.

    Attributes:
        path: the file.
        line: as an editor or spreadsheet program counts, or number of the feature; None where the whole file is meant.
        column: name of the column or field.
    """

    def __init__(
        self, path: Path, said: str, *, line: int | None = None, column: str | None = None, counts: str | None = None
    ) -> None:
        self.path, self.line, self.column = path, line, column
        counted = counts or ("line" if path.name.lower().endswith(_BY_LINES) else "feature")
        where = [path.name]
        where += [f"{counted} {line}"] if line is not None else []
        where += [f"column {column}"] if column is not None else []
        super().__init__(f"{', '.join(where)}: {' '.join(said.split())}")
