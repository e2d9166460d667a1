"""From a device of the inventory to a poll: its credential, its agent, the doors it may be asked through."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from dataclasses import replace

from collectors.asks import Asks, PingAsk, ShellAsk
from collectors.learned import Learned
from collectors.poll import Polled, poll
from controller.polling.cycle import Observe
from controller.polling.names import Names
from controller.polling.observer import Observation, observe
from controller.polling.settings import PollingSettings
from devices import credentials
from devices.errors import CredentialError
from devices.model import Anchor, Device, Domain, Inventory, Target
from devices.transport.snmp.api import Agent, Community, SnmpAsk, UsmUser
from devices.transport.snmp.endpoint import open_socket, resolve

log = logging.getLogger(__name__)

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"


class Doors:
    """Asks devices and anchors of one inventory.

    Args:
        inventory: what we own.
        snmp: the client.
        ping: None where the kernel permits none; said in `notes`.
        shell: None where no device is asked by shell.
        names: turns an anchor's host into an address.
        environ: where `env:` references are looked up.
    """

    def __init__(
        self,
        inventory: Inventory,
        *,
        snmp: SnmpAsk,
        ping: PingAsk | None,
        shell: ShellAsk | None,
        names: Names,
        environ: Mapping[str, str],
    ) -> None:
        self._shell = shell
        self._names = names
        self._environ = environ
        self.change(inventory, snmp=snmp, ping=ping)

    def change(self, inventory: Inventory, *, snmp: SnmpAsk, ping: PingAsk | None) -> None:
        """Another inventory holds: agents are made anew, secrets read again."""
        self._inventory = inventory
        self._snmp = snmp
        self._ping = ping
        self._agents: dict[tuple[str, str, int], Asks] = {}
        self._secrets: dict[str, Community | UsmUser | CredentialError] = {}

    @property
    def notes(self) -> list[str]:
        """What is not asked, and why."""
        found = []
        if self._ping is None:
            found.append("ping is not permitted here: its answers are unknown (see `merata doctor`)")
        elif not any(d.ping for d in self._inventory.devices.values()):
            found.append("no device is asked by ping: reachability is decided by SNMP and service checks")
        if not self._inventory.anchors:
            found.append("no observer anchors are declared: every cycle counts as observed")
        broken = sorted(n for n, s in self._secrets.items() if isinstance(s, CredentialError))
        found.extend(f"credential {name!r}: {self._secrets[name]}" for name in broken)
        return found

    async def poll(self, device: Device, *, learned: Learned | None, slot: int, now: float) -> Polled:
        """Ask one device; `device.target.host` is an address."""
        asks = self._asks(device)
        polled = await poll(device, asks=asks, learned=learned, slot=slot, now=now)
        if asks.agent is None and device.snmp is not None:
            error = str(self._secret(device.snmp.credential))
            return replace(polled, reading=replace(polled.reading, error_kind="credential", error=error))
        return polled

    def _asks(self, device: Device) -> Asks:
        """The doors of one device, made once: the client knows its agents by identity."""
        retries = device.snmp.retries if device.snmp else 0
        key = (device.id, device.target.host, retries)
        asks = self._agents.get(key)
        if asks is None:
            asks = self._agents[key] = Asks(
                snmp=self._snmp, agent=self._agent(device), ping=self._ping, shell=self._shell
            )
        return asks

    def _agent(self, device: Device) -> Agent | None:
        if device.snmp is None:
            return None
        secret = self._secret(device.snmp.credential)
        if isinstance(secret, CredentialError):
            return None
        said = device.snmp
        target = replace(device.target, port=said.port) if said.port != device.target.port else device.target
        return Agent(target=target, credential=secret, timeout_s=said.timeout_ms / 1000, retries=said.retries)

    def _secret(self, name: str) -> Community | UsmUser | CredentialError:
        found = self._secrets.get(name)
        if found is None:
            try:
                found = credentials.named_snmp_credential(self._inventory, name, environ=self._environ)
            except CredentialError as error:
                log.error("credential %s: %s", name, error)
                found = error
            self._secrets[name] = found
        return found

    def observing(self, settings: PollingSettings) -> Observe:
        """How the anchors of the present inventory are asked."""
        anchors = self._inventory.anchors

        async def ask() -> Observation:
            return await observe(
                anchors, self.ask_anchor, timeout_s=settings.anchor_timeout_s, tries=settings.anchor_tries
            )

        return ask

    async def ask_anchor(self, anchor: Anchor, timeout_s: float) -> bool | None:
        """Ask one anchor once; None when it may not be asked.

        Raises:
            OSError: the network refuses.
            DeviceError: no answer.
        """
        host = await self._names.address(anchor.host)
        how, _, rest = anchor.how.partition(":")
        if how == "tcp":
            domain = self._inventory.domains.get(anchor.domain, Domain(name=anchor.domain))
            await _connect(host, int(rest), domain)
            return True
        if how == "snmp":
            name, _, port = rest.partition(":")
            secret = self._secret(name)
            if isinstance(secret, CredentialError):
                return None
            target = Target(domain=anchor.domain, host=host, port=int(port or 161))
            agent = Agent(target=target, credential=secret, timeout_s=timeout_s, retries=0)
            await self._snmp.get(agent, (SYS_UP_TIME,), deadline_s=timeout_s)
            return True
        if self._ping is None:
            return None
        pong = await self._ping(Target(domain=anchor.domain, host=host))
        return None if pong is None else pong.received > 0


async def _connect(host: str, port: int, domain: Domain) -> None:
    """Open and close one TCP connection. A refusal is an answer too: the anchor's machine said it.

    Raises:
        OSError: the network refuses.
    """
    family, address = resolve(host, port, domain)
    sock = open_socket(domain, family, socket.SOCK_STREAM)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except ConnectionRefusedError:
        return
    finally:
        sock.close()
