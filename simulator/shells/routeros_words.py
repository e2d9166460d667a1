"""The language of the RouterOS console, as far as a fleet is configured with it: statements, values, scripts.

Source: MikroTik's documentation, pages "Command Line Interface" and "Scripting". Abbreviated words are not taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_BARE: Final = re.compile(r"[^\s;\[\](){}\"]+")
_KEY: Final = re.compile(r"([A-Za-z0-9.-]+)(=|~|!=|<=|>=|<|>)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,:/@*+!^%|<>-]+")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "_": " ", '"': '"', "\\": "\\", "$": "$", "?": "?"}


class Wrong(Exception):
    """A line that the console does not take; its text is what it prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value not yet evaluated: text, `[command]`, `(expression)` or `{block}`."""

    kind: str  # "text", "command", "expression", "block"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """`name=value` (or `~`, `<`...), or a value alone (name "")."""

    name: str
    operator: str
    value: Value


@dataclass(slots=True, kw_only=True)
class Statement:
    """A command: words that may be menu and verb, then arguments."""

    text: str
    is_absolute: bool = False
    words: list[str] = field(default_factory=list)
    arguments: list[Argument] = field(default_factory=list)


def split(script: str) -> list[str]:
    """Statements of a script: parted by `;` and line ends outside of quotes and brackets; comments dropped."""
    found, start, depth, i = [], 0, 0, 0
    script = re.sub(r"\\\r?\n\s*", "", script)
    while i < len(script):
        c = script[i]
        if c == '"':
            i = _string_end(script, i)
            continue
        if c in "[({":
            depth += 1
        elif c in "])}":
            depth -= 1
            if depth < 0:
                raise Wrong(f"syntax error (line 1 column {i + 1})")
        elif c == "#" and not depth and not script[start:i].strip():
            end = script.find("\n", i)
            i = start = len(script) if end < 0 else end
            continue
        elif c in ";\n" and not depth:
            found.append(script[start:i].strip())
            start = i + 1
        i += 1
    if depth:
        raise Wrong(f"syntax error (line 1 column {len(script) + 1})")
    found.append(script[start:].strip())
    return [s for s in found if s]


def statement(text: str) -> Statement:
    """One statement, parsed.

    Raises:
        Wrong: quotes or brackets do not close.
    """
    parsed = Statement(text=text, is_absolute=text.startswith("/"))
    i = 0
    while i < len(text):
        if text[i].isspace() or (text[i] == "/" and not parsed.arguments):
            i += 1
            continue
        key = _KEY.match(text, i)
        if key and not text.startswith("://", key.end() - 1):
            i = key.end()
            value, i = _value(text, i)
            parsed.arguments.append(Argument(name=key[1], operator=key[2], value=value))
            continue
        value, end = _value(text, i)
        if value.kind == "text" and text[i] != '"' and not parsed.arguments:
            parsed.words.extend(w for w in value.text.split("/") if w)
        else:
            parsed.arguments.append(Argument(name="", operator="", value=value))
        i = end
    return parsed


def _value(text: str, i: int) -> tuple[Value, int]:
    if i >= len(text) or text[i].isspace():
        return Value(kind="text", text=""), i
    c = text[i]
    if c == '"':
        end = _string_end(text, i)
        return Value(kind="text", text=unquoted(text[i:end])), end
    for opening, closing, kind in (("[", "]", "command"), ("(", ")", "expression"), ("{", "}", "block")):
        if c == opening:
            end = _closing(text, i, opening, closing)
            return Value(kind=kind, text=text[i + 1 : end - 1].strip()), end
    found = _BARE.match(text, i)
    if found is None:
        raise Wrong(f"syntax error (line 1 column {i + 1})")
    return Value(kind="text", text=found[0]), found.end()


def _string_end(text: str, i: int) -> int:
    i += 1
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text[i] == '"':
            return i + 1
        i += 1
    raise Wrong(f"syntax error (line 1 column {len(text) + 1})")


def _closing(text: str, i: int, opening: str, closing: str) -> int:
    depth, start = 0, i
    while i < len(text):
        if text[i] == '"':
            i = _string_end(text, i)
            continue
        if text[i] == opening:
            depth += 1
        elif text[i] == closing:
            depth -= 1
            if not depth:
                return i + 1
        i += 1
    raise Wrong(f"syntax error (line 1 column {start + 1})")


def unquoted(word: str) -> str:
    """What stands between quotes, its escapes undone; two hexadecimal digits are a byte."""
    out = bytearray()
    i, inner = 0, word[1:-1]
    while i < len(inner):
        if inner[i] == "\\" and i + 1 < len(inner):
            if re.match(r"[0-9A-F]{2}", inner[i + 1 : i + 3]):
                out.append(int(inner[i + 1 : i + 3], 16))
                i += 3
                continue
            if (known := _ESCAPES.get(inner[i + 1])) is None:
                raise Wrong(f"syntax error (line 1 column {i + 1})")
            out += known.encode()
            i += 2
            continue
        if inner[i] == "$":
            raise Wrong("no such variable: an unescaped $ in a string")
        out += inner[i].encode()
        i += 1
    return out.decode("utf-8", "replace")


def quoted(value: str) -> str:
    """A value as `/export` prints it."""
    if _PLAIN.fullmatch(value):
        return value
    out = []
    for c in value:
        if c in '"\\$?':
            out.append("\\" + c)
        elif c == "\n":
            out.append("\\n")
        elif c == "\r":
            out.append("\\r")
        elif c == "\t":
            out.append("\\t")
        elif c < " " or c > "~":
            out.extend(f"\\{b:02X}" for b in c.encode())
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def seconds(text: str) -> float | None:
    """A time value (`1w2d03:04:05`, `90s`, `1h30m`, `15`) in seconds; None where it is none."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    found = re.fullmatch(
        r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+):(\d+):(\d+)(?:\.\d+)?|(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?)", text
    )
    if found is None or not text:
        return None
    w, d, hh, mm, ss, h, m, s = (int(g or 0) for g in found.groups())
    return float(w * 604800 + d * 86400 + (hh or h) * 3600 + (mm or m) * 60 + (ss or s))


def time_text(value: float) -> str:
    """Seconds as RouterOS 7 prints a time value: `1w2d03:04:05`."""
    whole = int(value)
    weeks, whole = divmod(whole, 604800)
    days, whole = divmod(whole, 86400)
    h, m, s = whole // 3600, whole // 60 % 60, whole % 60
    return (f"{weeks}w" if weeks else "") + (f"{days}d" if days else "") + f"{h:02}:{m:02}:{s:02}"
