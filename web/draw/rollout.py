"""A rollout drawn: the bar of all devices, one cell a device, a bar for a wave with too many cells."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from controller.rollout.records import Step
from controller.views.rollouts import DeviceRow, Tally
from web.words.changes import cell, step_word

MOST_CELLS = 400  # in one wave
_ORDER = (("ok", "done"), ("rb", "rolled_back"), ("bad", "bad"), ("off", "offline"), ("go", "under_way"))


def progress_bar(tally: Tally, label: str, cls: str = "prog") -> Markup:
    """Shares of the devices: done, rolled back, unknown, offline, under way; the rest waits."""
    at, parts = 0.0, []
    for mark, name in _ORDER:
        count = getattr(tally, name)
        if count and tally.total:
            width = 100 * count / tally.total
            drawn = Markup('<rect class="p-{}" x="{:.2f}%" y="-1" width="{:.2f}%" height="18"/>')
            parts.append(drawn.format(mark, at, width))
            at += width
    inside = Markup("").join(parts)
    return Markup('<svg class="{}" role="img" aria-label="{}">{}</svg>').format(cls, label, inside)


def symbol(step: Step) -> Markup:
    """The sign of a step; words stand beside it."""
    return Markup('<svg class="c" aria-hidden="true"><use href="#x-{}"/></svg>').format(cell(step))


def cells(rows: Sequence[DeviceRow], base: str) -> Markup:
    """One cell a device in order of sending, each a link that says its device and step."""
    words = {step: step_word(step) for step in Step}
    one = Markup(
        '<a href="{}/{}" aria-label="{}, {}" title="{}, {}"><svg aria-hidden="true"><use href="#x-{}"/></svg></a>'
    )
    drawn = (one.format(base, r.id, r.id, words[r.step], r.id, words[r.step], cell(r.step)) for r in rows)
    return Markup('<div class="cells">{}</div>').format(Markup("").join(drawn))
