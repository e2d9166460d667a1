"""The fields of a where-expression: what each asks of a device, and what may be compared with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from controller.changes.subjects import Subject
from controller.changes.versions import order
from devices.inventory.layers import unknown
from devices.model import Backhaul, Role, SiteKind
from geography.units import Level, Units, dotted, level_of

#: Whether a device is as a test asks.
Test: TypeAlias = Callable[[Subject], bool]
_Told: TypeAlias = Callable[[Subject], str | None]

_SAME: Final = ("=", "!=")
_LIKE: Final = ("=", "!=", "~", "!~")
_ORDERED: Final = ("=", "!=", "~", "!~", "<", "<=", ">", ">=")
_STATES: Final = ("up", "degraded", "down", "unknown")
#: What people write before the name of an area, and the tables may or may not.
_KIND_OF_AREA: Final = re.compile(
    r"(provinsi|kabupaten|kab\.?|kota|kecamatan|kec\.?|desa|kelurahan|kel\.?)\s+", re.IGNORECASE
)


class Unreadable(ValueError):
    """A value cannot be compared with a field: one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `test(sign, value, units)` gives the test; signs are = ~ < <= > >=, never the negated ones."""

    operators: tuple[str, ...]
    test: Callable[[str, str, Units], Test]


def _text(told: _Told) -> Field:
    """A text: `=` without regard to case, `~` a regular expression found anywhere, without regard to case."""

    def test(sign: str, value: str, _: Units) -> Test:
        if sign == "~":
            pattern = _pattern(value)
            return lambda subject: (found := told(subject)) is not None and pattern.search(found) is not None
        wanted = value.casefold()
        return lambda subject: (found := told(subject)) is not None and found.casefold() == wanted

    return Field(operators=_LIKE, test=test)


def _word(told: _Told, kinds: Iterable[str]) -> Field:
    """One of a few words; any other is a mistake."""
    known = tuple(kinds)

    def test(_: str, value: str, __: Units) -> Test:
        wanted = value.lower()
        if wanted not in known:
            raise Unreadable(unknown("value", value, known))
        return lambda subject: told(subject) == wanted

    return Field(operators=_SAME, test=test)


def _members(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(str(member.value) for member in kind)


def _tags() -> Field:
    def test(sign: str, value: str, _: Units) -> Test:
        if sign == "~":
            pattern = _pattern(value)
            return lambda subject: any(pattern.search(tag) for tag in subject.device.tags)
        return lambda subject: value.lower() in subject.device.tags

    return Field(operators=_LIKE, test=test)


def _version() -> Field:
    """Versions in the order of releases: 7.9 < 7.16rc1 < 7.16 < 7.16.1."""
    by_sign: Mapping[str, Callable[[object, object], bool]] = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,  # type: ignore[operator]  # keys of `order`
        "<=": lambda a, b: a <= b,  # type: ignore[operator]
        ">": lambda a, b: a > b,  # type: ignore[operator]
        ">=": lambda a, b: a >= b,  # type: ignore[operator]
    }

    def test(sign: str, value: str, _: Units) -> Test:
        if sign == "~":
            pattern = _pattern(value)
            return lambda s: s.version is not None and pattern.search(s.version) is not None
        if not any(letter.isdigit() for letter in value):
            raise Unreadable(f"expected a version like 7.16.1, found {value!r}")
        compare, wanted = by_sign[sign], order(value)
        return lambda s: s.version is not None and compare(order(s.version), wanted)

    return Field(operators=_ORDERED, test=test)


def _area(level: Level | None) -> Field:
    """An area by Kemendagri code (with dots or without), BPS code or name; `level` None: of any level."""

    def test(sign: str, value: str, units: Units) -> Test:
        if sign == "~":
            pattern, levels = _pattern(value), tuple(Level) if level is None else (level,)
            return lambda s: any((name := s.names.get(one)) and pattern.search(name) for one in levels)
        codes = frozenset(_codes(value, level, units))
        return lambda s: any(s.code(one) in codes for one in Level)

    return Field(operators=_LIKE, test=test)


def _codes(value: str, level: Level | None, units: Units) -> list[str]:
    """The areas that a value names: one code, or all areas of that name."""
    if value.replace(".", "").isdigit():
        return [_code(value, level, units)]
    wanted = _bare(value)
    pool = list(units.values()) if level is None else units.level(level)
    found = [unit for unit in pool if unit.name.casefold() == value.casefold()]
    found = found or [unit for unit in pool if _bare(unit.name) == wanted]
    if not found:
        raise Unreadable(
            unknown(level.value if level else "area", value, {_KIND_OF_AREA.sub("", unit.name) for unit in pool})
        )
    return [unit.code for unit in found]


def _code(value: str, level: Level | None, units: Units) -> str:
    unit = units.find(value)
    if unit is not None:
        code, found = unit.code, unit.level
    else:
        try:
            code = dotted(value)
        except ValueError:
            raise Unreadable(f"expected a Kemendagri or BPS code, or a name, found {value!r}") from None
        found = level_of(code)
        if code[:2] in {known[:2] for known in units}:  # a province whose codes we all know
            raise Unreadable(f"no area has the code {value}")
    if level is not None and found is not level:
        raise Unreadable(f"expected a {level.value}, {value} is a {found.value}")
    return code


def _bare(name: str) -> str:
    return _KIND_OF_AREA.sub("", name.strip(), count=1).casefold()


def _pattern(value: str) -> re.Pattern[str]:
    try:
        return re.compile(value, re.IGNORECASE)
    except re.error as wrong:
        raise Unreadable(f"not a regular expression: {wrong}") from None


FIELDS: Final[Mapping[str, Field]] = {
    "device": _text(lambda s: s.device.id),
    "name": _text(lambda s: s.device.name),
    "site": _text(lambda s: s.site.id),
    "site_name": _text(lambda s: s.site.name),
    "area": _area(None),
    "province": _area(Level.PROVINCE),
    "regency": _area(Level.REGENCY),
    "district": _area(Level.DISTRICT),
    "village": _area(Level.VILLAGE),
    "platform": _text(lambda s: s.platform),
    "dialect": _text(lambda s: s.dialect),
    "model": _text(lambda s: s.model),
    "serial": _text(lambda s: s.serial),
    "version": _version(),
    "role": _word(lambda s: s.device.role.value, _members(Role)),
    "kind": _word(lambda s: s.site.kind.value, _members(SiteKind)),
    "backhaul": _word(lambda s: s.site.backhaul.value if s.site.backhaul else None, _members(Backhaul)),
    "programme": _text(lambda s: s.site.programme),
    "provider": _text(lambda s: s.site.provider),
    "tag": _tags(),
    "state": _word(lambda s: s.state, _STATES),
}
