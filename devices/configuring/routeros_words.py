"""Words of RouterOS: statements with menu, verb and properties, values with their quotes.

Source: MikroTik's documentation, "Command Line Interface" and "Scripting" (escape sequences).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

VERBS: Final = ("add", "set", "remove", "enable", "disable", "unset", "move", "comment")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,:/@*+<>^-]+")
_ESCAPE: Final = re.compile(r"\\([0-9A-F]{2}|[abfnrtv_$?\"\\])")
_NAMED: Final = {"n": "\n", "r": "\r", "t": "\t", "_": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_PROPERTY: Final = re.compile(r"([A-Za-z0-9.-]+)(=|~|!=)")
_WRAPPED: Final = re.compile(r"\\\r?\n[ \t]*")


class NotUnderstood(Exception):
    """A line that is more than one plain command, or is none."""


@dataclass(slots=True, kw_only=True)
class Line:
    """`/ip address set [find comment=x] address=...`: menu, verb, whom, what.

    `tests` are the properties in `[find ...]`, None where there is no such selection; `whom` is any other word that
    selects (`wlan1`, `0`).
    """

    menu: str
    verb: str
    tests: dict[str, str] | None = None
    whom: str | None = None
    given: dict[str, str] = field(default_factory=dict)


def unwrapped(text: str) -> str:
    """An export without the breaks that it puts into long lines."""
    return _WRAPPED.sub("", text)


def line_of(text: str, *, menu: str = "") -> Line:
    """One line, parsed.

    Args:
        text: a command, absolute or in `menu`.
        menu: where a relative one counts from.

    Raises:
        NotUnderstood: scripting, several commands, other comparisons than `=`.
    """
    words, rest = _menu_and_verb(text.strip(), menu)
    *path, verb = words
    line = Line(menu=" ".join(path), verb=verb)
    while rest := rest.strip():
        if rest.startswith("["):
            if line.tests is not None or line.given:
                raise NotUnderstood("a command inside of a value")
            inner, rest = _bracket(rest)
            line.tests = _tests(inner)
            continue
        name = _PROPERTY.match(rest)
        if name is None:
            word, rest = value_of(rest)
            if line.whom is not None or line.given:
                raise NotUnderstood(f"the word {word[:20]!r}")
            line.whom = word
            continue
        if name[2] != "=":
            raise NotUnderstood("a comparison")
        line.given[name[1]], rest = value_of(rest[name.end() :])
    if line.tests is None and "numbers" in line.given:
        line.whom = line.given.pop("numbers")
    return line


def _menu_and_verb(text: str, menu: str) -> tuple[list[str], str]:
    words = [] if text.startswith("/") else menu.split()
    rest = text
    while rest:
        rest = rest.lstrip(" /")
        found = re.match(r"[a-z0-9-]+(?=[\s/]|$)", rest)
        if found is None:
            raise NotUnderstood("no command")
        words.append(found[0])
        rest = rest[found.end() :]
        if found[0] in VERBS:
            return words, rest
    raise NotUnderstood("no verb that changes")


def _tests(text: str) -> dict[str, str]:
    found = re.match(r"find\b(?:\s+where\b)?", text.strip())
    if found is None:
        raise NotUnderstood("a command in brackets that does not find")
    rest, tests = text.strip()[found.end() :], {}
    while rest := rest.strip():
        name = _PROPERTY.match(rest)
        if name is None or name[2] != "=":
            raise NotUnderstood("a selection by something else than equality")
        tests[name[1]], rest = value_of(rest[name.end() :])
    return tests


def _bracket(text: str) -> tuple[str, str]:
    i = 1
    while i < len(text):
        if text[i] == '"':
            i += len(_string(text[i:]))
            continue
        if text[i] in "[({":
            raise NotUnderstood("brackets in brackets")
        if text[i] == "]":
            return text[1:i], text[i + 1 :]
        i += 1
    raise NotUnderstood("a bracket that does not close")


def _string(text: str) -> str:
    found = re.match(r'"(?:[^"\\]|\\.)*"', text, re.S)
    if found is None:
        raise NotUnderstood("a quote that does not close")
    return found[0]


def value_of(text: str) -> tuple[str, str]:
    """The value at the beginning of a text, its quotes undone, and what follows.

    Raises:
        NotUnderstood: it is a command, an expression or a variable.
    """
    if text.startswith('"'):
        whole = _string(text)
        if re.search(r"(?<!\\)(?:\\\\)*\$", whole):
            raise NotUnderstood("a variable")
        return unquoted(whole), text[len(whole) :]
    found = re.match(r"[^\s\"\[\](){};$]*", text)
    word = found[0] if found else ""
    rest = text[len(word) :]
    if rest and not rest[0].isspace():
        raise NotUnderstood("an expression")
    return word, rest


def unquoted(word: str) -> str:
    """A string without its quotes and escapes; hexadecimal escapes are bytes of UTF-8."""
    out = bytearray()
    inner, at = word[1:-1], 0
    for found in _ESCAPE.finditer(inner):
        out += inner[at : found.start()].encode()
        out += bytes([int(found[1], 16)]) if len(found[1]) == 2 else _NAMED.get(found[1], found[1]).encode()
        at = found.end()
    out += inner[at:].encode()
    return out.decode("utf-8", "replace")


def exported(value: str) -> str:
    """A value as exports write it."""
    return value if _PLAIN.fullmatch(value) else typed(value)


def typed(value: str) -> str:
    """A value as one quoted word that can be typed.

    A question mark would open the help even between quotes, so it goes as its number; so do other letters than ASCII.
    """
    out = []
    for c in value:
        if c in '"\\$':
            out.append(f"\\{c}")
        elif c in "\n\r\t":
            out.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}[c])
        elif c == "?" or not " " <= c <= "~":
            out.extend(f"\\{byte:02X}" for byte in c.encode())
        else:
            out.append(c)
    return f'"{"".join(out)}"'
