"""Which devices hold something else than what was accepted, and what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.configurations.history import History
from controller.configurations.records import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """One device that drifted. `diff` is masked; "" where only a masked value differs (a secret was changed)."""

    held: Held
    diff: str


def drifted(rows: Mapping[str, Held]) -> list[Held]:
    """Those that drifted, by id."""
    return [held for _, held in sorted(rows.items()) if held.drifted]


def what(held: Held, history: History) -> Drifted:
    """How a device differs from what was accepted.

    Raises:
        NoSuchRevision: the history does not hold what the row names.
    """
    if held.revision is None or held.accepted_revision is None:
        return Drifted(held=held, diff="")
    return Drifted(held=held, diff=history.diff(held.device, held.accepted_revision, held.revision))
