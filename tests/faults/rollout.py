"""Kill the executor at every step, on real routers and consoles, and see what each router holds after the resume.

python -m tests.faults.rollout                 # every scene, one line a case
python -m tests.faults.rollout --table         # the same, and write docs/explanation/rollout-faults.md
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from controller.rollout.records import Step
from tests.faults.scenes import FAMILIES, Case, Scene, console, frr

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "rollout-faults.md"
STEPS = (
    Step.PRECHECKING, Step.BACKING_UP, Step.ARMING, Step.SENDING, Step.VERIFYING, Step.CONFIRMING, Step.SAVING,
)  # fmt: skip
KILLS = tuple((step, when) for step in STEPS for when in ("before", "after"))
BROKEN = 8  # routers for changes and accidents
_LONGEST_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one router."""

    scene: str
    fault: str
    end: str
    reason: str
    holds: str
    sent: int
    seconds: float

    @property
    def legal(self) -> bool:
        """The end says what the router holds, and nothing was sent twice."""
        if self.sent > 1:
            return False
        return self.holds == "new" if self.end == Step.OK else self.holds == "old"


def executor(case: Case, *kill: str) -> subprocess.Popen[bytes]:
    """An executor on the state directory of a case."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.child", str(case.state), str(case.inventory), *kill],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=(case.state / "log").open("ab"),
    )  # fmt: skip


def kills(scene: Scene, wanted: Sequence[tuple[Step, str]] = KILLS, *, at_once: int = 7) -> Iterator[Row]:
    """Kill an executor at each step, resume with another, and look at the router; some at once, each on its own."""
    for first in range(0, len(wanted), at_once):
        group = list(enumerate(wanted))[first : first + at_once]
        cases = [(scene.case(number), step, when) for number, (step, when) in group]
        began = time.monotonic()
        dying = [executor(case, step.value, when) for case, step, when in cases]
        codes = [one.wait(_LONGEST_S) for one in dying]
        for code, (case, step, when) in zip(codes, cases, strict=True):
            assert code == -9, f"{case.device} {step} {when}: {code}: {(case.state / 'log').read_text()[-2000:]}"
        living = [executor(case) for case, _, _ in cases]
        for one in living:
            one.wait(_LONGEST_S)
        for case, step, when in cases:
            word = "before its act" if when == "before" else "after its act"
            yield row(case, f"killed in {step.value}, {word}", began)


def changes(scene: Scene) -> Iterator[Row]:
    """Changes that break, each on a router of its own."""
    for number, (fault, lines) in enumerate(scene.bad.items()):
        case, began = scene.case(number, lines), time.monotonic()
        executor(case).wait(_LONGEST_S)
        yield row(case, fault, began)


def accidents(scene: Scene, *, first: int) -> Iterator[Row]:
    """What befalls routers, the link and the journal while an executor works; each router on its own, in turn."""
    for number, (fault, accident) in enumerate(scene.accidents.items(), first):
        case, began = scene.case(number), time.monotonic()
        if accident.step is None:
            accident.begin(case)
        working = executor(case)
        while accident.step is not None and case.step() is not accident.step and working.poll() is None:
            time.sleep(0.02)
        if accident.step is not None:
            accident.begin(case)
        time.sleep(accident.lasts_s)
        accident.over(case)
        working.wait(_LONGEST_S)
        yield row(case, fault, began)


def rivals(scene: Scene, *, number: int) -> Iterator[Row]:
    """Two engineers start two executors on one plan at the same moment."""
    case, began = scene.case(number), time.monotonic()
    both = [executor(case), executor(case)]
    codes = sorted(one.wait(_LONGEST_S) for one in both)
    assert codes == [0, 1], f"one works and one is refused: {codes}"
    yield row(case, "two executors at once", began)


def row(case: Case, fault: str, began: float) -> Row:
    known = case.progress()
    told = case.scene.sends(case.device)
    sent = max(case.audited(), told or 0)
    return Row(
        scene=case.scene.name, fault=fault, end=known.step.value, reason=str(known.facts.get("reason") or ""),
        holds=case.holds(), sent=sent, seconds=time.monotonic() - began,
    )  # fmt: skip


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="merata-faults-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


Build = Callable[[Path, int], AbstractContextManager[Scene]]
SCENES: dict[str, Build] = {"frr": frr, **{family: partial(console, family) for family in FAMILIES}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="write the page")
    parser.add_argument("--only", choices=SCENES, action="append", help="this scene")
    told = parser.parse_args()
    rows: list[Row] = []
    for name in told.only or SCENES:
        with folder() as place, SCENES[name](place, len(KILLS)) as scene:
            for found in kills(scene):
                rows.append(found)
                print(_line(found), flush=True)
        with folder() as place, SCENES[name](place, BROKEN) as scene:
            first = len(scene.bad)
            for found in chain(changes(scene), accidents(scene, first=first), rivals(scene, number=BROKEN - 1)):
                rows.append(found)
                print(_line(found), flush=True)
    if told.table:
        before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(page(rows, before), encoding="utf-8")
    return 0 if all(one.legal for one in rows) else 1


def _line(one: Row) -> str:
    mark = "ok  " if one.legal else "BAD "
    end = f"{one.end} {one.reason}; holds {one.holds}; sent {one.sent}; {one.seconds:.1f} s"
    return f"{mark} {one.scene}: {one.fault}: {end}"


def page(rows: Sequence[Row], before: str = "") -> str:
    """The table as a page of the documentation; scenes that did not run keep what stood there `before`."""
    kept = {part.split("\n", 1)[0]: part for part in before.split("\n## ")[1:]}
    parts = [
        "# Fault runs: every router after each",
        "",
        "Written by `python -m tests.faults.rollout --table`; nothing here is typed. Each line is one router, one",
        "rollout, one executor in a process of its own that was killed (`kill -9`) where the line says, and a second",
        "executor that resumed. *Holds* is what somebody beside the router reads from its running and saved",
        "configuration. *Sent* is how often sending was announced in the audit, or the lines were seen on the router.",
        "*Seconds* are of a whole group of routers under fault at once. The ends: [rollout.md](rollout.md).",
    ]
    parts += [f"\n## {part.rstrip()}" for name, part in kept.items() if name not in {one.scene for one in rows}]
    for scene in dict.fromkeys(one.scene for one in rows):
        mine = [one for one in rows if one.scene == scene]
        good = sum(one.legal for one in mine)
        parts += ["", f"## {scene}", "", f"{good} of {len(mine)} ended in a legal state.", "",
                  "| fault | end | reason | router holds | sent | seconds |", "|---|---|---|---|---|---|"]  # fmt: skip
        parts += [
            f"| {one.fault} | `{one.end}` | {f'`{one.reason}`' if one.reason else ''} | {one.holds} | {one.sent} |"
            f" {one.seconds:.0f} |"
            for one in mine
        ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
