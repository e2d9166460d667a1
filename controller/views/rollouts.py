"""Bulk changes as pages see them (`/perubahan`): one page a plan, from draft to result. Reads the journal only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.journal.audit import Entry
from controller.journal.journal import Journal
from controller.journal.records import Request, RequestState
from controller.rollout.approval import SELF_APPROVAL
from controller.rollout.budget import limit, spent
from controller.rollout.gate import Gate, Measure
from controller.rollout.options import Options
from controller.rollout.records import (
    DeviceProgress,
    Plan,
    PlanDevice,
    PlanState,
    Rollout,
    RolloutState,
    Step,
)
from controller.views.fleet import Fleet, Fresh, SiteNow

EXECUTOR = "executor"  # its lease
REQUESTS = ("rollout.start", "rollout.stop", "rollout.resume")
PLAN_MAKE = "plan.make"  # the request for a plan
REFUSED_S = 86400  # so long a refused one is told in the list
SHOWN = 50  # plans on a page of the list, devices to be changed
MEMBERS = 100  # devices on a page of `/perubahan/<plan>/daftar`
LOG = 14
KEPT_PLANS = 4
ENOUGH = 10  # devices done before a time is guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many devices stand where. `total` counts those that are to be changed."""

    total: int
    ok: int = 0
    unchanged: int = 0
    under_way: int = 0
    waiting: int = 0
    rolled_back: int = 0
    offline: int = 0
    refused: int = 0
    drifted: int = 0
    bad: int = 0  # rollback failed, or nobody knows
    skipped: int = 0

    @property
    def done(self) -> int:
        """Devices that hold what was meant."""
        return self.ok + self.unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeItem:
    """One row of the list. `state`: a PlanState or, once it is sent, a RolloutState, or `expired`."""

    plan: Plan
    state: str
    rollout: Rollout | None
    tally: Tally | None

    @property
    def at(self) -> float:
        """When something last happened that is known here."""
        return (self.rollout.ended or self.rollout.started) if self.rollout else self.plan.made_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPage:
    """`/perubahan`, one page of it.

    `running`, `drafts`: of all plans, not of this page. `asked`: plans that were asked for and are not made yet, and
    those refused of late. `executor_alive`: somebody takes requests. `names`: full names by account.
    """

    fresh: Fresh
    items: tuple[ChangeItem, ...]
    total: int
    page: int
    per_page: int
    running: int
    drafts: int
    asked: tuple[Request, ...]
    executor_alive: bool
    names: Mapping[str, str]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.per_page))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device of a change: what is planned, where it stands (None: not sent yet), and its place."""

    planned: PlanDevice
    progress: DeviceProgress | None
    site: SiteNow | None

    @property
    def id(self) -> str:
        """The device."""
        return self.planned.device

    @property
    def is_to_change(self) -> bool:
        """Something is sent to it; the others were unchanged, or could not be planned."""
        return bool(self.planned.lines) and self.planned.error is None

    @property
    def step(self) -> Step:
        """Where it stands."""
        return self.progress.step if self.progress else Step.WAITING

    @property
    def is_told(self) -> bool:
        """It ended in another way than was meant: said under its wave."""
        return self.step.is_end and self.step not in (Step.OK, Step.UNCHANGED, Step.SKIPPED)

    @property
    def caution(self) -> tuple[int, str]:
        """Sorts what to watch out for first."""
        return -len(self.planned.warnings), self.id

    @property
    def urgency(self) -> tuple[int, str]:
        """Sorts most people first."""
        return -(self.site.people or 0) if self.site else 0, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave, its devices in order of sending. `share`: of all, with the waves before; None where it has no name."""

    number: int
    share: float | None
    is_last: bool
    rows: tuple[DeviceRow, ...]
    tally: Tally
    gate: Gate | None
    is_now: bool

    @property
    def began(self) -> float | None:
        """When its first device was touched, as far as steps still tell."""
        times = [r.progress.since for r in self.rows if r.progress and r.step not in (Step.WAITING, Step.SKIPPED)]
        return min(times, default=None)

    @property
    def ended(self) -> float | None:
        """When its last device came to an end; None while one has not."""
        if not self.rows or any(not r.step.is_end for r in self.rows):
            return None
        return max((r.progress.since for r in self.rows if r.progress), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """`/perubahan/<plan>`."""

    fresh: Fresh
    plan: Plan
    state: str
    options: Options
    rollout: Rollout | None
    tally: Tally
    waves: tuple[Wave, ...]
    alarm: tuple[DeviceRow, ...]  # rollback failed, or unknown: somebody has to go there
    planned: tuple[DeviceRow, ...]  # to be changed, before a rollout has placed them in waves
    failed_plans: tuple[DeviceRow, ...]  # could not be planned
    unchanged: int
    warnings: Mapping[str, int]
    sample: DeviceRow | None  # whose difference is shown
    people: int | None
    spent: int  # of the failure budget
    allowed: int  # failures after which nothing new begins, in this wave
    allowed_first: int
    allowed_last: int
    ends_at: float | None  # at this pace
    log: tuple[Entry, ...]
    requests: tuple[Request, ...]  # still open, or failed last
    executor_alive: bool
    self_approval: bool
    names: Mapping[str, str]  # full names by account
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage:
    """`/perubahan/<plan>/daftar`: every device of a change, by group and wave, page by page.

    `group`: a key of GROUPS; "" is all. `counts`: devices by group, in the wave that is asked for.
    """

    fresh: Fresh
    plan: Plan
    state: str
    rollout: Rollout | None
    rows: tuple[DeviceRow, ...]
    group: str
    wave: int | None
    waves: tuple[int, ...]
    counts: Mapping[str, int]
    total: int
    page: int
    pages: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDevicePage:
    """`/perubahan/<plan>/<device>`."""

    fresh: Fresh
    plan: Plan
    state: str
    rollout: Rollout | None
    row: DeviceRow
    log: tuple[Entry, ...]
    version: str


class Changes:
    """Queries behind the pages of bulk changes.

    Args:
        journal: gives the journal, None while there is none.
    """

    def __init__(self, journal: Callable[[], Journal | None]) -> None:
        self._journal = journal
        self._kept: dict[tuple[int, str], tuple[PlanDevice, ...]] = {}

    def listed(self, fleet: Fleet, now: float, *, page: int = 1, per_page: int = SHOWN) -> ChangesPage:
        """`/perubahan`: what is being sent first, then newest first."""
        journal = self._journal()
        if journal is None:
            return ChangesPage(
                fresh=fleet.fresh, items=(), total=0, page=1, per_page=per_page, running=0, drafts=0, asked=(),
                executor_alive=False, names={},
            )  # fmt: skip
        kept = journal.rollouts
        states = kept.plan_states()
        total = sum(states.values())
        page = min(page, max(1, -(-total // per_page)))
        found = kept.listed(limit=per_page, offset=(page - 1) * per_page)
        counts = kept.counts_of([sent.id for _, sent in found if sent is not None])
        items = tuple(
            ChangeItem(
                plan=plan,
                state=state_of(plan, sent, now),
                rollout=sent,
                tally=tally_of(_sent(counts[sent.id])) if sent else None,
            )
            for plan, sent in found
        )
        return ChangesPage(
            fresh=fleet.fresh,
            items=items,
            total=total,
            page=page,
            per_page=per_page,
            running=len(kept.living()),
            drafts=states.get(PlanState.DRAFT, 0),
            asked=_wishes(journal, now),
            executor_alive=self._executor_alive(journal, now),
            names=_names(journal),
        )

    def change(self, fleet: Fleet, plan_id: int, now: float, *, sample: str = "") -> ChangePage | None:
        """`/perubahan/<plan>`; None when there is none of that number."""
        journal = self._journal()
        plan = journal.rollouts.plan(plan_id, devices=False) if journal else None
        if journal is None or plan is None:
            return None
        planned = self._devices(journal, plan)
        rollout = self._rollout(journal, plan_id)
        rows = [_row(fleet, one, None) for one in planned]
        placed = _placed(fleet, planned, rollout)
        options = options_of(plan)
        counts = Counter(r.step for r in placed)
        to_change = [r for r in rows if r.is_to_change]
        tally = tally_of(counts) if rollout else tally_of(Counter({Step.WAITING: len(to_change)}))
        entries = _log(journal, plan_id, rollout)
        requests = _requests(journal, plan_id, rollout)
        alive = self._executor_alive(journal, now)
        return ChangePage(
            fresh=fleet.fresh,
            plan=plan,
            state=state_of(plan, rollout, now),
            options=options,
            rollout=rollout,
            tally=tally,
            waves=_waves(placed, options, rollout),
            alarm=tuple(r for r in placed if r.step in (Step.ROLLBACK_FAILED, Step.UNKNOWN)),
            planned=() if rollout else tuple(to_change),
            failed_plans=tuple(r for r in rows if r.planned.error is not None),
            unchanged=sum(1 for r in rows if not r.planned.lines and r.planned.error is None),
            warnings=Counter(w for r in to_change for w in r.planned.warnings),
            sample=next((r for r in placed or rows if r.id == sample), None) or next(iter(to_change), None),
            people=_people(to_change),
            spent=len(spent(rollout.devices)) if rollout else 0,
            allowed=limit(options, tally.total, rollout.wave if rollout else 2),
            allowed_first=limit(options, tally.total, 0),
            allowed_last=limit(options, tally.total, 2),
            ends_at=_ends_at(rollout, tally, now),
            log=entries,
            requests=requests,
            executor_alive=alive,
            names=_names(journal),
            self_approval=journal.setting(SELF_APPROVAL, default=False) is True,
            version=_version(plan, rollout, entries, requests, alive),
        )

    def members(
        self, fleet: Fleet, plan_id: int, now: float, *, group: str = "", wave: int | None = None, page: int = 1
    ) -> MembersPage | None:
        """`/perubahan/<plan>/daftar`; None when there is no plan of that number."""
        journal = self._journal()
        plan = journal.rollouts.plan(plan_id, devices=False) if journal else None
        if journal is None or plan is None:
            return None
        rollout = self._rollout(journal, plan_id)
        known = {p.device: p for p in (rollout.devices if rollout else ())}
        rows = [_row(fleet, one, known.get(one.device)) for one in self._devices(journal, plan)]
        rows.sort(key=lambda r: (r.progress.place if r.progress else 0, r.id))
        waves = sorted({r.progress.wave for r in rows if r.progress and r.is_to_change})
        in_wave = [r for r in rows if wave is None or (r.is_to_change and r.progress and r.progress.wave == wave)]
        grouped = [(r, group_of(r)) for r in in_wave]
        group = group if group in GROUPS else ""
        found = [r for r, of in grouped if group in ("", of)]
        pages = max(1, -(-len(found) // MEMBERS))
        page = min(page, pages)
        return MembersPage(
            fresh=fleet.fresh,
            plan=plan,
            state=state_of(plan, rollout, now),
            rollout=rollout,
            rows=tuple(found[(page - 1) * MEMBERS : page * MEMBERS]),
            group=group,
            wave=wave,
            waves=tuple(waves),
            counts=Counter(of for _, of in grouped),
            total=len(found),
            page=page,
            pages=pages,
            version=_version(plan, rollout, (), (), False),
        )

    def device(self, fleet: Fleet, plan_id: int, device: str) -> ChangeDevicePage | None:
        """`/perubahan/<plan>/<device>`; None when the plan has no such device."""
        journal = self._journal()
        plan = journal.rollouts.plan(plan_id, devices=False) if journal else None
        if journal is None or plan is None:
            return None
        planned = next((d for d in self._devices(journal, plan) if d.device == device), None)
        if planned is None:
            return None
        rollout = self._rollout(journal, plan_id, devices=False)
        progress = journal.rollouts.progress(rollout.id, device) if rollout else None
        told = journal.rollouts.audit.entries(subject=f"device:{device}", limit=500) if rollout else []
        log = tuple(e for e in told if rollout and e.facts.get("rollout") == rollout.id)
        return ChangeDevicePage(
            fresh=fleet.fresh,
            plan=plan,
            state=state_of(plan, rollout, 0.0),
            rollout=rollout,
            row=_row(fleet, planned, progress),
            log=log,
            version=f"{plan.hash}{plan.state}{progress}{len(log)}{rollout.state if rollout else ''}",
        )

    def _devices(self, journal: Journal, plan: Plan) -> tuple[PlanDevice, ...]:
        """The devices of a frozen plan, which never change: kept, since a live page asks every few seconds."""
        key = (plan.id, plan.hash)
        if key not in self._kept:
            full = journal.rollouts.plan(plan.id)
            while len(self._kept) >= KEPT_PLANS:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = full.devices if full else ()
        return self._kept.get(key, ())

    @staticmethod
    def _rollout(journal: Journal, plan_id: int, *, devices: bool = True) -> Rollout | None:
        newest = journal.rollouts.rollouts(plan=plan_id, limit=1)
        return journal.rollouts.rollout(newest[0].id, devices=devices) if newest else None

    @staticmethod
    def _executor_alive(journal: Journal, now: float) -> bool:
        lease = journal.rollouts.lease(EXECUTOR)
        return lease is not None and lease.until > now


#: Groups of devices as people look for them, with their steps.
GROUPS: Mapping[str, frozenset[Step]] = {
    "bad": frozenset({Step.ROLLBACK_FAILED, Step.UNKNOWN}),
    "rolled_back": frozenset({Step.ROLLED_BACK}),
    "offline": frozenset({Step.OFFLINE}),
    "not_sent": frozenset({Step.REFUSED, Step.DRIFTED}),
    "under_way": frozenset(s for s in Step if not s.is_end and s is not Step.WAITING),
    "waiting": frozenset({Step.WAITING}),
    "skipped": frozenset({Step.SKIPPED}),
    "done": frozenset({Step.OK}),
    "unchanged": frozenset({Step.UNCHANGED}),
    "not_planned": frozenset(),
}


def group_of(row: DeviceRow) -> str:
    """The key of GROUPS in which a device stands."""
    if row.planned.error is not None:
        return "not_planned"
    if not row.planned.lines:
        return "unchanged"
    return next(group for group, steps in GROUPS.items() if row.step in steps)


def state_of(plan: Plan, rollout: Rollout | None, now: float) -> str:
    """One word for where a change stands."""
    if rollout is not None:
        return rollout.state.value
    if plan.state in (PlanState.DRAFT, PlanState.APPROVED) and plan.expires_at <= now:
        return RolloutState.EXPIRED.value
    return plan.state.value


def options_of(plan: Plan) -> Options:
    """The manners of a frozen plan; the defaults where it has none."""
    return Options.of(plan.options) if plan.options else Options()


def tally_of(counts: Mapping[Step, int]) -> Tally:
    """Steps counted as people speak of them."""
    under_way = sum(n for step, n in counts.items() if not step.is_end and step is not Step.WAITING)
    return Tally(
        total=sum(counts.values()),
        ok=counts.get(Step.OK, 0),
        unchanged=counts.get(Step.UNCHANGED, 0),
        under_way=under_way,
        waiting=counts.get(Step.WAITING, 0),
        rolled_back=counts.get(Step.ROLLED_BACK, 0),
        offline=counts.get(Step.OFFLINE, 0),
        refused=counts.get(Step.REFUSED, 0),
        drifted=counts.get(Step.DRIFTED, 0),
        bad=counts.get(Step.ROLLBACK_FAILED, 0) + counts.get(Step.UNKNOWN, 0),
        skipped=counts.get(Step.SKIPPED, 0),
    )


def gate_of(plain: Mapping[str, Any]) -> Gate:
    """A gate as the executor left it."""
    measures = tuple(Measure(**told) for told in plain.get("measures", ()))
    return Gate(wave=int(plain["wave"]), at=float(plain["at"]), measures=measures)


def _sent(counts: Mapping[Step, int]) -> Mapping[Step, int]:
    """Without those that the plan left as they were."""
    return {step: count for step, count in counts.items() if step is not Step.UNCHANGED}


def _names(journal: Journal) -> Mapping[str, str]:
    return {a.name: a.full_name for a in journal.accounts.all()}


def _row(fleet: Fleet, planned: PlanDevice, progress: DeviceProgress | None) -> DeviceRow:
    return DeviceRow(planned=planned, progress=progress, site=fleet.sites.get(planned.site))


def _placed(fleet: Fleet, planned: Sequence[PlanDevice], rollout: Rollout | None) -> list[DeviceRow]:
    known = {d.device: d for d in planned}
    rows = [_row(fleet, known[p.device], p) for p in (rollout.devices if rollout else ()) if p.device in known]
    return [row for row in rows if row.is_to_change]


def _waves(rows: Sequence[DeviceRow], options: Options, rollout: Rollout | None) -> tuple[Wave, ...]:
    if rollout is None:
        return ()
    members: dict[int, list[DeviceRow]] = {}
    for row in rows:
        if row.progress is not None:
            members.setdefault(row.progress.wave, []).append(row)
    gates = {gate.wave: gate for gate in map(gate_of, rollout.gates)}
    named = len(members) == len(options.waves) + 1  # fewer devices make fewer waves
    return tuple(
        Wave(
            number=number,
            share=options.waves[number - 1] if named and number else None,
            is_last=number == max(members),
            rows=tuple(found),
            tally=tally_of(Counter(r.step for r in found)),
            gate=gates.get(number),
            is_now=number == rollout.wave,
        )
        for number, found in sorted(members.items())
    )


def _people(rows: Sequence[DeviceRow]) -> int | None:
    """Estimated people near the sites, each site once."""
    told = {r.planned.site: r.site.people for r in rows if r.site is not None}
    known = [n for n in told.values() if n is not None]
    return sum(known) if known else None


def _ends_at(rollout: Rollout | None, tally: Tally, now: float) -> float | None:
    ended = tally.total - tally.waiting - tally.under_way
    if rollout is None or rollout.state is not RolloutState.RUNNING or ended < ENOUGH:
        return None
    return now + (tally.waiting + tally.under_way) * max(0.0, now - rollout.started) / ended


def _wishes(journal: Journal, now: float) -> tuple[Request, ...]:
    """Plans that were asked for: not made yet, or refused within a day."""
    return tuple(
        r
        for r in journal.requests(kind=PLAN_MAKE, limit=20)
        if r.state in (RequestState.WAITING, RequestState.TAKEN)
        or (r.state is RequestState.FAILED and r.at > now - REFUSED_S)
    )


def _log(journal: Journal, plan_id: int, rollout: Rollout | None) -> tuple[Entry, ...]:
    """The newest rows about a plan, what sends it, and its devices."""
    audit, subjects, before = journal.rollouts.audit, [f"plan:{plan_id}"], None
    if rollout is not None:
        subjects.append(f"rollout:{rollout.id}")
        if rollout.state not in (RolloutState.RUNNING, RolloutState.PAUSED):  # its last row stands after all others
            last = audit.newest(subjects=subjects[1:], limit=1)
            before = last[0].seq + 1 if last else None
    return tuple(audit.newest(subjects=subjects, rollout=rollout.id if rollout else None, before=before, limit=LOG))


def _requests(journal: Journal, plan_id: int, rollout: Rollout | None) -> tuple[Request, ...]:
    """Requests about this change that nobody has carried out, and the newest that failed."""
    found: list[Request] = []
    for kind in REQUESTS:
        mine = [r for r in journal.requests(kind=kind, limit=30) if _is_about(r, plan_id, rollout)]
        open_ = [r for r in mine if r.state in (RequestState.WAITING, RequestState.TAKEN)]
        found += open_ or [r for r in mine[:1] if r.state is RequestState.FAILED]
    return tuple(sorted(found, key=lambda r: r.id))


def _is_about(request: Request, plan_id: int, rollout: Rollout | None) -> bool:
    if request.kind == "rollout.start":
        return request.payload.get("plan") == plan_id
    return rollout is not None and request.payload.get("rollout") == rollout.id


def _version(
    plan: Plan, rollout: Rollout | None, log: Sequence[Entry], requests: Sequence[Request], alive: bool
) -> str:
    """Changes whenever anything on the page would, but for the minute."""
    steps = [(p.step.value, p.since) for p in rollout.devices] if rollout else []
    about = (rollout.state, rollout.wave, rollout.stop_asked_by, len(rollout.gates)) if rollout else ()
    last = log[0].seq if log else 0
    asked = [(r.id, r.state.value) for r in requests]
    told = repr((plan.hash, plan.state.value, about, steps, last, asked, alive))
    return hashlib.blake2b(told.encode(), digest_size=9).hexdigest()
