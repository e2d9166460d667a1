"""The doors one poll may knock at, as plain ports. The program joins them to sockets; tests join them to fakes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from devices.model import Device, Target
from devices.transport.snmp.api import Agent, SnmpAsk, Value


class Pong(Protocol):
    """Outcome of one burst of echo requests; times in milliseconds, None when nothing came back."""

    @property
    def sent(self) -> int:
        """Requests sent."""
        ...

    @property
    def received(self) -> int:
        """Replies that came back."""
        ...

    @property
    def rtt_min_ms(self) -> float | None:
        """The quickest reply."""
        ...

    @property
    def rtt_avg_ms(self) -> float | None:
        """Their mean."""
        ...

    @property
    def rtt_max_ms(self) -> float | None:
        """The slowest."""
        ...


#: One burst of echo requests; None when the kernel does not permit any.
PingAsk = Callable[[Target], Awaitable[Pong | None]]
#: Clients counted in the device's shell; None where it does not tell. Raises DeviceError.
ShellAsk = Callable[[Device], Awaitable[int | None]]


class Heard(Protocol):
    """What one device said to scalars and columns asked at once."""

    @property
    def scalars(self) -> dict[str, Value]:
        """By full name."""
        ...

    @property
    def columns(self) -> dict[str, dict[str, Value]]:
        """Column -> {row -> value}."""
        ...


class SteadyAsk(Protocol):
    """What a client may offer beside `SnmpAsk`: one GET and one GETBULK of a known table, sent together."""

    async def __call__(
        self, agent: Agent, scalars: Sequence[str], columns: Sequence[str], *, rows: int | None = None
    ) -> Heard:
        """Ask `rows` rows of the columns, which were seen before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What may be asked of one device. None: not asked, and the answer stays None."""

    snmp: SnmpAsk | None = None
    agent: Agent | None = None
    ping: PingAsk | None = None
    shell: ShellAsk | None = None
    service: bool = True
    clock: Callable[[], float] = time.monotonic  # seconds; durations only
