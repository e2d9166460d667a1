"""Secrets inside commands: a mark stands for the value until the moment of sending.

A frozen plan, a journal row and a page hold marks only. The value is put in as one quoted word of the
device's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from devices.credentials import Secret

#: `⟦env:WIFI_PASSPHRASE⟧`: a reference as in the inventory, between brackets that no device language uses.
_MARK: Final = re.compile("⟦([^⟦⟧]+)⟧")


def mark(reference: str) -> str:
    """What stands for a secret in a line."""
    return f"⟦{reference}⟧"


def references(lines: Sequence[str]) -> list[str]:
    """The references that lines hold, each once, in order."""
    return list(dict.fromkeys(found for line in lines for found in _MARK.findall(line)))


def fill(lines: Sequence[str], resolve: Callable[[str], Secret], quote: Callable[[str], str]) -> list[str]:
    """The lines as they are sent.

    Args:
        lines: with marks.
        resolve: reference to secret; may raise CredentialError.
        quote: the dialect's.
    """
    known = {reference: quote(resolve(reference).reveal()) for reference in references(lines)}
    return [_MARK.sub(lambda found: known[found[1]], line) for line in lines]


def hide(text: str, values: Sequence[str]) -> str:
    """A text without these exact values, longest first; for what a device or a library says back."""
    for value in sorted((v for v in values if len(v) >= 4), key=len, reverse=True):
        text = text.replace(value, "***")
    return text
