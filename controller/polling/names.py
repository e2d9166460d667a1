"""Host names to addresses, remembered for a while. A name that does not resolve is that device's failure."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

from devices.errors import Unreachable

Resolve = Callable[[str], Awaitable[str]]


async def system_resolve(name: str) -> str:
    """The first address of a name, as the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    return str(found[0][4][0])


class Names:
    """A small cache in front of the resolver; failures are remembered for a shorter time."""

    def __init__(self, *, ttl_s: float, monotonic: Callable[[], float], resolve: Resolve = system_resolve) -> None:
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._resolve = resolve
        self._known: dict[str, tuple[float, str | None]] = {}
        self._literal: set[str] = set()
        # getaddrinfo runs in the loop's thread pool: a dead resolver must not fill it.
        self._places = asyncio.Semaphore(8)

    async def address(self, host: str) -> str:
        """The address of a host; addresses are given back as they are.

        Raises:
            Unreachable: the name does not resolve.
        """
        if host in self._literal:
            return host
        if _is_address(host):
            self._literal.add(host)
            return host
        known = self._known.get(host)
        if known is None or known[0] < self._monotonic():
            known = await self._ask(host, known)
        if known[1] is None:
            raise Unreachable(f"the name {host} does not resolve", target=host)
        return known[1]

    async def _ask(self, host: str, before: tuple[float, str | None] | None) -> tuple[float, str | None]:
        async with self._places:
            try:
                found: str | None = await self._resolve(host)
            except OSError:
                # An address that worked is better than none while the resolver is away.
                found = before[1] if before else None
                answer = (self._monotonic() + self._ttl_s / 5, found)
            else:
                answer = (self._monotonic() + self._ttl_s, found)
        self._known[host] = answer
        return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
