"""The ways to the devices: sockets for SNMP and echo requests, shells."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial

from collectors.asks import PingAsk
from devices.configuring.registry import terminal_of
from devices.credentials import ssh_login
from devices.hostkeys import HostKeys
from devices.model import Domain, Inventory, Target
from devices.transport.ping import Pinger, PingResult
from devices.transport.snmp.client import SnmpClient
from devices.transport.ssh import SshShell
from devices.transport.ssh_session import SshSessions
from merata.settings import StatePaths

#: Longer than any cycle that may still use a socket.
SOCKETS_OUTLIVE_S = 600.0


class Lines:
    """The sockets towards the devices: SNMP for all domains, echo requests where the kernel permits them."""

    def __init__(self, inventory: Inventory) -> None:
        self._domains = inventory.domains
        self._open()

    def _open(self) -> None:
        self.snmp = SnmpClient(self._domains)
        self._pinger = Pinger(self._domains)
        self.refused = self._pinger.permitted()
        self.ping: PingAsk | None = None if self.refused else partial(_ping, self._pinger)

    def change(self, inventory: Inventory) -> None:
        """Open new sockets when the domains changed; the old ones close once no poll can be using them."""
        if inventory.domains == self._domains:
            return
        old = (self.snmp, self._pinger)
        self._domains = inventory.domains
        self._open()
        loop = asyncio.get_running_loop()
        loop.call_later(SOCKETS_OUTLIVE_S, lambda: loop.create_task(_close(*old)))

    async def close(self) -> None:
        """Close them all."""
        await _close(self.snmp, self._pinger)

    aclose = close  # what `contextlib.aclosing` calls


async def _ping(pinger: Pinger, target: Target) -> PingResult:
    """Three echo requests; a satellite hop needs more than the usual second."""
    return await pinger.ping(target.host, domain=target.domain, timeout_s=2.0)


async def _close(snmp: SnmpClient, pinger: Pinger) -> None:
    await snmp.close()
    await pinger.close()


def shell_of(paths: StatePaths, inventory: Callable[[], Inventory]) -> SshShell:
    """Shells on devices, with the host keys pinned under the state directory."""
    return SshShell(
        login=lambda device: ssh_login(inventory(), device, environ=os.environ),
        host_keys=HostKeys(paths.known_hosts),
        domain=lambda name: inventory().domains.get(name, Domain(name=name)),
    )


def sessions_of(paths: StatePaths, inventory: Callable[[], Inventory]) -> SshSessions:
    """Terminals for changing devices, with the same logins and pinned keys; may be used by many threads at once."""
    return SshSessions(
        login=lambda device: ssh_login(inventory(), device, environ=os.environ),
        host_keys=HostKeys(paths.known_hosts),
        domain=lambda name: inventory().domains.get(name, Domain(name=name)),
        terminal=terminal_of,
    )
