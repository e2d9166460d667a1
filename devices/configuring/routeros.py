"""MikroTik RouterOS 6.43 and later: commands in the console, safe mode or a scheduled restore as the guard.

Facts that shaped it: what is typed is kept at once, there is nothing to save (netmiko's `save_config` prints an error
and calls it success); `/quit` keeps what safe mode would undo, so a failed session is only ever cut; more than 100
actions leave safe mode silently; a backup restores by restarting; the scheduler goes by a clock that many devices do
not have, so the guard compares the uptime.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from devices.configuring import routeros_intents, routeros_model
from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.intents import Intent
from devices.configuring.routeros_guard import FOREIGN, RouterosGuard
from devices.configuring.routeros_words import Line, NotUnderstood, line_of, typed
from devices.errors import DeviceError, UnexpectedReply
from devices.model import Device
from devices.transport.session import Session

_WRONG: Final = re.compile(
    r"^(?:bad (?:command|parameter)|syntax error|expected |failure:|no such |input does not match|invalid |ambiguous "
    r"|missing |value of |unknown |not enough|couldn't|could not|can ?not |cannot |error|interrupted|action "
    r"|unsupported|not permitted|permission denied|timeout|no space|\S+ (?:not permitted|value name))",
    re.I | re.M,
)
_WORDS: Final = (
    r"[\w.-]*(?:password|passphrase|pre-shared-key|private-key|preshared-key|secret|pin-code|auth-key|wep-key\d?"
    r"|static-key-\d|eap-identity-password)"
)
_VALUE: Final = r'"(?:[^"\\]|\\.|\\\n\s*)*"|[^\s"\\;\]]+'
_NAMED: Final = re.compile(rf"(\b{_WORDS}=)({_VALUE})", re.S)
_INNER: Final = re.compile(rf'(\b{_WORDS}=\\")((?:[^"\\]|\\[^"])*)(\\")', re.S)
_COMMUNITY: Final = re.compile(rf"(\bname=)({_VALUE})", re.S)
_FIND_COMMUNITY: Final = re.compile(r"^(?:/snmp[ /]community\b|set \[ find default=yes \] .*name=|add .*name=)")
#: Menus on which the way to the device hangs.
_WAY: Final = re.compile(
    r"interface(?: (?!wireless security|wifi (?:security|configuration)).*)?|ip (?:address|route|firewall (?:filter|raw"
    r"|nat|mangle|address-list)|service|ssh|dhcp-client|settings)|ipv6.*|user.*|snmp.*|routing.*|ppp.*|caps-man.*"
    r"|system (?:package|routerboard.*|reset.*|reboot|scheduler|backup)|certificate|radius|interface"
)
_RADIO: Final = re.compile(r"interface (?:wireless|wifi)$")
_RADIO_HARMLESS: Final = {"ssid", "security-profile", "comment", "configuration", "configuration.ssid", "security",
                          "security.passphrase", "security.authentication-types", "hide-ssid"}  # fmt: skip
_HARMLESS: Final = {"comment", "use-peer-dns", "use-peer-ntp"}
_KEEPS_AWAY: Final = re.compile(
    r"/?system[ /]+(?:reboot|shutdown|reset-configuration|package[ /]+(?:update|downgrade)|backup[ /]+load)\b|^/?quit\b"
    r"|/?import\b|safe-mode"
)


class RouterosDialect:
    """See `devices.configuring.dialect.Dialect`."""

    name = "routeros"
    guards: tuple[GuardKind, ...] = (GuardKind.RELOAD, GuardKind.HELD)  # loading a backup restarts
    comment = "#"

    def __init__(self) -> None:
        self._guard = RouterosGuard()

    # text

    def normalise(self, text: str) -> str:
        """See Dialect: one absolute line an entry, defaults and the guard's own things left out."""
        try:
            return routeros_model.parse(text).text()
        except NotUnderstood:
            return "".join(f"{x.rstrip()}\n" for x in text.splitlines() if x.strip() and not x.startswith("#"))

    def mask(self, text: str) -> str:
        """See Dialect. A community's name is its secret."""
        found, in_community = [], False
        for line in _logical(text):
            if line.startswith("/"):
                in_community = line.startswith(("/snmp community", "/snmp/community"))
            masked = _NAMED.sub(_starred, _INNER.sub(lambda m: f"{m[1]}***{_line_ends(m[2])}{m[3]}", line))
            found.append(_COMMUNITY.sub(_starred, masked) if in_community else masked)
        return "".join(found)

    def quote(self, value: str) -> str:
        """A value as a quoted word."""
        if "\x00" in value:
            raise ValueError("a value with NUL cannot be said")
        return typed(value)

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """See Dialect."""
        try:
            config = routeros_model.parse(running)
            for line in _plain(lines):
                routeros_model.apply(config, line_of(line))
        except NotUnderstood:
            return None
        return config.text()

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """See Dialect."""
        config = routeros_model.parse(running)
        parsed = [_parsed(line) for line in lines]
        return [
            index
            for index, line in enumerate(parsed)
            if line is not None
            and not routeros_model.is_said(config, line, later=[x for x in parsed[index + 1 :] if x is not None])
        ]

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:  # noqa: ARG002
        """See Dialect. A line that is not understood may touch anything."""
        found = []
        for index, line in enumerate(lines):
            if not line.strip() or line.lstrip().startswith(self.comment):
                continue
            parsed = _parsed(line)
            if parsed is None:
                found.append(index)
            elif _RADIO.fullmatch(parsed.menu) and parsed.given and not parsed.given.keys() - _RADIO_HARMLESS:
                continue
            elif _WAY.fullmatch(parsed.menu) and not (parsed.given and parsed.given.keys() <= _HARMLESS):
                found.append(index)
        return found

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """See `routeros_intents`."""
        return routeros_intents.lines_of(intent, routeros_model.parse(running), device)

    # device

    def obstacles(self, session: Session) -> list[str]:
        """See Dialect."""
        found = []
        if self._guard.is_foreign(session):
            found.append("another session holds safe mode")
        if self._guard.armed(session):
            found.append("a guard is armed already")
        free = self._guard.free_bytes(session)
        if free is not None and free < self._guard.least_bytes:
            found.append(f"only {free // 1024} kB are free")
        return found

    def fetch(self, session: Session) -> str:
        """See Dialect. Version 6 shows secrets unless told otherwise, version 7 only when told to."""
        text = session.run("/export terse show-sensitive")
        if _WRONG.search(_head(text)):
            text = session.run("/export terse")
        if _WRONG.search(_head(text)) or "/" not in text:
            raise UnexpectedReply("the export failed", target=session.device.target.host)
        return text + "\n"

    def fetch_saved(self, session: Session) -> str | None:  # noqa: ARG002 - what is typed is kept at once
        """See Dialect."""
        return None

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:  # noqa: ARG002
        """See Dialect. The device keeps its own backup; `base` is not needed."""
        return self._guard.arm(session, token, seconds, kind)

    def send(self, session: Session, lines: Sequence[str]) -> None:
        """See Dialect."""
        for index, line in enumerate(lines):
            if "\n" in line or "?" in line or _KEEPS_AWAY.search(line.strip()):
                raise Refused(
                    "a line may hold neither a line end nor a question mark, nor restart the device",
                    line=index,
                    said="",
                )
        for index, line in enumerate(lines):
            if not line.strip() or line.lstrip().startswith(self.comment):
                continue
            said = session.run(line.strip())
            if found := _WRONG.search(said):
                raise Refused(
                    f"line {index + 1} was refused", line=index, said=self.mask(said[found.start() :])[:200],
                    target=session.device.target.host,
                )  # fmt: skip

    def guard_state(self, session: Session, token: str) -> GuardState:
        """See Dialect. Safe mode held by a session that the device has not yet missed counts as armed."""
        return self._guard.state(session, token)

    def disarm(self, session: Session, guard: Guard) -> None:
        """See Dialect."""
        self._guard.disarm(session, guard)

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """See Dialect. First by commands, which interrupts nobody; where that fails by the backup, which restarts."""
        self._guard.unroll(session)
        if self._put_back(session, base):
            self._guard.clear(session, guard.token)
        elif not self._guard.restore(session, guard.token):
            raise UnexpectedReply("the old configuration could not be put back", target=session.device.target.host)

    def save(self, session: Session) -> None:
        """See Dialect: nothing is unsaved, unless it is held by somebody's safe mode."""
        if self._guard.is_foreign(session):
            raise UnexpectedReply(FOREIGN, target=session.device.target.host)

    def _put_back(self, session: Session, base: str) -> bool:
        """Turn what is there into what was, by commands; False where it is not that in the end."""
        wanted = self.normalise(base)
        for _ in range(2):
            running = self.normalise(self.fetch(session))
            if running == wanted:
                return True
            try:
                lines = list(routeros_model.back(routeros_model.parse(running), routeros_model.parse(wanted)))
                self.send(session, lines)
            except (NotUnderstood, Refused):
                return False
        return self.normalise(self.fetch(session)) == wanted

    def cancel(self, session: Session, token: str) -> None:
        """Take away what an arming that did not end may have left."""
        try:
            self._guard.clear(session, token)
        except DeviceError as error:
            raise UnexpectedReply("the guard could not be taken away", target=error.target) from error


def _plain(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _parsed(line: str) -> Line | None:
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    try:
        return line_of(line)
    except NotUnderstood:
        return None


def _head(text: str) -> str:
    """What stands before the first menu: errors come alone."""
    return text.split("\n/", 1)[0] if "\n/" in text else text[:400] if not text.startswith("/") else ""


def _logical(text: str) -> list[str]:
    """Lines with their ends; those that an export has broken stay one."""
    return re.findall(r"(?:[^\n\\]|\\.|\\\n)*(?:\n|$)", text, re.S)[:-1] or [text]


def _line_ends(value: str) -> str:
    return "".join(re.findall(r"\\\n", value))


def _starred(found: re.Match[str]) -> str:
    return f"{found[1]}***{_line_ends(found[2])}"


DIALECT: Final = RouterosDialect()
