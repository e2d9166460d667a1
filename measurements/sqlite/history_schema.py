"""Shape of `history.db`: latest, summary tiers, state intervals, outages, watermarks."""

from __future__ import annotations

from measurements.files import FileKind
from measurements.rollup import tier_tables

_TIMES = "up_s REAL NOT NULL, degraded_s REAL NOT NULL, down_s REAL NOT NULL, maintenance_s REAL NOT NULL"
_INTERVAL = """
  question TEXT NOT NULL, subject TEXT NOT NULL, start REAL NOT NULL, state TEXT NOT NULL,
  seen REAL, cause TEXT, evidence TEXT"""

HISTORY = FileKind(
    name="history",
    application_id=0x4D724849,  # "MrHI"
    version=1,
    schema=f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
-- With a rowid: rows over 1 kB in a table without one spill to a page each, five times the bytes written.
CREATE TABLE latest (
  device TEXT PRIMARY KEY, slot INTEGER NOT NULL, at REAL NOT NULL, answered_at REAL, lane TEXT NOT NULL,
  error_kind TEXT, error TEXT, fields TEXT NOT NULL, parts BLOB NOT NULL
) STRICT;
-- Open intervals are confirmed every cycle: apart and dense, so a confirmation of all touches few pages.
CREATE TABLE open_interval ({_INTERVAL}, PRIMARY KEY (question, subject, start)) STRICT, WITHOUT ROWID;
CREATE TABLE interval ({_INTERVAL}, "end" REAL NOT NULL, PRIMARY KEY (question, subject, start)) STRICT, WITHOUT ROWID;
CREATE INDEX interval_by_end ON interval (question, "end", start, subject, state); -- covers clipping
CREATE TABLE outage (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, cause TEXT NOT NULL, started REAL NOT NULL, ended REAL, root TEXT,
  people INTEGER NOT NULL, sites TEXT NOT NULL, devices TEXT NOT NULL, evidence TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX outage_by_start ON outage (started);
-- Everything before `done` is rolled up; `touched` names older buckets that a late reading changed.
CREATE TABLE watermark (tier TEXT PRIMARY KEY, done INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE touched (tier TEXT NOT NULL, bucket INTEGER NOT NULL, PRIMARY KEY (tier, bucket)) STRICT, WITHOUT ROWID;
-- The whole fleet's civil day as one packed value (measurements.sqlite.blocks): intervals clipped to it; traffic.
CREATE TABLE state_day (
  question TEXT NOT NULL, day INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (question, day)
) STRICT;
CREATE TABLE usage_day (bucket INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE usage_hour (bucket INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE area_1h (
  question TEXT NOT NULL, bucket INTEGER NOT NULL, area INTEGER NOT NULL, subject_s REAL NOT NULL, {_TIMES},
  in_octets INTEGER, out_octets INTEGER, clients_n INTEGER NOT NULL, clients_sum INTEGER NOT NULL, clients_max INTEGER,
  PRIMARY KEY (question, bucket, area)
) STRICT, WITHOUT ROWID;
CREATE TABLE area_1d (
  question TEXT NOT NULL, bucket INTEGER NOT NULL, area INTEGER NOT NULL, subject_s REAL NOT NULL, {_TIMES},
  in_octets INTEGER, out_octets INTEGER, clients_n INTEGER NOT NULL, clients_sum INTEGER NOT NULL, clients_max INTEGER,
  PRIMARY KEY (question, bucket, area)
) STRICT, WITHOUT ROWID;
{tier_tables()}
""",
)
