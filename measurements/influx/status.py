"""The state of the way to InfluxDB, for people; knows the spool, not the client."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from measurements.spool import SpoolStatus
from measurements.store import StoreStatus

WAITS_LONG_S = 300.0


def with_spool(local: StoreStatus, spool: SpoolStatus | None, now: float) -> StoreStatus:
    """The local status with what the spool says, and its alarms. `bytes_on_disk` takes the waiting lines in.

    Args:
        local: of the local part.
        spool: None when there is none yet.
        now: epoch s.
    """
    if spool is None:
        return replace(local, kind="influxdb")
    waits = None if spool.oldest_at is None else max(0.0, now - spool.oldest_at)
    alarms = list(local.alarms)
    if waits is not None and waits > WAITS_LONG_S:
        alarms.append(f"{spool.lines:,} lines wait for InfluxDB, the oldest for {waits / 60:.0f} minutes")
    if spool.dropped and spool.dropped_at is not None:
        when = datetime.fromtimestamp(spool.dropped_at, UTC).isoformat(" ", "minutes")
        alarms.append(f"the spool was full or too old: {spool.dropped:,} lines were dropped, last at {when}")
    if spool.dead:
        alarms.append(f"InfluxDB will never take {spool.dead:,} lines: see `merata store dead`")
    return replace(
        local, kind="influxdb", bytes_on_disk=local.bytes_on_disk + spool.bytes,
        spool_rows=spool.rows, spool_bytes=spool.bytes, dropped=spool.dropped, dead=spool.dead,
        spool_oldest_s=waits, alarms=tuple(alarms),
        details={
            **local.details, "spool_lines": spool.lines, "spool_bytes": spool.bytes, "spool_sent": spool.sent,
            "spool_dropped": spool.dropped, "spool_refused": spool.dead,
        },
    )  # fmt: skip
