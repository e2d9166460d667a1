"""Linux hosts: configuration in files. What is read, compared and guarded is a list of files and /etc/config.

A line is one shell command. Those that write a whole file, add to one (`printf`) or remove one (`rm -f`) are modelled;
others are shown as commands only. Services are told by the lines themselves.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from devices.configuring import linux_intents, shell_lines
from devices.configuring.intents import Intent
from devices.configuring.shell_dialect import ShellDialect, masked_lines, parted_lines
from devices.configuring.shell_guard import ShellGuard, ran
from devices.errors import NotSupported, UnexpectedReply
from devices.model import Device
from devices.transport.session import Session

FILES: Final = (
    "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/motd", "/etc/issue.net", "/etc/ntp.conf", "/etc/timezone",
    "/etc/chrony/chrony.conf", "/etc/systemd/timesyncd.conf", "/etc/snmp/snmpd.conf", "/etc/network/interfaces",
    "/etc/hostapd/hostapd.conf", "/etc/dnsmasq.conf", "/etc/ssh/sshd_config",
    f"{linux_intents.home_of('root')}/.ssh/authorized_keys",
    "/tmp/system.cfg", "/etc/shadow", "/etc/passwd",  # noqa: S108 - airOS keeps its configuration there
)  # fmt: skip
#: `wpa_passphrase=x`, `rocommunity x`, `users.1.password=x`, `Password: x`, uci's `option key 'x'`.
_SECRET: Final = re.compile(
    r"(?i)^(.*?\b(?:(?:[\w.-]*(?:passphrase|password|passwd|psk|secret|sae_password|wep_key\d?|private_?key))\s*[=:]\s*"
    r"|r[ow]community6?\s+|(?:option|list)\s+(?:key\d?|password|psk|secret|community)\s+|createUser\s+\S+\s+\w+\s+)).+$",
    re.M,
)
_RELOAD: Final = re.compile(
    r"(?:systemctl (?:--no-block )?(?:reload|restart|try-restart|reload-or-restart|start|stop|enable|disable)|service)"
    r" [\w@.-]+(?: (?:reload|restart|start|stop))?|/etc/init\.d/[\w-]+ (?:reload|restart|start|stop)|sync|true"
)
_NOT_MANAGEMENT: Final = {"/etc/motd", "/etc/issue.net", "/etc/ntp.conf", "/etc/chrony/chrony.conf", "/etc/timezone",
                          "/etc/systemd/timesyncd.conf"}  # fmt: skip


class LinuxDialect(ShellDialect):
    """See `devices.configuring.dialect.Dialect`."""

    name = "linux"

    def normalise(self, text: str) -> str:
        """See Dialect."""
        first, files = shell_lines.parted(text)
        return shell_lines.joined("".join(f"{x.rstrip()}\n" for x in first.splitlines() if x.strip()), files)

    def mask(self, text: str) -> str:
        """See Dialect."""
        return masked_lines("\n".join(_masked(line) for line in text.split("\n")))

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """See Dialect."""
        first, files = shell_lines.parted(running)
        for words, _ in parted_lines(lines):
            if words is None:
                return None
            written = shell_lines.written_of(words)
            if written is not None and self._is_watched(written.path):
                shell_lines.apply(files, written)
            elif words and not _RELOAD.fullmatch(" ".join(words)):
                return None
        return shell_lines.joined(first, files)

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """See Dialect. Of several lines that write one file the last counts, with those that add to it."""
        _, files = shell_lines.parted(running)
        said = [None if words is None else shell_lines.written_of(words) for words, _ in parted_lines(lines)]
        found: list[int] = []
        for index, one in enumerate(said):
            later = [w for w in said[index + 1 :] if w is not None and one is not None and w.path == one.path]
            if one is None or any(not w.more for w in later):
                continue
            written = one
            if later and not written.more and written.lines is not None:
                whole = [line for w in (written, *later) for line in w.lines or ()]
                written = shell_lines.Written(path=written.path, lines=tuple(whole))
            if not shell_lines.is_said(files, written):
                found.append(index)
        return found

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:  # noqa: ARG002
        """See Dialect."""
        found: list[int] = []
        for index, (line, (words, _)) in enumerate(zip(lines, parted_lines(lines), strict=True)):
            written = None if words is None else shell_lines.written_of(words)
            if (written is not None and written.path not in _NOT_MANAGEMENT) or (
                written is None and words != [] and self.is_management(line)
            ):
                found.append(index)
        return found

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """See `linux_intents`."""
        return linux_intents.lines_of(intent, shell_lines.parted(running)[1], device)

    # device

    def fetch(self, session: Session) -> str:
        """See Dialect."""
        files = self.fetch_files(session)
        for folder in self._guard.folders:
            said, _ = ran(session, f"ls {shlex.quote(folder)} 2>/dev/null")
            for name in said.split():
                text, code = ran(session, f"cat {shlex.quote(f'{folder}/{name}')}")
                if code != 0:
                    raise UnexpectedReply(f"{folder}/{name} cannot be read", target=session.device.target.host)
                files[f"{folder}/{name}"] = text + "\n"
        return shell_lines.joined("", files)

    def pending(self, session: Session) -> list[str]:
        """Nothing is ever staged; what is written is in force with the next restart of its service."""
        _, code = ran(session, "true")
        if code != 0:
            raise NotSupported("this device has no shell", target=session.device.target.host)
        return []

    def finish(self, session: Session, lines: Sequence[str]) -> None:  # noqa: ARG002
        """Lines tell the services themselves; give those time."""
        self._settle(session)

    def put_back(self, session: Session, base: str) -> None:
        """See ShellDialect."""
        _, files = shell_lines.parted(base)
        _, standing = shell_lines.parted(self.fetch(session))
        self.put_files(session, files, standing)
        self.reload(session)

    def _is_watched(self, path: str) -> bool:
        return path in self._guard.files or path.rpartition("/")[0] in self._guard.folders


def _masked(line: str) -> str:
    return _SECRET.sub(lambda found: f"{found[1]}***", line)


DIALECT: Final = LinuxDialect(ShellGuard(folders=("/etc/config",), files=FILES, reload="true"), settle_s=1.0)
