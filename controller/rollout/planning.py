"""From a change to a plan: every device is asked now, and what it would be sent is frozen.

Nothing on a device is changed. Secrets are filled in memory only, to tell whether a device holds them already.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from controller.changes.errors import RenderError
from controller.changes.model import Change
from controller.changes.rendering import Rendered, Renderer
from controller.changes.subjects import Subject
from controller.rollout.differences import masked_diff
from controller.rollout.fingerprint import Fingerprint
from controller.rollout.freezing import frozen
from controller.rollout.ports import DialectOf, Resolve
from controller.rollout.records import Plan, PlanDevice
from controller.rollout.timing import Timed
from devices.configuring.dialect import Dialect, GuardKind
from devices.configuring.secrets import fill, hide
from devices.credentials import Secret
from devices.errors import CredentialError, DeviceError
from devices.model import Device
from devices.transport.session import Sessions

log = logging.getLogger(__name__)

#: Safe mode of RouterOS forgets how to undo after a hundred actions; beyond this the stronger guard is taken.
_HELD_LINES: Final = 80
_WORKERS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a site serves. `people`: an estimate, None where nobody knows. `is_only`: no other site works near it."""

    people: int | None = None
    is_only: bool = False


class OnlySites(Protocol):
    """Knows which sites are the only ones that work where they stand."""

    def reach(self, site: str) -> Reach:
        """Of one site."""
        ...


class Locks(Protocol):
    """One hand on a device."""

    def held(self, device: str, *, by: str, until: float) -> AbstractContextManager[bool]:
        """Hold a device for the time of a block; False in it when somebody else does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted and by whom."""

    change: Change
    author: str
    where: str
    values: Mapping[str, str]
    ticket: str = ""
    reason: str = ""
    inventory: str = ""  # version


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Asks devices and makes plans. `monotonic` in seconds that never jump, `now` epoch seconds."""

    sessions: Sessions
    dialect_of: DialectOf
    resolve: Resolve
    fingerprint: Fingerprint
    only_sites: OnlySites
    now: Callable[[], float]
    monotonic: Callable[[], float]
    locks: Locks | None = None
    workers: int = _WORKERS

    def plan(
        self, wish: Wish, subjects: Sequence[Subject], *, on_done: Callable[[PlanDevice], None] | None = None
    ) -> Plan:
        """Ask every device and freeze what each would be sent.

        Args:
            wish: the change, its values as `variables.settings` checked them.
            subjects: the devices meant.
            on_done: told of each device as it is done, in this thread.

        Returns:
            A draft with its hash, not stored yet; devices that cannot be changed stand in it with `error`.
        """
        renderer = Renderer(wish.change, wish.values)
        known = _Remembered(self.resolve)
        devices: list[PlanDevice] = []
        with ThreadPoolExecutor(max_workers=max(1, min(self.workers, len(subjects) or 1))) as pool:
            waiting = [pool.submit(self._one, wish.change, renderer, subject, known) for subject in subjects]
            for done in as_completed(waiting):
                device = done.result()
                devices.append(device)
                if on_done is not None:
                    on_done(device)
        at = self.now()
        options = wish.change.options
        return frozen(Plan(
            id=0, hash="", change=wish.change.name, title=wish.change.title, author=wish.author, made_at=at,
            expires_at=at + options.valid_h * 3600, where=wish.where, ticket=wish.ticket,
            reason=wish.reason or wish.change.reason, options=options.plain(), inventory=wish.inventory,
            template=renderer.digest, source=str(Path(wish.change.path).absolute()), values=dict(wish.values),
            devices=tuple(sorted(devices, key=lambda d: d.device)),
        ))  # fmt: skip

    def _one(self, change: Change, renderer: Renderer, subject: Subject, resolve: Resolve) -> PlanDevice:
        """One device; whatever goes wrong is in `error`."""
        planned = PlanDevice(
            device=subject.device.id, site=subject.site.id, area=subject.site.area, platform=subject.platform,
            dialect=subject.dialect or "", model=subject.model, version=subject.version, base="",
        )  # fmt: skip
        dialect = self.dialect_of(subject.platform)
        if dialect is None:
            return replace(planned, error=f"no_dialect: platform {subject.platform} is only watched")
        if subject.device.ssh is None:
            return replace(planned, error="no_ssh: the inventory has no `ssh` settings for it")
        seconds = change.options.session_s
        lock = (
            nullcontext(True)
            if self.locks is None
            else self.locks.held(subject.device.id, by="plan", until=self.now() + seconds + 10)
        )
        try:
            with lock as mine:
                if not mine:
                    return replace(planned, error="busy: another hand is on it now")
                device = replace(subject.device, platform=subject.platform)
                found = self._looked(device, dialect, seconds)
            return self._told(planned, found, renderer, subject, dialect, resolve)
        except RenderError as wrong:
            return replace(planned, error=f"render: {wrong}")
        except CredentialError as wrong:
            return replace(planned, error=f"credential: {wrong}")
        except DeviceError as wrong:
            kind = "offline" if wrong.kind == "unreachable" else wrong.kind
            return replace(planned, error=f"{kind}: {_short(dialect, str(wrong))}")
        except Exception as wrong:  # one device must not take the plan of a thousand with it
            # Its text might hold what a device said: only its kind is told.
            log.error("planning for %s failed: %s", subject.device.id, type(wrong).__name__)
            return replace(planned, error=f"unexpected: {type(wrong).__name__}")

    def _looked(self, device: Device, dialect: Dialect, seconds: float) -> _Look:
        session = Timed(self.sessions.open(device, deadline_s=seconds), self.monotonic)
        try:
            obstacles = dialect.obstacles(session)
            running = dialect.fetch(session)
        except BaseException:
            session.cut()
            raise
        session.close()
        return _Look(normal=dialect.normalise(running), obstacles=tuple(obstacles), latency_s=session.round_trip_s)

    def _told(
        self,
        planned: PlanDevice,
        found: _Look,
        renderer: Renderer,
        subject: Subject,
        dialect: Dialect,
        resolve: Resolve,
    ) -> PlanDevice:
        planned = replace(planned, base=self.fingerprint.of(found.normal), latency_s=found.latency_s)
        if found.obstacles:
            return replace(planned, error=f"obstacle: {_short(dialect, '; '.join(found.obstacles))}")
        rendered = renderer.render(subject, dialect, found.normal)
        if not rendered.lines:
            return replace(planned, checks=rendered.checks)
        lines, values = _filled(rendered, dialect, resolve)
        expected = dialect.after(found.normal, lines)
        if expected == found.normal:  # where it is not known, nothing says that the device holds it all
            return replace(planned, checks=rendered.checks)
        diff = None if expected is None else hide(masked_diff(found.normal, expected, dialect.mask), values)
        touches = bool(dialect.management(found.normal, lines, subject.device))
        guard = _guard(dialect, lines=len(lines), touches=touches)
        reach = self.only_sites.reach(subject.site.id)
        warnings = {
            "management_path": touches,
            "only_site": reach.is_only,
            "no_guard": guard is GuardKind.NONE,
            "commands_only": diff is None,
        }
        return replace(
            planned,
            lines=rendered.lines,
            checks=rendered.checks,
            diff=diff,
            warnings=tuple(code for code, holds in warnings.items() if holds),
            guard=guard.value,
            people=reach.people,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a session gave."""

    normal: str
    obstacles: tuple[str, ...]
    latency_s: float | None


class _Remembered:
    """Each secret is had once a plan, not once a device; it lives as long as the planning."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[str, Secret] = {}

    def __call__(self, reference: str) -> Secret:
        if reference not in self._known:
            self._known[reference] = self._resolve(reference)
        return self._known[reference]


def _filled(rendered: Rendered, dialect: Dialect, resolve: Resolve) -> tuple[list[str], list[str]]:
    """The lines with their secrets, and the secrets in every shape in which they might be seen.

    Raises:
        CredentialError: one cannot be had, or the language cannot say it.
    """
    plain = [resolve(reference).reveal() for reference in rendered.secrets]
    try:
        return fill(rendered.lines, resolve, dialect.quote), [*plain, *(dialect.quote(value) for value in plain)]
    except ValueError:
        raise CredentialError(
            f"{', '.join(rendered.secrets)}: a character of it cannot be said in the language of {dialect.name}"
        ) from None


def _guard(dialect: Dialect, *, lines: int, touches: bool) -> GuardKind:
    """Who undoes it: the held session where that will do, since stronger ones restart some devices; else the best."""
    if not dialect.guards:
        return GuardKind.NONE
    if GuardKind.HELD in dialect.guards and not touches and lines <= _HELD_LINES:
        return GuardKind.HELD
    return dialect.guards[0]


def _short(dialect: Dialect, text: str) -> str:
    return " ".join(dialect.mask(text).split())[:300]
