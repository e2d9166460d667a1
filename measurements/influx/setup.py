"""Buckets and their retention: the one thing in which 1.x, 2.x and 3 share nothing. A command, no start-up magic.

1.x: `CREATE DATABASE ... WITH DURATION` over `/query`. 2.x: the buckets API. 3: `/api/v3/configure/database`.
"""

from __future__ import annotations

from dataclasses import dataclass

from measurements.errors import StoreUnavailable
from measurements.influx.config import DAY_S, TIERS, duration, seconds_of
from measurements.influx.connection import Connection, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """A bucket as it is and as it shall be. Seconds; 0: for ever; `found_s` None: not there, or 3 does not tell."""

    name: str
    exists: bool
    found_s: int | None
    wanted_s: int

    @property
    def deletes(self) -> bool:
        """True when points that are there now would be deleted."""
        if not self.exists or self.found_s is None or not self.wanted_s:
            return False
        return self.found_s == 0 or self.wanted_s < self.found_s

    @property
    def done(self) -> bool:
        """True when nothing has to be changed."""
        return self.exists and self.found_s == self.wanted_s


def look(connection: Connection) -> tuple[Server, list[BucketPlan]]:
    """Who answers, and what `apply` would change.

    Raises:
        StoreUnavailable: no connection, the token may not look, or it is no InfluxDB that we know.
    """
    server = connection.server()
    settings = connection.settings
    find = {1: _found_1, 2: _found_2, 3: _found_3}.get(server.major or 0)
    if find is None:
        raise StoreUnavailable(f"{settings.url} says version {server.version}: InfluxDB 1.8+, 2.x or 3 is needed")
    plans = []
    for tier in TIERS:
        name = settings.bucket(tier)
        exists, found_s = find(connection, name)
        plans.append(BucketPlan(name=name, exists=exists, found_s=found_s, wanted_s=settings.retention_s.get(tier, 0)))
    return server, plans


def apply(connection: Connection, server: Server, plan: BucketPlan) -> str:
    """Make one bucket as planned; gives what was done in a few words.

    Raises:
        StoreUnavailable: no connection, or the token may not.
        WriteRejected: the server refuses the change.
    """
    if plan.done:
        return "as it should be"
    if server.major == 1:
        _apply_1(connection, plan)
    elif server.major == 2:
        connection.set_bucket(plan.name, every_s=plan.wanted_s)
    elif plan.exists:
        return (
            "exists; its retention is left as it is (3 Core cannot tell or change it: use `influxdb3 update database`)"
        )
    else:
        body: dict[str, object] = {"db": plan.name}
        if plan.wanted_s:
            body["retention_period"] = duration(plan.wanted_s)
        connection.api("POST", "/api/v3/configure/database", body=body)
    return "changed" if plan.exists else "created"


def _found_1(connection: Connection, name: str) -> tuple[bool, int | None]:
    listed = connection.query("", "SHOW DATABASES")  # 1.x only, so the subset that 3 shares does not bind here
    if not any(name == value[0] for series in listed for value in series.get("values", [])):
        return False, None
    for series in connection.query(name, f'SHOW RETENTION POLICIES ON "{name}"'):
        columns = series["columns"]
        for value in series.get("values", []):
            row = dict(zip(columns, value, strict=True))
            if row["default"]:
                return True, seconds_of(row["duration"])
    return True, None


def _apply_1(connection: Connection, plan: BucketPlan) -> None:
    # A shard is the least that retention deletes and the least that is kept open: days for weeks, weeks for years.
    shard = "1d" if plan.wanted_s and plan.wanted_s <= 60 * DAY_S else "7d"
    policy = f"DURATION {duration(plan.wanted_s)} REPLICATION 1 SHARD DURATION {shard}"
    if plan.exists:
        connection.execute(f'ALTER RETENTION POLICY "autogen" ON "{plan.name}" {policy} DEFAULT')
    else:
        connection.execute(f'CREATE DATABASE "{plan.name}" WITH {policy} NAME "autogen"')


def _found_2(connection: Connection, name: str) -> tuple[bool, int | None]:
    kept = connection.bucket_retention(name)
    return kept is not None, kept


def _found_3(connection: Connection, name: str) -> tuple[bool, int | None]:
    listed = connection.api("GET", "/api/v3/configure/database", query={"format": "json"})
    rows = listed if isinstance(listed, list) else []
    return any(name in row.values() for row in rows if isinstance(row, dict)), None
