"""Fill an InfluxDB from what is local: raw rows with their rates, tiers, areas. Sending twice changes nothing.

Reads beside a running controller (`mode=ro`) and sends directly, not through its spool.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from measurements.derive import Memory, in_time
from measurements.errors import StoreUnavailable
from measurements.influx import areas
from measurements.influx.config import InfluxSettings
from measurements.influx.connection import Verdict
from measurements.influx.lines import derived_lines
from measurements.influx.reader import first_slot
from measurements.influx.sender import BATCH_LINES, LONGEST_WAIT_S, Delivery, Receiver
from measurements.influx.summaries import bucket_lines
from measurements.reading import Reading
from measurements.rollup import TIERED, TIERS
from measurements.sqlite.raw_schema import RAW
from measurements.sqlite.rawfiles import DAY_S, day_start, days_kept
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.series import LOOK_BACK_S

CHUNK_S = 600  # of raw rows held at once
TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a replay has come: which bucket, up to which moment (epoch s), lines sent and refused for good."""

    bucket: str
    until: int
    lines: int
    dead: int


class Replay:
    """One run.

    Args:
        local: what to send.
        receiver: the InfluxDB.
        settings: names and retention of its buckets.
        pause: waits for some seconds, between tries.
        rng: jitter of the waits.
    """

    def __init__(
        self, local: SqliteReader, receiver: Receiver, settings: InfluxSettings, *, pause: Callable[[float], object],
        rng: random.Random,
    ) -> None:  # fmt: skip
        self._local = local
        self._receiver = receiver
        self._settings = settings
        self._pause = pause
        self._rng = rng
        self._sent = self._dead = 0

    def run(self, *, start: int | None, end: int, now: float) -> Iterator[Progress]:
        """Send what lies in [start, end); points older than a bucket's retention are left out, it would refuse them.

        Args:
            start: epoch s; None: from the oldest row.
            end: epoch s.
            now: epoch s, for the retention.

        Raises:
            StoreUnavailable: InfluxDB refuses, or stayed away over all tries; what was sent is there, run it again.
        """
        first = first_slot(self._local, "wifi_device")
        if first is not None:
            yield from self._raw(max(start or 0, self._oldest("raw", now), first), end)
        for tier in TIERS:
            low = max(start or 0, self._oldest(tier, now))
            for kind in TIERED:
                yield from self._tier(kind, tier, low, end)
            if tier != "5m":
                lines, until = areas.lines_between(self._local, tier, low, end)
                yield self._send(tier, lines, until)

    def _oldest(self, tier: str, now: float) -> int:
        kept = self._settings.retention_s.get(tier, 0)
        return int(now) - kept + 3600 if kept else 0

    def _raw(self, start: int, end: int) -> Iterator[Progress]:
        memories: dict[str, Memory] = {}
        days = [day_start(day) for day in days_kept(self._local.root / "raw", RAW)]
        for day in days:
            for low in range(max(start, day), min(end, day + DAY_S), CHUNK_S):
                high = min(low + CHUNK_S, end, day + DAY_S)
                since = low if memories else low - LOOK_BACK_S
                readings = self._local.raw.readings(since, high)
                lines = _derived(readings, memories, since=low)
                yield self._send("raw", lines, high)

    def _tier(self, kind: str, tier: str, start: int, end: int) -> Iterator[Progress]:
        lines: list[str] = []
        bucket = start
        for bucket, rolled in self._local.tier_buckets(kind, tier, start=start, end=end):
            lines += bucket_lines(kind, bucket, rolled)
            if len(lines) >= BATCH_LINES:
                yield self._send(tier, lines, bucket)
                lines = []
        if lines:
            yield self._send(tier, lines, bucket)

    def _send(self, tier: str, lines: Sequence[str], until: int) -> Progress:
        bucket = self._settings.bucket(tier)
        for first in range(0, len(lines), BATCH_LINES):
            self._deliver(bucket, lines[first : first + BATCH_LINES])
        return Progress(bucket=bucket, until=until, lines=self._sent, dead=self._dead)

    def _deliver(self, bucket: str, lines: Sequence[str]) -> None:
        for attempt in range(1, TRIES + 1):
            delivery = Delivery(self._receiver, bucket)
            stopped = delivery.send(lines)
            if stopped is None:
                refused = sum(each.count("\n") + 1 for each in delivery.dead)
                self._sent += len(lines) - refused
                self._dead += refused
                return
            if stopped.verdict is Verdict.REFUSED or attempt == TRIES:
                raise StoreUnavailable(f"{bucket}: {stopped.message}")
            wait = min(LONGEST_WAIT_S, 2.0**attempt) * self._rng.uniform(0.5, 1.0)
            self._pause(max(wait, stopped.retry_after_s or 0.0))


def _derived(readings: Iterable[Reading], memories: dict[str, Memory], *, since: int) -> list[str]:
    by_device: dict[str, list[Reading]] = {}
    for reading in readings:
        by_device.setdefault(reading.device, []).append(reading)
    lines: list[str] = []
    for device, group in by_device.items():
        memory = memories.setdefault(device, Memory())
        for reading in in_time(group):
            each = memory.take(reading)
            if reading.slot >= since:
                lines += derived_lines(each)
    return lines
