"""What the dialects of devices with a shell share: one command a line, exit codes, files, the guard.

Facts that shaped it: OpenWrt's shell cuts typed lines at 512 characters, so long ones travel as a file; an exit code is
told only when asked for; the shell of a lost session is killed, what it had begun is not finished.
"""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import uuid4

from devices.configuring import shell_lines
from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.intents import Intent
from devices.configuring.shell_guard import ShellGuard, ran
from devices.errors import NotSupported, UnexpectedReply
from devices.model import Device
from devices.transport.session import Session

_LONGEST: Final = 400
_LEAST_KB: Final = 128
#: Words of lines whose secrets are no option of a configuration.
_SECRET_LINES: Final = re.compile(r"(?<=')[^']*(?='(?: +'[^']*')* *\| *(?:passwd|chpasswd)\b)|(?<=\|)\s*$")
_MANAGEMENT: Final = re.compile(
    r"\b(ip|ifconfig|route|iptables|ip6tables|nft|fw4?|passwd|chpasswd|userdel|usermod|useradd|dropbear|sshd?|snmpd"
    r"|network(ing)?|netplan|ifup|ifdown|reboot|wg|authorized_keys|shadow|hostapd|wpa_supplicant|nmcli)\b"
)
_KEEPS_AWAY: Final = re.compile(r"\b(reboot|poweroff|halt|sysupgrade|firstboot|jffs2reset|mtd)\b")


class ShellDialect(ABC):
    """See `devices.configuring.dialect.Dialect`."""

    name: str
    guards: tuple[GuardKind, ...] = (GuardKind.TIMER,)
    comment = "#"

    def __init__(self, guard: ShellGuard, *, settle_s: float = 3.0) -> None:
        """Prepare.

        Args:
            guard: what is guarded, and how services learn of restored files.
            settle_s: how long services need after a reload before the device may be looked at.
        """
        self._guard = guard
        self._settle_s = settle_s

    # text

    @abstractmethod
    def normalise(self, text: str) -> str:
        """See Dialect."""

    @abstractmethod
    def mask(self, text: str) -> str:
        """See Dialect."""

    @abstractmethod
    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """See Dialect."""

    @abstractmethod
    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """See Dialect."""

    @abstractmethod
    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:
        """See Dialect."""

    @abstractmethod
    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """The lines that carry an intent out; NotSupported where this family cannot."""

    def quote(self, value: str) -> str:
        """A value as one word of the shell."""
        if any(ord(c) < 32 or ord(c) == 127 for c in value):
            raise ValueError("a value with control characters cannot be written in one line of a shell")
        return "'" + value.replace("'", "'\\''") + "'"

    # device

    @abstractmethod
    def fetch(self, session: Session) -> str:
        """See Dialect."""

    @abstractmethod
    def finish(self, session: Session, lines: Sequence[str]) -> None:
        """After the lines: make them count and tell the services."""

    @abstractmethod
    def pending(self, session: Session) -> list[str]:
        """Somebody's changes that are not yet in force, in sentences without values."""

    @abstractmethod
    def put_back(self, session: Session, base: str) -> None:
        """Write a configuration without a guard's help."""

    def fetch_saved(self, session: Session) -> str | None:  # noqa: ARG002 - files are what the device starts with
        """See Dialect."""
        return None

    def obstacles(self, session: Session) -> list[str]:
        """See Dialect."""
        found = self.pending(session)
        if armed := self._guard.armed_ones(session):
            found.append(f"a guard is armed already ({len(armed)})")
        store = self._guard.store.rpartition("/")[0] or "/"
        said, code = ran(session, f"[ -w {store} ] && df -Pk {store} | awk 'END {{ print $4 }}'")
        if code != 0:
            found.append(f"{store} cannot be written: the account is not the right one, or the storage is read-only")
        elif said.strip().isdecimal() and int(said) < _LEAST_KB:
            found.append(f"only {said.strip()} kB are free")
        return found

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:  # noqa: ARG002
        """See Dialect. The device copies its own files; `base` is not needed."""
        if kind is not GuardKind.TIMER:
            raise NotSupported(f"devices with a shell have no guard of kind {kind.value}")
        return self._guard.arm(session, token, seconds)

    def send(self, session: Session, lines: Sequence[str]) -> None:
        """See Dialect."""
        for index, line in enumerate(lines):
            self._check(index, line)
        for index, line in enumerate(lines):
            if line.strip() and not line.lstrip().startswith(self.comment):
                self._one(session, index, line.strip())
        self.finish(session, lines)

    def guard_state(self, session: Session, token: str) -> GuardState:
        """See Dialect."""
        return self._guard.state(session, token)

    def disarm(self, session: Session, guard: Guard) -> None:
        """See Dialect."""
        self._guard.disarm(session, guard.token)

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """See Dialect."""
        self._guard.fire(session, guard.token)
        if self.normalise(self.fetch(session)) != self.normalise(base):
            self.put_back(session, base)
        self._settle(session)

    def save(self, session: Session) -> None:
        """See Dialect: files are saved once written; what was staged must be committed."""
        ran(session, "sync")
        if left := self.pending(session):
            raise UnexpectedReply(f"not all is saved: {left[0]}", target=session.device.target.host)

    def reload(self, session: Session) -> None:
        """Tell the services, and wait until they have had time."""
        said, code = ran(session, self._guard.reload)
        if code != 0:
            raise UnexpectedReply(f"services were not told: {self.mask(said)[:120]}", target=session.device.target.host)
        self._settle(session)

    def _settle(self, session: Session) -> None:
        if self._settle_s:
            ran(session, f"sleep {self._settle_s:g}")

    @staticmethod
    def _check(index: int, line: str) -> None:
        """A quote that does not close would leave the shell waiting; a device that goes away cannot be looked after."""
        try:
            shlex.split(line)
        except ValueError:
            raise Refused("a quote does not close", line=index, said="") from None
        if "\n" in line:
            raise Refused("a line holds a line end", line=index, said="")
        if _KEEPS_AWAY.search(re.sub(r"'[^']*'", "''", line)):
            raise Refused("a change may not restart or wipe the device", line=index, said="")

    def _one(self, session: Session, index: int, line: str) -> None:
        if len(line.encode()) > _LONGEST:
            path = f"/tmp/merata-{uuid4().hex[:12]}"  # noqa: S108 - on the device; the name is random, the mode 0600
            session.put(path, f"{line}\n".encode())
            said, code = ran(session, f". {path}; r=$?; rm -f {path}; (exit $r)")
        else:
            said, code = ran(session, f"{{ {line}; }}" if not line.endswith("&") else line)
        if code != 0 or re.search(r"^(uci: |.*syntax error)", said, re.M):
            raise Refused(
                f"line {index + 1} ended with {code}", line=index, said=self.mask(said)[:200],
                target=session.device.target.host,
            )  # fmt: skip

    # files beside the configuration

    def fetch_files(self, session: Session) -> dict[str, str]:
        """The guarded files that are there. Accounts are guarded and never read."""
        paths = [p for p in self._guard.files if not p.endswith(("/shadow", "/passwd"))]
        found: dict[str, str] = {}
        while paths:
            some = [paths.pop(0)]
            while paths and len(" ".join(some)) + len(paths[0]) < _LONGEST - 100:
                some.append(paths.pop(0))
            said, code = ran(
                session,
                f"for f in {' '.join(some)}; do [ ! -f $f ] || {{ echo '{shell_lines.HEAD}'$f; cat $f; echo; }}; done",
            )
            if code != 0:
                raise UnexpectedReply("a file cannot be read", target=session.device.target.host)
            found |= shell_lines.parted(f"{said}\n")[1]
        return found

    def put_files(self, session: Session, files: Mapping[str, str], standing: Mapping[str, str]) -> None:
        """Make the guarded files as they were."""
        for path in {*files, *standing}:
            if path not in files:
                ran(session, f"rm -f {path}")
            elif files[path] != standing.get(path):
                session.put(path, files[path].encode(), mode=0o600 if "authorized_keys" in path else 0o644)

    def is_management(self, line: str) -> bool:
        """Whether a line that is not modelled speaks of the way to the device."""
        return _MANAGEMENT.search(line) is not None


def masked_lines(text: str) -> str:
    """A text without the passwords that are piped to `passwd` and `chpasswd`."""
    return re.sub(
        r"(printf '%s[^']*'(?: [^|']*)?)((?:\s*'(?:[^']|'\\'')*'|\s*\S+?)+)(\s*\|\s*(?:ch)?passwd\b)",
        lambda found: f"{found[1]} '***'{found[3]}",
        text,
    )


def parted_lines(lines: Sequence[str]) -> list[tuple[list[str] | None, bool]]:
    """Words of each line (None: more than one simple command) and whether it may fail; comments have no words."""
    found: list[tuple[list[str] | None, bool]] = []
    for line in lines:
        text, may_fail = shell_lines.bare(line)
        if not text or text.startswith("#"):
            found.append(([], may_fail))
            continue
        try:
            found.append((shell_lines.words_of(text), may_fail))
        except ValueError:
            found.append((None, may_fail))
    return found
