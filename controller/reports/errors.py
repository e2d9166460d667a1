"""What can go wrong when something is taken away.

ReportError: ReportFailed
"""

from __future__ import annotations

from pathlib import Path


class ReportError(Exception):
    """A report or an export could not be made."""


class ReportFailed(ReportError):
    """The file could not be written or the pages could not be set; says why in one sentence."""

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
