"""Single values: text in, a typed value out, or `Unfit` saying what was expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

E = TypeVar("E", bound=Enum)

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_YES = frozenset({"yes", "true", "on", "ya"})
_NO = frozenset({"no", "false", "off", "tidak"})


class Unfit(ValueError):
    """A text is not what was expected. `secret`: never show what was found."""

    def __init__(self, expected: str, *, secret: bool = False) -> None:
        super().__init__(expected)
        self.secret = secret


def text(found: str) -> str:
    """One line of text."""
    cleaned = found.strip()
    if not cleaned:
        raise Unfit("some text")
    if not cleaned.isprintable():
        raise Unfit("one line of printable text")
    return cleaned


def identifier(found: str) -> str:
    """A stable id: it names files, addresses of pages and series, so it is short, lower-case and ASCII."""
    if found == "none":
        raise Unfit("an id other than none, which says that there is nothing")
    if _ID.fullmatch(found):
        return found
    hint = slug(found)
    raise Unfit(
        "an id of a-z, 0-9, '.', '_', '-', at most 63, beginning with a letter or digit"
        + (f" (for instance {hint})" if hint else "")
    )


def slug(found: str) -> str:
    """The nearest legal id, '' when nothing is left."""
    return re.sub(r"[^a-z0-9._]+", "-", found.lower()).strip("-._")[:63].rstrip("-._")


def number(found: str) -> float:
    """A decimal number with a point."""
    if _NUMBER.fullmatch(found):
        return float(found)
    if _NUMBER.fullmatch(found.replace(",", ".")):
        raise Unfit("a number with a decimal point, not a comma")
    raise Unfit("a number like 20 or 1.5, without a unit")


def positive(found: str) -> float:
    """A number above zero."""
    value = number(found)
    if not 0 < value < 1e9:
        raise Unfit("a number above 0")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(found: str) -> int:
        if not re.fullmatch(r"\d{1,12}", found) or not low <= int(found) <= high:
            raise Unfit(f"a whole number from {low} to {high}")
        return int(found)

    return read


def degrees(limit: float) -> Callable[[str], float]:
    """A reader of decimal degrees within +-limit."""

    def read(found: str) -> float:
        try:
            value = number(found)
        except Unfit as wrong:
            if "comma" in str(wrong):
                raise
            raise Unfit(f"decimal degrees from -{limit:g} to {limit:g}, like -0.0263") from None
        if not -limit <= value <= limit:
            raise Unfit(f"decimal degrees from -{limit:g} to {limit:g}")
        return value

    return read


def truth(found: str) -> bool:
    """A claim: yes or no."""
    lowered = found.lower()
    if lowered in _YES:
        return True
    if lowered in _NO:
        return False
    raise Unfit("yes or no")


def day(found: str) -> date:
    """A civil day, year first."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", found):
        try:
            return date.fromisoformat(found)
        except ValueError as error:
            raise Unfit(f"a day that exists ({error})") from None
    raise Unfit("a day written year-month-day, like 2024-07-31")


def one_of(kind: type[E]) -> Callable[[str], E]:
    """A reader of the values of an enumeration."""
    values = {str(member.value): member for member in kind}

    def read(found: str) -> E:
        if (member := values.get(found)) is None:
            raise Unfit("one of " + ", ".join(values))
        return member

    return read


def choice(*values: str) -> Callable[[str], str]:
    """A reader of one of some words."""

    def read(found: str) -> str:
        if found not in values:
            raise Unfit("one of " + ", ".join(values))
        return found

    return read


def area(found: str) -> str:
    """A Kemendagri code of a village or district, dotted; written without dots it is given its dots."""
    bare = found.replace(".", "")
    if found.isascii() and bare.isdigit():
        if re.fullmatch(r"\d{2}\.\d{2}\.\d{2}(\.[1-3]\d{3})?", found):
            return found
        if found == bare and len(bare) == 6:
            return f"{bare[:2]}.{bare[2:4]}.{bare[4:]}"
        if found == bare and len(bare) == 10 and bare[6] in "123":
            return f"{bare[:2]}.{bare[2:4]}.{bare[4:6]}.{bare[6:]}"
        if found == bare and len(bare) in (7, 10):
            raise Unfit("a Kemendagri code like 61.08.01.2001; this looks like a BPS code")
        if len(bare) in (2, 4):
            raise Unfit("the code of a village or district, this is one of a province or regency")
    raise Unfit("a Kemendagri code of a village (61.08.01.2001) or district (61.08.01)")


def host(found: str) -> str:
    """An IPv4 or IPv6 address, in its short form, or a host name in lower case."""
    bare = found.removeprefix("[").removesuffix("]")
    if ":" in bare or re.fullmatch(r"[\d.]+", bare):
        try:
            return str(ipaddress.ip_address(bare))
        except ValueError:
            raise Unfit("an IPv4 or IPv6 address without port, or a host name") from None
    if len(bare) <= 253 and all(_LABEL.fullmatch(label) for label in bare.removesuffix(".").split(".")):
        return bare.removesuffix(".").lower()
    raise Unfit("an IPv4 or IPv6 address without port, or a host name")


def timezone(found: str) -> str:
    """A name of the time zone database."""
    try:
        ZoneInfo(found)
    except (ValueError, OSError, KeyError):
        raise Unfit("a time zone like Asia/Pontianak, Asia/Makassar or Asia/Jayapura") from None
    return found


def how(found: str) -> str:
    """How an observer anchor is asked."""
    if found == "ping" or re.fullmatch(r"snmp:[a-z0-9][a-z0-9._-]{0,62}", found):
        return found
    if (port := re.fullmatch(r"tcp:(\d{1,5})", found)) and 1 <= int(port[1]) <= 65535:
        return found
    raise Unfit("ping, tcp:PORT or snmp:CREDENTIAL")


def service(found: str) -> str:
    """What is asked to learn whether the internet works behind a device."""
    if re.fullmatch(r"tcp:\S+:\d{1,5}|dns:[A-Za-z0-9._-]+|https?:\S+", found):
        return found
    raise Unfit("tcp:HOST:PORT, dns:NAME or http:URL")


def reference(*kinds: str) -> Callable[[str], str]:
    """A reader of references to secrets; what is written in place of one is never repeated."""
    forms = {"env": "env:NAME", "file": "file:PATH", "key": "key:PATH", "agent": "agent"}
    expected = " or ".join(forms[kind] for kind in kinds)
    shapes = {"env": r"env:[A-Za-z_][A-Za-z0-9_]*", "file": r"file:.+", "key": r"key:.+", "agent": r"agent"}

    def read(found: str) -> str:
        if any(re.fullmatch(shapes[kind], found) for kind in kinds):
            return found
        raise Unfit(f"a reference, {expected}; a secret itself must not stand in this file", secret=True)

    return read
