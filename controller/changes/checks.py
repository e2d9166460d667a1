"""What a configuration must say after a change, as short texts that a frozen plan can hold.

`+ line`: this whole line is there, `- line`: it is not, `~ pattern`: this regular expression is found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def failing(checks: Sequence[str], text: str) -> list[str]:
    """The checks that a (normalised) configuration does not keep, in their order."""
    lines = {line.strip() for line in text.splitlines()}
    return [check for check in checks if not _holds(check, lines, text)]


def _holds(check: str, lines: set[str], text: str) -> bool:
    sign, _, body = check.partition(" ")
    if sign == "~":
        return re.search(body, text, re.MULTILINE) is not None
    return (body.strip() in lines) == (sign == "+")
