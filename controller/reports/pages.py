"""A report as A4 pages in PDF. The only door to typst; it is loaded when a report is made, not before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from controller.reports.document import Document
from controller.reports.errors import ReportFailed

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "report.typ"
_COUNT = re.compile(rb"/Count (\d+)")


def to_pdf(document: Document) -> bytes:
    """The pages. The same document gives the same bytes on every machine: own fonts, own time stamp.

    Raises:
        ReportFailed: typst refuses.
    """
    import typst

    inputs = {"report": json.dumps(document.plain(), ensure_ascii=False), "map": document.map_svg}
    try:
        made = typst.compile(
            str(TEMPLATE),
            root=str(FOLDER),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs,
            timestamp=int(document.made_at),
            pdf_standards="ua-1",
        )
    except typst.TypstError as error:
        raise ReportFailed(f"the pages could not be set: {error}") from error
    if not isinstance(made, bytes):
        raise ReportFailed("the pages could not be set: typst gave no file")
    return made


def page_count(pdf: bytes) -> int:
    """Pages of a PDF that `to_pdf` made: the largest count in its page tree."""
    return max((int(n) for n in _COUNT.findall(pdf)), default=0)


def fitted(make: Callable[[int], Document], *, pages: int, most: int, least: int = 3) -> bytes:
    """The longest document (`make` of a number of rows a table) that fits on so many pages.

    Raises:
        ReportFailed: typst refuses.
    """
    made = b""
    for rows in range(most, least - 1, -1):
        made = to_pdf(make(rows))
        if page_count(made) <= pages:
            break
    return made
