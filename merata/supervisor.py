"""Run the parts of the program as child processes: start in order, stop in reverse, leave no orphan.

The parts are the same commands that the systemd units start, so the demo runs what production runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One child: its name in the log, its command line, and how it is seen to be ready.

    ready: the word at the start of a line it prints; ready_port: a TCP port on loopback that accepts. Neither: at once.
    """

    name: str
    command: tuple[str, ...]
    ready: str | None = None
    ready_port: int | None = None
    ready_within_s: float = 60.0
    grace_s: float = 12.0
    quiet: bool = True  # pass on only what it says on stderr
    is_late: bool = False  # started once the rest is ready and said to be
    may_end: bool = False  # its end is no failure


class PartFailed(Exception):
    """A part did not start, or ended while the others ran."""


def _child_setup() -> None:
    """Own process group (Ctrl-C reaches only the supervisor); die with the parent."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _wait(ready: asyncio.Event) -> None:
    await ready.wait()


async def _accepts(port: int, ready: asyncio.Event) -> None:
    """Set `ready` once the port on loopback accepts a connection."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        ready.set()
        return


class Supervisor:
    """Holds the children from the first start to the last stop."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._running: list[tuple[Part, asyncio.subprocess.Process]] = []
        self._readers: set[asyncio.Task[None]] = set()

    async def start(self, part: Part) -> None:
        """Start one part and wait for its ready line.

        Raises:
            PartFailed: it ended or stayed silent for `ready_within_s`.
        """
        process = await asyncio.create_subprocess_exec(
            *part.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=None,
            preexec_fn=_child_setup,
        )
        self._running.append((part, process))
        ready = asyncio.Event()
        reader = asyncio.create_task(self._read(part, process, ready))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        if part.ready_port is not None:
            waiting = asyncio.create_task(_accepts(part.ready_port, ready))
        elif part.ready is None:
            ready.set()
            return
        else:
            waiting = asyncio.create_task(_wait(ready))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({waiting, ended}, timeout=part.ready_within_s, return_when=asyncio.FIRST_COMPLETED)
        is_ready, code = ready.is_set(), process.returncode
        waiting.cancel()
        ended.cancel()
        if not is_ready:
            why = f"ended with code {code}" if code is not None else f"was not ready within {part.ready_within_s:.0f} s"
            raise PartFailed(f"{part.name} {why}")

    async def _read(self, part: Part, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for with PIPE
        async for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if part.ready is not None and line.startswith(part.ready):
                ready.set()
            if not part.quiet:
                self._say(f"{part.name}: {line}")

    async def watch(self, stop: asyncio.Event) -> str | None:
        """Wait for `stop` or for a part to end; the name of the part that ended, or None."""
        ends = {asyncio.create_task(process.wait()): part.name for part, process in self._running if not part.may_end}
        asked = asyncio.create_task(stop.wait())
        done, pending = await asyncio.wait({asked, *ends}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return next((ends[task] for task in done if task in ends), None)

    async def stop(self) -> None:
        """Stop in reverse order: SIGTERM, a grace, then SIGKILL to the part's whole group."""
        while self._running:
            part, process = self._running.pop()
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), part.grace_s)
                except TimeoutError:
                    self._say(f"{part.name} did not stop within {part.grace_s:.0f} s and was killed")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def supervise(parts: Sequence[Part], *, say: Callable[[str], None], on_ready: Callable[[], None]) -> int:
    """Run the parts until Ctrl-C or SIGTERM (code 0), or until one ends by itself (code 1)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    supervisor = Supervisor(say)
    asked = asyncio.create_task(stop.wait())
    try:
        is_said = False
        for part in sorted(parts, key=lambda one: one.is_late):
            if part.is_late and not is_said:
                on_ready()
                is_said = True
            starting = asyncio.create_task(supervisor.start(part))
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                starting.cancel()
                return 0
            await starting
            say(f"{part.name} is running")
        if not is_said:
            on_ready()
        ended = await supervisor.watch(stop)
        if ended is not None:
            print(f"merata: {ended} ended by itself; the rest is stopped", file=sys.stderr)
            return 1
        return 0
    except PartFailed as error:
        print(f"merata: {error}", file=sys.stderr)
        return 1
    finally:
        asked.cancel()
        await supervisor.stop()
