"""What a push needs of the world, as plain ports. The program joins them to devices; tests join them to fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from controller.rollout.records import Step
from devices.configuring.dialect import Dialect
from devices.credentials import Secret
from devices.model import Device


class Clock(Protocol):
    """Time, and waiting for it."""

    def now(self) -> float:
        """Epoch seconds; for people only."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump; every deadline is of these."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Copies(Protocol):
    """Restorable copies of configurations."""

    def keep(self, device: str, text: str, *, at: float) -> str:
        """Keep a text, on disk when this returns; gives its reference."""
        ...

    def get(self, device: str, reference: str) -> str:
        """The text again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """What a device told over SNMP just now. None: not asked, or it does not tell.

    `up`: names of the physical and radio interfaces that are up. `errors`: sum of their error counters.
    """

    reachable: bool | None = None
    uptime_s: float | None = None
    uplink: str | None = None
    up: frozenset[str] | None = None
    clients: int | None = None
    errors: int | None = None

    def plain(self) -> dict[str, Any]:
        """Values for JSON."""
        return {**asdict(self), "up": None if self.up is None else sorted(self.up)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """As kept."""
        return cls(**{**plain, "up": None if plain.get("up") is None else frozenset(plain["up"])})


class Vitals(Protocol):
    """Asks one device over SNMP, now."""

    def look(self, device: Device) -> Vital:
        """Ask; silence is a Vital with `reachable` False, never an exception."""
        ...


#: The dialect of a platform by its name.
DialectOf = Callable[[str], Dialect | None]
#: A secret by its reference; raises CredentialError.
Resolve = Callable[[str], Secret]


class OnStep(Protocol):
    """Told of every step: once it is on disk, and once its act is done."""

    def __call__(self, device: str, step: Step, *, acted: bool) -> None:
        """`acted` False: the step is committed and its act has not begun."""
        ...


class Accept(Protocol):
    """Takes in what a device holds after a change that was verified: it is right from now on. Never raises."""

    def __call__(
        self, device: str, running: str, normalised: str, masked: str, *, at: float, by: str, why: str
    ) -> None:
        """`running` as fetched, secrets included; `masked` for people."""
        ...


def unheard(device: str, step: Step, *, acted: bool) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Bounds of time in seconds. The guard's follows the measured latency of the link within its bounds."""

    guard_least_s: float = 90.0
    guard_most_s: float = 900.0
    guard_factor: float = 6.0  # times what signing in and reading the configuration just took
    line_s: float = 1.0  # for each line sent, at least
    margin_s: float = 10.0  # a guard is given so long to finish its work before the device is looked at
    vitals_s: float = 30.0  # interfaces and clients may take so long to come back
    again_s: float = 5.0  # between two tries at a device that does not answer
    looks: int = 3  # tries after the guard's deadline, before nobody knows
    lease_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a device ended."""

    step: Step
    reason: str = ""
    facts: Mapping[str, Any] | None = None


def interfaces_lost(before: Vital, after: Vital) -> Sequence[str]:
    """Interfaces that were up and are not."""
    if before.up is None:
        return ()
    return sorted(before.up - (after.up or frozenset()))
