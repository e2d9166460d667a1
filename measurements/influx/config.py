"""What has to be known of an InfluxDB to write to it and read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_S = 86_400
TIERS = ("raw", "5m", "1h", "1d")


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
    ca_file: str | None = None

    def bucket(self, tier: str) -> str:
        """Name of the bucket of a tier."""
        return f"{self.prefix}{tier}"

    def ages(self) -> dict[str, float]:
        """How long lines of each bucket are of use, for the spool."""
        return {self.bucket(tier): float(age) for tier, age in self.retention_s.items() if age}
