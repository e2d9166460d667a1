"""SSH over netmiko: the only door to it (and to paramiko below it).

Facts of netmiko 4.8 that this file is written around: it accepts any host key unless told four things; a refused host
key comes as a timeout; after a ReadTimeout the channel holds stale output though it claims to be alive; its session log
writes secrets; its waits read the wall clock. So: strict keys from one file a device, errors told apart by their text,
one session a call, no log, and a cut of the transport at the deadline whatever netmiko waits for.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import paramiko
from netmiko import BaseConnection, ConnectHandler
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout

from devices.credentials import AgentKeys, KeyFile, Secret, SshLogin
from devices.errors import (
    AuthenticationFailed,
    CredentialError,
    DeviceError,
    NotSupported,
    UnexpectedReply,
    Unreachable,
)
from devices.hostkeys import HostKey, HostKeys
from devices.model import Device, Domain
from devices.transport.shell import Reply
from devices.transport.snmp.endpoint import open_socket

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
        session = _Session(device, self._login, self._host_keys, self._domain(device.target.domain))
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

    def __init__(
        self, device: Device, login: Callable[[Device], SshLogin], host_keys: HostKeys, domain: Domain
    ) -> None:
        if device.ssh is None:
            raise NotSupported(f"device {device.id!r} has no ssh settings", target=device.target.host)
        self._device = device
        self._host = device.target.host
        self._port = device.ssh.port
        self._username = device.ssh.username
        self._login = login
        self._host_keys = host_keys
        self._domain = domain
        self._socket: socket.socket | None = None
        self._is_cut = threading.Event()
        self.name = f"{self._host}:{self._port}"

    def run(self, commands: Sequence[str], allowed_s: float) -> list[Reply]:
        """Connect, run, disconnect."""
        started = time.monotonic()
        watchdog = threading.Timer(allowed_s, self.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._converse(commands, started + allowed_s)
        except CredentialError:
            raise
        except DeviceError as error:
            error.elapsed_s = time.monotonic() - started
            raise
        except Exception as error:
            raise self._translated(error, time.monotonic() - started) from error
        finally:
            watchdog.cancel()
            self.cut()

    def cut(self) -> None:
        """Close the socket under whatever is being waited for."""
        self._is_cut.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _converse(self, commands: Sequence[str], deadline: float) -> list[Reply]:
        if self._host_keys.pinned(self._device.id) is None:
            raise AuthenticationFailed(
                f"the host key of {self._device.id!r} is not enrolled: run: merata hostkey enroll {self._device.id}",
                target=self.name,
            )
        connection = self._connect(deadline)
        try:
            return [self._command(connection, command, deadline) for command in commands]
        finally:
            # Not disconnect(): it sends more and waits; nothing here outlives the session.
            connection.paramiko_cleanup()

    def _connect(self, deadline: float) -> BaseConnection:
        login = self._login(self._device)
        left = _left(deadline)
        self._socket = connected(self._host, self._port, self._domain, timeout_s=left)
        options: dict[str, Any] = {
            "device_type": _SHELL,
            "host": self._host,
            "port": self._port,
            "username": login.username,
            "sock": self._socket,
            "ssh_strict": True,
            "system_host_keys": False,
            "alt_host_keys": True,
            "alt_key_file": str(self._host_keys.path(self._device.id)),
            "conn_timeout": left,
            "banner_timeout": left,
            "auth_timeout": left,
            "read_timeout_override": left,
        }
        match login.proof:
            case Secret() as secret:
                options["password"] = secret.reveal()
            case KeyFile(path=path):
                options |= {"use_keys": True, "key_file": str(path)}
            case AgentKeys():
                options["allow_agent"] = True
        return ConnectHandler(**options)

    def _command(self, connection: BaseConnection, command: str, deadline: float) -> Reply:
        connection.read_timeout_override = _left(deadline)
        output = connection.send_command(
            f"{command}; echo {_END}$?", expect_string=rf"{_END}\d+", strip_prompt=False, strip_command=True
        )
        return reply_of(str(output))

    def _translated(self, error: Exception, elapsed_s: float) -> DeviceError:
        """A foreign error as one of ours. netmiko gives refused host keys and old ciphers as timeouts with a text."""
        text = str(error)
        facts: dict[str, Any] = {"target": self.name, "elapsed_s": elapsed_s}
        enroll = f"merata hostkey enroll {self._device.id}"
        if "not found in known_hosts" in text:
            return AuthenticationFailed(
                f"the host key of {self._device.id!r} at {self.name} is not enrolled: run: {enroll}", **facts
            )
        if "does not match" in text:
            return AuthenticationFailed(
                f"the host key of {self._device.id!r} has changed; nothing was sent. "
                f"See both fingerprints with: {enroll}",
                **facts,
            )
        if isinstance(error, NetmikoAuthenticationException | paramiko.AuthenticationException):
            return AuthenticationFailed(f"{self.name} refused user {self._username!r}", **facts)
        if re.search(r"no acceptable|Incompatible ssh|no matching", text):
            return NotSupported(f"{self.name} offers only legacy SSH (SHA-1 or ssh-rsa): upgrade its firmware", **facts)
        if self._is_cut.is_set() or isinstance(error, ReadTimeout):
            return Unreachable("no answer before the deadline", **facts)
        if isinstance(error, NetmikoTimeoutException | OSError | EOFError):
            return Unreachable(f"no SSH session with {self.name}: {_first_line(text)}", **facts)
        return UnexpectedReply(f"SSH with {self.name} failed: {type(error).__name__}", **facts)


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
        if re.search(r"no acceptable|Incompatible ssh|no matching", str(error)):
            raise NotSupported(f"{name} offers only legacy SSH (SHA-1 or ssh-rsa)", target=name) from error
        raise Unreachable(f"no SSH server answers at {name}: {_first_line(str(error))}", target=name) from error
    except (OSError, EOFError) as error:
        raise Unreachable(f"no SSH server answers at {name}: {_first_line(str(error))}", target=name) from error
    finally:
        transport.close()
    return HostKey(kind=key.get_name(), blob=key.asbytes())


def connected(host: str, port: int, domain: Domain, *, timeout_s: float) -> socket.socket:
    """A TCP connection that leaves where the domain says.

    Raises:
        Unreachable: nobody answers, the name is unknown, or the port is closed.
        NotSupported: the domain cannot be used on this machine.
    """
    name = f"{host}:{port}"
    deadline = time.monotonic() + timeout_s
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"the name {host!r} is unknown", target=name) from error
    reason = "no address"
    for family, _, _, _, address in addresses:
        sock = open_socket(domain, family, socket.SOCK_STREAM)
        sock.settimeout(max(0.05, deadline - time.monotonic()))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            reason = error.strerror or "timed out"
            continue
        return sock
    raise Unreachable(f"no connection to {name}: {reason}", target=name, elapsed_s=timeout_s)


def _left(deadline: float) -> float:
    return max(0.05, deadline - time.monotonic())


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def _seen(work: asyncio.Future[list[Reply]]) -> None:
    """Take the outcome of a session whose caller has gone, so that nothing is logged as never retrieved."""
    if not work.cancelled():
        work.exception()
