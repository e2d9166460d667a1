"""Configurations made of sections and lines, as IOS, VRP and Ruijie have them: a modelled tree and how lines change it.

A rule knows which words begin a command, which open a section, and how many words name what a line sets: `hostname A`
replaces `hostname B`, `username ali ...` replaces only ali's. That is enough for what is pushed in bulk; a line that
begins with no known words is refused, as a device refuses what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What lines that match do. `key` is the part that names what is set; without one the whole line."""

    pattern: str
    opens: bool = False
    key: str | None = None  # a pattern; the line replaces a sibling with the same match

    def name_of(self, line: str) -> str:
        """What names the thing that a line sets."""
        found = re.match(self.key, line) if self.key else None
        return found[0] if found else line


@dataclass(slots=True)
class Section:
    """A line and what stands under it."""

    line: str
    children: list[Section] = field(default_factory=list)

    def find(self, line: str) -> Section | None:
        """The child of exactly this line."""
        return next((c for c in self.children if c.line == line), None)

    def copy(self) -> Section:
        """The same, sharing nothing."""
        return Section(self.line, [c.copy() for c in self.children])

    def walk(self) -> Iterator[tuple[Section, Section]]:
        """Every (parent, child) below."""
        for child in self.children:
            yield self, child
            yield from child.walk()


def first(rules: Iterable[Rule], line: str) -> Rule | None:
    """The first rule that knows a line."""
    return next((r for r in rules if re.match(r.pattern, line)), None)


def put(parent: Section, line: str, rule: Rule) -> Section:
    """A line taken: what it names is replaced or added; an opened section that stands is entered."""
    if rule.opens:
        name = rule.name_of(line)
        standing = next((c for c in parent.children if rule.name_of(c.line) == name), None)
        if standing is not None:
            return standing
    elif rule.key:
        name = rule.name_of(line)
        for child in parent.children:
            if re.match(rule.pattern, child.line) and rule.name_of(child.line) == name:
                child.line = line
                return child
    standing = parent.find(line)
    if standing is not None:
        return standing
    fresh = Section(line)
    parent.children.append(fresh)
    return fresh


def drop(parent: Section, line: str, rule: Rule) -> bool:
    """A line negated: everything that it names or begins goes. False where nothing did."""
    keep, name = [], rule.name_of(line)
    for child in parent.children:
        words = child.line == line or child.line.startswith(line + " ")
        if not (words or (rule.key and re.match(rule.pattern, child.line) and rule.name_of(child.line) == name)):
            keep.append(child)
    dropped = len(keep) != len(parent.children)
    parent.children[:] = keep
    return dropped


def parse(text: str, *, comment: str = "!") -> Section:
    """A configuration text as a tree, by indentation."""
    root = Section("")
    stack = [(-1, root)]
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith(comment):
            continue
        depth = len(raw) - len(raw.lstrip())
        while stack[-1][0] >= depth:
            stack.pop()
        fresh = Section(line)
        stack[-1][1].children.append(fresh)
        stack.append((depth, fresh))
    return root


def shown(root: Section, *, separator: str, order: Iterable[str] = ()) -> list[str]:
    """The lines of a tree; top lines in the order of the first pattern they match, a separator around sections."""
    ranks = list(order)

    def rank(child: Section) -> int:
        return next((i for i, p in enumerate(ranks) if re.match(p, child.line)), len(ranks))

    lines = [separator]
    before = -1
    for child in sorted(root.children, key=rank):
        if (rank(child) != before or child.children) and lines[-1] != separator:
            lines.append(separator)
        before = rank(child)
        lines.append(child.line)
        lines.extend(_below(child, 1))
        if child.children:
            lines.append(separator)
    if lines[-1] != separator:
        lines.append(separator)
    return lines


def _below(section: Section, depth: int) -> Iterator[str]:
    for child in section.children:
        yield " " * depth + child.line
        yield from _below(child, depth + 1)
