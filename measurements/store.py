"""The one port to what was measured. Two adapters: `measurements.sqlite` and `measurements.influx`.

State intervals, `latest`, 1 h, 1 day and area tables are local (SQLite) in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Last known of one device: raw fields of its last rows and the rates derived from the last two.

    `fields` holds DeviceRow and PingRow fields plus `in_bps`, `out_bps` (uplink), `loss_ratio`, `rebooted_at`.
    `interfaces` and `radios` map a name to its fields (interfaces with in_bps, out_bps, errors_per_s, utilisation_ratio).
    `answered_at` is the `at` of the last reading in which the device answered anything, `at` of the last reading.
    """

    device: str
    slot: int
    at: float
    answered_at: float | None
    lane: str
    error_kind: str | None
    error: str | None
    fields: Mapping[str, Any]
    interfaces: Mapping[str, Mapping[str, Any]]
    radios: Mapping[str, Mapping[str, Any]]
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Columns of one device's history. `slots` are bucket starts (epoch s, UTC); a hole is a None in every column."""

    step_s: int
    tier: str  # raw, 5m, 1h, 1d
    slots: Sequence[int]
    columns: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of one subject over [start, end): seconds by state of the asked question and traffic."""

    subject: str
    up_s: float
    down_s: float
    unknown_s: float
    in_octets: int | None = None
    out_octets: int | None = None
    clients_mean: float | None = None
    clients_max: int | None = None

    @property
    def availability_ratio(self) -> float | None:
        """up / (up + down) over observed time; None when nothing was observed."""
        seen = self.up_s + self.down_s
        return self.up_s / seen if seen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """How the store is: shown by `merata store status` and the status page."""

    kind: str
    version: str
    path: str
    bytes_on_disk: int
    newest_slot: int | None
    lag_s: float | None
    spool_rows: int = 0
    spool_bytes: int = 0
    spool_oldest_s: float | None = None
    dropped: int = 0
    dead: int = 0
    alarms: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class MeasurementStore(Protocol):
    """Write, read, keep."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Store readings; durable when it returns. Same device and slot again overwrites; order does not matter.

        Raises:
            StoreUnavailable: nothing of it was stored.
        """

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        """Open, extend or close state intervals (key: subject, question, start)."""

    def write_outages(self, outages: Sequence[Outage]) -> None:
        """Open, change or close outages (key: id)."""

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """Outages that touch [start, end), newest first."""

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """Last known of the named devices, or of all."""

    def series(
        self, kind: str, device: str, fields: Sequence[str], *, start: int, end: int,
        step_s: int | None = None, name: str | None = None,
    ) -> Series:
        """History of one subject; `kind` is a measurement name, `name` the interface, radio or check.

        The tier follows from step and age; buckets without data are holes (None in every column).
        """

    def intervals(
        self, subjects: Sequence[str] | None, question: str, *, start: int, end: int
    ) -> list[Interval]:
        """State intervals that touch [start, end), by subject and time."""

    def summary(
        self, question: str, *, start: int, end: int, by: str = "subject", subjects: Sequence[str] | None = None
    ) -> list[Summary]:
        """Seconds by state and traffic for each subject (device or site) or area, from daily and area tables."""

    def maintain(self, now: float) -> None:
        """Roll up closed buckets, apply retention; idempotent."""

    def status(self) -> StoreStatus:
        """How the store is."""

    def close(self) -> None:
        """Flush and let go."""
