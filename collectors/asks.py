"""The doors one poll may knock at, as plain ports. The program joins them to sockets; tests join them to fakes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from devices.model import Device, Target
from devices.transport.snmp.api import Agent, SnmpAsk


class Pong(Protocol):
    """Outcome of one burst of echo requests; times in milliseconds, None when nothing came back."""

    @property
    def sent(self) -> int:
        """Requests sent."""

    @property
    def received(self) -> int:
        """Replies that came back."""

    @property
    def rtt_min_ms(self) -> float | None:
        """The quickest reply."""

    @property
    def rtt_avg_ms(self) -> float | None:
        """Their mean."""

    @property
    def rtt_max_ms(self) -> float | None:
        """The slowest."""


#: One burst of echo requests; None when the kernel does not permit any.
PingAsk = Callable[[Target], Awaitable[Pong | None]]
#: Clients counted in the device's shell; None where it does not tell. Raises DeviceError.
ShellAsk = Callable[[Device], Awaitable[int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What may be asked of one device. None: not asked, and the answer stays None."""

    snmp: SnmpAsk | None = None
    agent: Agent | None = None
    ping: PingAsk | None = None
    shell: ShellAsk | None = None
    service: bool = True
    clock: Callable[[], float] = time.monotonic  # seconds; durations only
