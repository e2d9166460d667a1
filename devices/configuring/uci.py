"""OpenWrt and its likes: configuration by `uci`, and the few files beside it that people change.

`uci export` shows what is committed and what is staged alike, so a start with somebody's staged changes is refused:
`uci commit` would put them in force. Lines need no `commit` and no reload at their end: packages that they touched are
committed and `reload_config` is called once after the last line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from devices.configuring import shell_lines, uci_intents, uci_model
from devices.configuring.intents import Intent
from devices.configuring.shell_dialect import ShellDialect, masked_lines, parted_lines
from devices.configuring.shell_guard import ShellGuard, ran
from devices.configuring.uci_model import Command, NotUnderstood, Uci
from devices.errors import NotSupported, UnexpectedReply
from devices.model import Device
from devices.transport.session import Session

FILES: Final = (
    "/etc/banner", "/etc/dropbear/authorized_keys", "/etc/crontabs/root", "/etc/firewall.user", "/etc/rc.local",
    "/etc/sysctl.conf", "/etc/shadow", "/etc/passwd",
)  # fmt: skip
_CLOSED: Final = (
    r"key[1-4]?|psk|password\d?|passwd|passphrase|secret|community|sae_password|wpakey|auth_secret|acct_secret|dae_secret"
    r"|authpass|privpass|auth_pass|priv_pass|private_key|preshared_key|pincode|wps_pin|token|pass|Password|priv_key_pwd"
)
_STRING: Final = r"'(?:[^']|'\\'')*'(?!\\)|\"(?:[^\"\\]|\\.)*\"|[^\s;|&'\"]+"
_IN_EXPORT: Final = re.compile(rf"(^[ \t]*(?:option|list)[ \t]+(?:{_CLOSED})[ \t]+)({_STRING})", re.M)
_IN_LINES: Final = re.compile(rf"(\b[\w-]+\.[\w@\[\]-]+\.(?:{_CLOSED})=)({_STRING})")
_IN_WHOLE: Final = re.compile(rf"(['\"][\w-]+\.[\w@\[\]-]+\.(?:{_CLOSED})=)([^'\"]*)(['\"])")
#: Packages on which the way to the device hangs, and options of them that do not touch it.
_MANAGEMENT: Final = {"network", "firewall", "dropbear", "snmpd", "openvpn", "wireguard", "dhcp_relay", "mwan3", "sshd"}
_HARMLESS: Final = {"dns", "peerdns", "hostname", "metric_dns", "banner", "description", "dns_search", "sys"}
#: In these a wireless client connection may be the uplink.
_STATION: Final = "sta"


class UciDialect(ShellDialect):
    """See `devices.configuring.dialect.Dialect`."""

    name = "uci"

    def normalise(self, text: str) -> str:
        """See Dialect."""
        first, files = shell_lines.parted(text)
        try:
            first = uci_model.parse(first).text()
        except NotUnderstood:
            first = "".join(f"{line.rstrip()}\n" for line in first.splitlines())
        return shell_lines.joined(first, files)

    def mask(self, text: str) -> str:
        """See Dialect."""
        text = _IN_EXPORT.sub(lambda found: f"{found[1]}'***{_line_ends(found[2])}'", text)
        text = _IN_WHOLE.sub(lambda found: f"{found[1]}***{_line_ends(found[2])}{found[3]}", text)
        text = _IN_LINES.sub(lambda found: f"{found[1]}'***{_line_ends(found[2])}'", text)
        return masked_lines(text)

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """See Dialect."""
        first, files = shell_lines.parted(running)
        try:
            uci = uci_model.parse(first)
            for words, may_fail in parted_lines(lines):
                if words is None:
                    return None
                written = shell_lines.written_of(words)
                if written is not None:
                    if written.path not in self._guard.files:
                        return None
                    shell_lines.apply(files, written)
                elif (command := uci_model.command_of(words, may_fail=may_fail)) is not None:
                    uci_model.apply(uci, command)
        except NotUnderstood:
            return None
        return shell_lines.joined(uci.text(), files)

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """See Dialect. A line that a later one overrides, and one that is not understood, is not asked for."""
        first, files = shell_lines.parted(running)
        uci = uci_model.parse(first)
        said = [self._meaning(words, may_fail) for words, may_fail in parted_lines(lines)]
        found: list[int] = []
        for index, meaning in enumerate(said):
            later = [x for x in said[index + 1 :] if isinstance(x, Command)]
            if isinstance(meaning, shell_lines.Written):
                is_there = shell_lines.is_said(files, meaning)
            elif isinstance(meaning, Command) and not (meaning.may_fail or _is_overridden(meaning, later)):
                is_there = uci_model.is_said(uci, meaning)
            else:
                is_there = True
            if not is_there:
                found.append(index)
        return found

    @staticmethod
    def _meaning(words: list[str] | None, may_fail: bool) -> Command | shell_lines.Written | None:
        if words is None:
            return None
        try:
            return shell_lines.written_of(words) or uci_model.command_of(words, may_fail=may_fail)
        except NotUnderstood:
            return None

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:  # noqa: ARG002
        """See Dialect."""
        uci = _parsed(running)
        has_station = any(s.options.get("mode") == _STATION for s in uci.packages.get("wireless", []))
        found: list[int] = []
        for index, (line, (words, _)) in enumerate(zip(lines, parted_lines(lines), strict=True)):
            meaning = self._meaning(words, False)
            if isinstance(meaning, Command):
                touches = (
                    meaning.verb != "commit"
                    and meaning.option not in _HARMLESS
                    and (meaning.package in _MANAGEMENT or (meaning.package == "wireless" and has_station))
                )
            elif isinstance(meaning, shell_lines.Written):
                touches = meaning.path != "/etc/banner"
            else:
                touches = words != [] and self.is_management(line)
            if touches:
                found.append(index)
        return found

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """See `uci_intents`."""
        first, files = shell_lines.parted(running)
        return uci_intents.lines_of(intent, uci_model.parse(first), files, device)

    # device

    def fetch(self, session: Session) -> str:
        """See Dialect."""
        text, code = ran(session, "uci export")
        if code != 0:
            raise UnexpectedReply("uci export failed", target=session.device.target.host)
        return shell_lines.joined(text + "\n", self.fetch_files(session))

    def pending(self, session: Session) -> list[str]:
        """Staged changes of anybody."""
        said, code = ran(session, "uci changes")
        if code != 0:
            raise NotSupported("this device has no uci", target=session.device.target.host)
        packages = sorted({m[1] for line in said.splitlines() if (m := re.match(r"-?([\w-]+)\.", line))})
        return [f"changes are staged and not committed in: {', '.join(packages)}"] if said.strip() else []

    def finish(self, session: Session, lines: Sequence[str]) -> None:
        """Commit what was touched and not committed by the lines, then let the services know."""
        for package in _uncommitted([self._meaning(words, False) for words, _ in parted_lines(lines)]):
            _, code = ran(session, f"uci commit {package}")
            if code != 0:
                raise UnexpectedReply(f"uci commit {package} failed: no space left?", target=session.device.target.host)
        if left := self.pending(session):
            raise UnexpectedReply(left[0], target=session.device.target.host)
        self.reload(session)

    def put_back(self, session: Session, base: str) -> None:
        """See ShellDialect."""
        first, files = shell_lines.parted(base)
        standing = shell_lines.parted(self.fetch(session))
        wanted, have = uci_model.parse(first), uci_model.parse(standing[0])
        folder = self._guard.folders[0]
        for package, sections in wanted.packages.items():
            ran(session, f"uci -q revert {package}")
            text = Uci({package: sections}).text()
            if package not in have.packages or text != Uci({package: have.packages[package]}).text():
                session.put(f"{folder}/{package}", text.partition("\n")[2].lstrip("\n").encode(), mode=0o600)
        self.put_files(session, files, standing[1])
        self.reload(session)


def _parsed(text: str) -> Uci:
    try:
        return uci_model.parse(shell_lines.parted(text)[0])
    except NotUnderstood:
        return Uci()


def _is_overridden(command: Command, later: Sequence[Command]) -> bool:
    """A later line decides about the same thing, or about what it stands in."""
    for other in later:
        if other.verb == "rename" and command.key == other.key:
            return True
        if other.verb in ("set", "delete") and other.key == command.key:
            return True
        if other.verb == "delete" and not other.option and command.key.startswith(f"{other.key}."):
            return True
        if command.verb == "delete" and (other.key.startswith(f"{command.key}.") or other.key == command.key):
            return True
        if command.verb == "delete" and other.verb == "add" and other.package == command.package:
            return True
        if command.verb in ("add_list", "del_list") and other.key == command.key and other.value == command.value:
            return True
    return False


def _uncommitted(meanings: Sequence[Command | shell_lines.Written | None]) -> list[str]:
    """Packages that lines touched after their last commit, in order."""
    touched: dict[str, None] = {}
    for meaning in meanings:
        if not isinstance(meaning, Command):
            continue
        if meaning.verb != "commit":
            touched[meaning.package] = None
        elif meaning.package:
            touched.pop(meaning.package, None)
        else:
            touched.clear()
    return list(touched)


def _line_ends(value: str) -> str:
    return "\n" * value.count("\n")


GUARD: Final = ShellGuard(
    folders=("/etc/config",),
    files=FILES,
    reload="reload_config",
    revert='for p in /etc/config/*; do uci -q revert "${p##*/}"; done',
)
DIALECT: Final = UciDialect(GUARD)
