"""Two processes on one store: the pages read while the controller writes, rolls up, seals and deletes."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from measurements.sqlite.reader import open_reader
from measurements.sqlite.store import SqliteStore
from tests.unit.measurements.make import reading

DAY = 86_400
MIDNIGHT = 1_790_035_200
DEVICES = [f"d{n:02}" for n in range(20)]


def read(root: Path, pipe: Connection) -> None:
    """Read without pause until told to stop; every answer must be whole."""
    reader = open_reader(root)
    rounds, wrong = 0, []
    try:
        while not pipe.poll():
            latest = reader.latest()
            for device, each in latest.items():
                # A device's clients and counter belong to one poll.
                counter = each.interfaces["ether1"]["if_hc_in_octets"]
                if counter != 600 * each.fields["clients"]:
                    wrong.append(f"{device}: {counter} {each.fields['clients']}")
            newest = max((each.slot for each in latest.values()), default=MIDNIGHT)
            for step in (None, 300, 3600):
                found = reader.series(
                    "interface", "d07", ["in_octets"], start=newest - 6000, end=newest + 300, step_s=step
                )
                wrong += [
                    f"{v} octets in {found.tier}" for v in found.columns["in_octets"] if v is not None and v % 600
                ]
            reader.summary("snmp", start=MIDNIGHT, end=newest + 300)
            reader.status()
            rounds += 1
        pipe.send((rounds, wrong))
    except Exception as error:
        pipe.send((rounds, [f"{type(error).__name__}: {error}"]))


def test_a_reader_in_another_process_never_fails_and_never_sees_half_a_poll(tmp_path: Path) -> None:
    here, there = multiprocessing.Pipe()
    with SqliteStore.open(tmp_path) as store:
        other = multiprocessing.get_context("spawn").Process(target=read, args=(tmp_path, there), daemon=True)
        other.start()
        for n in range(0, 4 * 288, 6):  # four days in 30-minute polls: files are sealed and deleted on the way
            slot = MIDNIGHT + 300 * n
            store.write([
                reading(device, slot, octets=600 * n, interval_s=1800, row={"clients": n}) for device in DEVICES
            ])  # fmt: skip
            if n % 48 == 0:
                store.maintain(float(slot + 600))
        while not here.poll() and other.is_alive():
            here.send("stop")
            break
        rounds, wrong = here.recv()
        other.join(20)
    assert wrong == []
    assert rounds > 3
