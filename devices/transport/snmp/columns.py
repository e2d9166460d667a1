"""Walking columns of a table together, without any I/O: what to ask next, and what an answer means.

An agent may answer less than asked, end each column elsewhere, refuse with tooBig, or run in a circle; each case ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast

from devices.transport.snmp import ber, question
from devices.transport.snmp.api import Limits, Value
from devices.transport.snmp.question import Known, Question

#: Objects asked for in one answer: some 22 octets each, so that it fits one Ethernet frame where nothing fragments.
VARBINDS_AN_ANSWER: Final = 64
_SHAPES_KEPT: Final = 4096


class Column:
    """One column (or any subtree) on its way to its end."""

    __slots__ = ("at", "done", "name", "order", "prefix", "rows")

    def __init__(self, name: str) -> None:
        self.name = name
        self.prefix = ber.oid_body(name)
        self.at = self.prefix
        self.order: tuple[int, ...] = ()
        self.rows: dict[str, Value] = {}
        self.done = False


class Walk:
    """Several columns together. Ask `question()`, give the answer to one of the other methods, until it is None.

    Args:
        names: columns by dotted name.
        limits: what the device bears.
        note: called with (what, oid) for everything odd.
    """

    def __init__(self, names: Sequence[str], limits: Limits, note: Callable[[str, str], None]) -> None:
        self.columns = [Column(name) for name in dict.fromkeys(names)]
        self._limits = limits
        self._take_down = note
        self._together = max(1, limits.max_oids)
        self._repetitions = max(1, limits.max_repetitions) if limits.bulk else 0
        self._asked: list[Column] = []
        self.noted = False

    def question(self) -> Question | None:
        """The next request, or None when every column has ended."""
        asked = [c for c in self.columns if not c.done][: self._together]
        if not asked:
            return None
        self._asked = asked
        oids = tuple([c.at for c in asked])
        if not self._repetitions:
            return question.get_next(oids)
        return question.get_bulk(oids, max(1, min(self._repetitions, VARBINDS_AN_ANSWER // len(asked))))

    def asked(self, columns: list[Column]) -> None:
        """Say that these columns were asked about in another way than by `question`."""
        self._asked = columns

    def take(self, oids: list[bytes], values: list[ber.Read]) -> None:
        """Sort an answer without error into its columns.

        Raises:
            BerError: an object identifier is malformed.
        """
        asked = self._asked
        n = len(asked)
        if not oids:
            self._shrink("answered no object")
            return
        read_order, text, limit = ber.oid_numbers, ber.suffix_text, self._limits.max_rows
        for i, oid in enumerate(oids):
            column = asked[i % n]
            if column.done:
                continue
            value = values[i]
            prefix = column.prefix
            if isinstance(value, ber.Absent) or not oid.startswith(prefix) or oid == prefix:
                column.done = True
                continue
            suffix = oid[len(prefix) :]
            order = read_order(suffix)
            if order <= column.order:
                column.done = True
                self._note("objects do not increase", ber.oid_text(oid))
                continue
            column.order = order
            column.at = oid
            column.rows[text(suffix)] = value
            if len(column.rows) >= limit:
                column.done = True
                self._note(f"more than {limit} rows", column.name)
        if len(oids) < n:  # the end of a short answer says nothing about the columns it left out
            self._together = min(self._together, max(1, len(oids)))

    def too_big(self) -> None:
        """The answer would not fit: fewer repetitions, then fewer columns, then do without the object."""
        self._shrink("tooBig for a single object")

    def refused(self, index: int, why: str) -> None:
        """An error about the column at `index` (from 1), or about the request when it is 0 or out of range."""
        if 1 <= index <= len(self._asked):
            self._end(self._asked[index - 1], why)
        elif len(self._asked) == 1:
            self._end(self._asked[0], why)
        else:
            self._together = 1

    def _note(self, what: str, oid: str) -> None:
        self.noted = True
        self._take_down(what, oid)

    def _shrink(self, why: str) -> None:
        if self._repetitions > 1:
            sent = min(self._repetitions, max(1, VARBINDS_AN_ANSWER // len(self._asked)))
            self._repetitions = max(1, sent // 2)
        elif len(self._asked) > 1:
            self._together = len(self._asked) // 2
        elif self._repetitions:
            self._repetitions = 0  # GETBULK of one object failed; GETNEXT may do
        else:
            self._end(self._asked[0], why)

    def _end(self, column: Column, why: str) -> None:
        column.done = True
        self._note(why, ber.oid_text(column.at))

    def result(self) -> dict[str, dict[str, Value]]:
        """Column name -> {instance suffix -> value}, in the device's order."""
        return {c.name: c.rows for c in self.columns}


class Shapes:
    """Answers to a GETBULK whose objects are known, so that their values need only be put in place.

    A device answers each time with the same objects, and thousands of devices with the same as one another. What
    `Walk.take` has sorted once without a note is compared from then on, which is a fifth of the work.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], tuple[bytes, ...]], Known] = {}

    def sort(
        self, names: tuple[str, ...], asked: Question, oids: list[bytes], values: list[ber.Read]
    ) -> tuple[dict[str, dict[str, Value]], bool] | None:
        """Values by column and instance suffix, and whether every column ended; None for objects not yet seen so."""
        if isinstance(oids, Known):
            shape = oids
        else:
            found = self._known.get((names, tuple(oids)))
            if found is None:
                return None
            shape = asked.known = found  # the next answer is likely to be like this one
        n = len(names)
        if ber.Absent in set(map(type, values)):  # may stand behind a column's end, nowhere else
            for i, keys in enumerate(shape.suffixes):
                if ber.Absent in set(map(type, values[i::n][: len(keys)])):
                    return None
        # What stands behind a column's end finds no suffix and is left out.
        suffixes = shape.suffixes
        placed = {name: dict(zip(suffixes[i], values[i::n], strict=False)) for i, name in enumerate(names)}
        return cast("dict[str, dict[str, Value]]", placed), shape.complete

    def learn(self, names: tuple[str, ...], asked: Question, oids: list[bytes], walk: Walk) -> None:
        """Remember the answer that `walk` was given as its first and only one."""
        if walk.noted or len(walk.columns) != len(names):
            return
        if len(self._known) >= _SHAPES_KEPT:
            self._known.clear()
        suffixes = [tuple(c.rows) for c in walk.columns]
        asked.known = Known(oids, suffixes, complete=all(c.done for c in walk.columns))
        self._known[names, tuple(oids)] = asked.known
