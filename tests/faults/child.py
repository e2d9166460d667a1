"""An executor in a process of its own that kills itself (-9) at a step, before or after its act; or runs to the end.

python -m tests.faults.child STATE INVENTORY [STEP before|after] [--at SIGNAL]
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from controller.journal.errors import JournalUnavailable
from controller.journal.journal import Journal
from controller.rollout.ports import Pace
from controller.rollout.records import RolloutState, Step
from merata.rollout_parts import executor

PACE = Pace(
    guard_least_s=14.0, guard_most_s=60.0, guard_factor=2.0, line_s=0.1, margin_s=3.0, vitals_s=6.0, again_s=0.5,
    looks=3, lease_s=60.0,
)  # fmt: skip
LONGEST_S = 600.0


def main(arguments: list[str]) -> None:
    workers = 2
    if arguments[-2] == "--workers":
        workers, arguments = int(arguments[-1]), arguments[:-2]
    state, inventory = Path(arguments[0]), Path(arguments[1])
    kill = (Step(arguments[2]), arguments[3] == "after") if len(arguments) > 3 else None

    def on_step(device: str, step: Step, *, acted: bool) -> None:
        if (step, acted) == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    journal = Journal.open(state / "journal.db")
    began, resumed = time.monotonic(), False

    def over() -> bool:
        try:
            return is_over()
        except JournalUnavailable:
            return False

    def is_over() -> bool:
        nonlocal resumed
        if time.monotonic() - began > LONGEST_S:
            return True
        newest = journal.rollouts.rollouts(limit=1)
        if not newest or newest[0].state in (RolloutState.RUNNING, RolloutState.PAUSED):
            return False
        if newest[0].why.get("reason") == "interrupted" and not resumed:
            resumed = True
            journal.ask("rollout.resume", {"rollout": newest[0].id}, who="tests", at=time.time())
            return False
        return not _asked(journal)

    with executor(state, inventory, workers=workers, pace=PACE, on_step=on_step) as whole:
        before = time.process_time()
        whole.run(ready=lambda: None, until=over)
    print(time.process_time() - before)


def _asked(journal: Journal) -> bool:
    return any(request.ended is None for request in journal.requests(limit=5))


if __name__ == "__main__":
    main(sys.argv[1:])
