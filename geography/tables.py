"""Tables of places that people bring: CSV (also gzipped), XLSX, XLS and ODS. Geography's door to python-calamine."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import python_calamine

from geography.errors import ImportRefused

WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
SEPARATED = frozenset({".csv", ".tsv", ".txt"})
#: What Excel of an Indonesian or English Windows writes when it does not write UTF-8.
_OLD_ENCODING = "cp1252"
_GROUPED_BY_DOTS = re.compile(r"\d{1,3}(\.\d{3})+")
_GROUPED_BY_COMMAS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A header and the rows under it: (line number, cells as text); rows can be walked once."""

    path: Path
    header: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def suffix(path: Path) -> str:
    """Kind of file by its name, small letters, without .gz."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def read(path: Path) -> Table:
    """A table; its header is the first line with at least two cells filled.

    Raises:
        ImportRefused: the file cannot be read or holds no header.
    """
    lines = _workbook(path) if suffix(path) in WORKBOOKS else _separated(path)
    for _, cells in lines:
        if sum(map(bool, cells)) >= 2:
            return Table(path=path, header=tuple(cells), rows=((n, c) for n, c in lines if any(c)))
    raise ImportRefused(path, "no header was found: expected a first line of at least two column names")


def _separated(path: Path) -> Iterator[tuple[int, list[str]]]:
    line = 0
    try:
        with _opened(path) as raw:
            head = raw.read(1 << 16)
            encoding = "utf-8-sig" if _is_utf8(head) else _OLD_ENCODING
            first = head.decode(encoding, errors="replace").partition("\n")[0]
            raw.seek(0)
            text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
            reader = csv.reader(text, delimiter=max(";\t,|", key=first.count))
            for cells in reader:
                line = reader.line_num
                yield line, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise ImportRefused(path, f"this line cannot be read: {error}", line=line + 1) from error
    except (OSError, EOFError) as error:
        raise ImportRefused(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _is_utf8(head: bytes) -> bool:
    try:
        head[: max(0, len(head) - 3)].decode("utf-8")  # the cut may go through a letter
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 8
    return True


def _workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        book = python_calamine.load_workbook(str(path))
        cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except python_calamine.PasswordError as error:
        raise ImportRefused(path, "is protected by a password") from error
    except (python_calamine.CalamineError, IndexError) as error:
        raise ImportRefused(path, f"is no workbook that can be read: {error}") from error
    except OSError as error:
        raise ImportRefused(path, f"cannot be read: {error.strerror or error}") from error
    yield from ((number, [_text(cell) for cell in row]) for number, row in enumerate(cells, 1))


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    return str(cell).strip()


def number(text: str) -> float | None:
    """A number as people write it (1234.5, 1.234.567, 1,234); None where it is none, not finite, or not said."""
    said = text.strip().replace(" ", "").replace("\u00a0", "")
    if _GROUPED_BY_COMMAS.fullmatch(said):
        said = said.replace(",", "")
    elif said.count(".") > 1 and _GROUPED_BY_DOTS.fullmatch(said):
        said = said.replace(".", "")
    try:
        value = float(said)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole_with_dots(texts: list[str]) -> bool:
    """True when a column of counts groups thousands with dots, as Indonesian tables do (4.306 is 4306)."""
    said = [t for t in texts if t]
    dotted = [t for t in said if "." in t]
    return bool(dotted) and all(_GROUPED_BY_DOTS.fullmatch(t) for t in dotted) and all(
        "." in t or len(t) <= 3 for t in said
    )  # fmt: skip


def degrees(path: Path, line: int, column: str, text: str, limit: int) -> float:
    """Degrees as people write them, also with a comma for the decimals.

    Raises:
        ImportRefused: it is no number, or further from 0 than `limit`.
    """
    value = number(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    if value is None:
        raise ImportRefused(path, f"expected degrees, found {text!r}", line=line, column=column)
    if abs(value) > limit:
        said = f"expected degrees from -{limit} to {limit}, found {text}: swapped or projected?"
        raise ImportRefused(path, said, line=line, column=column)
    return value
