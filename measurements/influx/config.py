"""What has to be known of an InfluxDB to write to it and read from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_S = 86_400
TIERS = ("raw", "5m", "1h", "1d")
_UNITS = {"w": 7 * DAY_S, "d": DAY_S, "h": 3600, "m": 60, "s": 1}


def _retention() -> Mapping[str, int]:
    # 0: kept for ever. InfluxDB is the record of raw and 5 min; hours and days are local as well.
    return {"raw": 30 * DAY_S, "5m": 365 * DAY_S, "1h": 3 * 365 * DAY_S, "1d": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxSettings:
    """Address, token and buckets.

    token: `user:password` for 1.8, an API token for 2.x, a database token for 3; never shown.
    org: 2.x only. prefix: buckets are `<prefix>raw`, `<prefix>5m`, ... without a slash, so that 1.8 reads one as a
    database, 2.x as its virtual DBRP and 3 as a database. retention_s: by tier; 0 = for ever.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    org: str = ""
    prefix: str = "wifi_"
    retention_s: Mapping[str, int] = field(default_factory=_retention)
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    query_timeout_s: float = 10.0  # somebody waits for a page
    ca_file: str | None = None

    def bucket(self, tier: str) -> str:
        """Name of the bucket of a tier."""
        return f"{self.prefix}{tier}"

    def ages(self) -> dict[str, float]:
        """How long lines of each bucket are of use, for the spool."""
        return {self.bucket(tier): float(age) for tier, age in self.retention_s.items() if age}


def duration(seconds: int) -> str:
    """Seconds in InfluxQL's largest whole unit: 30d, 36h, INF."""
    if not seconds:
        return "INF"
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def seconds_of(text: str) -> int:
    """Go's way to write a duration (`168h0m0s`, `0s`) in seconds.

    Raises:
        ValueError: it is none.
    """
    parts = re.findall(r"(\d+)([wdhms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a duration: {text}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
