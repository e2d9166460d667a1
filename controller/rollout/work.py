"""One device in hand: what is known of it, its steps written before each act, its sessions opened and cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from controller.journal.rollouts import Rollouts
from controller.rollout.errors import Trouble
from controller.rollout.fingerprint import Fingerprint
from controller.rollout.options import Options
from controller.rollout.ports import Accept, Clock, Copies, DialectOf, OnStep, Pace, Resolve, Vital, Vitals, unheard
from controller.rollout.records import PlanDevice, Step
from devices.configuring.dialect import Dialect, Guard, GuardKind
from devices.configuring.secrets import fill, hide, references
from devices.credentials import Secret
from devices.errors import DeviceError
from devices.model import Device
from devices.transport.session import Session, Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done with one device of a rollout."""

    rollout: int
    plan: int
    plan_hash: str
    planned: PlanDevice
    device: Device
    options: Options
    place: int = 0
    attempt: int = 1
    ticket: str = ""
    by: str = ""  # who started the rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a push touches."""

    rollouts: Rollouts
    sessions: Sessions
    dialect_of: DialectOf
    copies: Copies
    vitals: Vitals
    fingerprint: Fingerprint
    resolve: Resolve
    clock: Clock
    holder: str
    pace: Pace = field(default_factory=Pace)
    on_step: OnStep = unheard
    accept: Accept | None = None


@dataclass(slots=True, kw_only=True)
class Work:
    """One push (or one look after a crash) of one device. Used by one thread."""

    world: World
    order: Order
    dialect: Dialect
    token: str = ""
    kind: GuardKind = GuardKind.NONE
    guard: Guard | None = None
    armed: float | None = None  # monotonic, before arming: the guard fires no earlier than `armed + guard.seconds`
    base: str = ""  # as fetched, for undo
    base_mark: str = ""  # keyed hash of it, normalised
    now: str = ""  # as last fetched after the change
    saved_mark: str | None = None
    expected: str | None = None  # keyed hash of the configuration after the change
    baseline: Vital = field(default_factory=Vital)
    baseline_at: float = 0.0  # monotonic
    link_s: float = 0.0  # what signing in and reading took
    sending: Session | None = None
    sent: bool = False
    lines: Sequence[str] = ()  # secrets filled in; memory only
    _values: Sequence[str] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """The device."""
        return self.order.device.id

    def step(self, step: Step, *, audit: str | None = None, **facts: Any) -> None:
        """Write that a step begins.

        Raises:
            LeaseLost: the lock went to another: nothing more may be done.
            JournalUnavailable: it could not be written: nothing more may be done.
        """
        order, world = self.order, self.world
        told = None
        if audit is not None:
            why = {"plan": order.plan, "hash": order.plan_hash, "ticket": order.ticket, "started_by": order.by}
            told = ("executor", audit, {**why, **facts})
        world.rollouts.step(
            order.rollout,
            self.id,
            step,
            at=world.clock.now(),
            facts=facts,
            token=self.token or None,
            attempt=order.attempt,
            holder=world.holder,
            audit=told,
        )
        world.on_step(self.id, step, acted=False)

    def acted(self, step: Step) -> None:
        """The act of a step is done."""
        self.world.on_step(self.id, step, acted=True)

    def fill(self) -> None:
        """Put the secrets into the lines: in memory, just before they are sent.

        Raises:
            CredentialError: one cannot be had.
        """
        known: dict[str, Secret] = {}
        for reference in references(self.order.planned.lines):
            known[reference] = self.world.resolve(reference)
        self.lines = fill(self.order.planned.lines, known.__getitem__, self.dialect.quote)
        plain = [secret.reveal() for secret in known.values()]
        self._values = [*plain, *(self.dialect.quote(value) for value in plain)]

    def hidden(self, text: str) -> str:
        """What a device said, fit to be kept: masked, without our secrets, one short line."""
        return " ".join(hide(self.dialect.mask(text), self._values).split())[:300]

    def mark(self, text: str) -> str:
        """Keyed hash of a configuration as fetched."""
        return self.world.fingerprint.of(self.dialect.normalise(text))

    @property
    def bound_s(self) -> float:
        """Bound of one session: longer on slow links."""
        slow = max(self.link_s, 4 * (self.order.planned.latency_s or 0.0))
        return max(self.order.options.session_s, self.world.pace.guard_factor * slow)

    def open(self, *, times: float = 1.0) -> Session:
        """A new session.

        Raises:
            DeviceError, CredentialError: there is none.
        """
        return self.world.sessions.open(self.order.device, deadline_s=self.bound_s * times)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A new session, closed at the end and cut on any error."""
        opened = self.open()
        try:
            yield opened
        except BaseException:
            opened.cut()
            raise
        opened.close()

    def let_go(self, *, cut: bool) -> None:
        """End the sending session."""
        held, self.sending = self.sending, None
        if held is not None:
            held.cut() if cut else held.close()

    def left_s(self) -> float:
        """Seconds until the guard may fire; infinite where none is armed."""
        if self.guard is None or self.armed is None:
            return float("inf")
        return self.armed + self.guard.seconds - self.world.clock.monotonic()


def said(work: Work, error: DeviceError) -> Mapping[str, Any]:
    """The facts of a device's error, without secrets."""
    told: dict[str, Any] = {"error": work.hidden(str(error)), "kind": error.kind}
    if (line := getattr(error, "line", None)) is not None:
        told["line"] = line
        told["said"] = work.hidden(str(getattr(error, "said", "")))
    return told


def trouble(work: Work, error: DeviceError) -> Trouble:
    """A device's error after it was touched."""
    reasons = {"unreachable": "link_lost", "refused": "refused", "not-supported": "not_supported"}
    return Trouble(reasons.get(error.kind, error.kind.replace("-", "_")), **said(work, error))
