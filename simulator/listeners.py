"""TCP on the devices' own addresses, open while they serve: for those who ask whether the internet arrives.

Loopback answers every ping, so a demonstration decides reachability by SNMP and by these. A gateway that is off, cut or
without service has its listener closed, and a connection to it is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable

from simulator.province import SimDevice
from simulator.story import Story

#: How often listeners are opened and closed as the story goes on.
EVERY_S = 2.0
_BACKLOG = 16


Welcome = Callable[[socket.socket], None]


class Listeners:
    """One listening socket for each device that serves now, and for the observers' own anchor.

    Args:
        story: who is there and how they are.
        port: the same on every address.
        devices: who listens; None: the gateways.
        always: addresses that always listen.
        welcome: takes a connection that was accepted; None: it is closed.
        clock: the time, epoch s.
    """

    def __init__(
        self,
        story: Story,
        port: int,
        *,
        devices: Iterable[SimDevice] | None = None,
        always: Iterable[str] = (),
        welcome: Welcome | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._story, self._port, self._clock = story, port, clock
        gateways = (d for d in story.province.devices.values() if d.is_gateway)
        self._devices = list(gateways if devices is None else devices)
        self._always, self._welcome = tuple(always), welcome
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
        wanted = {*self._always, *(d.address for d in self._devices if self._story.state(d, now).service_ok)}
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
            if self._welcome is None:
                connection.close()
            else:
                self._welcome(connection)

    def _close(self, address: str) -> None:
        sock = self._open.pop(address)
        asyncio.get_running_loop().remove_reader(sock)
        sock.close()
