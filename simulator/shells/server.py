"""SSH servers for simulated devices over asyncssh: hundreds in one event loop, each at its own address and port.

A device whose way is cut does not answer: connections to it are refused (its listener is closed, since a black hole
would need a packet filter), open ones fall silent in both directions, and it notices a lost session only after its TCP
timeout or when the way is back, as a real one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Final

import asyncssh

from simulator.shells.dialects import build
from simulator.shells.router import Box, Handle, Router, Terminal

_ENTER: Final = re.compile("\r\n|\r|\n")
_BACKLOG: Final = 64


class Shells:
    """Running devices. Started in an event loop with `start`, or in a thread of its own with `serve`."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        """Prepare; nothing listens yet."""
        self._boxes = tuple(boxes)
        self._hosts: list[_Host] = []
        self.routers: list[Router] = []

    async def start(self) -> None:
        """Listen for every device."""
        loop = asyncio.get_running_loop()
        for box in self._boxes:
            router = build(box, later=loop.call_later)
            host = _Host(router, loop)
            await host.open()
            self._hosts.append(host)
            self.routers.append(router)

    async def stop(self) -> None:
        """Close everything."""
        for host in self._hosts:
            host.close()
        await asyncio.sleep(0)

    def router(self, host: str, port: int | None = None) -> Router:
        """The device at an address; KeyError where none is."""
        for router in self.routers:
            if router.box.host == host and port in (None, router.port):
                return router
        raise KeyError(host)

    def change_host_key(self, router: Router) -> None:
        """Give a device a new host key, as after an exchange of the box."""
        host = next(h for h in self._hosts if h.router is router)
        _in_loop(host.loop, host.new_key())

    def restart(self, router: Router) -> None:
        """Restart a device as if its power had failed."""
        host = next(h for h in self._hosts if h.router is router)
        _in_loop(host.loop, _call(router.restart))

    def look(self) -> None:
        """See changed faults (`silent`) at once."""
        for host in self._hosts:
            _in_loop(host.loop, _call(host.look))


@contextlib.contextmanager
def serve(boxes: Iterable[Box]) -> Iterator[Shells]:
    """Run devices in a thread of their own for the length of a `with`.

    Yields:
        The running devices; ports that were 0 are known by then.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulated-shells", daemon=True)
    thread.start()
    shells = Shells(boxes)
    try:
        asyncio.run_coroutine_threadsafe(shells.start(), loop).result(120)
        yield shells
    finally:
        asyncio.run_coroutine_threadsafe(shells.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Host:
    """One listening address, opened and closed as its device answers or not."""

    def __init__(self, router: Router, loop: asyncio.AbstractEventLoop) -> None:
        self.router, self.loop = router, loop
        given = router.box.host_key
        self.key = asyncssh.import_private_key(given) if given else asyncssh.generate_private_key("ssh-ed25519")
        self.sessions: set[_Session] = set()
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = False
        router.on_change = self._look_soon
        router.on_restart = self._drop_soon

    async def open(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.router.box.host, self.router.port))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        self.router.port = sock.getsockname()[1]
        self._acceptor = await asyncssh.create_server(
            lambda: _Server(self),
            sock=sock,
            server_host_keys=[self.key],
            line_editor=False,
            encoding="utf-8",
            errors="replace",
            login_timeout=60,
            compression_algs=None,
            x11_forwarding=False,
            agent_forwarding=False,
            gss_host=None,
        )

    def close(self) -> None:
        self._closed = True
        self._shut()
        for connection in list(self.connections):
            connection.abort()

    async def new_key(self) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._shut()
        await self.open()

    def look(self) -> None:
        """Listen when the device answers, and only then; let silent sessions hear again or be lost."""
        answers = self.router.answers()
        if answers and self._acceptor is None and not self._closed and self._opening is None:
            self._opening = self.loop.create_task(self._reopen())
        elif not answers and self._acceptor is not None:
            self._shut()
        for session in list(self.sessions):
            session.way(answers)

    async def _reopen(self) -> None:
        try:
            await self.open()
        except OSError:
            self.loop.call_later(0.2, self.look)  # the port is still taken; try again
        finally:
            self._opening = None

    def _shut(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def _look_soon(self) -> None:
        self.loop.call_soon_threadsafe(self.look)

    def _drop_soon(self) -> None:
        self.loop.call_soon_threadsafe(self._drop)

    def _drop(self) -> None:
        for connection in list(self.connections):
            connection.abort()
        self.look()


class _Server(asyncssh.SSHServer):
    """Who may sign in."""

    def __init__(self, host: _Host) -> None:
        self._host = host
        self._connection: asyncssh.SSHServerConnection | None = None
        self._username = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._host.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's
        if self._connection is not None:
            self._host.connections.discard(self._connection)

    async def begin_auth(self, username: str) -> bool:
        await asyncio.sleep(self._host.router.faults.login_delay_s)
        self._username = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        router = self._host.router
        return router.accounts.get(router.account_of(username)) == password

    def public_key_auth_supported(self) -> bool:
        return self._host.router.box.authorized_key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        router = self._host.router
        line = router.box.authorized_key
        known = line is not None and key == asyncssh.import_public_key(line)
        return known and router.account_of(username) in router.accounts

    def session_requested(self) -> asyncssh.SSHServerSession[str]:
        return _Session(self._host, self._username)


class _Session(asyncssh.SSHServerSession[str]):
    """One terminal: echo, lines, delays, losses."""

    def __init__(self, host: _Host, username: str) -> None:
        self._host, self._router = host, host.router
        self._username = username
        self._terminal: Terminal | None = None
        self._chan: asyncssh.SSHServerChannel[str] | None = None
        self._command: str | None = None
        self._typed = ""
        self._is_after_cr = False
        self._inbox: asyncio.Queue[str] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._is_silent = False
        self._is_gone = False
        self._expiry: Handle | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._chan = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:  # noqa: ARG002 - asyncssh's
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._terminal = self._router.sign_in(self._username)
        self._host.sessions.add(self)
        self._worker = self._host.loop.create_task(self._work())

    def data_received(self, data: str, datatype: Any) -> None:  # noqa: ARG002 - asyncssh's
        if not self._is_silent:
            self._inbox.put_nowait(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's
        self._is_gone = True
        if self._worker is not None:
            self._worker.cancel()
        if not self._is_silent:
            self._leave()

    def way(self, is_open: bool) -> None:
        """The way to the device was cut or is back."""
        if self._is_silent == (not is_open):
            return
        self._is_silent = not is_open
        if self._is_silent:
            self._expiry = self._router.after(self._router.box.tcp_timeout_s, self._expired)
            return
        if self._expiry is not None:
            self._expiry.cancel()
        if self._is_gone:
            self._leave()

    def _expired(self) -> None:
        if self._is_silent:
            self._leave()
            if self._chan is not None and not self._is_gone:
                self._chan.get_connection().abort()

    def _leave(self) -> None:
        self._host.sessions.discard(self)
        if self._terminal is not None:
            self._router.leave(self._terminal)
            self._terminal = None

    def _write(self, text: str) -> None:
        if self._chan is not None and not self._is_gone and not self._is_silent:
            self._chan.write(text.replace("\n", "\r\n"))

    async def _work(self) -> None:
        terminal = self._terminal
        if terminal is None or self._chan is None:
            return
        if self._command is not None:
            self._write(await self._taken(terminal, self._command))
            self._chan.exit(0)
            return
        self._write(terminal.greeting() + self._prompt(terminal))
        while not terminal.ended and not self._is_gone:
            await self._typing(terminal, await self._inbox.get())
        self._end()

    async def _typing(self, terminal: Terminal, data: str) -> None:
        """Characters as they arrive; CR LF of one press may come in two pieces."""
        for character in data:
            is_second = character == "\n" and self._is_after_cr
            self._is_after_cr = character == "\r"
            if is_second:
                continue
            if character in "\r\n":
                line, self._typed = self._typed, ""
                self._write("\n")
                said = await self._taken(terminal, line)
                if terminal.ended or self._is_gone:
                    self._write(said)
                    return
                self._write(said + self._prompt(terminal))
            elif character in "\x7f\b":
                self._typed = self._typed[:-1]
                self._write("\b \b")
            elif terminal.asks(character):
                self._write(f"\n(help)\n{self._prompt(terminal)}{self._typed}")
            elif character < " ":
                await self._pressed(terminal, character)
            else:
                self._typed += character
                if terminal.echo:
                    self._write(character)

    async def _pressed(self, terminal: Terminal, character: str) -> None:
        await asyncio.sleep(self._router.faults.delay_s)
        with self._router.lock:
            said = terminal.key(character)
        self._router.on_change()
        if said is not None:
            self._typed = ""
            self._write("\n" + said + self._prompt(terminal))

    async def _taken(self, terminal: Terminal, line: str) -> str:
        """What a line prints, after the faults had their say."""
        faults = self._router.faults
        if faults.delay_s:
            await asyncio.sleep(faults.delay_s)
        loss = next((x for x in faults.lose if x.times > 0 and re.search(x.pattern, line)), None)
        if loss is not None:
            loss.times -= 1
        if loss is None or loss.after:
            said = self._router.take(terminal, line)
            self._host.look()  # before the answer: a cut way swallows it
        else:
            said = ""
        if loss is not None and self._chan is not None:
            self._chan.get_connection().abort()
            return ""
        if any(re.search(p, line) for p in faults.hang):
            await asyncio.Event().wait()
        return said

    def _prompt(self, terminal: Terminal) -> str:
        wrong = self._router.faults.prompt
        return terminal.prompt() if wrong is None else wrong

    def _end(self) -> None:
        if self._chan is not None and not self._is_gone:
            self._chan.exit(0)
            self._chan.close()


def _in_loop(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    """Wait for a coroutine that must run in the server's loop, from any other thread."""
    done: Future[None] = asyncio.run_coroutine_threadsafe(work, loop)
    done.result(10)


async def _call(function: Any) -> None:
    function()
