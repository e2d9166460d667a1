"""The port of a dialect: how the configuration of one family of platforms is read, changed, guarded and undone.

A dialect holds no state and keeps nothing: everything that must outlive the process is in the arguments (a token, the
base configuration) and on the device. Each method speaks in a session that its caller opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devices.errors import DeviceError
from devices.model import Device
from devices.transport.session import Session


class GuardKind(StrEnum):
    """Who undoes a change when nobody confirms it (the dead-man), strongest first."""

    TIMER = "timer"  # the device puts its old configuration back at a deadline, in or out of a session
    RELOAD = "reload"  # the device restarts at a deadline with what was saved before
    HELD = "held"  # the change lives with the sending session and is undone when that is cut
    NONE = "none"  # nobody: one device at a time, by an explicit flag, never on the management path


class GuardState(StrEnum):
    """What became of a guard."""

    ARMED = "armed"
    ABSENT = "absent"  # never armed, disarmed, or fired and gone: the configuration tells which
    FIRED = "fired"  # the device says that it has put the old configuration back
    UNTELLABLE = "untellable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """An armed guard. `token` names it on the device; `seconds` count on the device from the moment of arming."""

    kind: GuardKind
    token: str
    seconds: int
    survives_restart: bool = False
    restarts: bool = False  # putting the old configuration back restarts the device


class Refused(DeviceError):
    """The device refused a line of a change."""

    kind = "refused"

    def __init__(self, message: str, *, line: int, said: str, target: str = "") -> None:
        """Say which.

        Args:
            message: one sentence without a secret.
            line: index of the refused line among those sent, from 0.
            said: what the device answered, masked.
            target: address of the device.
        """
        super().__init__(message, target=target)
        self.line = line
        self.said = said


class Dialect(Protocol):
    """One family of configuration languages."""

    name: str
    guards: tuple[GuardKind, ...]  # what the family can do, strongest first; () is GuardKind.NONE
    comment: str  # how a comment line begins, "" where there is none

    # Text, without a device

    def normalise(self, text: str) -> str:
        """The configuration without what changes by itself (times, counters, headers), lines ended by a newline."""
        ...

    def mask(self, text: str) -> str:
        """The same text with every secret value replaced by `***`; structure and line count stay."""
        ...

    def quote(self, value: str) -> str:
        """A value as one word of this language, fit to stand in a line.

        Raises:
            ValueError: the language cannot say it.
        """
        ...

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """The normalised configuration expected once the lines were taken.

        Args:
            running: normalised, before.
            lines: as sent, secrets filled in.

        Returns:
            None where a line is not understood: then only the commands can be shown.
        """
        ...

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """Indices of the lines whose intent is not found in a (normalised) configuration."""
        ...

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:
        """Indices of the lines that touch the way we reach the device (address, uplink, SSH, SNMP, firewall, users)."""
        ...

    # On the device

    def obstacles(self, session: Session) -> list[str]:
        """Reasons not to begin: somebody's pending changes, no space, a foreign safe mode, a guard already armed."""
        ...

    def fetch(self, session: Session) -> str:
        """The whole running configuration as a text that `undo` takes, secrets included where the device tells them."""
        ...

    def fetch_saved(self, session: Session) -> str | None:
        """What the device would start with; None where running is always what is saved."""
        ...

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:
        """Arm a guard that puts `base` back.

        Args:
            session: for HELD the one that will send.
            token: letters, digits, hyphens, at most 40; names the guard's things on the device.
            seconds: from now on the device's own count, never wall time.
            base: what `fetch` gave before.
            kind: one of `guards`.

        Raises:
            NotSupported: this device cannot (no `archive`, no space ...); nothing is armed.
        """
        ...

    def send(self, session: Session, lines: Sequence[str]) -> None:
        """Send the lines and see that each is taken.

        Raises:
            Refused: at the first refused line; the device may hold part of the change.
        """
        ...

    def guard_state(self, session: Session, token: str) -> GuardState:
        """What became of the guard of this token, from any session."""
        ...

    def disarm(self, session: Session, guard: Guard) -> None:
        """Keep the change: from a new session, for HELD from the holding one. Doing it twice is no error."""
        ...

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """Put `base` back now, by the guard or without, and leave no guard behind. Doing it twice is no error."""
        ...

    def save(self, session: Session) -> None:
        """Make running what the device starts with, and see that it took."""
        ...
