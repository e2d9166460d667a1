"""What a gate reads from the poller's records, and vital signs from a reading."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from controller.rollout.monitoring import StoredMonitoring
from controller.rollout.ports import Vital
from measurements.reading import DeviceRow, InterfaceRow, Reading
from measurements.sqlite.reader import SqliteReader
from measurements.sqlite.store import SqliteStore
from merata.vitals import vital

START = 1_795_000_020 // 60 * 60


def reading(device: str, slot: int, *, ok: bool = True, clients: int = 10, octets: int = 0) -> Reading:
    row = DeviceRow(
        device=device, slot=slot, snmp_ok=ok, clients=clients if ok else None, sys_up_time=slot * 100 % 2**31
    )
    port = InterfaceRow(
        device=device, if_name="wan", slot=slot, oper_status=1, if_hc_in_octets=octets, if_hc_out_octets=0,
        if_in_errors=0, is_uplink=True, speed_bps=10**9,
    )  # fmt: skip
    return Reading(device=device, slot=slot, at=slot + 0.5, row=row, interfaces=(port,) if ok else (), interval_s=60)


def test_a_gate_reads_who_answered_clients_and_traffic(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    for n in range(10):
        slot = START + 60 * n
        store.write([
            reading("a", slot, clients=10 if n < 5 else 4, octets=75_000_000 * n),
            reading("b", slot, ok=n < 8),
        ])  # fmt: skip
    store.close()
    monitoring = StoredMonitoring(lambda: closing(SqliteReader(tmp_path)))
    before = monitoring.measured(["a", "b", "c"], start=START, end=START + 300)
    now = monitoring.measured(["a", "b", "c"], start=START + 360, end=START + 600)
    assert (before.asked, before.answering, before.clients) == (2, 2, 20.0)
    assert (now.asked, now.answering) == (2, 1)
    assert now.clients == 14.0
    assert before.bps is not None
    assert 9e6 < before.bps < 11e6
    assert before.errors_per_h == 0.0


def test_without_records_nothing_is_told(tmp_path: Path) -> None:
    found = StoredMonitoring(lambda: closing(SqliteReader(tmp_path))).measured(["a"], start=0, end=600)
    assert (found.asked, found.answering, found.clients, found.bps) == (0, 0, None, None)


def test_a_reading_becomes_vital_signs() -> None:
    assert vital(reading("a", START)) == Vital(
        reachable=True, uptime_s=START * 100 % 2**31 / 100, uplink="wan", up=frozenset({"wan"}), clients=10, errors=0
    )
    silent = vital(reading("a", START, ok=False))
    assert (silent.reachable, silent.up) == (False, None)
    assert Vital.of(vital(reading("a", START)).plain()) == vital(reading("a", START))
