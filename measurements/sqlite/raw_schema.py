"""Shape of the day files: `raw-YYYY-MM-DD.db` (devices) and `interface-YYYY-MM-DD.db` (ports), days in UTC.

Ports have a file of their own since they are kept for a shorter time: retention is the deletion of a file.
Rows are clustered by time, then device, so a cycle in id order appends (docs/explanation/store.md has the figures).
Texts that repeat (ids, names, lanes) are numbers of the file's own dictionary `word`.
"""

from __future__ import annotations

import sqlite3

from measurements.files import FileKind

WORD = "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"


def _add_disk(db: sqlite3.Connection) -> None:
    """Version 2 knows how full the disk is."""
    db.execute("ALTER TABLE wifi_device ADD COLUMN disk_ratio REAL")


RAW = FileKind(
    name="raw",
    application_id=0x4D724157,  # "MrAW"
    version=2,
    migrations={1: _add_disk},
    # A finished day is not rewritten for a column it has no values of.
    readable=1,
    schema=f"""
{WORD}
CREATE TABLE wifi_device (
  slot INTEGER NOT NULL, device INTEGER NOT NULL, at REAL NOT NULL, interval_s INTEGER NOT NULL,
  ping_ok INTEGER, snmp_ok INTEGER, service_ok INTEGER, sys_up_time INTEGER, uptime_s REAL,
  clients INTEGER, ap_count INTEGER, cpu_ratio REAL, memory_ratio REAL, temperature_c REAL, snmp_rtt_ms REAL,
  poll_ms REAL, lane INTEGER NOT NULL, error_kind INTEGER, error TEXT, serial INTEGER, mac INTEGER,
  disk_ratio REAL,
  PRIMARY KEY (slot, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE ping (
  slot INTEGER NOT NULL, device INTEGER NOT NULL, sent INTEGER NOT NULL, received INTEGER NOT NULL,
  rtt_min_ms REAL, rtt_avg_ms REAL, rtt_max_ms REAL,
  PRIMARY KEY (slot, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE radio (
  slot INTEGER NOT NULL, device INTEGER NOT NULL, name INTEGER NOT NULL, clients INTEGER, channel INTEGER,
  frequency_mhz INTEGER, noise_dbm REAL, signal_dbm REAL, tx_power_dbm REAL, airtime_ratio REAL,
  PRIMARY KEY (slot, device, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE service (
  slot INTEGER NOT NULL, device INTEGER NOT NULL, name INTEGER NOT NULL, ok INTEGER, latency_ms REAL, down_bps REAL,
  up_bps REAL, PRIMARY KEY (slot, device, name)
) STRICT, WITHOUT ROWID;
""",
)

PORTS = FileKind(
    name="interface",
    application_id=0x4D724946,  # "MrIF"
    version=1,
    schema=f"""
{WORD}
CREATE TABLE interface (
  slot INTEGER NOT NULL, device INTEGER NOT NULL, name INTEGER NOT NULL, if_index INTEGER, oper_status INTEGER,
  admin_status INTEGER, speed_bps INTEGER, if_hc_in_octets INTEGER, if_hc_out_octets INTEGER, if_in_errors INTEGER,
  if_out_errors INTEGER, if_in_discards INTEGER, counter_bits INTEGER NOT NULL, discontinuity INTEGER,
  is_uplink INTEGER NOT NULL,
  PRIMARY KEY (slot, device, name)
) STRICT, WITHOUT ROWID;
""",
)

# Columns after the key, in the order of the tables; all but the marked ones are fields of the row classes.
DEVICE_FIELDS = (
    "ping_ok", "snmp_ok", "service_ok", "sys_up_time", "uptime_s", "clients", "ap_count", "cpu_ratio", "memory_ratio",
    "temperature_c", "snmp_rtt_ms", "poll_ms", "disk_ratio",
)  # fmt: skip
PING_FIELDS = ("sent", "received", "rtt_min_ms", "rtt_avg_ms", "rtt_max_ms")
RADIO_FIELDS = ("clients", "channel", "frequency_mhz", "noise_dbm", "signal_dbm", "tx_power_dbm", "airtime_ratio")
SERVICE_FIELDS = ("ok", "latency_ms", "down_bps", "up_bps")
INTERFACE_FIELDS = (
    "if_index", "oper_status", "admin_status", "speed_bps", "if_hc_in_octets", "if_hc_out_octets", "if_in_errors",
    "if_out_errors", "if_in_discards", "counter_bits", "discontinuity", "is_uplink",
)  # fmt: skip
BOOLEANS = frozenset({"ping_ok", "snmp_ok", "service_ok", "ok", "is_uplink"})
COUNTER64 = ("if_hc_in_octets", "if_hc_out_octets")


def to_signed(value: int | None) -> int | None:
    """A Counter64 as SQLite's signed integer (two's complement): 2^63 and above are legal on the wire."""
    return value if value is None or value < 1 << 63 else value - (1 << 64)


def to_unsigned(value: int | None) -> int | None:
    """Back from `to_signed`."""
    return value if value is None or value >= 0 else value + (1 << 64)
