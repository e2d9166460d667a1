"""A summary tier read as columns for many devices at once: what planning asks of a month of a whole fleet.

`reader.series` answers for one device with a seek a bucket; this walks the table once (clustered by time) and never
holds more than the columns asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from measurements.errors import StoreUnavailable
from measurements.files import open_to_read
from measurements.rollup import TIERED, table
from measurements.sqlite.history_schema import HISTORY

_BATCH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Rows of one measurement and tier, by bucket. `columns` are stored columns (`measurements.rollup`), NaN: not told.

    device: index into `devices`. bucket: epoch s.
    """

    devices: tuple[str, ...]
    bucket: NDArray[np.int64]
    device: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.float64]]


def scan(
    history: Path, kind: str, columns: Sequence[str], *, start: int, end: int, devices: Sequence[str], tier: str = "1h"
) -> Scan:
    """The stored buckets of [start, end) of the named devices; of ports only uplinks are kept in tiers.

    Args:
        history: the file history.db; one that is not there is empty.
        kind: a measurement of `measurements.rollup.TIERED`.
        columns: stored columns of it.
        start: epoch seconds.
        end: epoch seconds.
        devices: ids; those never measured have no rows.
        tier: `5m`, `1h` or `1d`.

    Raises:
        ValueError: a column is not one of the measurement's.
        StoreUnavailable: the file cannot be read.
    """
    known = {name for name, _ in TIERED[kind].columns}
    if strange := [c for c in columns if c not in known]:
        raise ValueError(f"{kind} has no column {strange[0]}")
    if not history.exists():
        return _made(tuple(devices), [], columns)
    db = open_to_read(history, HISTORY)
    try:
        return _made(tuple(devices), _rows(db, table(kind, tier), columns, start, end, devices), columns)
    except sqlite3.Error as err:
        raise StoreUnavailable(f"{history}: {err}") from err
    finally:
        db.close()


def _rows(
    db: sqlite3.Connection, source: str, columns: Sequence[str], start: int, end: int, devices: Sequence[str]
) -> list[NDArray[np.float64]]:
    """Blocks of (bucket, place in `devices`, columns...)."""
    place = {text: number for number, text in enumerate(devices)}
    words = [(key, place[text]) for key, text in db.execute("SELECT id, text FROM word") if text in place]
    if not words:
        return []
    places = np.full(max(key for key, _ in words) + 1, -1.0)
    places[[key for key, _ in words]] = [number for _, number in words]
    # The whole span in key order, sorted out here: a join would walk it once a device.
    cursor = db.execute(
        f"SELECT bucket, device, {', '.join(columns)} FROM {source} WHERE bucket >= ? AND bucket < ?",  # noqa: S608
        (start, end),
    )
    blocks = []
    while batch := cursor.fetchmany(_BATCH):
        block = np.array(batch, dtype=np.float64)  # None becomes NaN; whole numbers are exact to 2^53
        device = block[:, 1].astype(np.int64)
        block[:, 1] = np.where(device < len(places), places[np.minimum(device, len(places) - 1)], -1.0)
        blocks.append(block[block[:, 1] >= 0])
    return blocks


def _made(devices: tuple[str, ...], blocks: list[NDArray[np.float64]], columns: Sequence[str]) -> Scan:
    block = np.concatenate(blocks) if blocks else np.zeros((0, 2 + len(columns)))
    block = block[np.lexsort((block[:, 1], block[:, 0]))]
    return Scan(
        devices=devices,
        bucket=block[:, 0].astype(np.int64),
        device=block[:, 1].astype(np.int64),
        columns={name: block[:, 2 + place] for place, name in enumerate(columns)},
    )
