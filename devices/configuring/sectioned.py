"""What the dialects of sections and lines share: reading, comparing, masking and undoing configurations as texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from devices.configuring.masks import kinds_dropped, masked
from devices.configuring.sections import Act, Command, Entry, Grammar, acts, applied, matching, parse, render
from devices.model import Device


class SectionedText:
    """The text half of a dialect. Subclasses give the grammar and what is noise."""

    comment = "!"
    grammar: Grammar
    #: Lines that come with the answer or change by themselves.
    noise: re.Pattern[str] = re.compile(r"(?!)")
    #: How a section that may carry our way to the device begins; group 1 is its name.
    interface: re.Pattern[str] = re.compile(r"interface (.+)")

    def normalise(self, text: str) -> str:
        """The configuration without what changes by itself: one line a command, a blank of indentation a level."""
        return render(self._tree(text))

    def mask(self, text: str) -> str:
        """The same text with every secret value hidden."""
        return masked(text)

    def quote(self, value: str) -> str:
        """A value as one word. There is no quoting: a blank would end the word, `?` asks for help while it is typed."""
        if not value or not value.isascii() or not value.isprintable() or re.search(r"[\s?\"]", value):
            raise ValueError(
                "this device takes only words of ASCII letters, digits and signs without blank, ? and quote"
            )
        return value

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """The configuration expected after the lines."""
        tree = self._tree(running)
        change = list(acts(lines, self.grammar, tree))
        return render(tree) if applied(tree, change, self.grammar) else None

    def missing(self, running: str, lines: Sequence[str]) -> list[int]:
        """Indices of the lines whose intent is not found; a line that a later one overrides is not asked."""
        tree = self._tree(running)
        change = list(acts(lines, self.grammar, tree))
        return [
            act.index
            for at, act in enumerate(change)
            if not _overridden(act, change[at + 1 :]) and not _found(tree, act)
        ]

    def management(self, running: str, lines: Sequence[str], device: Device) -> list[int]:
        """Indices of the lines that touch the way to the device; in doubt they do."""
        tree = self._tree(running)
        ways = self._ways(tree, device)
        touched = []
        for act in acts(lines, self.grammar, tree):
            section = act.path[0] if act.path else act.text
            found = self.interface.match(section)
            manages = act.command is None or act.command.manages
            if found is not None:
                manages = manages or (not act.path and act.is_negated)
                manages = manages and (ways is None or found[1] in ways)
            if manages:
                touched.append(act.index)
        return touched

    def undoing(self, now: str, base: str) -> list[str]:
        """Lines that make `base` of `now`: what is missing first, so that a way back is there before one is taken."""
        return _undoing(self._tree(now), self._tree(base), (), self.grammar)

    def _tree(self, text: str) -> Entry:
        return parse("\n".join("" if self.noise.match(line) else line for line in text.splitlines()), self.grammar)

    def _ways(self, tree: Entry, device: Device) -> set[str] | None:
        """Names of the interfaces that we come by; None where the configuration does not tell."""
        words = re.compile(rf"(?<![\d.]){re.escape(device.target.host)}(?![\d.])")
        ways = {
            found[1]
            for section in tree.below
            if (found := self.interface.match(section.text)) and any(words.search(e.text) for e in section.below)
        }
        return ways | {device.uplink} if ways and device.uplink else ways or None


def _found(tree: Entry, act: Act) -> bool:
    section = tree.at(act.path)
    command = act.command
    if command is not None and command.is_unseen:
        return True
    if act.is_negated:
        return section is None or not [e for e in matching(section, act) if e.text != (command and command.negated)]
    if section is None:
        return False
    if command is not None and command.opens:
        return command.is_there or section.find(act.text) is not None
    if command is not None and command.hides:
        wanted = kinds_dropped(masked(act.text))
        return any(kinds_dropped(masked(entry.text)) == wanted for entry in section.below)
    if command is not None and command.grows:
        return any(f"{entry.text} ".startswith(f"{act.text} ") for entry in section.below)
    return section.find(act.text) is not None


def _overridden(act: Act, later: Sequence[Act]) -> bool:
    whole = (*act.path, act.text)
    for other in later:
        section = (*other.path, other.text)
        if other.is_negated and whole[: len(section)] == section:
            return True
        if other.path != act.path or act.command is None or other.command != act.command:
            continue
        if matching(Entry("", [Entry(act.text)]), other) or matching(Entry("", [Entry(other.text)]), act):
            return True
    return False


def _undoing(now: Entry, base: Entry, path: tuple[str, ...], grammar: Grammar) -> list[str]:
    lines: list[str] = []
    for entry in base.below:
        standing = now.find(entry.text)
        inner = _undoing(standing or Entry(entry.text), entry, (*path, entry.text), grammar)
        is_section = bool(entry.below or (standing is not None and standing.below))
        if standing is None or inner:
            lines += entry.text.split("\n")
        if is_section and (standing is None or inner):
            lines += [*inner, "quit" if grammar.negation == "undo" else "exit"]
    for entry in now.below:
        is_shown_off = any(command.negated == entry.text for command in grammar.commands(path))
        if base.find(entry.text) is None and not is_shown_off and not _is_replaced(entry, base, path, grammar):
            is_off, bare = grammar.bare(entry.text)
            command = _command(bare, path, grammar)
            lines.append(bare if is_off else f"{grammar.negation} {command.off(bare) if command else bare}")
    return lines


def _is_replaced(entry: Entry, base: Entry, path: tuple[str, ...], grammar: Grammar) -> bool:
    """A line of the base takes this one's place by itself."""
    command = _command(entry.text, path, grammar)
    if command is None or command.opens:
        return False
    if command.negated is not None and base.find(command.negated) is not None:
        return True
    name = command.name_of(entry.text)
    return any(re.match(command.begins, other.text) and command.name_of(other.text) == name for other in base.below)


def _command(text: str, path: tuple[str, ...], grammar: Grammar) -> Command | None:
    return next((c for c in grammar.commands(path) if re.match(c.begins, text)), None)
