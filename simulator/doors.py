"""SSH at the addresses of the story's devices: each connection is handed on to one real SSH server on this machine.

The server is OpenSSH's own; here is only the wire to it, open while the device serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from simulator.inventory_text import with_shell
from simulator.listeners import Listeners
from simulator.story import Story

_PIECE = 65_536


class Doors:
    """Listens on the shells' addresses and joins whoever comes to the server.

    Args:
        story: who is there and how they are.
        port: of SSH on every address.
        server: port on 127.0.0.1 where the SSH server listens.
    """

    def __init__(self, story: Story, port: int, server: int) -> None:
        self._server = server
        self._joined: set[asyncio.Task[None]] = set()
        self._listeners = Listeners(story, port, devices=with_shell(story.province), welcome=self._welcome)

    async def run(self) -> None:
        """Follow the story until cancelled."""
        try:
            await self._listeners.run()
        finally:
            for task in self._joined:
                task.cancel()
            await asyncio.gather(*self._joined, return_exceptions=True)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._join(connection))
        self._joined.add(task)
        task.add_done_callback(self._joined.discard)

    async def _join(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            for each in (writer, far_writer):
                each.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
