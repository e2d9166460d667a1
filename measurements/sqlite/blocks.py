"""A whole fleet's figures of one day or hour as one packed value: 10,000 devices x 30 days in milliseconds.

Rows would be 300,000 to read and group; here 30 values are read and added as arrays. Subjects are numbers of the
dictionary `word` of history.db. Little-endian; -1 stands for "not told".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from measurements.sqlite.days import Seconds, Usage

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
STATES = ("up", "degraded", "down", "maintenance")  # up takes degraded in
_STATE_COLUMNS = ("<i4",) * 4  # milliseconds: a day of 25 hours is 9 x 10^7
_USAGE_COLUMNS = ("<i8", "<i8", "<i4", "<i8", "<i4")  # octets in, out; clients: polls, sum, largest


def pack_states(found: Mapping[int, Seconds]) -> bytes:
    """Seconds up (with degraded), degraded, down, maintenance of each subject, to the millisecond."""
    rows = [[round(value * 1000) for value in found[number]] for number in sorted(found)]
    return _pack(sorted(found), rows, _STATE_COLUMNS)


def pack_usage(found: Mapping[int, Usage]) -> bytes:
    """Traffic and clients of each subject."""
    rows = [[-1 if value is None else value for value in found[number].row] for number in sorted(found)]
    return _pack(sorted(found), rows, _USAGE_COLUMNS)


def _pack(numbers: Sequence[int], rows: Sequence[Sequence[int]], columns: Sequence[str]) -> bytes:
    """Column after column: the numbers first."""
    parts = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return b"".join(
        [np.array(numbers, dtype="<i4").tobytes()]
        + [np.array(part, dtype=kind).tobytes() for part, kind in zip(parts, columns, strict=True)]
    )


def _unpack(packed: bytes, columns: Sequence[str]) -> tuple[Numbers, list[Ints]]:
    kinds = [np.dtype(kind) for kind in columns]
    count = len(packed) // (4 + sum(kind.itemsize for kind in kinds))
    numbers = np.frombuffer(packed, dtype="<i4", count=count)
    found, at = [], 4 * count
    for kind in kinds:
        found.append(np.frombuffer(packed, dtype=kind, count=count, offset=at))
        at += kind.itemsize * count
    return numbers, found


class Sums:
    """Figures of every subject, by its number. `size`: above the largest number."""

    def __init__(self, size: int) -> None:
        self.seen = np.zeros(size, dtype=bool)
        self.milliseconds: Ints = np.zeros((4, size), dtype=np.int64)
        self.octets: Ints = np.zeros((2, size), dtype=np.int64)
        self.told = np.zeros((2, size), dtype=bool)
        self.clients_n: Ints = np.zeros(size, dtype=np.int64)
        self.clients_sum: Ints = np.zeros(size, dtype=np.int64)
        self.clients_max: Ints = np.full(size, -1, dtype=np.int64)

    def add_states(self, packed: bytes) -> None:
        """Take a packed day in."""
        who, columns = _unpack(packed, _STATE_COLUMNS)
        self.seen[who] = True
        for total, column in zip(self.milliseconds, columns, strict=True):
            total[who] += column

    def add_spans(self, spans: Iterable[tuple[int, int, float]]) -> None:
        """Take (number, column of `STATES` or -1, seconds) in."""
        given = list(spans)
        if not given:
            return
        numbers, columns, lengths = (np.array(part) for part in zip(*given, strict=True))
        self.seen[numbers] = True
        known = columns >= 0
        spent = np.rint(lengths[known] * 1000).astype(np.int64)
        np.add.at(self.milliseconds, (columns[known], numbers[known]), spent)

    def add_usage(self, packed: bytes) -> None:
        """Take packed traffic and clients in."""
        who, (octets_in, octets_out, n, total, most) = _unpack(packed, _USAGE_COLUMNS)
        for at, octets in enumerate((octets_in, octets_out)):
            self.octets[at][who] += np.maximum(octets, 0)
            self.told[at][who] |= octets >= 0
        self.clients_n[who] += n
        self.clients_sum[who] += total
        self.clients_max[who] = np.maximum(self.clients_max[who], most)


def word_count(db: sqlite3.Connection) -> int:
    """Size for `Sums`: above the largest number given out."""
    return int(db.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM word").fetchone()[0])
