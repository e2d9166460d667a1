"""One simulated device behind SSH: its state, what is wrong with it, and who is signed in.

Everything a dialect does not decide stands here: accounts, faults, restarts, a way to the device that a change can cut,
and the device's own time. State is changed in the server's loop and read from tests under one lock.
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

#: Real RouterOS and IOS notice a dead session after minutes of TCP retransmissions; a test does not wait so long.
_TCP_TIMEOUT_S: Final = 540.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a simulated device is at its first start.

    `speed` shortens the device's own time: at 60 a minute of a timer on the device lasts a second. `config` is a text
    in the device's language; None is the dialect's small configuration with `host` as the management address.
    """

    dialect: str
    host: str = "127.0.0.1"
    port: int = 0  # 0: a free one, see `Router.port`
    name: str = "router"
    config: str | None = None
    username: str = "admin"
    password: str = "rahasia"  # noqa: S105 - of a device that does not exist
    enable_password: str | None = None
    authorized_key: str | None = None  # one OpenSSH public key line
    host_key: bytes | None = None  # an OpenSSH private key; None: a new one
    speed: float = 1.0
    tcp_timeout_s: float = _TCP_TIMEOUT_S  # device's time after which a session without a way is taken for lost
    restart_s: float = 30.0  # device's time that a restart takes


@dataclass(slots=True)
class Loss:
    """A session that is lost at a line: before or after the device has taken it, at most `times`."""

    pattern: str
    after: bool = False
    times: int = 1


@dataclass(slots=True)
class Faults:
    """What is wrong with a device; changed freely while it runs. Patterns are searched in the whole line."""

    delay_s: float = 0.0  # before each reply, in real seconds
    login_delay_s: float = 0.0
    refuse: list[str] = field(default_factory=list)  # the dialect's own words of refusal
    lose: list[Loss] = field(default_factory=list)
    hang: list[str] = field(default_factory=list)  # taken, never answered
    restart: list[str] = field(default_factory=list)  # taken, then the device restarts
    prompt: str | None = None  # shown instead of the right one
    disk_full: bool = False
    silent: bool = False  # nobody answers at the address


class Handle(Protocol):
    """A timer that can be stopped."""

    def cancel(self) -> None:
        """Forget it."""
        ...


class Terminal(ABC):
    """One signed-in session of a dialect."""

    echo = True

    def __init__(self, router: Router, number: int, username: str) -> None:
        """A session just signed in."""
        self.router, self.number, self.username = router, number, username
        self.ended = False  # the device ends the session after this answer

    @abstractmethod
    def prompt(self) -> str:
        """What stands before the cursor."""

    @abstractmethod
    def line(self, text: str) -> str:
        """What a line prints; lines ended by a newline, without echo and prompt."""

    @abstractmethod
    def refusal(self, text: str) -> str:
        """What the device prints for a line that it does not take."""

    def greeting(self) -> str:
        """What is printed before the first prompt."""
        return ""

    def key(self, character: str) -> str | None:  # noqa: ARG002 - for those that know control characters
        """What a control character prints, or None where it does nothing. The prompt follows."""
        return None

    def asks(self, character: str) -> bool:  # noqa: ARG002 - for those that know such keys
        """Whether a printable key opens the help instead of being typed."""
        return False

    def lost(self) -> None:  # noqa: B027 - most dialects have nothing to undo
        """The connection is gone without an orderly end."""


class Router(ABC):
    """The state of one device. Subclasses are the dialects."""

    def __init__(self, box: Box, *, later: Callable[[float, Callable[[], None]], Handle]) -> None:
        """Switch on with its first configuration.

        Args:
            box: what it is.
            later: calls something after so many real seconds in the thread that changes the state.
        """
        self.box = box
        self.faults = Faults()
        self.lock = threading.RLock()
        self.port = box.port
        self.accounts = {box.username: box.password}
        self.log: list[str] = []  # every line taken, by any session; for tests
        self.restarts = 0
        self.is_down = False
        self.terminals: dict[int, Terminal] = {}
        self.on_change: Callable[[], None] = lambda: None  # set by the server: look at `answers` again
        self.on_restart: Callable[[], None] = lambda: None  # set by the server: drop every connection
        self._later = later
        self._sessions = 0

    # What a dialect says

    @abstractmethod
    def terminal(self, number: int, username: str) -> Terminal:
        """A new session."""

    @abstractmethod
    def running(self) -> str:
        """The running configuration, secrets included."""

    @abstractmethod
    def startup(self) -> str:
        """What the device starts with."""

    @abstractmethod
    def guard(self) -> str | None:
        """What the device would undo by itself, in a word, or None."""

    @abstractmethod
    def has_way(self) -> bool:
        """Whether the running configuration still lets the management address answer."""

    @abstractmethod
    def start_again(self) -> None:
        """Take the state of a start: startup is running, timers of the running system are gone."""

    def account_of(self, login: str) -> str:
        """The account that a login name means."""
        return login

    # What all share

    def answers(self) -> bool:
        """Whether anything answers at the address now."""
        return not self.is_down and not self.faults.silent and self.has_way()

    def after(self, seconds: float, action: Callable[[], None]) -> Handle:
        """Do something after so many seconds of the device's own time."""

        def locked() -> None:
            with self.lock:
                action()
            self.on_change()

        return self._later(seconds / self.box.speed, locked)

    def sign_in(self, login: str) -> Terminal:
        """Open a session."""
        with self.lock:
            self._sessions += 1
            terminal = self.terminal(self._sessions, self.account_of(login))
            self.terminals[terminal.number] = terminal
            return terminal

    def leave(self, terminal: Terminal) -> None:
        """A session ended; without its own orderly end it is lost."""
        with self.lock:
            if self.terminals.pop(terminal.number, None) is not None and not terminal.ended:
                terminal.lost()
        self.on_change()

    def take(self, terminal: Terminal, text: str) -> str:
        """Carry a line out, or refuse it where the faults say so."""
        with self.lock:
            if text.strip():
                self.log.append(text)
            if any(re.search(p, text) for p in self.faults.refuse):
                return terminal.refusal(text)
            said = terminal.line(text)
            if any(re.search(p, text) for p in self.faults.restart):
                self.restart()
            return said

    def restart(self) -> None:
        """Restart now: sessions end, unsaved configuration is lost, after a while it answers again."""
        with self.lock:
            if self.is_down:
                return
            self.is_down = True
            self.restarts += 1
            for terminal in list(self.terminals.values()):
                terminal.ended = True  # nothing of the old system is left to undo
            self.terminals.clear()
            self.start_again()
            self.after(self.box.restart_s, self._up)
        self.on_restart()

    def _up(self) -> None:
        self.is_down = False
        self.started()

    def started(self) -> None:  # noqa: B027 - most dialects begin nothing
        """The device has started again."""
