"""The guards of RouterOS: safe mode in the sending session, or a backup that the scheduler restores.

The scheduler's own times go by a clock that a device without a battery takes from the network at some moment, so the
guard asks every few seconds whether the uptime has passed its deadline. A second entry counts again after a restart.
"""

from __future__ import annotations

import re
from typing import Final

from devices.configuring.dialect import Guard, GuardKind, GuardState
from devices.errors import NotSupported, UnexpectedReply, Unreachable
from devices.transport.session import Session

FOREIGN: Final = "another session holds safe mode: what it holds may be undone"
_CTRL_X: Final = "\x18"
#: Ends the answer to Ctrl-X: the prompt in safe mode, any prompt, or the question of a foreign one.
_ASKED: Final = r"\[u/r/d\]:?\s*"
_AFTER_X: Final = rf"{_ASKED}\Z|(?:taken|released)\][^\n]*\n+\[[^\n]*>\s*\Z"
_PROMPT: Final = r"\[[^\n\]]*\][^\n]*>\s*\Z"
_TOKEN: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_EVERY_S: Final = 5
_ASK_S: Final = 20.0


class RouterosGuard:
    """See `devices.configuring.dialect.Dialect`, the methods of the guard."""

    least_bytes = 256 * 1024

    def arm(self, session: Session, token: str, seconds: int, kind: GuardKind) -> Guard:
        """Arm one of the two kinds."""
        if not _TOKEN.fullmatch(token) or seconds < 1:
            raise ValueError("token: letters, digits and hyphens; seconds: one or more")
        if kind is GuardKind.HELD:
            return self._take(session, token, seconds)
        if kind is not GuardKind.RELOAD:
            raise NotSupported(f"RouterOS has no guard of kind {kind.value}", target=session.device.target.host)
        return self._schedule(session, token, seconds)

    def _take(self, session: Session, token: str, seconds: int) -> Guard:
        said = session.press(_CTRL_X, expect=_AFTER_X, timeout_s=_ASK_S)
        if re.search(_ASKED, said):
            session.run("d")
            raise NotSupported(FOREIGN, target=session.device.target.host)
        if "taken" not in said:
            raise NotSupported("safe mode was not taken", target=session.device.target.host)
        return Guard(kind=GuardKind.HELD, token=token, seconds=seconds)

    def _schedule(self, session: Session, token: str, seconds: int) -> Guard:
        name, target = f"merata-{token}", session.device.target.host
        free = self.free_bytes(session)
        if free is not None and free < self.least_bytes:
            raise NotSupported(f"only {free // 1024} kB are free: no backup fits", target=target)
        said = session.run(f"/system backup save name={name} dont-encrypt=yes")
        if "saved" not in said:
            self.clear(session, token)
            raise NotSupported("the device could not write a backup", target=target)
        uptime = uptime_s(session.run(":put [/system resource get uptime]"))
        if uptime is None:
            self.clear(session, token)
            raise NotSupported("the device does not tell its uptime", target=target)
        load = f'/system backup load name={name} password=\\"\\"'
        until = _time(uptime + seconds)
        refused = session.run(
            f"/system scheduler add name={name} interval={_EVERY_S}s "
            f'on-event=":if ([/system resource get uptime] >= {until}) do={{{load}}}"'
        ) + session.run(
            f'/system scheduler add name={name}-boot start-time=startup on-event=":delay {seconds}s; {load}"'
        )
        if refused.strip() or self._count(session, f'/system scheduler find where name~"^{name}"') != 2:
            self.clear(session, token)
            raise NotSupported("the device did not take the schedule of the guard", target=target)
        return Guard(kind=GuardKind.RELOAD, token=token, seconds=seconds, survives_restart=True, restarts=True)

    def state(self, session: Session, token: str) -> GuardState:
        """What became of a guard."""
        if self._count(session, f'/system scheduler find where name="merata-{token}"'):
            return GuardState.ARMED
        if self._count(session, f'/file find where name="merata-{token}.backup"'):
            return GuardState.FIRED
        return GuardState.ARMED if self._holds(session) or self.is_foreign(session) else GuardState.ABSENT

    def disarm(self, session: Session, guard: Guard) -> None:
        """Keep the change.

        Raises:
            UnexpectedReply: the backup was restored.
        """
        if guard.kind is GuardKind.HELD:
            if self._holds(session):
                self._release(session)
            return
        if self.state(session, guard.token) is GuardState.FIRED:
            raise UnexpectedReply("the guard has put the old configuration back", target=session.device.target.host)
        self.clear(session, guard.token)

    def unroll(self, session: Session) -> None:
        """Undo at once what a safe mode holds that lost its session: this session takes it over."""
        if self._holds(session):
            raise UnexpectedReply(
                "safe mode is undone by cutting the session that holds it", target=session.device.target.host
            )
        said = session.press(_CTRL_X, expect=_AFTER_X, timeout_s=_ASK_S)
        if re.search(_ASKED, said):
            session.run("u", timeout_s=_ASK_S)
        if self._holds(session):
            self._release(session)

    def is_foreign(self, session: Session) -> bool:
        """Whether another session holds safe mode. Taking it and giving it back is the only way to know."""
        if self._holds(session):
            return False
        said = session.press(_CTRL_X, expect=_AFTER_X, timeout_s=_ASK_S)
        if re.search(_ASKED, said):
            session.run("d")
            return True
        if self._holds(session):
            self._release(session)
        return False

    def armed(self, session: Session) -> bool:
        """Whether any guard of ours is armed."""
        return bool(self._count(session, '/system scheduler find where name~"^merata-"'))

    def clear(self, session: Session, token: str) -> None:
        """Take everything of a guard away.

        Raises:
            UnexpectedReply: it is still there.
        """
        session.run(f'/system scheduler remove [find where name~"^merata-{token}"]')
        session.run(f'/file remove [find where name="merata-{token}.backup"]')
        if self._count(session, f'/system scheduler find where name~"^merata-{token}"'):
            raise UnexpectedReply("the guard could not be taken away", target=session.device.target.host)

    def restore(self, session: Session, token: str) -> bool:
        """Load the backup, which restarts the device; False where there is none."""
        if not self._count(session, f'/file find where name="merata-{token}.backup"'):
            return False
        try:
            session.run(f'/system backup load name=merata-{token} password=""', expect=r"\[y/N\]:?", timeout_s=_ASK_S)
            session.run("y", expect=r"reboot|restored|rebooting", timeout_s=_ASK_S)
        except Unreachable:
            pass  # it went down before the last word came through
        return True

    def free_bytes(self, session: Session) -> int | None:
        """Free storage; None where the device does not tell."""
        said = session.run(":put [/system resource get free-hdd-space]").strip()
        return int(said) if said.isdecimal() else None

    def _holds(self, session: Session) -> bool:
        """Whether this session holds safe mode: its prompt says so."""
        return "<SAFE>" in session.run(":put merata", expect=rf"merata\s*\n+{_PROMPT}", timeout_s=_ASK_S)

    def _release(self, session: Session) -> None:
        session.press(_CTRL_X, expect=_AFTER_X, timeout_s=_ASK_S)
        if self._holds(session):
            raise UnexpectedReply("safe mode was not released", target=session.device.target.host)

    def _count(self, session: Session, command: str) -> int:
        said = session.run(f":put [:len [{command}]]").strip()
        if not said.isdecimal():
            raise UnexpectedReply("the device does not count its items", target=session.device.target.host)
        return int(said)


def uptime_s(text: str) -> int | None:
    """`1w2d03:04:05` in seconds."""
    found = re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(\d+):(\d+):(\d+)(?:\.\d+)?", text.strip())
    if found is None:
        return None
    w, d, h, m, s = (int(g or 0) for g in found.groups())
    return ((w * 7 + d) * 24 + h) * 3600 + m * 60 + s


def _time(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    return (f"{days}d" if days else "") + f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
