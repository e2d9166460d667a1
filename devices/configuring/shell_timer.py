"""A dead-man on a device with a shell: a script that sleeps, then puts the old configuration back unless told not to.

Everything stands in one folder a token under /run, which a restart empties. Who moves the file `armed` away first has
the say: the script before it restores, or we before we keep the change; so neither can come in between the other. The
script is a session of its own and counts from its start, by the machine's own uptime, whatever the clock says. Its
processes are ended by their own numbers: `kill -9 -1234` of procps 4.0 may end every process of the machine.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from devices.configuring.dialect import GuardState
from devices.configuring.shell_guard import ran
from devices.errors import NotSupported, UnexpectedReply
from devices.transport.session import Session

_FOLDER: Final = "/run/merata"
#: How often it is looked whether a restoring has ended, each 0.2 s.
_RESTORE_TURNS: Final = 600


@dataclass(frozen=True, slots=True)
class ShellTimer:
    """Dead-men of one family. `restore`: shell words that put the file `$1` back; they fail unless it took."""

    restore: str

    def arm(self, session: Session, token: str, seconds: int, base: str) -> None:
        """Start the timer.

        Raises:
            NotSupported: the device cannot hold it; nothing is armed.
        """
        folder = _folder(token)
        # Those that have done their work hold space for nothing.
        ran(session, f"for d in {_FOLDER}/*/; do [ ! -e $d/fired ] && [ ! -e $d/failed ] || rm -rf $d; done")
        _, code = ran(session, f"rm -rf {folder}; umask 077; mkdir -p {folder} && command -v setsid >/dev/null")
        if code != 0:
            raise NotSupported("the device has no place or no setsid for a timer", target=session.device.target.host)
        try:
            session.put(f"{folder}/base", base.encode())
            session.put(f"{folder}/guard", self._script().encode(), mode=0o700)
        except UnexpectedReply as error:
            ran(session, f"rm -rf {folder}")
            raise NotSupported("no room on the device for a copy of its configuration", target=error.target) from error
        session.run(f"(setsid sh {folder}/guard {seconds} </dev/null >/dev/null 2>&1 &)")
        if self.state(session, token, settle=True) not in (GuardState.ARMED, GuardState.FIRED):
            raise NotSupported("the timer did not start", target=session.device.target.host)

    def state(self, session: Session, token: str, *, settle: bool = False) -> GuardState:
        """What became of it. While it restores it still counts as armed."""
        folder = _folder(token)
        wait = (
            f"for i in 1 2 3 4 5 6 7 8 9; do [ -s {folder}/pid ] && break; sleep 0.1 2>/dev/null || sleep 1; done; "
            if settle
            else ""
        )
        told = session.run(
            f"{wait}if [ ! -d {folder} ]; then echo absent; elif [ -e {folder}/fired ]; then echo fired; "
            f"elif [ -e {folder}/failed ]; then echo failed; "
            f"elif {_is_own(token)}; then echo armed; else echo gone; fi"
        )
        words = told.split()
        return _STATES.get(words[-1] if words else "", GuardState.UNTELLABLE)

    def disarm(self, session: Session, token: str) -> None:
        """Keep the change.

        Raises:
            UnexpectedReply: the timer was first, the old configuration is back.
        """
        folder = _folder(token)
        said, _ = ran(session, f"mv {folder}/armed {folder}/kept 2>/dev/null; ls {folder} 2>/dev/null")
        if "firing" not in said.split():
            self._stop(session, token)
            ran(session, f"rm -rf {folder}")
        else:
            raise UnexpectedReply(
                "the device has put the old configuration back before the change was kept",
                target=session.device.target.host,
            )

    def undo(self, session: Session, token: str, base: str) -> bool:
        """Restore now, detached from the session, and wait for its end. True when it took; leaves nothing behind."""
        folder = _folder(token)
        _, decided = ran(session, f"mv {folder}/armed {folder}/kept 2>/dev/null")
        if decided == 0:
            self._stop(session, token)
        _, fires = ran(session, f"[ -e {folder}/firing ]")
        if fires == 0:
            self._ended(session, folder)
        self.arm(session, token, 0, base)
        self._ended(session, folder)
        took = self.state(session, token) is GuardState.FIRED
        ran(session, f"rm -rf {folder}")
        return took

    def leftovers(self, session: Session) -> list[str]:
        """Tokens of timers that still run."""
        told = session.run(
            f"for d in {_FOLDER}/*/; do [ -e $d/pid ] && [ ! -e $d/fired ] && [ ! -e $d/failed ] "
            "&& kill -0 $(cat $d/pid) 2>/dev/null && basename $d; done"
        )
        return told.split()

    def _stop(self, session: Session, token: str) -> None:
        """End the timer's processes, where they still are its own."""
        folder = _folder(token)
        ran(session, f"{_is_own(token)} && kill -9 $(cat {folder}/pid {folder}/sleep) 2>/dev/null")

    def _ended(self, session: Session, folder: str) -> None:
        """Wait for the end of a restoring."""
        session.run(
            f"i=0; while [ ! -e {folder}/fired ] && [ ! -e {folder}/failed ] && [ $i -lt {_RESTORE_TURNS} ]; "
            "do sleep 0.2 2>/dev/null || sleep 1; i=$((i+1)); done"
        )

    def _script(self) -> str:
        return (
            "#!/bin/sh\n# Puts the old configuration back after $1 seconds, unless somebody decides first.\n"
            "umask 077\nhere=${0%/*}\n>$here/armed\necho $$ >$here/pid\nsleep $1 &\necho $! >$here/sleep\nwait $!\n"
            "mv $here/armed $here/firing 2>/dev/null || exit 0\n"
            f"set -- $here/base\nif {{ {self.restore}\n}} >$here/log 2>&1\n"
            "then : >$here/fired; else : >$here/failed; fi\n"
        )


_STATES: Final = {
    "absent": GuardState.ABSENT,
    "armed": GuardState.ARMED,
    "fired": GuardState.FIRED,
}


def _is_own(token: str) -> str:
    """Shell words that hold while the process of a timer's number is that timer."""
    return f"grep -q {token} /proc/$(cat {_folder(token)}/pid 2>/dev/null || echo 0)/cmdline 2>/dev/null"


def _folder(token: str) -> str:
    return shlex.quote(f"{_FOLDER}/{token}")
