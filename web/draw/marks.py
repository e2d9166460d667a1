"""Status marks: shape and letter carry the state, colour helps."""

from __future__ import annotations

from markupsafe import Markup

from web.words import terms


def mark(state: str, cls: str = "") -> Markup:
    """The mark of a state, without a name of its own: words stand beside it."""
    return Markup('<svg class="{}" aria-hidden="true"><use href="#s-{}"/></svg>').format(
        f"mark {cls}".strip(), terms.MARKS[state]
    )


def mark_at(state: str, x: float, y: float, size: float) -> Markup:
    """The mark inside another picture, its centre at (x, y)."""
    return Markup('<svg class="mark" x="{:.1f}" y="{:.1f}" width="{}" height="{}"><use href="#s-{}"/></svg>').format(
        x - size / 2, y - size / 2, f"{size:g}", f"{size:g}", terms.MARKS[state]
    )
