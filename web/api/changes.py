"""Bulk changes under /api/v1/changes: what the pages show, for programs. Nothing is changed here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response
from pydantic import Field
from spectree import Response as Documented

from controller.rollout.gate import Gate
from controller.rollout.records import Plan, Rollout
from controller.views.rollouts import ChangeItem, DeviceRow, Tally
from web.api.schemas import Model, PageOut, ProblemOut
from web.api.tree import conditional, spec
from web.pages.answer import fleet
from web.pages.changes import changes
from web.words.speech import g_now

blueprint = Blueprint("api_changes", __name__, url_prefix="/api/v1/changes")


class TallyOut(Model):
    """Devices by where they stand. `done`: ok and unchanged. `bad`: rollback failed, or in an unknown state."""

    total: int
    done: int
    ok: int
    unchanged: int
    under_way: int
    waiting: int
    rolled_back: int
    offline: int
    refused: int
    drifted: int
    bad: int
    skipped: int


class ChangeOut(Model):
    """One plan and its rollout: draft, approved, rejected, replaced; then running, paused, stopped, done, expired."""

    id: int
    hash: str
    change: str
    title: str
    state: str
    author: str
    made_at: datetime
    expires_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ticket: str
    reason: str
    where: str
    rollout: int | None
    started_at: datetime | None
    ended_at: datetime | None
    started_by: str | None
    stop_asked_by: str | None
    why: dict[str, Any]
    tally: TallyOut | None


class ChangesOut(Model):
    """Changes page by page: those being sent first, then newest first.

    `executor_alive`: somebody carries out what is asked for.
    """

    executor_alive: bool
    page: PageOut
    changes: list[ChangeOut]


class ChangesQuery(Model):
    """Which page."""

    page: int = Field(default=1, ge=1, le=100_000)
    per_page: int = Field(default=50, ge=1, le=500)


class MeasureOut(Model):
    """One line of a gate. `bound` null: too little before to compare."""

    name: str
    before: float | None
    now: float | None
    bound: float | None
    passed: bool


class GateOut(Model):
    """What was found after a wave."""

    wave: int
    at: datetime
    passed: bool
    measures: list[MeasureOut]


class ChangeDeviceOut(Model):
    """One device. `wave` null: not placed yet. `lines` and `diff` hold marks and `***`, never a secret."""

    device: str
    site: str
    platform: str
    model: str | None
    version: str | None
    wave: int | None
    step: str
    since: datetime | None
    attempt: int | None
    reason: str
    warnings: list[str]
    guard: str
    error: str | None


class ChangeDetailOut(Model):
    """One change with its waves, gates and devices in order of sending."""

    change: ChangeOut
    spent: int = Field(description="of the failure budget")
    allowed: int = Field(description="failures after which nothing new begins, in this wave")
    wave: int | None
    gates: list[GateOut]
    devices: list[ChangeDeviceOut]
    unchanged: int
    options: dict[str, Any]


class ChangeDeviceDetailOut(Model):
    """One device of a change with its commands and what was seen."""

    device: ChangeDeviceOut
    lines: list[str]
    diff: str | None
    facts: dict[str, Any]


@blueprint.get("")
@spec.validate(resp=Documented(HTTP_200=ChangesOut), tags=["changes"])
def listed(query: ChangesQuery) -> Response:
    """Plans and rollouts, page by page."""
    page = changes().listed(fleet(), g_now(), page=query.page, per_page=query.per_page)
    paging = PageOut(page=page.page, pages=page.pages, matched=page.total, total=page.total)
    made = ChangesOut(executor_alive=page.executor_alive, page=paging, changes=[_item(i) for i in page.items])
    return conditional(lambda: made, made.model_dump_json())


@blueprint.get("/<int:plan>")
@spec.validate(resp=Documented(HTTP_200=ChangeDetailOut, HTTP_404=ProblemOut), tags=["changes"])
def change(plan: int) -> Response:
    """One change."""
    page = changes().change(fleet(), plan, g_now())
    if page is None:
        return conditional(lambda: None)

    def make() -> ChangeDetailOut:
        rows = [r for w in page.waves for r in w.rows] or list(page.planned)
        gates = [w.gate for w in page.waves if w.gate is not None]
        return ChangeDetailOut(
            change=_change(page.plan, page.state, page.rollout, page.tally if page.rollout else None),
            spent=page.spent,
            allowed=page.allowed,
            wave=page.rollout.wave if page.rollout else None,
            gates=[_gate(g) for g in gates],
            devices=[_device(r) for r in (*rows, *page.failed_plans)],
            unchanged=page.unchanged,
            options=page.options.plain(),
        )

    return conditional(make, page.version)


@blueprint.get("/<int:plan>/devices/<device_id>")
@spec.validate(resp=Documented(HTTP_200=ChangeDeviceDetailOut, HTTP_404=ProblemOut), tags=["changes"])
def device(plan: int, device_id: str) -> Response:
    """One device of a change."""
    page = changes().device(fleet(), plan, device_id)
    if page is None:
        return conditional(lambda: None)
    row = page.row
    made = ChangeDeviceDetailOut(
        device=_device(row),
        lines=list(row.planned.lines),
        diff=row.planned.diff,
        facts=dict(row.progress.facts) if row.progress else {},
    )
    return conditional(lambda: made, page.version)


def _item(item: ChangeItem) -> ChangeOut:
    return _change(item.plan, item.state, item.rollout, item.tally)


def _change(plan: Plan, state: str, rollout: Rollout | None, tally: Tally | None) -> ChangeOut:
    return ChangeOut(
        id=plan.id,
        hash=plan.hash,
        change=plan.change,
        title=plan.title,
        state=state,
        author=plan.author,
        made_at=_time(plan.made_at),
        expires_at=_time(plan.expires_at),
        approved_by=plan.approved_by,
        approved_at=None if plan.approved_at is None else _time(plan.approved_at),
        ticket=plan.ticket,
        reason=plan.reason,
        where=plan.where,
        rollout=rollout.id if rollout else None,
        started_at=_time(rollout.started) if rollout else None,
        ended_at=_time(rollout.ended) if rollout and rollout.ended is not None else None,
        started_by=rollout.by if rollout else None,
        stop_asked_by=rollout.stop_asked_by if rollout else None,
        why=dict(rollout.why) if rollout else {},
        tally=None if tally is None else TallyOut(**asdict(tally), done=tally.done),
    )


def _gate(gate: Gate) -> GateOut:
    measures = [MeasureOut(**asdict(m)) for m in gate.measures]
    return GateOut(wave=gate.wave, at=_time(gate.at), passed=gate.passed, measures=measures)


def _device(row: DeviceRow) -> ChangeDeviceOut:
    planned, progress = row.planned, row.progress
    return ChangeDeviceOut(
        device=row.id,
        site=planned.site,
        platform=planned.platform,
        model=planned.model,
        version=planned.version,
        wave=progress.wave if progress else None,
        step=row.step.value,
        since=_time(progress.since) if progress else None,
        attempt=progress.attempt if progress else None,
        reason=str(progress.facts.get("reason") or "") if progress else "",
        warnings=list(planned.warnings),
        guard=planned.guard,
        error=planned.error,
    )


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
