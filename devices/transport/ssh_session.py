"""Signed-in terminals for changing devices, over netmiko's login and our own reading.

netmiko knows how each platform is signed in to, and that is used. Its own sending is not: it polls every 10-25 ms,
waits fixed 2-8 s on Huawei and Ruijie, reports success for lines that were refused, and its `disconnect()` sends
`/quit` to RouterOS, which keeps what a cut session would undo. Here an answer is awaited by a blocking read until the
prompt that follows the line's echo, so one line costs one round trip; a session that went wrong is only ever cut.
"""

from __future__ import annotations

import codecs
import re
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any, Final

from devices.credentials import Secret, SshLogin
from devices.errors import NotSupported, UnexpectedReply, Unreachable
from devices.hostkeys import HostKeys
from devices.model import Device, Domain
from devices.transport.session import Session
from devices.transport.ssh_link import Link, left_of
from devices.transport.terminals import clean, echo_end, manner_of, repainted_end

_CHUNK: Final = 65536
#: How much of what came before is looked at again for the end of an answer.
_TAIL: Final = 1024
#: How long a prompt without the line's echo before it must stay the last word: an unasked message of the device may be
#: followed by a prompt, and a password is not echoed.
_NO_ECHO_S: Final = 1.0
_UNSEEN_S: Final = 0.3
#: How long an orderly leaving may take.
_FAREWELL_S: Final = 1.0


class SshSessions:
    """Opens terminals. Implements `devices.transport.session.Sessions`; may be used by many threads at once."""

    def __init__(
        self,
        *,
        login: Callable[[Device], SshLogin],
        host_keys: HostKeys,
        domain: Callable[[str], Domain],
        terminal: Callable[[Device], str | None],
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            login: who we are to a device; may raise CredentialError.
            host_keys: the pinned keys.
            domain: the domain of a name.
            terminal: netmiko's name of a device's terminal, None where there is none
                (`devices.configuring.registry.terminal_of`).
        """
        self._login = login
        self._host_keys = host_keys
        self._domain = domain
        self._terminal = terminal

    def open(self, device: Device, *, deadline_s: float) -> Session:
        """Sign in; see the port."""
        kind = self._terminal(device)
        if kind is None:
            raise NotSupported(
                f"platform {device.platform!r} has no terminal that can be spoken with", target=device.target.host
            )
        if device.ssh is not None and not device.ssh.configure:
            raise NotSupported(
                f"the login of {device.id!r} is for looking only (`configure: no`)", target=device.target.host
            )
        link = Link(device, self._login, self._host_keys, self._domain(device.target.domain))
        terminal = Terminal(device, link, kind, deadline_s)
        terminal.sign_in()
        return terminal


class Terminal:
    """One signed-in terminal. Implements `devices.transport.session.Session`."""

    def __init__(self, device: Device, link: Link, kind: str, deadline_s: float) -> None:
        self.device = device
        self._link = link
        self._kind = kind
        self._manner = manner_of(kind)
        self._started = time.monotonic()
        self._deadline = self._started + deadline_s
        self._connection: Any = None
        self._prompt = re.compile(r"(?!)")
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._last = ""

    def sign_in(self) -> None:
        """Open the connection and learn the prompt."""
        self._link.watch(left_of(self._deadline))
        with self._translating():
            self._connection = self._link.connect(self._kind, self._deadline)
            self._learn()

    def run(self, command: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """Send one line and give what it printed; see the port."""
        return self._ask(command, expect, timeout_s, quiet_s=_NO_ECHO_S)

    def say(self, secret: Secret, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """As `run` with a line that nobody may read."""
        return self._ask(secret.reveal(), expect, timeout_s, quiet_s=_UNSEEN_S)

    def press(self, keys: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """Send raw characters."""
        with self._translating():
            self._connection.write_channel(keys)
            return self._answer(None, expect, timeout_s, quiet_s=self._manner.settle_s)

    def put(self, path: str, content: bytes, *, mode: int = 0o600) -> None:
        """Write a file; it appears whole or not at all where the device has a shell."""
        is_written = True
        with self._translating():
            match self._manner.files:
                case "shell":
                    is_written = self._put_by_shell(path, content, mode)
                case "sftp":
                    with self._connection.remote_conn_pre.open_sftp() as files, files.open(path, "w") as written:
                        written.write(content)
                case _:
                    raise NotSupported(f"{self._link.name} takes no files", target=self._link.name)
        if not is_written:  # said by the device in good order: the session can go on
            raise UnexpectedReply(f"{path} could not be written on the device", target=self._link.name)

    def renamed(self) -> None:
        """Learn the prompt again."""
        with self._translating():
            if not self._manner.own_prompt:
                self._connection.set_base_prompt()
                self._learn()

    def close(self) -> None:
        """Leave in the platform's way, then drop the connection."""
        with suppress(Exception):
            if re.search(self._manner.inside, self._last):
                self._ask(self._manner.outwards, None, _FAREWELL_S, quiet_s=0.0)
            channel = self._connection.remote_conn
            self._connection.write_channel(self._manner.farewell + self._connection.RETURN)
            channel.settimeout(min(_FAREWELL_S, left_of(self._deadline)))
            while channel.recv(_CHUNK):
                pass
        self.cut()

    def cut(self) -> None:
        """Drop the connection without another word."""
        self._link.cut()
        if self._connection is not None:
            with suppress(Exception):
                self._connection.paramiko_cleanup()
        self._link.drop()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Turn whatever happens into one of our errors, after which nothing but `cut` makes sense."""
        try:
            yield
        except NotSupported:
            raise
        except Exception as error:
            ours = self._link.translated(error, time.monotonic() - self._started)
            self.cut()
            if ours is error:
                raise
            raise ours from error

    def _learn(self) -> None:
        if self._manner.own_prompt:
            # A prompt that no output holds. What is typed here stays out of the shell's history.
            base = f"merata-{token_hex(4)}#"
            self._prompt = self._manner.prompt_of(base)
            self._ask(f"unset HISTFILE PROMPT_COMMAND; PS1='{base} '; PS2=", None, None, quiet_s=_NO_ECHO_S)
            return
        self._prompt = self._manner.prompt_of(str(self._connection.base_prompt).strip("<>[]#"))

    def _ask(self, line: str, expect: str | None, timeout_s: float | None, *, quiet_s: float) -> str:
        with self._translating():
            self._connection.write_channel(line + self._connection.RETURN)
            return self._answer(line, expect, timeout_s, quiet_s=quiet_s)

    def _answer(self, line: str | None, expect: str | None, timeout_s: float | None, *, quiet_s: float) -> str:
        """Read until the end of an answer.

        Args:
            line: whose echo comes first, None: no echo is awaited.
            expect: what ends it; None: the prompt.
            timeout_s: bound, None: the session's.
            quiet_s: without an echo, how long nothing may follow the end.
        """
        pattern = self._prompt if expect is None else re.compile(expect)
        until = self._deadline if timeout_s is None else min(self._deadline, time.monotonic() + timeout_s)
        text, rest = "", ""
        start = 0 if line is None else None
        wait_s: float | None = None
        while True:
            more = self._read(until if wait_s is None else min(until, time.monotonic() + wait_s))
            if more is None:
                if wait_s is None:
                    raise Unreachable("no end of the answer in time", target=self._link.name)
                break
            fresh, rest = clean(rest + more)
            text += fresh
            if start is None:
                start = echo_end(text, line or "")
            # A slice, not a position: `^` of a pattern means the beginning of the answer.
            ended = pattern.search(text[max(start or 0, len(text) - len(fresh) - _TAIL) :])
            wait_s = None
            if ended is not None:
                wait_s = self._manner.settle_s if start is not None else quiet_s
                if not wait_s:
                    break
        if self._manner.settle_s and line:
            start = repainted_end(text, line, start or 0)
        return self._cropped(text[start or 0 :], pattern, kept=expect is not None)

    def _read(self, until: float) -> str | None:
        """What comes next; None when nothing comes before `until`."""
        channel = self._connection.remote_conn
        channel.settimeout(left_of(until))
        try:
            data = channel.recv(_CHUNK)
        except TimeoutError:
            return None
        if not data:
            raise Unreachable("the device ended the session", target=self._link.name)
        return self._decode(data)

    def _cropped(self, text: str, pattern: re.Pattern[str], *, kept: bool) -> str:
        ended = pattern.search(text)
        if ended is None:
            raise UnexpectedReply("the answer of the terminal cannot be told from its prompt", target=self._link.name)
        self._last = ended[0]
        return text[: ended.end() if kept else ended.start()].strip("\n")

    def _put_by_shell(self, path: str, content: bytes, mode: int) -> bool:
        fresh, target = shlex.quote(f"{path}.new"), shlex.quote(path)
        channel = self._connection.remote_conn.get_transport().open_session(timeout=left_of(self._deadline))
        try:
            channel.settimeout(left_of(self._deadline))
            channel.exec_command(
                f"umask 077; cat >{fresh} && chmod {mode:o} {fresh} && mv -f {fresh} {target} || "
                f"{{ rm -f {fresh}; false; }}"
            )
            channel.sendall(content)
            channel.shutdown_write()
            while channel.recv(_CHUNK):
                pass
            return int(channel.recv_exit_status()) == 0
        finally:
            channel.close()
