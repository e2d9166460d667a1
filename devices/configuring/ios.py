"""Cisco IOS and IOS XE: a revert timer where `archive` is configured, else a scheduled reload.

From Cisco's "Configuration Replace and Configuration Rollback" and the reload command's reference; tried only on a fake
that follows them: `configure terminal revert timer MINUTES` keeps the old configuration and goes back to it unless
`configure confirm` comes; `reload in MINUTES REASON` starts what was saved.
"""

from __future__ import annotations

import re
from typing import Final

from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.configuring.intents import Intent
from devices.configuring.ios_grammar import GRAMMAR
from devices.configuring.ios_intents import lines_of
from devices.configuring.lined import Lined, minutes_of
from devices.errors import NotSupported
from devices.model import Device
from devices.transport.session import Session

#: The revert timer takes 1 to 120 minutes.
_LONGEST: Final = 120
_ASKED: Final = r"(?:\[confirm\]|\[yes/no\]:|(?:^|\n)[^\s()]+[#>])\s*\Z"


class Ios(Lined):
    """The dialect of IOS. Implements `devices.configuring.dialect.Dialect`."""

    name = "ios"
    guards: tuple[GuardKind, ...] = (GuardKind.TIMER, GuardKind.RELOAD)
    grammar = GRAMMAR
    noise = re.compile(r"Building configuration|Current configuration|Using \d+ |\s*ntp clock-period")
    show_running = "show running-config"
    show_saved = "show startup-config"
    last_line = "end"
    enter = "configure terminal"
    leave = "end"
    inside = r"(?:^|\n)[^\s()]+\([a-z][^)\n]*\)#[ \t]*\Z"
    outside = r"(?:^|\n)[^\s()]+#[ \t]*\Z"
    renames = r"(?:no )?hostname\b"
    # Not what the system logs (`%LINK-3-UPDOWN:`), nor what it only remarks.
    refused = re.compile(
        r"^\s*(?:%(?!\s?(?:Warning|WARNING|Generating|The key modulus|Note)|[A-Z0-9_]+-\d-[A-Z])[^\n]+"
        r"|Command rejected[^\n]*|ERROR:[^\n]*)",
        re.M,
    )
    harmless = r"\[confirm\]\s*\Z"

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """See `ios_intents`."""
        return lines_of(intent, self._tree(running), device)

    def obstacles(self, session: Session) -> list[str]:
        """Reasons not to begin: no privilege, a scheduled restart, somebody's revert timer."""
        found = super().obstacles(session)
        return [*found, "somebody's revert timer is armed"] if not found and self._reverts(session) else found

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:
        """Arm the revert timer, or schedule a reload."""
        if kind is not GuardKind.TIMER:
            return super().arm(session, token, seconds, base, kind)
        minutes = minutes_of(seconds)
        if minutes > _LONGEST:
            raise NotSupported(f"the revert timer takes at most {_LONGEST} minutes", target=session.device.target.host)
        was_saved = self._is_saved(session, base)
        said = session.run(f"configure terminal revert timer {minutes}", expect=rf"(?:{self.inside}|{self.outside})")
        if re.search(self.inside, said):
            session.run(self.leave, expect=self.outside)
        if not self._reverts(session):
            raise NotSupported(
                "the device arms no revert timer: `archive` with a `path` is not configured, or its software is old",
                target=session.device.target.host,
            )
        return Guard(kind=kind, token=token, seconds=minutes * 60, survives_restart=was_saved)

    def guard_state(self, session: Session, token: str) -> GuardState:
        """Armed while a revert timer runs (it bears no name) or our restart is scheduled."""
        return GuardState.ARMED if self._reverts(session) else super().guard_state(session, token)

    def disarm(self, session: Session, guard: Guard) -> None:
        """Keep the change."""
        if guard.kind is GuardKind.TIMER:
            session.run("configure confirm")
        else:
            super().disarm(session, guard)

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """Let the device go back to what it kept; what is left is taken back line by line."""
        if guard.kind is GuardKind.TIMER and self._reverts(session):
            session.run("configure revert now", expect=self.outside)
        super().undo(session, guard, base)

    def restart_scheduled(self, session: Session) -> str | None:
        """`show reload`."""
        said = session.run("show reload")
        return said if re.search(r"Reload scheduled|Scheduled reload|will reload", said, re.I) else None

    def schedule_restart(self, session: Session, minutes: int, token: str) -> None:
        """`reload in`, without saving; the token is its reason."""
        self._order_restart(session, f"reload in {minutes} merata-{token}")

    def _order_restart(self, session: Session, order: str) -> None:
        said = session.run(order, expect=_ASKED)
        if "[yes/no]" in said:
            said = session.run("no", expect=_ASKED)
        if "[confirm]" in said:
            session.press("\n", expect=self.outside)

    def cancel_restart(self, session: Session) -> None:
        """`reload cancel`."""
        session.run("reload cancel", expect=self.outside)

    def write(self, session: Session) -> str:
        """`write memory`."""
        return session.run("write memory")

    def _reverts(self, session: Session) -> bool:
        return "Timer type" in session.run("show archive config rollback timer")


DIALECT: Final = Ios()
