"""Bulk change of routers: plan, approve, push in waves, resume, and the record of it.

For scripts (docs/reference/rollout-api.md): `from controller.rollout import Changes, rollouts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controller.rollout.api import Changes as Changes
    from controller.rollout.api import rollouts as rollouts

_OFFERED = ("Changes", "Look", "NotTaken", "rollouts")


def __getattr__(name: str) -> Any:
    """What scripts use, imported when it is asked for: the journal's rooms import the records beside this file."""
    if name not in _OFFERED:
        raise AttributeError(name)
    from controller.rollout import api

    return getattr(api, name)
