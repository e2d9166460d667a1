"""FRRouting on a Linux host: vtysh in a shell, guarded by a snapshot and a detached timer that runs frr-reload.py.

Facts of FRR 8.4 (tried on real routers in namespaces): vtysh answers a refused line with `%` or with "... is not
running" and goes on; `write memory` tells a full disk only in its text; frr-reload.py leaves `password` lines and ends
with 1 though everything else is back. So each line is read, what was saved is read again, and after a restoring the
configurations are compared instead of an exit code being believed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.frr_grammar import GRAMMAR
from devices.configuring.sectioned import SectionedText
from devices.configuring.shell_guard import ran
from devices.configuring.shell_timer import ShellTimer
from devices.errors import NotSupported, UnexpectedReply
from devices.transport.session import Session

_SHOW: Final = "vtysh -c 'show running-config no-header'"
_SAVED: Final = "/etc/frr/frr.conf"
#: vtysh's prompt, whatever the router is called.
_PROMPT: Final = r"(?:^|\n)[^\s#>()]+(?:\([^)\n]*\))?[#>] \Z"
_REFUSED: Final = re.compile(r"^\s*(%(?! ?Warning).*|.* is not running.*|.*(?:[Mm]alformed|[Ii]nvalid) .*)$", re.M)
_NOISE: Final = re.compile(r"Building configuration|Current configuration|frr version |Hello, this is|Copyright ")
#: Puts the file `$1` back and sees that nothing differs (without the lines that only frame).
_RESTORE: Final = f"""r=$(command -v frr-reload.py || echo /usr/lib/frr/frr-reload.py)
tidy() {{ sed -e '/^!/d' -e '/^$/d' -e '/^end$/d' -e '/^frr version/d' "$@"; }}
for turn in 1 2; do
"$r" --reload "$1" || true
{_SHOW} >"$1.now"
tidy "$1" >"$1.want"
tidy "$1.now" | cmp -s - "$1.want" && break
sleep 1
done
tidy "$1.now" | cmp -s - "$1.want" """


class Frr(SectionedText):
    """The dialect of FRR. Implements `devices.configuring.dialect.Dialect`."""

    name = "frr"
    guards = (GuardKind.TIMER,)
    grammar = GRAMMAR
    noise = _NOISE

    def __init__(self) -> None:
        """Prepare the timer."""
        self._timer = ShellTimer(_RESTORE)

    def obstacles(self, session: Session) -> list[str]:
        """Reasons not to begin."""
        _, code = ran(session, "command -v vtysh >/dev/null && vtysh -c 'show version' >/dev/null 2>&1")
        if code != 0:
            return ["vtysh does not answer: FRR is not running, or this account may not use it"]
        found = [f"a change is already under way (guard {token})" for token in self._timer.leftovers(session)]
        _, code = ran(session, "[ -x /usr/lib/frr/frr-reload.py ] || command -v frr-reload.py >/dev/null")
        if code != 0:
            found.append("frr-reload.py is missing (package frr-pythontools): nothing could be put back")
        return found

    def fetch(self, session: Session) -> str:
        """The running configuration, secrets included."""
        text, code = ran(session, _SHOW)
        if code != 0 or "frr defaults" not in text:
            raise UnexpectedReply("vtysh did not tell the running configuration", target=session.device.target.host)
        return text + "\n"

    def fetch_saved(self, session: Session) -> str | None:
        """The integrated configuration file."""
        text, code = ran(session, f"cat {_SAVED}")
        if code != 0:
            raise UnexpectedReply(f"{_SAVED} cannot be read", target=session.device.target.host)
        return text + "\n"

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:
        """Start the timer. A restart of the router undoes what is not saved, so it guards too where all was saved."""
        if kind is not GuardKind.TIMER:
            raise NotSupported(f"FRR has no guard of kind {kind}", target=session.device.target.host)
        self._timer.arm(session, token, seconds, base)
        was_saved = self.normalise(self.fetch_saved(session) or "") == self.normalise(base)
        return Guard(kind=kind, token=token, seconds=seconds, survives_restart=was_saved)

    def send(self, session: Session, lines: Sequence[str]) -> None:
        """Type the lines into vtysh, one by one."""
        session.run("vtysh", expect=_PROMPT)
        session.run("configure terminal", expect=_PROMPT)
        for index, line in enumerate(lines):
            if not line.strip() or line.lstrip().startswith(self.comment):
                continue
            said = session.run(line, expect=_PROMPT)
            if refusal := _REFUSED.search(said.rpartition("\n")[0]):
                raise Refused(
                    f"line {index + 1} was refused", line=index, said=self.mask(refusal[0].strip()),
                    target=session.device.target.host,
                )  # fmt: skip
        session.run("end", expect=_PROMPT)
        session.run("exit")

    def guard_state(self, session: Session, token: str) -> GuardState:
        """What the timer's folder tells."""
        return self._timer.state(session, token)

    def disarm(self, session: Session, guard: Guard) -> None:
        """Keep the change."""
        self._timer.disarm(session, guard.token)

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """Restore now; what frr-reload.py leaves is taken back line by line."""
        self._timer.undo(session, guard.token, base)
        want = self.normalise(base)
        now = self.normalise(self.fetch(session))
        if now != want:
            self.send(session, self.undoing(now, want))
            now = self.normalise(self.fetch(session))
        if now != want:
            raise UnexpectedReply("the old configuration is not back as it was", target=session.device.target.host)

    def save(self, session: Session) -> None:
        """`write memory`, and read what was written."""
        said, code = ran(session, "vtysh -c 'write memory' 2>&1")
        if code != 0 or _REFUSED.search(said) or "[OK]" not in said:
            raise UnexpectedReply("vtysh did not save the configuration", target=session.device.target.host)
        if self.normalise(self.fetch_saved(session) or "") != self.normalise(self.fetch(session)):
            raise UnexpectedReply(f"{_SAVED} does not hold what runs", target=session.device.target.host)


DIALECT: Final = Frr()
