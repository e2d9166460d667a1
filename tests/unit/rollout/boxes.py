"""Routers that exist in memory, with guards, faults and a small language.

A line is `key value`; the same key replaces. `refuse ...` is refused, `cut ...` makes the device unreachable while it
runs, `shut ...` takes its uplink down, `empty ...` takes its clients away, `crash ...` restarts the device.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from controller.rollout.ports import Vital
from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.credentials import Secret
from devices.errors import (
    AuthenticationFailed,
    CredentialError,
    DeviceError,
    NotSupported,
    UnexpectedReply,
    Unreachable,
)
from devices.model import Device

Lines = list[str]


@dataclass
class Box:
    """The state of one router. `guards`: token -> [kind, fires at (monotonic), base]; `sent`: how often lines came."""

    running: Lines
    saved: Lines
    guards: dict[str, list[Any]] = field(default_factory=dict)
    fired: list[str] = field(default_factory=list)
    sent: int = 0
    sent_tokens: list[str] = field(default_factory=list)
    down_until: float = 0.0
    booted: float = 0.0
    held: str = ""  # token whose change lives with a session
    key: str = "pinned"
    full: bool = False  # no space: saving fails
    ops: int = 0  # operations so far, for the faults

    def settle(self, now: float) -> None:
        """What the device did by itself until now."""
        for token, (kind, fires, base) in list(self.guards.items()):
            if kind != GuardKind.HELD and fires <= now:
                del self.guards[token]
                self.fired.append(token)
                self.running = list(base)
                if kind == GuardKind.RELOAD:
                    self.running = list(self.saved)
                    self.down_until, self.booted = fires + 20.0, fires + 20.0

    def restart(self, now: float, *, takes: float = 20.0) -> None:
        self.down_until, self.booted = now + takes, now + takes
        for token, (kind, _, base) in list(self.guards.items()):
            if kind == GuardKind.HELD:
                del self.guards[token]
                self.running = list(base)
            elif kind == GuardKind.RELOAD:
                del self.guards[token]
        self.running = list(self.saved)


class Boxes:
    """All of them; `path` keeps them in a file that several processes change under a lock."""

    def __init__(self, monotonic: Callable[[], float], path: Path | None = None) -> None:
        self.monotonic = monotonic
        self._path = path
        self._boxes: dict[str, Box] = {}

    def add(self, name: str, *lines: str) -> None:
        with self._all() as boxes:
            boxes[name] = Box(running=list(lines), saved=list(lines))

    @contextmanager
    def box(self, name: str) -> Iterator[Box]:
        """A box as it stands now, changed as the block leaves it."""
        with self._all() as boxes:
            box = boxes[name]
            box.settle(self.monotonic())
            yield box

    def look(self, name: str) -> Box:
        with self.box(name) as box:
            return box

    @contextmanager
    def _all(self) -> Iterator[dict[str, Box]]:
        if self._path is None:
            yield self._boxes
            return
        with open(self._path, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            boxes = {name: Box(**told) for name, told in json.loads(text or "{}").items()}
            try:
                yield boxes
            finally:
                written = json.dumps({name: asdict(box) for name, box in boxes.items()})
                file.seek(0)
                file.truncate()
                file.write(written)


@dataclass
class Fault:
    """Something goes wrong at the n-th operation (from 1) of a device, or at every operation of a name.

    kind: unreachable (for `seconds`), lost (this session), refuse, garbage, restart, slow, broken, crash_before,
    crash_after.
    """

    kind: str
    nth: int = 0
    name: str = ""
    seconds: float = 30.0

    def hits(self, number: int, name: str) -> bool:
        return number == self.nth or (self.nth == 0 and name == self.name)


class Killed(BaseException):
    """The process is gone. Nothing of the program catches it."""


class FakeSession:
    """A terminal on a box."""

    def __init__(self, boxes: Boxes, device: Device, faults: Sequence[Fault], sleep: Callable[[float], None]) -> None:
        self.boxes, self.device, self._faults, self._sleep = boxes, device, faults, sleep
        self.dead = False
        self.holds: str | None = None

    @contextmanager
    def act(self, name: str) -> Iterator[Box]:
        """One operation on the box, with what goes wrong."""
        after: Fault | None = None
        with self.boxes.box(self.device.id) as box:
            box.ops += 1
            self._check(box)
            fault = next((f for f in self._faults if f.hits(box.ops, name)), None)
            if fault is not None:
                if fault.kind == "crash_after":
                    after = fault
                else:
                    self._happen(fault, box)
            yield box
        if after is not None:
            raise Killed
        if name not in ("cut", "close"):
            self._sleep(0.5)

    def _check(self, box: Box) -> None:
        now = self.boxes.monotonic()
        if self.dead or box.down_until > now or any(line.startswith("cut") for line in box.running):
            self.dead = True
            raise Unreachable("the connection is gone", target=self.device.id)

    def _happen(self, fault: Fault, box: Box) -> None:
        now = self.boxes.monotonic()
        match fault.kind:
            case "unreachable":
                box.down_until = now + fault.seconds
                self._drop(box)
                raise Unreachable("no answer", target=self.device.id)
            case "lost":
                self._drop(box)
                raise Unreachable("the connection is gone", target=self.device.id)
            case "refuse":
                raise Refused("a line was refused", line=0, said="% Invalid input", target=self.device.id)
            case "garbage":
                raise UnexpectedReply("no sense", target=self.device.id)
            case "restart":
                box.restart(now)
                self._drop(box)
                raise Unreachable("the connection is gone", target=self.device.id)
            case "slow":
                self._sleep(fault.seconds)
                box.settle(self.boxes.monotonic())
            case "broken":
                raise RuntimeError("a bug")
            case "crash_before":
                self._drop(box)
                raise Killed

    def _drop(self, box: Box) -> None:
        """The connection is gone: what lives with it is undone."""
        self.dead = True
        if self.holds is not None and self.holds in box.guards:
            _, _, base = box.guards.pop(self.holds)
            box.running = list(base)
            box.fired.append(self.holds)
        self.holds = None

    def close(self) -> None:
        if not self.dead:
            with self.boxes.box(self.device.id) as box:
                self._drop(box)

    cut = close

    def run(self, command: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        raise AssertionError("the toy dialect acts on the box itself and types nothing")

    say = press = put = renamed = run  # type: ignore[assignment]


class FakeSessions:
    """Opens terminals on boxes."""

    def __init__(self, boxes: Boxes, sleep: Callable[[float], None]) -> None:
        self.boxes, self._sleep = boxes, sleep
        self.faults: dict[str, list[Fault]] = {}
        self.opened = 0

    def open(self, device: Device, *, deadline_s: float) -> FakeSession:
        assert deadline_s > 0
        self.opened += 1
        session = FakeSession(self.boxes, device, self.faults.get(device.id, ()), self._sleep)
        with session.act("open") as box:
            if box.key != "pinned":
                raise AuthenticationFailed("the host key is not the pinned one", target=device.id)
        return session


class FakeDialect:
    """The small language, with the guards it is given."""

    name = "toy"
    comment = "#"

    def __init__(self, *guards: GuardKind, models: bool = True, arms: bool = True) -> None:
        self.guards = guards
        self._models, self._arms = models, arms

    def normalise(self, text: str) -> str:
        return text

    def mask(self, text: str) -> str:
        return "\n".join(
            f"{line.split()[0]} ***" if line.startswith("password") else line for line in text.splitlines()
        )

    def quote(self, value: str) -> str:
        if "\n" in value:
            raise ValueError(value)
        return value

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        return "\n".join(applied(running.split("\n"), lines)) if self._models else None

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        there = running.split("\n")
        return [n for n, line in enumerate(lines) if line not in there]

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:
        return [n for n, line in enumerate(lines) if line.startswith("cut")]

    def obstacles(self, session: FakeSession) -> list[str]:
        with session.act("obstacles") as box:
            return ["a guard is armed"] if box.guards else []

    def fetch(self, session: FakeSession) -> str:
        with session.act("fetch") as box:
            return "\n".join(box.running)

    def fetch_saved(self, session: FakeSession) -> str | None:
        with session.act("fetch_saved") as box:
            return "\n".join(box.saved)

    def arm(self, session: FakeSession, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:
        assert len(token) <= 40
        if not self._arms:
            raise NotSupported("no archive")
        with session.act("arm") as box:
            box.guards[token] = [kind.value, session.boxes.monotonic() + seconds, base.split("\n")]
            if kind is GuardKind.HELD:
                session.holds = token
        return Guard(kind=kind, token=token, seconds=seconds, survives_restart=kind is GuardKind.TIMER)

    def send(self, session: FakeSession, lines: Sequence[str]) -> None:
        with session.act("send") as box:
            box.sent += 1
        for number, line in enumerate(lines):
            with session.act("line") as box:
                if line.startswith("refuse"):
                    raise Refused(f"line {number + 1} was refused", line=number, said=f"% Invalid: {line}")
                box.running = applied(box.running, [line])
                if line.startswith("crash"):
                    box.restart(session.boxes.monotonic())

    def guard_state(self, session: FakeSession, token: str) -> GuardState:
        with session.act("guard_state") as box:
            if token in box.guards:
                return GuardState.ARMED
            return GuardState.FIRED if token in box.fired else GuardState.ABSENT

    def disarm(self, session: FakeSession, guard: Guard) -> None:
        with session.act("disarm") as box:
            box.guards.pop(guard.token, None)
            if session.holds == guard.token:
                session.holds = None

    def undo(self, session: FakeSession, guard: Guard, base: str) -> None:
        with session.act("undo") as box:
            box.guards.pop(guard.token, None)
            box.running = base.split("\n")

    def save(self, session: FakeSession) -> None:
        with session.act("save") as box:
            if box.full:
                raise UnexpectedReply("no space left on device", target=session.device.id)
            box.saved = list(box.running)


def applied(running: Sequence[str], lines: Sequence[str]) -> Lines:
    """The configuration after the lines."""
    found = list(running)
    for line in lines:
        key = line.split()[0]
        found = [line if one.split()[0] == key else one for one in found]
        if line not in found:
            found.append(line)
    return found


class FakeVitals:
    """SNMP as the box would tell it."""

    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes

    def look(self, device: Device) -> Vital:
        box, now = self._boxes.look(device.id), self._boxes.monotonic()
        if box.down_until > now or any(line.startswith("cut") for line in box.running):
            return Vital(reachable=False)
        up = frozenset() if any(line.startswith("shut") for line in box.running) else frozenset({"wan"})
        clients = 0 if any(line.startswith("empty") for line in box.running) else 20
        return Vital(
            reachable=True, uptime_s=now - box.booted, uplink="wan", up=up | {"lan"}, clients=clients, errors=0
        )


class FakeCopies:
    """Copies in a folder or in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[str, str] = {}
        self.full = False

    def keep(self, device: str, text: str, *, at: float) -> str:
        if self.full:
            raise OSError(28, "No space left on device")
        if self._folder is not None:
            (self._folder / f"{device}.copy").write_text(text)
        self._kept[device] = text
        return device

    def get(self, device: str, reference: str) -> str:
        if self._folder is not None:
            return (self._folder / f"{reference}.copy").read_text()
        return self._kept[reference]


class VirtualClock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.at = 1_795_000_000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at - 1_794_000_000.0

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.at += seconds


def secrets_of(known: Mapping[str, str]) -> Callable[[str], Secret]:
    """References resolved from a table."""

    def resolve(reference: str) -> Secret:
        if reference not in known:
            raise CredentialError(f"{reference}: is not set")
        return Secret(known[reference])

    return resolve


__all__ = ["Box", "Boxes", "DeviceError", "FakeCopies", "FakeDialect", "FakeSession", "FakeSessions", "FakeVitals",
           "Fault", "Killed", "VirtualClock", "applied", "secrets_of"]  # fmt: skip
