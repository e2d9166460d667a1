"""TCP for those who ask whether the internet arrives: gateways that serve accept on the SNMP port's number.

Loopback answers every ping, so a demonstration decides reachability by SNMP and by these. A gateway that is off, cut or
without service has its listener closed, and a connection to it is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable

from simulator.story import Story

#: How often listeners are opened and closed as the story goes on.
EVERY_S = 2.0
_BACKLOG = 16


class Listeners:
    """One listening socket for each gateway that serves now, and for the observers' own anchor."""

    def __init__(
        self, story: Story, port: int, *, always: Iterable[str] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._story, self._port, self._clock = story, port, clock
        self._gateways = [d for d in story.province.devices.values() if d.is_gateway]
        self._always = tuple(always)
        self._open: dict[str, socket.socket] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def run(self) -> None:
        """Follow the story until cancelled."""
        try:
            while True:
                self.follow()
                await asyncio.sleep(EVERY_S)
        finally:
            for address in list(self._open):
                self._close(address)

    def follow(self) -> None:
        """Open and close what the story wants at this moment."""
        now = self._clock()
        wanted = {*self._always, *(d.address for d in self._gateways if self._story.state(d, now).service_ok)}
        for address in self._open.keys() - wanted:
            self._close(address)
        for address in sorted(wanted - self._open.keys()):
            self._listen(address)

    def _listen(self, address: str) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        try:
            sock.bind((address, self._port))
            sock.listen(_BACKLOG)
        except OSError:
            sock.close()  # somebody else has the port on this address; the next round tries again
            return
        self._open[address] = sock
        asyncio.get_running_loop().add_reader(sock, self._accept, sock)

    def _accept(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = sock.accept()
            connection.close()

    def _close(self, address: str) -> None:
        sock = self._open.pop(address)
        asyncio.get_running_loop().remove_reader(sock)
        sock.close()
