"""A real HTTP server on loopback that gives each site as many bytes a second as its link has left in the story."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from simulator.links import available_bps
from simulator.story import Story

PATH = "/unduh/"
MOST_OCTETS = 50_000_000
_PIECE_S = 0.05
_HEAD_WITHIN_S = 5.0
_BUFFER = 16_384  # a large one would swallow a whole test at once


class Downloads:
    """`GET /unduh/SITE`: zeros without end, as fast as the site's link has room at that moment.

    Args:
        story: who is there and how they are.
        clock: the time, epoch s.
    """

    def __init__(self, story: Story, *, clock: Callable[[], float] = time.time) -> None:
        self._story, self._clock = story, clock
        self._server: asyncio.Server | None = None
        self.served = 0

    async def open(self, host: str, port: int) -> int:
        """Listen; gives the port.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.start_server(self._answer, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Take no more requests."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_WITHIN_S):
                request = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].split()
            await self._serve(request[1].decode("ascii", "replace") if len(request) >= 2 else "", writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has enough, or never asked
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, path: str, writer: asyncio.StreamWriter) -> None:
        site = self._story.province.sites.get(path.removeprefix(PATH)) if path.startswith(PATH) else None
        if site is None or not site.is_public:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        rate = available_bps(self._story, site, self._clock()) / 8
        if rate <= 0:
            return  # nothing comes through a site that is down
        self.served += 1
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {MOST_OCTETS}\r\n\r\n"
        writer.transport.set_write_buffer_limits(high=_BUFFER)
        writer.write(head.encode())
        began, sent = asyncio.get_running_loop().time(), 0
        while sent < MOST_OCTETS:
            due = int(rate * (asyncio.get_running_loop().time() - began + _PIECE_S)) - sent
            if due > 0:
                writer.write(bytes(min(due, MOST_OCTETS - sent)))
                sent += due
                await writer.drain()
            await asyncio.sleep(_PIECE_S)
