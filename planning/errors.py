"""What planning can say instead of an answer.

PlanningError
    Infeasible
"""

from __future__ import annotations


class PlanningError(Exception):
    """No plan."""


class Infeasible(PlanningError):
    """No plan satisfies what was asked; the message says which demand cannot be met."""
