"""Mappings typed by a table of fields, and laid over one another: defaults, groups, then what the entry itself says."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from devices.errors import Complaint
from devices.inventory.text import Entries, Items, Node, Word
from devices.inventory.words import Unfit


class _Mark:
    """A value that is no value."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


#: Written, but wrong: already complained of, so nothing that follows from it is.
BAD: Final = _Mark("BAD")
#: Written as `none`: takes back what a default or a group gave.
NONE: Final = _Mark("NONE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """How one key is read: one word, several words, a mapping of its own, or left to the caller (`raw`)."""

    read: Callable[[str], Any] | None = None
    many: bool = False
    fields: Mapping[str, Field] | None = None
    clearable: bool = True


class Notes:
    """Everything wrong (and everything doubtful), each thing once."""

    def __init__(self) -> None:
        self.complaints: dict[Complaint, None] = {}
        self.warnings: dict[Complaint, None] = {}

    def complain(self, where: Where, message: str) -> None:
        """Refuse the inventory for this."""
        self.complaints[where.complaint(message)] = None

    def warn(self, where: Where, message: str) -> None:
        """Say this; the inventory is accepted all the same."""
        self.warnings[where.complaint(message)] = None


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file."""

    path: str
    line: int
    key: str = ""

    def complaint(self, message: str) -> Complaint:
        """The same place with what is wrong."""
        return Complaint(path=self.path, line=self.line, key=self.key, message=message)


@dataclass(slots=True)
class Layer:
    """Typed values of one written mapping and where each was written."""

    values: dict[str, Any]
    lines: Mapping[str, int]
    path: str
    line: int
    prefix: str = ""

    def where(self, key: str) -> Where:
        """Where `key` is written, or where the mapping begins."""
        return Where(self.path, self.lines.get(key, self.line), self.prefix + key)


@dataclass(slots=True)
class Stack:
    """Layers from the least to the most specific; the last one that has a key wins."""

    layers: Sequence[Layer]
    _top_down: tuple[Layer, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._top_down = tuple(reversed(self.layers))

    def get(self, key: str, default: Any = None) -> Any:
        """The value; `default` where nobody wrote it or it was taken back."""
        for layer in self._top_down:
            if key in layer.values:
                value = layer.values[key]
                return default if value is NONE else value
        return default

    def has(self, key: str) -> bool:
        """True when somebody wrote it."""
        return any(key in layer.values for layer in self._top_down)

    def where(self, key: str) -> Where:
        """Where the winning value is written; the entry itself when nobody wrote it."""
        return next((layer for layer in self._top_down if key in layer.values), self._top_down[0]).where(key)

    def under(self, key: str) -> Stack | None:
        """The stack of a nested mapping, down to a layer that took it back; None where there is none."""
        found: list[Layer] = []
        for layer in self._top_down:
            value = layer.values.get(key)
            if value is NONE:
                break
            if isinstance(value, Layer):
                found.append(value)
        return Stack(found[::-1]) if found else None

    def is_bad(self, keys: Iterable[str]) -> bool:
        """True when one of these was written wrongly."""
        return any(self.get(key) is BAD for key in keys)


def read_layer(
    node: Node, fields: Mapping[str, Field], *, path: str, notes: Notes, prefix: str = "", hints: Mapping[str, str] = {}
) -> Layer:
    """Type every key of a mapping; unknown keys are complained of with the nearest known one.

    Args:
        node: what was written; anything but a mapping is complained of.
        fields: the keys that exist.
        path: the file.
        notes: takes the complaints.
        prefix: put before keys in messages, for nested mappings.
        hints: what to say of keys that people write though they do not exist here.
    """
    if not isinstance(node, Entries):
        if not (isinstance(node, Word) and node.empty):
            notes.complain(Where(path, node.line, prefix.rstrip(".")), f"expected keys and values, found {shape(node)}")
        return Layer({}, {}, path, node.line, prefix)
    layer = Layer({}, node.lines, path, node.line, prefix)
    for key, value in node.nodes.items():
        known = fields.get(key)
        if known is None:
            notes.complain(layer.where(key), hints.get(key) or unknown("key", key, fields))
        else:
            layer.values[key] = _value(value, known, layer.where(key), notes)
    return layer


def unknown(what: str, found: str, known: Iterable[str]) -> str:
    """The sentence for a name that does not exist, with what was probably meant."""
    names = sorted(known)
    if near := difflib.get_close_matches(found, names, n=1, cutoff=0.6):
        return f"unknown {what} {found!r}: did you mean {near[0]!r}?"
    if len(names) > 30:
        return f"unknown {what} {found!r}: none of the {len(names)} known ones is like it"
    return f"unknown {what} {found!r}: expected one of {', '.join(names) or '(none is defined)'}"


def shape(node: Node) -> str:
    """What a node is, for a sentence."""
    if isinstance(node, Word):
        return "nothing" if node.empty else f"the text {node.text!r}"
    return "a list" if isinstance(node, Items) else "keys and values"


def _value(node: Node, field: Field, where: Where, notes: Notes) -> Any:
    if isinstance(node, Word) and node.wrong:
        return BAD
    if isinstance(node, Word) and node.text == "none" and field.clearable:
        return NONE
    if field.fields is not None:
        if not isinstance(node, Entries):
            notes.complain(where, f"expected keys and values, or none, found {shape(node)}")
            return BAD
        return read_layer(node, field.fields, path=where.path, notes=notes, prefix=f"{where.key}.")
    if field.read is None:
        return node
    if field.many:
        items = node.items if isinstance(node, Items) else [node]
        read = [_word(item, field.read, where, notes) for item in items]
        return BAD if BAD in read else tuple(dict.fromkeys(read))
    return _word(node, field.read, where, notes)


def _word(node: Node, read: Callable[[str], Any], where: Where, notes: Notes) -> Any:
    if not isinstance(node, Word):
        notes.complain(Where(where.path, node.line, where.key), f"expected one value, found {shape(node)}")
        return BAD
    try:
        if node.empty:
            raise Unfit("a value; leave the key out where there is none")
        return read(node.text)
    except Unfit as wrong:
        found = "something else (not shown)" if wrong.secret else shape(node)
        notes.complain(Where(where.path, node.line, where.key), f"expected {wrong}; found {found}")
        return BAD
