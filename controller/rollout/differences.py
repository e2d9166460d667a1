"""Two configurations side by side, secrets masked; and two plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import Final

from controller.rollout.records import Plan, PlanDevice

_CONTEXT: Final = 3


def masked_diff(before: str, after: str, mask: Callable[[str], str]) -> str:
    """A unified diff of two texts in which no secret stands; a secret that alone changes is a changed line of `***`.

    Args:
        before: normalised.
        after: normalised.
        mask: the dialect's; keeps the number of lines.
    """
    old, new = before.splitlines(), after.splitlines()
    shown_old, shown_new = mask(before).splitlines(), mask(after).splitlines()
    if len(old) != len(shown_old) or len(new) != len(shown_new):
        return "\n".join(unified_diff(shown_old, shown_new, "before", "after", lineterm="", n=_CONTEXT))
    return "\n".join(_hunks(old, new, shown_old, shown_new))


def _hunks(old: Sequence[str], new: Sequence[str], shown_old: Sequence[str], shown_new: Sequence[str]) -> Iterator[str]:
    """Compared as they are, shown as they may be seen."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in shown_old[i1:i2])
            else:
                yield from (f"-{line}" for line in shown_old[i1:i2])
                yield from (f"+{line}" for line in shown_new[j1:j2])


def between(old: Plan, new: Plan) -> list[str]:
    """What is otherwise in a new plan, one line of text each: devices that came, went, or are sent other lines."""
    before = {device.device: device for device in old.devices}
    found: list[str] = []
    for device in new.devices:
        was = before.get(device.device)
        if was is None:
            found.append(f"{device.device}: is new in the plan")
        else:
            found += _lines_of(was, device)
    return found


def _lines_of(was: PlanDevice, now: PlanDevice) -> Iterator[str]:
    name = now.device
    if was.error != now.error:
        yield f"{name}: {now.error or 'can be changed now'}"
    if was.base != now.base:
        yield f"{name}: its configuration is another than it was"
    if was.lines != now.lines:
        for line in unified_diff(was.lines, now.lines, lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield f"{name}: {line}"
