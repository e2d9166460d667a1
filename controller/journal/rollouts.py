"""Plans, rollouts and where each device stands. Every write is one durable transaction, its audit row included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, func, insert, select, update

from controller.journal.audit import Audit, add
from controller.journal.errors import LeaseLost, RolloutRefused
from controller.journal.leases import Leases, held_by
from controller.journal.tables import PLAN, PLAN_DEVICE, ROLLOUT, ROLLOUT_DEVICE
from controller.rollout.records import (
    DeviceProgress,
    Plan,
    PlanDevice,
    PlanState,
    Rollout,
    RolloutState,
    Step,
)

_OF_PLAN = ("id", "hash", "change", "author", "made_at", "expires_at", "state", "approved_by", "approved_at")
_LIVING = (RolloutState.RUNNING, RolloutState.PAUSED)


def device_lease(device: str) -> str:
    """Name of the lock on a device, which poller, speed tests and executor honour."""
    return f"device:{device}"


class Rollouts(Leases):
    """Bulk changes of a journal, with their leases; `audit` is its audit.

    Every method raises `JournalUnavailable` when the file or server does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.audit = Audit(engine)

    # Plans

    def add_plan(self, plan: Plan) -> Plan:
        """Keep a frozen plan; gives it with its id. Drafts of the same change by the same author are replaced."""
        frozen = {k: v for k, v in asdict(plan).items() if k not in (*_OF_PLAN, "devices")}
        row = {name: getattr(plan, name) for name in _OF_PLAN if name != "id"}
        with self._write() as connection:
            older = and_(
                PLAN.c.change == plan.change, PLAN.c.author == plan.author, PLAN.c.state == PlanState.DRAFT.value
            )
            connection.execute(update(PLAN).where(older).values(state=PlanState.REPLACED.value))
            made = connection.execute(insert(PLAN).values({**row, "state": plan.state.value, "frozen": frozen}))
            key = made.inserted_primary_key
            number = int(key[0]) if key is not None else 0
            if plan.devices:
                connection.execute(
                    insert(PLAN_DEVICE),
                    [{"plan": number, "device": d.device, "frozen": asdict(d)} for d in plan.devices],
                )
            facts = {"hash": plan.hash, "change": plan.change, "ticket": plan.ticket, "reason": plan.reason}
            self._note(connection, plan.made_at, plan.author, "plan.made", f"plan:{number}",
                       {**facts, "where": plan.where, "devices": len(plan.devices)})  # fmt: skip
        return replace(plan, id=number)

    def plan(self, plan_id: int, *, devices: bool = True) -> Plan | None:
        """One plan, with its devices by id; None when there is none of that number."""
        with self._read() as connection:
            row = connection.execute(select(PLAN).where(PLAN.c.id == plan_id)).first()
            if row is None:
                return None
            return _plan(row._mapping, _devices(connection, plan_id) if devices else ())

    def plans(self, *, limit: int = 50) -> list[Plan]:
        """Plans without their devices, newest first."""
        with self._read() as connection:
            return [_plan(row._mapping) for row in connection.execute(_newest(PLAN, limit))]

    def listed(self, *, limit: int, offset: int = 0) -> list[tuple[Plan, Rollout | None]]:
        """Plans and what sends them, both without devices: those being sent first, then the newest plan."""
        living = case((ROLLOUT.c.state.in_([state.value for state in _LIVING]), 0), else_=1)
        query = select(PLAN.c.id, ROLLOUT.c.id.label("sent")).select_from(
            PLAN.outerjoin(ROLLOUT, ROLLOUT.c.plan == PLAN.c.id)
        )
        with self._read() as connection:
            order = connection.execute(query.order_by(living, PLAN.c.id.desc()).limit(limit).offset(offset)).all()
            plans = select(PLAN).where(PLAN.c.id.in_([row.id for row in order]))
            sent = select(ROLLOUT).where(ROLLOUT.c.id.in_([row.sent for row in order if row.sent is not None]))
            by_plan = {row.id: _plan(row._mapping) for row in connection.execute(plans)}
            by_id = {row.id: _rollout(row._mapping) for row in connection.execute(sent)}
        return [(by_plan[row.id], by_id.get(row.sent)) for row in order]

    def plan_states(self) -> Mapping[PlanState, int]:
        """How many plans stand where."""
        query = select(PLAN.c.state, func.count()).group_by(PLAN.c.state)
        with self._read() as connection:
            return Counter({PlanState(state): count for state, count in connection.execute(query)})

    def decide(self, plan_id: int, state: PlanState, *, by: str, at: float) -> Plan:
        """Approve, reject or replace a draft (an approved plan may still be rejected).

        Raises:
            RolloutRefused: no such plan, or it is past that.
        """
        allowed = [PlanState.DRAFT.value]
        if state in (PlanState.REJECTED, PlanState.REPLACED):
            allowed.append(PlanState.APPROVED.value)
        values: dict[str, Any] = {"state": state.value}
        if state is PlanState.APPROVED:
            values |= {"approved_by": by, "approved_at": at}
        with self._write() as connection:
            where = and_(PLAN.c.id == plan_id, PLAN.c.state.in_(allowed))
            if connection.execute(update(PLAN).where(where).values(values)).rowcount != 1:
                raise RolloutRefused("plan_state", f"plan {plan_id} cannot become {state.value}")
            row = connection.execute(select(PLAN).where(PLAN.c.id == plan_id)).one()
            self._note(connection, at, by, f"plan.{state.value}", f"plan:{plan_id}", {"hash": row.hash})
            return _plan(row._mapping)

    # Rollouts

    def start(self, plan_id: int, *, by: str, at: float, placement: Sequence[DeviceProgress]) -> int:
        """Begin sending an approved plan; gives the rollout's id.

        Args:
            plan_id: an approved plan, not expired, that no living rollout sends.
            by: who asked.
            at: now.
            placement: wave and place of every device.

        Raises:
            RolloutRefused: it may not be sent (`reason`: no_plan, not_approved, expired, under_way).
        """
        with self._write() as connection:
            plan = connection.execute(select(PLAN).where(PLAN.c.id == plan_id).with_for_update()).first()
            if plan is None:
                raise RolloutRefused("no_plan", f"there is no plan {plan_id}")
            if plan.state != PlanState.APPROVED.value:
                raise RolloutRefused("not_approved", f"plan {plan_id} is {plan.state}, not approved")
            if plan.expires_at <= at:
                raise RolloutRefused("expired", f"plan {plan_id} has expired")
            used = connection.execute(select(ROLLOUT.c.id, ROLLOUT.c.state).where(ROLLOUT.c.plan == plan_id)).first()
            if used is not None:
                raise RolloutRefused("under_way", f"plan {plan_id} is sent by rollout {used.id} ({used.state})")
            row = {"plan": plan_id, "state": RolloutState.RUNNING.value, "started": at, "wave": 0, "by": by}
            made = connection.execute(insert(ROLLOUT).values({**row, "why": {}, "gates": []}))
            key = made.inserted_primary_key
            number = int(key[0]) if key is not None else 0
            if placement:
                connection.execute(insert(ROLLOUT_DEVICE), [_placed(number, one) for one in placement])
            self._note(connection, at, by, "rollout.started", f"rollout:{number}",
                       {"plan": plan_id, "hash": plan.hash, "approved_by": plan.approved_by,
                        "ticket": plan.frozen.get("ticket", ""), "devices": len(placement)})  # fmt: skip
            return number

    def rollout(self, rollout_id: int, *, devices: bool = True) -> Rollout | None:
        """One rollout with its devices in order of sending; None when there is none of that number."""
        with self._read() as connection:
            row = connection.execute(select(ROLLOUT).where(ROLLOUT.c.id == rollout_id)).first()
            if row is None:
                return None
            return _rollout(row._mapping, _progress(connection, rollout_id) if devices else ())

    def rollouts(self, *, plan: int | None = None, limit: int = 50) -> list[Rollout]:
        """Rollouts without their devices, newest first."""
        query = _newest(ROLLOUT, limit)
        if plan is not None:
            query = query.where(ROLLOUT.c.plan == plan)
        with self._read() as connection:
            return [_rollout(row._mapping) for row in connection.execute(query)]

    def living(self) -> list[Rollout]:
        """Rollouts that run or wait, oldest first, without devices: what an executor takes up when it starts."""
        states = [state.value for state in _LIVING]
        with self._read() as connection:
            query = select(ROLLOUT).where(ROLLOUT.c.state.in_(states)).order_by(ROLLOUT.c.id)
            return [_rollout(row._mapping) for row in connection.execute(query)]

    def counts(self, rollout_id: int) -> dict[Step, int]:
        """How many devices stand at each step."""
        return self.counts_of([rollout_id]).get(rollout_id, {})

    def counts_of(self, rollouts: Sequence[int]) -> dict[int, dict[Step, int]]:
        """How many devices stand at each step, by rollout."""
        of = ROLLOUT_DEVICE.c.rollout
        query = select(of, ROLLOUT_DEVICE.c.step, func.count()).where(of.in_(rollouts))
        found: dict[int, dict[Step, int]] = {number: Counter() for number in rollouts}
        with self._read() as connection:
            for number, step, count in connection.execute(query.group_by(of, ROLLOUT_DEVICE.c.step)):
                found[number][Step(step)] = count
        return found

    def progress(self, rollout_id: int, device: str) -> DeviceProgress | None:
        """Where one device stands."""
        where = and_(ROLLOUT_DEVICE.c.rollout == rollout_id, ROLLOUT_DEVICE.c.device == device)
        with self._read() as connection:
            row = connection.execute(select(ROLLOUT_DEVICE).where(where)).first()
            return None if row is None else _one(row._mapping)

    def step(
        self,
        rollout_id: int,
        device: str,
        step: Step,
        *,
        at: float,
        facts: Mapping[str, Any] | None = None,
        token: str | None = None,
        attempt: int | None = None,
        holder: str | None = None,
        audit: tuple[str, str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Write that a device enters a step: on disk before the act.

        Args:
            rollout_id: which rollout.
            device: which device.
            step: what begins (or how it ended).
            at: now.
            facts: added to those that are known.
            token: of the guard.
            attempt: number of the try, where it changes.
            holder: who must hold the lock on the device for this to be written.
            audit: (who, act, facts) of an audit row in the same transaction.

        Raises:
            LeaseLost: the lock is another's by now; nothing is written and nothing may be done.
            RolloutRefused: this rollout has no such device.
        """
        where = and_(ROLLOUT_DEVICE.c.rollout == rollout_id, ROLLOUT_DEVICE.c.device == device)
        with self._write() as connection:
            if holder is not None and not held_by(connection, device_lease(device), holder):
                raise LeaseLost(f"the lock on {device} is no longer held by {holder}")
            before = connection.execute(select(ROLLOUT_DEVICE).where(where).with_for_update()).first()
            if before is None:
                raise RolloutRefused("no_device", f"rollout {rollout_id} has no device {device}")
            values: dict[str, Any] = {"step": step.value, "since": at, "facts": {**before.facts, **(facts or {})}}
            values |= {} if token is None else {"token": token}
            values |= {} if attempt is None else {"attempt": attempt}
            connection.execute(update(ROLLOUT_DEVICE).where(where).values(values))
            if audit is not None:
                who, act, told = audit
                self._note(connection, at, who, act, f"device:{device}", {"rollout": rollout_id, **told})

    def set_state(
        self,
        rollout_id: int,
        state: RolloutState,
        *,
        at: float,
        by: str,
        why: Mapping[str, Any] | None = None,
        wave: int | None = None,
        skip: bool = False,
    ) -> None:
        """Change the state of a rollout; an end is dated, a new beginning takes date and stop back.

        Args:
            rollout_id: which rollout.
            state: from now on.
            at: now.
            by: the executor, or who asked.
            why: reason code with facts.
            wave: the wave under way, where it changes.
            skip: devices that still wait (or were not reached) are closed as skipped.
        """
        ended = state in (RolloutState.DONE, RolloutState.EXPIRED, RolloutState.STOPPED)
        values: dict[str, Any] = {"state": state.value, "ended": at if ended else None, "why": dict(why or {})}
        if state is RolloutState.RUNNING:
            values["stop_asked_by"] = None
        if wave is not None:
            values["wave"] = wave
        with self._write() as connection:
            before = connection.execute(select(ROLLOUT.c.state).where(ROLLOUT.c.id == rollout_id)).scalar()
            connection.execute(update(ROLLOUT).where(ROLLOUT.c.id == rollout_id).values(values))
            if skip:
                waiting = and_(ROLLOUT_DEVICE.c.rollout == rollout_id, ROLLOUT_DEVICE.c.step == Step.WAITING.value)
                connection.execute(update(ROLLOUT_DEVICE).where(waiting).values(step=Step.SKIPPED.value, since=at))
            if before != state.value:
                act = "resumed" if state is RolloutState.RUNNING else state.value
                self._note(connection, at, by, f"rollout.{act}", f"rollout:{rollout_id}", why or {})

    def set_wave(self, rollout_id: int, wave: int) -> None:
        """The wave under way."""
        with self._write() as connection:
            connection.execute(update(ROLLOUT).where(ROLLOUT.c.id == rollout_id).values(wave=wave))

    def ask_stop(self, rollout_id: int, *, by: str, at: float) -> bool:
        """Nothing new begins from now on; False when it is over (or asked for) already."""
        living = [state.value for state in _LIVING]
        where = and_(ROLLOUT.c.id == rollout_id, ROLLOUT.c.state.in_(living), ROLLOUT.c.stop_asked_by.is_(None))
        with self._write() as connection:
            if connection.execute(update(ROLLOUT).where(where).values(stop_asked_by=by)).rowcount != 1:
                return False
            self._note(connection, at, by, "rollout.stop_asked", f"rollout:{rollout_id}", {})
            return True

    def add_gate(self, rollout_id: int, gate: Mapping[str, Any], *, at: float | None = None) -> None:
        """Keep what a gate found (wave, verdict, measures), after those before."""
        with self._write() as connection:
            row = select(ROLLOUT.c.gates, ROLLOUT.c.started).where(ROLLOUT.c.id == rollout_id).with_for_update()
            found = connection.execute(row).first()
            if found is None:
                raise RolloutRefused("no_rollout", f"there is no rollout {rollout_id}")
            gates = [*found.gates, dict(gate)]
            connection.execute(update(ROLLOUT).where(ROLLOUT.c.id == rollout_id).values(gates=gates))
            when = at if at is not None else float(gate.get("at", found.started))
            self._note(connection, when, "executor", "rollout.gate", f"rollout:{rollout_id}", gate)

    @staticmethod
    def _note(connection: Connection, at: float, who: str, act: str, subject: str, facts: Mapping[str, Any]) -> None:
        add(connection, at=at, who=who, act=act, subject=subject, facts=facts)


def _newest(table: Any, limit: int) -> Any:
    return select(table).order_by(table.c.id.desc()).limit(limit)


def _devices(connection: Connection, plan_id: int) -> tuple[PlanDevice, ...]:
    query = select(PLAN_DEVICE.c.frozen).where(PLAN_DEVICE.c.plan == plan_id).order_by(PLAN_DEVICE.c.device)
    return tuple(
        PlanDevice(**{**row.frozen, **{k: tuple(row.frozen.get(k, ())) for k in ("lines", "warnings", "checks")}})
        for row in connection.execute(query)
    )


def _plan(row: Mapping[Any, Any], devices: tuple[PlanDevice, ...] = ()) -> Plan:
    known = {name: row[name] for name in _OF_PLAN}
    return Plan(**{**row["frozen"], **known, "state": PlanState(row["state"]), "devices": devices})


def _placed(rollout_id: int, one: DeviceProgress) -> dict[str, Any]:
    return {**asdict(one), "rollout": rollout_id, "step": one.step.value, "facts": dict(one.facts)}


def _progress(connection: Connection, rollout_id: int) -> tuple[DeviceProgress, ...]:
    query = select(ROLLOUT_DEVICE).where(ROLLOUT_DEVICE.c.rollout == rollout_id).order_by(ROLLOUT_DEVICE.c.place)
    return tuple(_one(row._mapping) for row in connection.execute(query))


def _one(row: Mapping[Any, Any]) -> DeviceProgress:
    known = {name: value for name, value in row.items() if name != "rollout"}
    return DeviceProgress(**{**known, "step": Step(row["step"])})


def _rollout(row: Mapping[Any, Any], devices: tuple[DeviceProgress, ...] = ()) -> Rollout:
    return Rollout(**{**row, "state": RolloutState(row["state"]), "gates": tuple(row["gates"]), "devices": devices})
