"""Configurations made of sections and lines (IOS, FRR, VRP, Ruijie) as trees, and what lines make of them.

A grammar knows the commands that are pushed in bulk: which open a section, which words of a command name the thing that
it sets, in which order a device shows them. Where a line is not in the grammar, what it leaves is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a command of one section does.

    `begins`: regular expression of its beginning. `names`: of the part that names what is set, so that one line
    replaces another; None: each line stands for itself. `opens`: it begins a section. `negated`: what the device shows
    once it is negated. `is_switch`: the negated line is shown as such. `hides`: the device shows another text for its
    secret than was sent. `is_sorted`: shown in numeric order. `manages`: it may take away the way we reach the device.
    `is_there`: the section stands even when nothing in it is shown. `is_unseen`: the device never shows it. `grows`:
    the device may add words to what was sent.
    """

    begins: str
    names: str | None = None
    opens: bool = False
    negated: str | None = None
    is_switch: bool = False
    hides: bool = False
    is_sorted: bool = False
    manages: bool = False
    is_there: bool = False
    is_unseen: bool = False
    grows: bool = False

    def name_of(self, text: str) -> str:
        """What names the thing that a line sets."""
        found = re.match(self.names, text) if self.names else None
        return found[0] if found else text

    def off(self, text: str) -> str:
        """What is negated to take a line away: its name (`no description`), of an entry of a list the whole line."""
        return text if self.is_sorted else self.name_of(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The commands of a family; those of the top in the order in which devices show them."""

    top: tuple[Command, ...]
    below: tuple[tuple[str, tuple[Command, ...]], ...]  # by how a section begins
    negation: str = "no"
    comment: str = "!"
    out: str = r"exit(-\S+)?|quit"
    out_of_all: str = r"end|return"
    block: str | None = None  # how a command begins whose text ends at a mark of its own; groups: words, mark

    def commands(self, path: Sequence[str]) -> tuple[Command, ...]:
        """What may stand in a section, given by the lines that lead to it."""
        if not path:
            return self.top
        return next((commands for pattern, commands in self.below if re.match(pattern, path[-1])), ())

    def bare(self, text: str) -> tuple[bool, str]:
        """Whether a line negates, and what."""
        word = self.negation + " "
        return (True, text.removeprefix(word)) if text.startswith(word) else (False, text)


@dataclass(slots=True)
class Entry:
    """A line and what stands below it. A block of text is one entry with line ends in it."""

    text: str
    below: list[Entry] = field(default_factory=list)

    def find(self, text: str) -> Entry | None:
        """The line of exactly this text."""
        return next((entry for entry in self.below if entry.text == text), None)

    def at(self, path: Sequence[str]) -> Entry | None:
        """The section that these lines lead to."""
        here: Entry | None = self
        for text in path:
            here = here.find(text) if here is not None else None
        return here


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one line of a change does: in which section, with which command of the grammar (None: not understood)."""

    index: int
    path: tuple[str, ...]
    text: str  # without the negation
    is_negated: bool
    command: Command | None


def parse(text: str, grammar: Grammar) -> Entry:
    """A configuration as a tree by its indentation; comments, section ends and separators are left out."""
    root = Entry("")
    stack = [(-1, root)]
    lines = iter(text.splitlines())
    for raw in lines:
        line = raw.strip()
        if raw.startswith(grammar.comment):
            del stack[1:]  # VRP indents what follows by one blank, be it in a section or not
        if not line or line.startswith(grammar.comment) or re.fullmatch(f"{grammar.out}|{grammar.out_of_all}", line):
            continue
        depth = len(raw) - len(raw.lstrip())
        while stack[-1][0] >= depth:
            stack.pop()
        entry = Entry(_whole(line, lines, grammar))
        stack[-1][1].below.append(entry)
        stack.append((depth, entry))
    return root


def render(root: Entry, depth: int = 0) -> str:
    """The text of a tree, one blank of indentation a level."""
    return "".join(f"{' ' * depth}{entry.text}\n{render(entry, depth + 1)}" for entry in root.below)


def acts(lines: Sequence[str], grammar: Grammar, running: Entry) -> Iterator[Act]:
    """What each line of a change does, in order; lines that only lead in or out of sections give nothing but the path.

    A command that the innermost section does not know belongs to one around it, as on the devices. A line that is not
    in the grammar but opens a section of the running configuration opens that.
    """
    path: tuple[str, ...] = ()
    rest = iter(enumerate(lines))
    for index, raw in rest:
        line = raw.strip()
        if not line or line.startswith(grammar.comment):
            continue
        if re.fullmatch(grammar.out_of_all, line):
            path = ()
            continue
        if re.fullmatch(grammar.out, line):
            path = path[:-1]
            continue
        text = _whole(line, (more for _, more in rest), grammar)
        is_negated, bare = grammar.bare(text)
        path, command = _home(path, bare, text, grammar, running, is_negated=is_negated)
        yield Act(index=index, path=path, text=bare, is_negated=is_negated, command=command)
        if command is not None and command.opens and not is_negated:
            path = (*path, bare)


def applied(running: Entry, change: Sequence[Act], grammar: Grammar) -> bool:
    """Change a tree as a device would; False, with the tree in between, where a line is not understood."""
    for act in change:
        command = act.command
        if command is None:
            return False
        section = _entered(running, act.path, grammar)
        if command.is_unseen:
            continue
        if act.is_negated:
            if command.is_switch and not _replaced(section, act, grammar):
                return False
            if not command.is_switch:
                _removed(section, act, grammar)
        elif command.opens:
            _entered(running, (*act.path, act.text), grammar)
        else:
            _set(section, act, grammar)
    return True


def matching(section: Entry, act: Act) -> list[Entry]:
    """The lines of a section that an act would replace or remove."""
    command = act.command
    name = command.name_of(act.text) if command is not None else act.text
    found = []
    for entry in section.below:
        is_same = entry.text == act.text or (act.is_negated and entry.text.startswith(act.text + " "))
        if command is not None and command.names and re.match(command.begins, entry.text):
            is_same = is_same or command.name_of(entry.text) == name
        if is_same:
            found.append(entry)
    return found


def _whole(line: str, lines: Iterator[str], grammar: Grammar) -> str:
    """A line, with the text that follows it where it begins a block; the mark is written `^C`, as devices show it."""
    found = re.match(grammar.block, line) if grammar.block else None
    if found is None:
        return line
    words, mark = found[1], found[2]
    text = line[found.end() :]
    while mark not in text:
        more = next(lines, None)
        if more is None:
            break
        text += "\n" + more
    return f"{words} ^C{text.split(mark, 1)[0]}^C"


def _home(
    path: tuple[str, ...], bare: str, text: str, grammar: Grammar, running: Entry, *, is_negated: bool
) -> tuple[tuple[str, ...], Command | None]:
    for depth in range(len(path), -1, -1):
        for command in grammar.commands(path[:depth]):
            short = is_negated and command.names is not None and re.fullmatch(command.names, bare)
            if re.match(command.begins, bare) or short:
                return path[:depth], command
    for depth in range(len(path), -1, -1):
        section = running.at(path[:depth])
        standing = section.find(text) if section is not None else None
        if standing is not None and standing.below:
            return path[:depth], Command(begins=re.escape(text), opens=True)
    return path, None


def _entered(root: Entry, path: Sequence[str], grammar: Grammar) -> Entry:
    """The section of a path, made where it does not stand."""
    here, done = root, tuple[str, ...]()
    for text in path:
        fresh = here.find(text)
        if fresh is None:
            command = next((c for c in grammar.commands(done) if re.match(c.begins, text)), None)
            fresh = Entry(text)
            _put(here, fresh, command, grammar.commands(done))
        here, done = fresh, (*done, text)
    return here


def _set(section: Entry, act: Act, grammar: Grammar) -> None:
    command = act.command
    assert command is not None  # noqa: S101 - the caller looked
    name = command.name_of(act.text)
    shown_off = {f"{grammar.negation} {name}", f"{grammar.negation} {act.text}"}
    section.below[:] = [entry for entry in section.below if entry.text not in shown_off]
    old = matching(section, act)
    if old:
        old[0].text = act.text
        _drop(section, old[1:])
    else:
        _put(section, Entry(act.text), command, grammar.commands(act.path))


def _removed(section: Entry, act: Act, grammar: Grammar) -> None:
    gone = matching(section, act)
    _drop(section, gone)
    command = act.command
    if gone and command is not None and command.negated is not None:
        _put(section, Entry(command.negated), command, grammar.commands(act.path))


def _drop(section: Entry, gone: Sequence[Entry]) -> None:
    section.below[:] = [entry for entry in section.below if not any(entry is other for other in gone)]


def _replaced(section: Entry, act: Act, grammar: Grammar) -> bool:
    """Turn a switch off that is shown; what is not shown has a default that is not ours to guess."""
    off = f"{grammar.negation} {act.text}"
    for entry in section.below:
        if entry.text in (act.text, off):
            entry.text = off
            return True
    return False


def _put(section: Entry, entry: Entry, command: Command | None, commands: Sequence[Command]) -> None:
    """A new line where a device would show it: among its likes, else by the order of the grammar, else last."""
    ranks = [_rank(other.text, commands) for other in section.below]
    own = commands.index(command) if command in commands else len(commands)
    likes = [at for at, rank in enumerate(ranks) if rank == own]
    if likes and command is not None and command.is_sorted:
        later = [at for at in likes if _numbers(section.below[at].text) > _numbers(entry.text)]
        section.below.insert(later[0] if later else likes[-1] + 1, entry)
    elif likes:
        section.below.insert(likes[-1] + 1, entry)
    else:
        section.below.insert(next((at for at, rank in enumerate(ranks) if rank > own), len(ranks)), entry)


def _rank(text: str, commands: Sequence[Command]) -> int:
    bare = re.sub(r"^(no|undo) ", "", text)
    found = (at for at, c in enumerate(commands) if re.match(c.begins, bare) or (c.negated == text))
    return next(found, -1)


def _numbers(text: str) -> tuple[tuple[int, int, str], ...]:
    """The words of a line as a device sorts them: numbers by value."""
    return tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in re.findall(r"\d+|[^\s\d./:]+", text))
