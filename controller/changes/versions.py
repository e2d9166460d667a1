"""The order of firmware versions as makers write them."""

from __future__ import annotations

import re
from typing import TypeAlias

Key: TypeAlias = tuple[tuple[int, int, str], ...]

_PIECE = re.compile(r"\d+|[a-z]+")
_BEFORE_RELEASE = ("alpha", "beta", "dev", "pre", "rc", "snapshot", "testing")
#: Rank of a piece at one place: what comes before a release, the end of the text, other letters, a number.
_EARLY, _END, _LETTERS, _NUMBER = range(4)


def order(version: str) -> Key:
    """A key that sorts versions: 7.9 < 7.16beta2 < 7.16rc1 < 7.16 = 7.16.0 < 7.16.1; 12.4(24)T < 15.0(1)M.

    Args:
        version: any text; what is neither a letter nor a digit only separates.
    """
    pieces: list[tuple[int, int, str]] = []
    for found in [*_PIECE.findall(version.lower()), ""]:
        if not found.isdigit():
            # Zeros at the end of a row of numbers say nothing, before a release too: 7.0rc1 < 7.0 = 7.
            while pieces and pieces[-1] == (_NUMBER, 0, ""):
                pieces.pop()
        pieces.append(_piece(found))
    return tuple(pieces)


def _piece(found: str) -> tuple[int, int, str]:
    if not found:
        return (_END, 0, "")
    if found.isdigit():
        return (_NUMBER, int(found), "")
    return (_EARLY if found in _BEFORE_RELEASE else _LETTERS, 0, found)
