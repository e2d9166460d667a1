"""What can be wrong with a change.

ChangeError (complaints)
WhereError (text, at)
RenderError
"""

from __future__ import annotations

from collections.abc import Sequence

from devices.errors import Complaint


class ChangeError(Exception):
    """A change file was refused; `complaints` holds every reason at once, in file and line order."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        super().__init__("\n".join(str(one) for one in complaints))
        self.complaints = tuple(complaints)


class WhereError(ValueError):
    """A where-expression is not understood; `at` is the place in `text`, from 0."""

    def __init__(self, reason: str, *, text: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text
        self.at = at

    def pointing(self) -> str:
        """Reason, expression and a caret under the place, in three lines."""
        return f"{self.reason}\n  {self.text}\n  {' ' * self.at}^"


class RenderError(Exception):
    """A change cannot be written for one device: one sentence, with the template and line where it is known."""
