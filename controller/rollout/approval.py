"""A plan is approved by another account than its author's."""

from __future__ import annotations

from typing import Final

from controller.journal.errors import RolloutRefused
from controller.journal.journal import Journal
from controller.rollout.records import Plan, PlanState

#: Setting: true lets an author approve the own plan; for offices of one person.
SELF_APPROVAL: Final = "rollout.self_approval"


def approve(journal: Journal, plan_id: int, who: str, at: float) -> Plan:
    """Approve a draft: what is sent from now on is exactly what its hash says.

    Args:
        journal: where the plan is.
        plan_id: which one.
        who: the account that approves.
        at: now.

    Raises:
        RolloutRefused: no such plan, not a draft, expired, or `who` wrote it (`reason` own_plan).
    """
    plan = _known(journal, plan_id)
    if plan.author == who and journal.setting(SELF_APPROVAL, default=False) is not True:
        raise RolloutRefused("own_plan", f"plan {plan_id} was made by {who}: another account has to approve it")
    if plan.expires_at <= at:
        raise RolloutRefused("expired", f"plan {plan_id} has expired")
    return journal.rollouts.decide(plan_id, PlanState.APPROVED, by=who, at=at)


def reject(journal: Journal, plan_id: int, who: str, at: float) -> Plan:
    """Say no to a draft or to an approved plan; a rollout that runs is stopped otherwise.

    Raises:
        RolloutRefused: no such plan, or it is past that.
    """
    _known(journal, plan_id)
    return journal.rollouts.decide(plan_id, PlanState.REJECTED, by=who, at=at)


def _known(journal: Journal, plan_id: int) -> Plan:
    plan = journal.rollouts.plan(plan_id, devices=False)
    if plan is None:
        raise RolloutRefused("no_plan", f"there is no plan {plan_id}")
    return plan
