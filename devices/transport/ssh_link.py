"""One SSH connection through netmiko: signed in with a pinned host key, cut at a deadline, its errors told apart.

Facts of netmiko 4.8 that this file is written around: it accepts any host key unless told four things; a refused host
key comes as a timeout; its session log writes secrets; its waits read the wall clock. So: strict keys from one file a
device, errors told apart by their text, no log, and a cut of the transport at the deadline whatever netmiko waits for.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

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
from devices.hostkeys import HostKeys
from devices.model import Device, Domain
from devices.transport.snmp.endpoint import open_socket


class Link:
    """One connection, used by one thread; `cut` may be called from any."""

    def __init__(
        self, device: Device, login: Callable[[Device], SshLogin], host_keys: HostKeys, domain: Domain
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            device: with `ssh` settings.
            login: who we are to a device; may raise CredentialError.
            host_keys: the pinned keys.
            domain: from where the device is reachable.

        Raises:
            NotSupported: the device has no `ssh` settings.
        """
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
        self._watchdog: threading.Timer | None = None
        self._is_cut = threading.Event()
        self.name = f"{self._host}:{self._port}"

    def watch(self, allowed_s: float) -> None:
        """Cut the connection after so many seconds, whatever is being waited for, unless `rest` comes first."""
        self._watchdog = threading.Timer(allowed_s, self.cut)
        self._watchdog.daemon = True
        self._watchdog.start()

    def rest(self) -> None:
        """End the watch."""
        if self._watchdog is not None:
            self._watchdog.cancel()

    def cut(self) -> None:
        """End the connection under whatever is being waited for."""
        self._is_cut.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        """Cut, and give the socket back: for the thread that used it, once it waits for nothing more."""
        self.rest()
        self.cut()
        if self._socket is not None:
            self._socket.close()

    def connect(self, kind: str, deadline: float) -> BaseConnection:
        """Sign in; a foreign exception may come out, see `translated`.

        Args:
            kind: netmiko's name of the terminal.
            deadline: on the monotonic clock.
        """
        if self._host_keys.pinned(self._device.id) is None:
            raise AuthenticationFailed(
                f"the host key of {self._device.id!r} is not enrolled: run: merata hostkey enroll {self._device.id}",
                target=self.name,
            )
        # Its thread logs every cut as an error; what went wrong is in the exceptions, and those are translated.
        logging.getLogger("paramiko.transport").setLevel(logging.CRITICAL)
        login = self._login(self._device)
        left = left_of(deadline)
        self._socket = connected(self._host, self._port, self._domain, timeout_s=left)
        if self._is_cut.is_set():
            self.cut()
        options: dict[str, Any] = {
            "device_type": kind,
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

    def translated(self, error: Exception, elapsed_s: float) -> Exception:
        """Any error as one of ours. netmiko gives refused host keys and old ciphers as timeouts with a text."""
        if isinstance(error, CredentialError):
            return error
        if isinstance(error, DeviceError):
            error.elapsed_s = elapsed_s
            return error
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
        if is_legacy(text):
            return NotSupported(f"{self.name} offers only legacy SSH (SHA-1 or ssh-rsa): upgrade its firmware", **facts)
        if self._is_cut.is_set() or isinstance(error, ReadTimeout):
            return Unreachable("no answer before the deadline", **facts)
        if isinstance(error, NetmikoTimeoutException | OSError | EOFError):
            return Unreachable(f"no SSH session with {self.name}: {first_line(text)}", **facts)
        return UnexpectedReply(f"SSH with {self.name} failed: {type(error).__name__}", **facts)


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


def left_of(deadline: float) -> float:
    """Seconds until a deadline on the monotonic clock, never quite none."""
    return max(0.05, deadline - time.monotonic())


def first_line(text: str) -> str:
    """What a library says, short enough for a sentence."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def is_legacy(text: str) -> bool:
    """True when the text of an error says that both sides share no algorithm."""
    return re.search(r"no acceptable|Incompatible ssh|no matching", text) is not None
