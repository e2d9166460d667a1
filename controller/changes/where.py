"""Which devices a change is for: `regency=61.08 and platform=routeros and not tag=lab`.

    expression  = term { "or" term }
    term        = factor { "and" factor }
    factor      = "not" factor | "(" expression ")" | "all" | test
    test        = field operator value | field [ "not" ] "in" "(" value { "," value } ")"
    operator    = "=" | "!=" | "~" | "!~" | "<" | "<=" | ">" | ">="

A value with spaces or brackets stands in quotes. What is not known of a device equals nothing and is neither smaller
nor greater than anything; `!=` is `not =` and `!~` is `not ~`. The fields are in `controller.changes.fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from controller.changes.errors import WhereError
from controller.changes.fields import FIELDS, Field, Test, Unreadable
from controller.changes.subjects import Subject
from devices.inventory.layers import unknown
from geography.units import Units

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<mark>!=|!~|<=|>=|[=~<>(),])|(?P<quoted>"[^"]*"|'[^']*')|(?P<word>[^\s=!~<>(),"']+))"""
)
_JOINTS: Final = ("and", "or", "not", "in", "all")
_OPERATORS: Final = ("=", "!=", "~", "!~", "<", "<=", ">", ">=")
_MAX_DEPTH: Final = 50


@dataclass(frozen=True, slots=True)
class All:
    """Everybody."""


@dataclass(frozen=True, slots=True)
class Not:
    """Those whom the inner one leaves out."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Both:
    """Those whom every part takes."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Those whom some part takes."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Is:
    """One test of one field."""

    field: str
    test: Test


Node: TypeAlias = All | Not | Both | Either | Is


@dataclass(frozen=True, slots=True)
class Where:
    """An expression that was understood. `text` is as written, on one line; `fields` are those it asks for."""

    text: str
    node: Node
    fields: frozenset[str]

    def takes(self, subject: Subject) -> bool:
        """Whether a device is among them."""
        return _takes(self.node, subject)

    def __str__(self) -> str:
        return self.text


def compile_where(text: str, *, units: Units) -> Where:
    """Understand an expression.

    Args:
        text: as a person wrote it; line ends count as spaces.
        units: to find areas by code or name.

    Raises:
        WhereError: with the place that is not understood.
    """
    line = " ".join(text.split())
    reader = _Reader(line, units)
    node = reader.whole()
    return Where(text=line, node=node, fields=frozenset(reader.asked))


def _takes(node: Node, subject: Subject) -> bool:
    match node:
        case All():
            return True
        case Not(inner):
            return not _takes(inner, subject)
        case Both(parts):
            return all(_takes(part, subject) for part in parts)
        case Either(parts):
            return any(_takes(part, subject) for part in parts)
        case Is(_, test):
            return test(subject)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int
    is_mark: bool = False
    is_quoted: bool = False

    def says(self, word: str) -> bool:
        """True for a joint or mark, not for the same letters in quotes."""
        return not self.is_quoted and self.text.lower() == word


class _Reader:
    """Reads tokens by recursive descent; `_at` is the next one."""

    def __init__(self, text: str, units: Units) -> None:
        self._text, self._units = text, units
        self._tokens: Sequence[_Token] = tuple(self._split())
        self._at = 0
        self._depth = 0
        self.asked: set[str] = set()

    def whole(self) -> Node:
        node = self._either()
        if (rest := self._next()) is not None:
            raise self._wrong("expected `and`, `or` or the end", rest)
        return node

    def _split(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                at += len(self._text[at:]) - len(self._text[at:].lstrip())
                reason = "a quote that is not closed" if self._text[at] in "\"'" else "not understood"
                raise WhereError(reason, text=self._text, at=at)
            kind = str(found.lastgroup)
            body = found[kind]
            yield _Token(body[1:-1] if kind == "quoted" else body, found.start(kind), kind == "mark", kind == "quoted")
            at = found.end()

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, word: str) -> bool:
        token = self._next()
        if token is None or not token.says(word):
            return False
        self._at += 1
        return True

    def _wrong(self, reason: str, token: _Token | None) -> WhereError:
        at = len(self._text) if token is None else token.at
        found = "the expression ends here" if token is None else f"found {token.text!r}"
        return WhereError(f"{reason}; {found}", text=self._text, at=at)

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._factor()]
        while self._take("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _factor(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(f"nested deeper than {_MAX_DEPTH} levels", self._next())
        try:
            if self._take("not"):
                return Not(self._factor())
            if self._take("("):
                node = self._either()
                if not self._take(")"):
                    raise self._wrong("expected `)`", self._next())
                return node
            return All() if self._take("all") else self._test()
        finally:
            self._depth -= 1

    def _test(self) -> Node:
        token = self._next()
        if token is None or token.is_mark or token.is_quoted or token.text.lower() in _JOINTS:
            raise self._wrong("expected a field like regency, platform or tag", token)
        name = token.text.lower()
        field = FIELDS.get(name)
        if field is None:
            raise WhereError(unknown("field", token.text, FIELDS), text=self._text, at=token.at)
        self._at += 1
        self.asked.add(name)
        return self._operator(name, field)

    def _operator(self, name: str, field: Field) -> Node:
        if self._take("in"):
            return self._among(name, field)
        if (token := self._next()) is not None and token.says("not"):
            self._at += 1
            if not self._take("in"):
                raise self._wrong("expected `in`", self._next())
            return Not(self._among(name, field))
        token = self._next()
        if token is None or not token.is_mark or token.text not in _OPERATORS:
            raise self._wrong(f"expected one of {' '.join(_OPERATORS)} or `in`", token)
        self._at += 1
        sign = token.text
        if sign not in field.operators:
            raise WhereError(
                f"{name} cannot be compared with `{sign}`: expected one of {' '.join(field.operators)}",
                text=self._text,
                at=token.at,
            )
        test = Is(name, self._read(field, sign.removeprefix("!"), self._value()))
        return Not(test) if sign.startswith("!") else test

    def _among(self, name: str, field: Field) -> Node:
        if not self._take("("):
            raise self._wrong("expected `(` and values", self._next())
        parts: list[Node] = [Is(name, self._read(field, "=", self._value()))]
        while self._take(","):
            parts.append(Is(name, self._read(field, "=", self._value())))
        if not self._take(")"):
            raise self._wrong("expected `,` or `)`", self._next())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _value(self) -> _Token:
        token = self._next()
        if token is None or token.is_mark:
            raise self._wrong("expected a value", token)
        self._at += 1
        return token

    def _read(self, field: Field, sign: str, value: _Token) -> Test:
        try:
            return field.test(sign, value.text, self._units)
        except Unreadable as wrong:
            raise WhereError(str(wrong), text=self._text, at=value.at) from None
