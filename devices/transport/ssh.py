"""Shells on devices, for reading: commands of one call run in one session, a bounded number of sessions at once.

After a ReadTimeout the channel of netmiko 4.8 holds stale output though it claims to be alive: one session a call.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import paramiko
from netmiko import BaseConnection

from devices.credentials import SshLogin
from devices.errors import DeviceError, NotSupported, UnexpectedReply, Unreachable
from devices.hostkeys import HostKey, HostKeys
from devices.model import Device, Domain
from devices.transport.shell import Reply
from devices.transport.ssh_link import Link, connected, first_line, is_legacy, left_of

#: Shells that are spoken, by netmiko's name. BusyBox ash on OpenWrt and bash answer alike.
_SHELL: Final = "linux"
#: Printed after each command with its exit code; the echo of the command holds `$?` and so is never taken for it.
_END: Final = "merata-end="
#: Escape sequences that terminals use and people do not: CSI (bracketed paste among them), OSC, carriage returns.
_NOISE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r")
#: What the event loop waits beyond the deadline for a thread to notice that its transport was cut.
_GRACE_S: Final = 1.0


class SshShell:
    """Shells on devices, a bounded number at once. Implements `devices.transport.shell.Shell`."""

    def __init__(
        self,
        *,
        login: Callable[[Device], SshLogin],
        host_keys: HostKeys,
        domain: Callable[[str], Domain],
        workers: int = 20,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            login: who we are to a device; may raise CredentialError.
            host_keys: the pinned keys.
            domain: the domain of a name.
            workers: sessions at once, each a thread.
        """
        self._login = login
        self._host_keys = host_keys
        self._domain = domain
        self._free = asyncio.Semaphore(workers)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ssh")

    async def run(self, device: Device, commands: Sequence[str], *, deadline_s: float) -> list[Reply]:
        """Run commands in one session that ends with the call; see the port."""
        started = time.monotonic()
        session = _Session(Link(device, self._login, self._host_keys, self._domain(device.target.domain)))
        try:
            async with asyncio.timeout(deadline_s):
                await self._free.acquire()
        except TimeoutError:
            raise DeviceError(
                "no SSH worker became free before the deadline", target=session.name, elapsed_s=deadline_s
            ) from None
        left = deadline_s - (time.monotonic() - started)
        work = asyncio.get_running_loop().run_in_executor(self._pool, session.run, tuple(commands), left)
        work.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(left + _GRACE_S):
                return await asyncio.shield(work)
        except TimeoutError as late:
            if isinstance(late, Unreachable):
                raise
            raise Unreachable(
                "no answer before the deadline", target=session.name, elapsed_s=time.monotonic() - started
            ) from None
        finally:
            if not work.done():
                session.cut()
                work.add_done_callback(_seen)

    def close(self) -> None:
        """Take no more work; sessions that run end at their own deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Session:
    """One connection, used by one thread; `cut` may be called from any."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.name = link.name

    def run(self, commands: Sequence[str], allowed_s: float) -> list[Reply]:
        """Connect, run, disconnect."""
        started = time.monotonic()
        self._link.watch(allowed_s)
        try:
            return self._converse(commands, started + allowed_s)
        except Exception as error:
            ours = self._link.translated(error, time.monotonic() - started)
            if ours is error:
                raise
            raise ours from error
        finally:
            self._link.drop()

    def cut(self) -> None:
        """End the connection under whatever is being waited for."""
        self._link.cut()

    def _converse(self, commands: Sequence[str], deadline: float) -> list[Reply]:
        connection = self._link.connect(_SHELL, deadline)
        try:
            return [self._command(connection, command, deadline) for command in commands]
        finally:
            # Not disconnect(): it sends more and waits; nothing here outlives the session.
            connection.paramiko_cleanup()

    def _command(self, connection: BaseConnection, command: str, deadline: float) -> Reply:
        connection.read_timeout_override = left_of(deadline)
        output = connection.send_command(
            f"{command}; echo {_END}$?", expect_string=rf"{_END}\d+", strip_prompt=False, strip_command=True
        )
        return reply_of(str(output))


def reply_of(output: str) -> Reply:
    """What a command printed, without escape sequences, up to its end mark.

    Raises:
        UnexpectedReply: the end mark is missing.
    """
    text = _NOISE.sub("", output)
    found = re.search(rf"{_END}(\d+)", text)
    if found is None:
        raise UnexpectedReply("the shell did not end the command as asked")
    return Reply(text=text[: found.start()].strip("\n"), code=int(found[1]))


def presented_key(host: str, port: int, domain: Domain, *, timeout_s: float) -> HostKey:
    """The host key that a server shows, without signing in. Nothing is trusted by this.

    Raises:
        Unreachable: no SSH server answers there in time.
        NotSupported: it speaks only algorithms that are no longer accepted.
    """
    name = f"{host}:{port}"
    sock = connected(host, port, domain, timeout_s=timeout_s)
    transport = paramiko.Transport(sock)
    transport.banner_timeout = timeout_s
    try:
        transport.start_client(timeout=timeout_s)
        key = transport.get_remote_server_key()
    except paramiko.SSHException as error:
        if is_legacy(str(error)):
            raise NotSupported(f"{name} offers only legacy SSH (SHA-1 or ssh-rsa)", target=name) from error
        raise Unreachable(f"no SSH server answers at {name}: {first_line(str(error))}", target=name) from error
    except (OSError, EOFError) as error:
        raise Unreachable(f"no SSH server answers at {name}: {first_line(str(error))}", target=name) from error
    finally:
        transport.close()
    return HostKey(kind=key.get_name(), blob=key.asbytes())


def _seen(work: asyncio.Future[list[Reply]]) -> None:
    """Take the outcome of a session whose caller has gone, so that nothing is logged as never retrieved."""
    if not work.cancelled():
        work.exception()
