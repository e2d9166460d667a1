"""kill -9 at random moments, then a count of everything.

python -m tests.integration.store.kill [--kills 200] [--seed 1]      the long campaign
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from measurements.sqlite.store import SqliteStore
from tests.integration.store.writer import DEVICES, LATE_MINUTES, OCTETS, START, is_late, poll

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a campaign came to."""

    kills: int
    minutes: int  # acknowledged
    complaints: list[str]


def campaign(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Start, kill, start again where the acknowledgements ended; then count.

    A kill comes up to 0.4 s after the first acknowledgement of a run: it meets writes, roll-ups and new day files.
    """
    rng = random.Random(seed)
    minute = 0
    for _ in range(kills):
        minute = _run(folder, minute, rng.random() * 0.4)
    return Outcome(kills=kills, minutes=minute, complaints=count(folder, minute))


def _run(folder: Path, first: int, after: float) -> int:
    """One life of the writer; the minute after the last acknowledged one."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.writer", str(folder), str(first)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    told: list[int] = []
    line = child.stdout.readline()
    if not line:
        raise RuntimeError(child.communicate()[1])
    told.append(int(line))
    reader = threading.Thread(target=lambda: told.extend(int(each) for each in child.stdout))
    reader.start()
    time.sleep(after)  # the random moment itself, not a wait for something
    child.kill()
    child.wait()
    reader.join()
    child.stderr.close()
    return told[-1] + 1


def count(folder: Path, minutes: int) -> list[str]:
    """Everything acknowledged is there once, in raw rows, in `latest`, in every tier and in the intervals."""
    wrong: list[str] = []
    with SqliteStore.open(folder) as store:
        end = START + 60 * minutes + 3600  # what was committed and not acknowledged any more counts, too
        stored = {(r.device, r.slot): r for r in store.raw.readings(START, end)}
        for device in range(DEVICES):
            due = [m for m in range(minutes) if not is_late(device, m) or m + LATE_MINUTES < minutes]
            name = f"d{device:02}"
            for minute in due:
                if stored.get((name, START + 60 * minute)) != poll(device, minute):
                    wrong.append(f"{name} minute {minute}: lost or torn")
            newest = store.latest([name])[name]
            if newest.slot < START + 60 * due[-1]:
                wrong.append(f"{name}: latest is behind: {newest.slot}")
        store.maintain(float(end + 600), areas=lambda subject, at: "61.01.01")
        for device in range(DEVICES):
            name = f"d{device:02}"
            own = sorted(slot for who, slot in stored if who == name)
            for step in (300, 3600):
                found = store.series("wifi_device", name, ["polls"], start=START, end=end, step_s=step).columns["polls"]
                if sum(v or 0 for v in found) != len(own):
                    wrong.append(f"{name}: {step} s buckets hold {sum(v or 0 for v in found)} polls of {len(own)}")
                moved = store.series("interface", name, ["in_octets"], start=START, end=end, step_s=step).columns[
                    "in_octets"
                ]
                # One late reading at the very end may still be missing: that is bridged, so octets add up regardless.
                if sum(v or 0 for v in moved) != OCTETS * (own[-1] - own[0]) // 60:
                    wrong.append(f"{name}: {step} s buckets hold {sum(v or 0 for v in moved)} octets")
        for each in store.summary("snmp", start=START, end=START + 60 * (minutes - 1)):
            full, part = divmod(minutes - 1, 30)
            up = 60 * (full * 20 + min(part, 20))
            if (each.up_s, each.down_s) != (up, 60 * (minutes - 1) - up):
                wrong.append(f"{each.subject}: up {each.up_s} down {each.down_s}, not {up}")
    for path in [folder / "history.db", *sorted((folder / "raw").glob("*.db"))]:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        said = db.execute("PRAGMA integrity_check").fetchone()[0]
        db.close()
        if said != "ok":
            wrong.append(f"{path.name}: {said}")
    return wrong


def main() -> int:
    """The campaign as a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(Path(folder), kills=arguments.kills, seed=arguments.seed)
    print(f"{found.kills} kills, {found.minutes} minutes acknowledged, {len(found.complaints)} complaints")
    for complaint in found.complaints[:20]:
        print(complaint)
    return bool(found.complaints)


if __name__ == "__main__":
    sys.exit(main())
