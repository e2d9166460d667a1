"""Bars of shares: sites by state, thirty days by state. Normal stands first, so that trouble ends the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from web.words import terms

LEFT_TO_RIGHT = ("up", "maintenance", "degraded", "unknown", "down")


def mix(counts: Mapping[str, int], label: str) -> Markup:
    """Sites by state as one bar; empty when there are none."""
    total = sum(counts.values())
    parts: list[Markup] = []
    at = 0.0
    for state in LEFT_TO_RIGHT:
        share = 100 * counts.get(state, 0) / total if total else 0.0
        if share:
            parts.append(_rect(terms.MARKS[state], at, share, 18))
            at += share
    return Markup('<svg class="mix" role="img" aria-label="{}">{}</svg>').format(label, Markup("").join(parts))


def days(spans: Sequence[tuple[str, float, float]], label: str) -> Markup:
    """States along time as one bar; `spans` are (state, from share, to share), shares of the whole, in order."""
    parts = [_rect(terms.MARKS[state], 100 * a, max(0.15, 100 * (b - a)), 24) for state, a, b in spans if b > a]
    return Markup('<svg class="tl" role="img" aria-label="{}">{}</svg>').format(label, Markup("").join(parts))


def _rect(name: str, at: float, share: float, height: int) -> Markup:
    return Markup('<rect class="f-{}" x="{:.2f}%" y="-1" width="{:.2f}%" height="{}"/>').format(name, at, share, height)
