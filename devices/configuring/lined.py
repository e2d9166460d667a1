"""What IOS, Ruijie and VRP share on the device: one line after the other, read for refusals; a restart as the guard.

A scheduled restart undoes whatever was not saved, so it guards only where everything was saved before, and the change
must not be saved before it is cancelled.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Final

from devices.configuring.dialect import Guard, GuardKind, GuardState, Refused
from devices.configuring.sectioned import SectionedText
from devices.errors import NotSupported, UnexpectedReply
from devices.transport.session import Session

#: Restarts are scheduled by the minute. One more than asked may be waited, never less.
_MINUTE_S: Final = 60


class Lined(SectionedText, ABC):
    """Half of a dialect: everything but what the families say differently."""

    name: str
    guards: tuple[GuardKind, ...] = (GuardKind.RELOAD,)
    show_running: str
    show_saved: str
    last_line: str  # how a whole configuration ends
    enter: str  # leads to where lines are taken
    leave: str
    inside: str  # prompt there, whatever the device is called
    outside: str  # prompt elsewhere
    renames: str  # how a line begins that changes the prompt
    refused: re.Pattern[str]
    question: str = r"\[(?:yes/no|y/n|Y/N|Y/N/C)\]\s?:?\s*\Z"
    harmless: str = r"(?!)"  # a question that is answered by Enter
    stages: re.Pattern[str] = re.compile(r"(?!)")  # tells that lines only stand in a candidate until `commit`

    @abstractmethod
    def restart_scheduled(self, session: Session) -> str | None:
        """What the device says of a scheduled restart; None where there is none."""

    @abstractmethod
    def schedule_restart(self, session: Session, minutes: int, token: str) -> None:
        """Order a restart; what is not saved is not to be saved by it."""

    @abstractmethod
    def cancel_restart(self, session: Session) -> None:
        """Take the order back; none is no error."""

    @abstractmethod
    def write(self, session: Session) -> str:
        """Save, and give what the device said."""

    def obstacles(self, session: Session) -> list[str]:
        """Reasons not to begin."""
        said = session.run(self.show_running)
        if self.refused.search(said.split("\n\n", 1)[0]):
            return ["this account may not read the configuration: it needs the highest privilege"]
        return ["a restart of the device is scheduled already"] if self.restart_scheduled(session) else []

    def fetch(self, session: Session) -> str:
        """The running configuration as the device shows it."""
        return self._shown(session, self.show_running)

    def fetch_saved(self, session: Session) -> str | None:
        """The configuration that the device would start with."""
        return self._shown(session, self.show_saved)

    def arm(self, session: Session, token: str, seconds: int, base: str, kind: GuardKind) -> Guard:
        """Schedule a restart, where all was saved before."""
        if kind is not GuardKind.RELOAD:
            raise NotSupported(f"{self.name} has no guard of kind {kind}", target=session.device.target.host)
        if not self._is_saved(session, base):
            raise NotSupported(
                "what runs is not what is saved: a restart would undo more than the change",
                target=session.device.target.host,
            )
        if self.restart_scheduled(session):
            raise NotSupported("a restart is scheduled already", target=session.device.target.host)
        minutes = minutes_of(seconds)
        self.schedule_restart(session, minutes, token)
        if not self.restart_scheduled(session):
            raise NotSupported("the device did not schedule a restart", target=session.device.target.host)
        return Guard(kind=kind, token=token, seconds=minutes * _MINUTE_S, survives_restart=True)

    def send(self, session: Session, lines: Sequence[str]) -> None:
        """Type the lines, one by one."""
        said = self._typed(session, self.enter, 0)
        for index, text in _blocks(lines, self):
            self._typed(session, text, index)
        if self.stages.search(said):
            self._typed(session, "commit", len(lines) - 1)
        session.run(self.leave, expect=self.outside)
        if any(re.match(self.renames, line.strip()) for line in lines):
            session.renamed()

    def guard_state(self, session: Session, token: str) -> GuardState:
        """Armed while a restart is scheduled that does not name somebody else's token."""
        said = self.restart_scheduled(session)
        if said is None or ("merata-" in said and token not in said):
            return GuardState.ABSENT
        return GuardState.ARMED

    def disarm(self, session: Session, guard: Guard) -> None:  # noqa: ARG002 - there is one restart at most
        """Cancel the restart."""
        self.cancel_restart(session)

    def undo(self, session: Session, guard: Guard, base: str) -> None:
        """Take the change back line by line; a restart that was scheduled stays where that does not succeed."""
        want = self.normalise(base)
        now = self.normalise(self.fetch(session))
        if now != want:
            self.send(session, self.undoing(now, want))
            now = self.normalise(self.fetch(session))
        if now != want:
            count = len(set(now.splitlines()) ^ set(want.splitlines()))
            raise UnexpectedReply(
                f"{count} lines are not as before; the guard was left to act", target=session.device.target.host
            )
        self.disarm(session, guard)

    def save(self, session: Session) -> None:
        """Save, and read what was saved: devices tell a full flash only in passing."""
        said = self.write(session)
        if self.refused.search(said):
            raise UnexpectedReply("the device did not save its configuration", target=session.device.target.host)
        if not self._is_saved(session, self.fetch(session)):
            raise UnexpectedReply("what is saved is not what runs", target=session.device.target.host)

    def _is_saved(self, session: Session, running: str) -> bool:
        return self.normalise(self.fetch_saved(session) or "") == self.normalise(running)

    def _shown(self, session: Session, command: str) -> str:
        text = session.run(command)
        if not re.search(rf"^{self.last_line}\s*\Z", text, re.M):
            raise UnexpectedReply(f"`{command}` was not answered to its end", target=session.device.target.host)
        return text + "\n"

    def _typed(self, session: Session, text: str, index: int) -> str:
        prompt = rf"(?:{self.inside}|{self.question}|{self.harmless})"
        said = session.press(text + "\n", expect=prompt) if "\n" in text else session.run(text, expect=prompt)
        while re.search(self.harmless, said):
            said = session.press("\n", expect=prompt)
        refusal = self.refused.search(said) or re.search(rf"^.*{self.question}", said, re.M)
        if refusal is not None:
            raise Refused(
                f"line {index + 1} was refused", line=index, said=self.mask(refusal[0].strip()),
                target=session.device.target.host,
            )  # fmt: skip
        return said


def minutes_of(seconds: int) -> int:
    """Whole minutes that are not less."""
    return max(1, -(-seconds // _MINUTE_S))


def _blocks(lines: Sequence[str], dialect: Lined) -> Iterator[tuple[int, str]]:
    """The lines with their indices; the text of a banner is typed at once, since no prompt comes before its end."""
    rest = iter(enumerate(lines))
    for index, line in rest:
        found = re.match(dialect.grammar.block, line) if dialect.grammar.block else None
        text = line
        if found is not None:
            while found[2] not in text[found.end() :]:
                _, more = next(rest, (0, None))
                if more is None:
                    break
                text += "\n" + more
        if text.strip() and not text.lstrip().startswith(dialect.comment):
            yield index, text
