"""YAML read as text: every scalar is a string with its line, and nothing is guessed.

Built on libyaml's events instead of its composer: the composer recurses in C and a file of a hundred thousand brackets
kills the process (measured with PyYAML 6.0.3); events are also three times faster and let us bound depth and size.
Anchors, aliases, merge keys and tags are refused: groups do their work readably, and without aliases no bomb can grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from devices.errors import Complaint

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 16

#: complain(line, key, message)
Complain: TypeAlias = Callable[[int, str, str], None]


@dataclass(slots=True)
class Word:
    """A scalar as written. `empty` is a plain nothing (`key:`), which is not the text ''; `wrong` has been said."""

    text: str
    line: int
    empty: bool = False
    wrong: bool = False


@dataclass(slots=True)
class Items:
    """A list."""

    items: list[Node]
    line: int


@dataclass(slots=True)
class Entries:
    """A mapping; `lines` holds the line of each key."""

    nodes: dict[str, Node]
    lines: dict[str, int]
    line: int


Node: TypeAlias = Word | Items | Entries


class _Stop(Exception):
    """The rest of this text cannot be understood; the reason has been said."""


def parse(text: str, path: str) -> tuple[Node | None, list[Complaint]]:
    """Read one YAML document.

    Returns:
        The tree (None for an empty text or one that does not parse) and everything wrong with it.
    """
    complaints: list[Complaint] = []

    def complain(line: int, key: str, message: str) -> None:
        complaints.append(Complaint(path=path, line=line, key=key, message=message))

    try:
        return _Tree(text, complain).document(), complaints
    except _Stop:
        pass
    except yaml.YAMLError as error:
        complain(_line_of(error), "", f"not valid YAML: {_problem_of(error)}")
    return None, complaints


class _Tree:
    """Builds the tree from events."""

    def __init__(self, text: str, complain: Complain) -> None:
        self._parser: Any = yaml.CSafeLoader(text)  # for its events only, which carry no types
        self._complain = complain

    def document(self) -> Node | None:
        """The only document of the stream."""
        next_event = self._parser.get_event
        next_event()
        if isinstance(next_event(), yaml.StreamEndEvent):
            return None
        root = self._node(next_event(), 0)
        next_event()
        after = next_event()
        if not isinstance(after, yaml.StreamEndEvent):
            self._complain(after.start_mark.line + 1, "", "expected one document, found a second one after `---`")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        line = event.start_mark.line + 1
        if kind is yaml.AliasEvent:
            self._complain(line, "", f"aliases are not read: found *{event.anchor}; use `groups:` to share values")
            return Word("", line, empty=True, wrong=True)
        if event.anchor is not None:
            self._complain(line, "", f"anchors are not read: found &{event.anchor}; use `groups:` to share values")
        if event.tag is not None:
            self._complain(line, "", f"tags are not read: found {event.tag}; every value is text")
        if kind is yaml.ScalarEvent:
            return Word(event.value, line, empty=not event.value and not event.style)
        if depth >= MAX_DEPTH:
            self._complain(line, "", f"nested deeper than {MAX_DEPTH} levels")
            raise _Stop
        return self._items(line, depth) if kind is yaml.SequenceStartEvent else self._entries(line, depth)

    def _items(self, line: int, depth: int) -> Items:
        items: list[Node] = []
        next_event = self._parser.get_event
        while type(event := next_event()) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth + 1))
        return Items(items, line)

    def _entries(self, line: int, depth: int) -> Entries:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        next_event = self._parser.get_event
        while type(event := next_event()) is not yaml.MappingEndEvent:
            key = self._node(event, depth + 1)
            value = self._node(next_event(), depth + 1)
            if not isinstance(key, Word):
                self._complain(key.line, "", "expected a word as key, found a list or a mapping")
            elif key.text == "<<":
                self._complain(key.line, "<<", "merge keys are not read; use `groups:` to share values")
            elif key.text in nodes:
                self._complain(key.line, key.text, f"key given twice; the first is in line {lines[key.text]}")
            else:
                nodes[key.text] = value
                lines[key.text] = key.line
        return Entries(nodes, lines, line)


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return mark.line + 1 if mark is not None else 1


def _problem_of(error: yaml.YAMLError) -> str:
    parts = [str(p) for p in (getattr(error, "context", None), getattr(error, "problem", None)) if p]
    return ", ".join(parts) if parts else str(error).splitlines()[0]
