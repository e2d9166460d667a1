"""Small questions a platform is made of: which objects to ask, and what their answers say.

A `Source` names scalars and columns and holds one pure function from answers to a value. `None` means "not told": an
absent subtree is never 0, and 0 is a figure. A platform lists several sources for one figure; the first that tells
wins. Sources whose rows stay until the next restart (`fixed`) are walked once and asked by instance afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeAlias, TypeVar

from devices.facts import RadioFacts
from devices.transport.snmp.api import Oid, Value

T = TypeVar("T")
Row: TypeAlias = Mapping[str, Value]
Keep: TypeAlias = Callable[[Value], bool]
#: Rows that matter: column -> instance suffixes.
Rows: TypeAlias = Mapping[str, tuple[str, ...]]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(slots=True)
class Answers:
    """What one device said so far: scalars by full name, columns by their rows."""

    values: dict[str, Value] = field(default_factory=dict)
    tables: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def table(self, column: str) -> Mapping[str, Value]:
        """Rows of a column; empty where the device has none."""
        return self.tables.get(column, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[T]):
    """One way to learn one thing.

    `narrow` tells which rows of `columns` are needed again; None: all that were seen. `max_rows` bounds a walk of which
    only the beginning matters.
    """

    read: Callable[[Answers], T | None]
    oids: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    fixed: bool = True
    narrow: Callable[[Answers], Rows] | None = None
    max_rows: int | None = None

    def rows(self, answers: Answers) -> Rows:
        """Instances to ask for next time, once the table is known."""
        if self.narrow is not None:
            return self.narrow(answers)
        return {column: tuple(answers.table(column)) for column in self.columns}


Number: TypeAlias = Source[float]
Numbers: TypeAlias = Source[tuple[float, ...]]
Text: TypeAlias = Source[str]
RadioSource: TypeAlias = Source[tuple[RadioFacts, ...]]


def number(value: Value) -> float | None:
    """A figure from an integer, or from text that begins with one ("42", "41.5 C")."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    found = _NUMBER.search(string(value) or "")
    return float(found.group()) if found else None


def string(value: Value) -> str | None:
    """Readable text, trimmed; None when there is none.

    Bytes are UTF-8 or Latin-1; a trailing NUL (seen from embedded agents) ends the text.
    """
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.split(b"\0", 1)[0]
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    else:
        text = str(value)
    text = text.strip().strip('"').strip()
    return text or None


def mac(value: Value) -> str | None:
    """A hardware address: six octets, or the text the device wrote."""
    if isinstance(value, bytes) and len(value) == 6:
        return None if not any(value) else ":".join(f"{octet:02x}" for octet in value)
    return string(value)


# -- texts ---------------------------------------------------------------------------------------------------------


def _matched(value: str | None, pattern: re.Pattern[str] | None) -> str | None:
    if value is None or pattern is None:
        return value
    found = pattern.search(value)
    if not found:
        return None
    if not pattern.groups:
        return value
    return next((g.strip() for g in found.groups() if g and g.strip()), None)


def text(oid: str, pattern: str | None = None, *, flags: int = 0) -> Text:
    """The text of one object; with a pattern the first of its groups that matched, or all if it has none."""
    compiled = re.compile(pattern, flags) if pattern else None
    return Source(oids=(oid,), read=lambda a: _matched(string(a.values.get(oid)), compiled))


def text_of(column: str, pattern: str | None = None, *, max_rows: int = 40) -> Text:
    """The first text of a column (that matches the pattern)."""
    compiled = re.compile(pattern) if pattern else None

    def read(answers: Answers) -> str | None:
        texts = (_matched(string(v), compiled) for v in answers.table(column).values())
        return next((t for t in texts if t), None)

    return Source(columns=(column,), read=read, max_rows=max_rows)


def mac_text(oid: str) -> Text:
    """A hardware address as text."""
    return Source(oids=(oid,), read=lambda a: mac(a.values.get(oid)))


def named(oid: str, names: Mapping[str, str]) -> Text:
    """A value (an object identifier, or a number) by a table of names; the longest prefix wins for identifiers."""

    def read(answers: Answers) -> str | None:
        value = answers.values.get(oid)
        if value is None:
            return None
        if not isinstance(value, Oid):
            return names.get(str(value))
        parts = str(value).split(".")
        heads = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        return next((names[h] for h in heads if h in names), None)

    return Source(oids=(oid,), read=read)


def joined(*parts: Text, by: str = " ") -> Text:
    """Several texts as one; None unless all are told."""

    def read(answers: Answers) -> str | None:
        texts = [part.read(answers) for part in parts]
        return by.join(t for t in texts if t) if all(texts) else None

    return Source(
        oids=tuple(o for p in parts for o in p.oids), columns=tuple(c for p in parts for c in p.columns), read=read
    )


# -- numbers -------------------------------------------------------------------------------------------------------


def scalar(oid: str, *, scale: float = 1.0, keep: Keep | None = None, pattern: str | None = None) -> Number:
    """One figure; with a pattern its first group holds the digits."""
    compiled = re.compile(pattern) if pattern else None

    def read(answers: Answers) -> float | None:
        value = answers.values.get(oid)
        if keep is not None and value is not None and not keep(value):
            return None
        told = number(value if compiled is None else _matched(string(value), compiled))
        return None if told is None else told * scale

    return Source(oids=(oid,), read=read)


def added(*oids: str) -> Number:
    """The sum of those scalars that were told."""

    def read(answers: Answers) -> float | None:
        told = [n for o in oids if (n := number(answers.values.get(o))) is not None]
        return sum(told) if told else None

    return Source(oids=oids, read=read)


def _kept(answers: Answers, column: str, where: tuple[str, Keep] | None, keep: Keep | None) -> list[tuple[str, Value]]:
    rows: Iterable[tuple[str, Value]] = answers.table(column).items()
    if where is not None:
        told = answers.table(where[0])
        rows = [(suffix, value) for suffix, value in rows if suffix in told and where[1](told[suffix])]
    if keep is not None:
        rows = [(suffix, value) for suffix, value in rows if keep(value)]
    return list(rows)


def _reduced(column: str, make: Callable[[list[float]], float], *, keep: Keep | None, scale: float) -> Number:
    """A fixed column made one figure; rows that are not kept now are not asked for again before the next survey."""

    def read(answers: Answers) -> float | None:
        told = [n for _, v in _kept(answers, column, None, keep) if (n := number(v)) is not None]
        return make(told) * scale if told else None

    return Source(columns=(column,), read=read, narrow=_rows_kept((column,), None, keep))


def _rows_kept(
    columns: tuple[str, ...], where: tuple[str, Keep] | None, keep: Keep | None
) -> Callable[[Answers], Rows]:
    """Rows of the first column that are kept, for all columns."""
    return lambda answers: dict.fromkeys(columns, tuple(s for s, _ in _kept(answers, columns[0], where, keep)))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def total(
    column: str, *, where: tuple[str, Keep] | None = None, keep: Keep | None = None, fixed: bool = False
) -> Number:
    """The sum of a column; 0 when the table has rows but none is kept, None when there is no table."""

    def read(answers: Answers) -> float | None:
        if not answers.table(column):
            return None
        return float(sum(n for _, v in _kept(answers, column, where, keep) if (n := number(v)) is not None))

    return Source(columns=(column,) if where is None else (column, where[0]), read=read, fixed=fixed)


def mean(column: str, *, keep: Keep | None = None, scale: float = 1.0) -> Number:
    """The mean of a column."""
    return _reduced(column, _mean, keep=keep, scale=scale)


def highest(column: str, *, keep: Keep | None = None, scale: float = 1.0) -> Number:
    """The greatest of a column."""
    return _reduced(column, max, keep=keep, scale=scale)


def count(column: str, *, keep: Keep | None = None, where: tuple[str, Keep] | None = None, known: str = "") -> Number:
    """The number of rows.

    An empty table and a missing one look alike on the wire: without `known` the answer is then None. `known` names a
    scalar or column that exists only on devices that have the table; if it is told, no rows are 0.
    """
    columns = (column,) if where is None else (column, where[0])

    def read(answers: Answers) -> float | None:
        if answers.table(column):
            return float(len(_kept(answers, column, where, keep)))
        return 0.0 if known and (known in answers.values or answers.table(known)) else None

    is_scalar = known.endswith(".0")
    return Source(
        columns=columns if not known or is_scalar else (*columns, known),
        oids=(known,) if is_scalar else (),
        read=read,
        fixed=False,
    )


# -- lists and shares ----------------------------------------------------------------------------------------------


def each(
    column: str,
    *,
    scale: float = 1.0,
    keep: Keep | None = None,
    where: tuple[str, Keep] | None = None,
    max_rows: int | None = None,
) -> Numbers:
    """All figures of a column."""

    def read(answers: Answers) -> tuple[float, ...] | None:
        told = tuple(n * scale for _, v in _kept(answers, column, where, keep) if (n := number(v)) is not None)
        return told or None

    columns = (column,) if where is None else (column, where[0])
    return Source(columns=columns, read=read, narrow=_rows_kept(columns, where, keep), max_rows=max_rows)


def several(*oids: str, scale: float = 1.0, keep: Keep | None = None) -> Numbers:
    """Those of these scalars that are told (and kept)."""

    def read(answers: Answers) -> tuple[float, ...] | None:
        told = [answers.values.get(o) for o in oids]
        kept = [v for v in told if v is not None and (keep is None or keep(v))]
        return tuple(n * scale for v in kept if (n := number(v)) is not None) or None

    return Source(oids=oids, read=read)


def single(source: Number) -> Numbers:
    """One figure where a list is wanted."""

    def read(answers: Answers) -> tuple[float, ...] | None:
        told = source.read(answers)
        return None if told is None else (told,)

    return Source(
        oids=source.oids,
        columns=source.columns,
        read=read,
        fixed=source.fixed,
        narrow=source.narrow,
        max_rows=source.max_rows,
    )


def as_ratio(source: Number) -> Number:
    """A figure in per cent as a share of 1; None outside 0-100."""

    def read(answers: Answers) -> float | None:
        told = source.read(answers)
        return told / 100 if told is not None and 0 <= told <= 100 else None

    return replace_read(source, read)


def idle(source: Number) -> Numbers:
    """CPU load from idle time in per cent."""

    def read(answers: Answers) -> tuple[float, ...] | None:
        told = source.read(answers)
        return (100 - told,) if told is not None and 0 <= told <= 100 else None

    return Source(oids=source.oids, columns=source.columns, read=read, narrow=source.narrow, max_rows=source.max_rows)


def replace_read(source: Source[Any], read: Callable[[Answers], T | None]) -> Source[T]:
    """The same objects, read in another way."""
    made: Source[T] = replace(source, read=read)
    return made


def used_share(used: Number, whole: Number) -> Number:
    """`used` / `whole` as a share of 1."""
    return _share(used, whole, lambda part, all_: part / all_)


def free_share(free: Number, whole: Number) -> Number:
    """1 - `free` / `whole` as a share of 1."""
    return _share(free, whole, lambda part, all_: 1 - part / all_)


def parts_share(used: Number, free: Number) -> Number:
    """`used` / (`used` + `free`) as a share of 1."""
    return _share(used, free, lambda part, rest: part / (part + rest))


def _share(first: Number, second: Number, make: Callable[[float, float], float]) -> Number:
    def read(answers: Answers) -> float | None:
        one, other = first.read(answers), second.read(answers)
        if one is None or other is None or other < 0 or one < 0 or one + other <= 0:
            return None
        try:
            told = make(one, other)
        except ZeroDivisionError:
            return None
        return told if 0 <= told <= 1 else None

    return Source(oids=first.oids + second.oids, columns=first.columns + second.columns, read=read)


# -- radios --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column of a radio table and the scale of its figures."""

    column: str
    scale: float = 1.0
    keep: Keep | None = None


def radios(
    *,
    name: str | None = None,
    ssid: str | None = None,
    suffix: Callable[[str], str] | None = None,
    fixed: bool = True,
    **cells: Cell | str,
) -> RadioSource:
    """One `RadioFacts` a row. `cells` are its fields; a row's name is its `name` column, else its place in the table.

    `suffix` maps a row of `cells` to the row of `name` (where a table is indexed by radio *and* client, for example).
    """
    asked = {k: Cell(column=c) if isinstance(c, str) else c for k, c in cells.items()}
    whole = {"clients", "channel", "frequency_mhz"}
    columns = tuple(dict.fromkeys([c.column for c in asked.values()] + [c for c in (name, ssid) if c]))

    def read(answers: Answers) -> tuple[RadioFacts, ...] | None:
        keys = list(dict.fromkeys(s for c in asked.values() for s in answers.table(c.column)))
        found = []
        for place, key in enumerate(keys, 1):
            row: dict[str, Any] = {}
            for label, cell in asked.items():
                value = answers.table(cell.column).get(key)
                told = None if value is None or (cell.keep and not cell.keep(value)) else number(value)
                if told is not None:
                    row[label] = round(told * cell.scale) if label in whole else told * cell.scale
            tag = key if suffix is None else suffix(key)
            called = string(answers.table(name).get(tag)) if name else None
            network = string(answers.table(ssid).get(tag)) if ssid else None
            found.append(RadioFacts(name=called or f"radio{place}", ssid=network, **row))
        return tuple(found) or None

    def narrow(answers: Answers) -> Rows:
        """Names of this table's rows only: a name column may be that of all interfaces."""
        keys = tuple(dict.fromkeys(s for c in asked.values() for s in answers.table(c.column)))
        tags = keys if suffix is None else tuple(dict.fromkeys(suffix(k) for k in keys))
        return {**dict.fromkeys(columns, keys), **{c: tags for c in (name, ssid) if c}}

    return Source(columns=columns, read=read, fixed=fixed, narrow=narrow)


def radio(name: str = "radio1", **cells: tuple[str, float] | str) -> RadioSource:
    """The single radio of a device that tells it in scalars; cells are objects, or (object, scale)."""
    asked = {k: (c, 1.0) if isinstance(c, str) else c for k, c in cells.items()}
    whole = {"clients", "channel", "frequency_mhz"}

    def read(answers: Answers) -> tuple[RadioFacts, ...] | None:
        row: dict[str, Any] = {}
        for label, (oid, scale) in asked.items():
            told = number(answers.values.get(oid))
            if told is not None:
                row[label] = round(told * scale) if label in whole else told * scale
        return (RadioFacts(name=name, **row),) if row else None

    return Source(oids=tuple(oid for oid, _ in asked.values()), read=read)
