"""A writer that is killed: writes minutes of a small fleet, says each one that was acknowledged, keeps house between.

    python -m tests.integration.store.writer STATE FIRST_MINUTE

A minute is one write of every device but the late ones, then one of those that were late three minutes ago.
"""

from __future__ import annotations

import sys
from pathlib import Path

from measurements.intervals import Interval, State
from measurements.reading import Reading
from measurements.sqlite.store import SqliteStore
from tests.unit.measurements.make import reading

DEVICES = 12
START = 1_790_031_600  # an hour before midnight UTC: the day's file changes on the way
OCTETS = 600
LATE_MINUTES = 3


def is_late(device: int, minute: int) -> bool:
    """Does this reading come `LATE_MINUTES` after its time?"""
    return (device * 7 + minute) % 11 == 0


def poll(device: int, minute: int) -> Reading:
    """What a device told in a minute: its clients are the minute, so a torn or foreign row shows."""
    return reading(f"d{device:02}", START + 60 * minute, octets=OCTETS * minute, row={"clients": minute})


def batch(minute: int) -> list[Reading]:
    """What is written in a minute."""
    now = [poll(device, minute) for device in range(DEVICES) if not is_late(device, minute)]
    then = minute - LATE_MINUTES
    return now + [poll(device, then) for device in range(DEVICES) if then >= 0 and is_late(device, then)]


def state(device: int, minute: int) -> list[Interval]:
    """Up for 20 minutes, down for 10, confirmed every minute."""
    first, phase = minute - minute % 30, minute % 30
    up = Interval(
        subject=f"device:d{device:02}", question="snmp", state=State.UP, start=START + 60 * first,
        end=START + 60 * (first + 20) if phase >= 20 else None, seen=START + 60 * min(minute, first + 20),
    )  # fmt: skip
    down = Interval(
        subject=up.subject, question="snmp", state=State.DOWN, start=START + 60 * (first + 20), seen=START + 60 * minute
    )
    if phase == 0 and first > 0:
        before = Interval(
            subject=up.subject, question="snmp", state=State.DOWN, start=START + 60 * (first - 10),
            end=START + 60 * first, seen=START + 60 * first,
        )  # fmt: skip
        return [before, up]
    return [up] if phase < 20 else [up, down] if phase == 20 else [down]


def main() -> None:
    """Write until killed."""
    minute = int(sys.argv[2])
    with SqliteStore.open(Path(sys.argv[1])) as store:
        while True:
            store.write(batch(minute))
            store.write_intervals([each for device in range(DEVICES) for each in state(device, minute)])
            print(minute, flush=True)
            if minute % 5 == 4:
                store.maintain(START + 60 * minute + 150.0, areas=lambda subject, at: "61.01.01")
            minute += 1


if __name__ == "__main__":
    main()
