"""The one port to what was measured. Two adapters: `measurements.sqlite` and `measurements.influx`.

State intervals, `latest`, 1 h, 1 day and area tables are local (SQLite) in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Last known of one device: raw fields of its last rows and the rates derived from the last two.

    `fields` holds DeviceRow and PingRow fields plus `in_bps`, `out_bps` (uplink), `loss_ratio`, `rebooted_at`.
    `interfaces` and `radios` map a name to its fields (interfaces with in_bps, out_bps, errors_per_s,
    utilisation_ratio). `answered_at` is the `at` of the last reading in which the device answered anything, `at` of
    the last reading.
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
    note: str | None = None  # why it may be less than is kept: "local only: ..." while an InfluxDB is out


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of one subject over [start, end): seconds by state of the asked question and traffic.

    up_s + down_s + unknown_s + maintenance_s = the period (times the subjects, for an area); `degraded_s` is a part
    of up_s.
    """

    subject: str
    up_s: float
    down_s: float
    unknown_s: float
    in_octets: int | None = None
    out_octets: int | None = None
    clients_mean: float | None = None
    clients_max: int | None = None
    degraded_s: float = 0.0
    maintenance_s: float = 0.0

    @property
    def availability_ratio(self) -> float | None:
        """Up / (up + down) over observed time; None when nothing was observed."""
        seen = self.up_s + self.down_s
        return self.up_s / seen if seen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long each tier is kept, in days; None: for ever. State intervals, outages and daily tables are always kept.

    Source of the defaults: 10,000 devices with 60,000 ports then need about 52 GB (docs/explanation/store.md).
    """

    raw_days: int = 7
    interface_days: int = 2  # raw rows of ports: the bulk of the disk
    five_minute_days: int = 90
    hourly_days: int | None = 3 * 365

    def __post_init__(self) -> None:
        """Refuse what would delete rows before they are rolled up.

        Raises:
            ValueError: a tier is kept for less than two days.
        """
        kept = (self.raw_days, self.interface_days, self.five_minute_days, self.hourly_days)
        if any(days is not None and days < 2 for days in kept):
            raise ValueError("every tier is kept for at least 2 days")


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


class Reader(Protocol):
    """What was measured, as pages and plans ask for it."""

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """Outages that touch [start, end), newest first."""
        ...

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """Last known of the named devices, or of all."""
        ...

    def series(
        self,
        kind: str,
        device: str,
        fields: Sequence[str],
        *,
        start: int,
        end: int,
        step_s: int | None = None,
        name: str | None = None,
    ) -> Series:
        """History of one subject; `kind` is a measurement name, `name` the interface, radio or check.

        The tier follows from step and age; buckets without data are holes (None in every column).
        """
        ...

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """State intervals that touch [start, end), by subject and time."""
        ...

    def summary(
        self, question: str, *, start: int, end: int, by: str = "subject", subjects: Sequence[str] | None = None
    ) -> list[Summary]:
        """Seconds by state and traffic for each subject (device or site) or area, from daily and area tables."""
        ...


class MeasurementReader(Reader, Protocol):
    """The read half: what another process (the pages) may open beside the writer. It never writes, nor checkpoints."""

    def status(self) -> StoreStatus:
        """How the store is."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class MeasurementStore(MeasurementReader, Protocol):
    """Write, read, keep."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Store readings; durable when it returns. Same device and slot again overwrites; order does not matter.

        Raises:
            StoreUnavailable: it is not known to be stored; write it again.
            WriteRejected: this store will never take these rows.
        """
        ...

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        """Open, extend or close state intervals (key: subject, question, start)."""
        ...

    def write_outages(self, outages: Sequence[Outage]) -> None:
        """Open, change or close outages (key: id)."""
        ...

    def maintain(self, now: float, *, stop: Callable[[], bool] | None = None) -> bool:
        """Roll up closed buckets, apply retention; idempotent.

        Args:
            now: epoch seconds.
            stop: asked between pieces; True: leave the rest to the next time.

        Returns:
            False when it was stopped before the end.
        """
        ...
