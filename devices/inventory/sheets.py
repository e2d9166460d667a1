"""Tables that people bring: CSV, XLSX, XLS and ODS as rows of text. The only door to python-calamine."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import python_calamine

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 100_000
_SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
#: What Excel of an Indonesian or English Windows writes when it does not write UTF-8.
_OLD_ENCODING = "cp1252"


class SheetError(Exception):
    """The file cannot be read as a table; one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `number` as the spreadsheet program shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A header and the rows under it that are not empty."""

    path: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(path: Path, *, name: str | None = None) -> Sheet:
    """Read a table; its header is the first row with at least two cells filled.

    Args:
        path: .csv, .tsv, .txt, .xlsx, .xlsm, .xls or .ods.
        name: which sheet of a workbook; None: the first.

    Raises:
        SheetError: it is no such file, too large, protected, or holds no header.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(f"{path} is larger than {MAX_BYTES // 2**20} MB")
        if name is not None and path.suffix.lower() not in _SHEETS:
            raise SheetError(f"{path} has no sheets: leave the sheet's name out")
        rows = _workbook(path, name) if path.suffix.lower() in _SHEETS else _separated(path.read_bytes())
    except OSError as error:
        raise SheetError(f"cannot read {path}: {error.strerror or error}") from error
    filled = [row for row in rows if any(row.cells)]
    start = next((place for place, row in enumerate(filled) if sum(map(bool, row.cells)) >= 2), None)
    if start is None:
        raise SheetError(f"{path} holds no header: expected a first row of at least two column names")
    if len(filled) - start > MAX_ROWS:
        raise SheetError(f"{path} holds more than {MAX_ROWS} rows")
    return Sheet(path=str(path), header=filled[start].cells, rows=tuple(filled[start + 1 :]))


def _separated(raw: bytes) -> list[Row]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode(_OLD_ENCODING, errors="replace")
    head = text[:8192].partition("\n")[0]
    separator = max(";\t,|", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        return [Row(number=reader.line_num, cells=tuple(c.strip() for c in cells)) for cells in reader]
    except csv.Error as error:
        raise SheetError(f"row {reader.line_num} cannot be read: {error}") from error


def _workbook(path: Path, name: str | None) -> list[Row]:
    try:
        book = python_calamine.load_workbook(str(path))
        if name is not None and name not in book.sheet_names:
            raise SheetError(f"{path} has no sheet {name!r}; it has {', '.join(book.sheet_names)}")
        sheet = book.get_sheet_by_name(name) if name is not None else book.get_sheet_by_index(0)
        cells = sheet.to_python(skip_empty_area=False, nrows=MAX_ROWS + 100)
    except python_calamine.PasswordError as error:
        raise SheetError(f"{path} is protected by a password") from error
    except (python_calamine.CalamineError, IndexError) as error:
        raise SheetError(f"{path} is no workbook that can be read: {error}") from error
    return [Row(number=number, cells=tuple(map(_text, row))) for number, row in enumerate(cells, 1)]


def _text(cell: Any) -> str:
    """A cell as a person reads it: 12.0 is 12, a date is year-month-day."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        minutes = int(cell.total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return str(cell).strip()
