"""Executors in processes of their own, killed -9, on real FRR routers and consoles; the whole table is a command.

python -m tests.faults.rollout
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.rollout.records import Step
from tests.faults.rollout import ROOT, Row, changes, folder, kills
from tests.faults.scenes import console, frr


def legal(rows: list[Row]) -> dict[str, str]:
    assert [row for row in rows if not row.legal] == []
    return {row.fault: row.end for row in rows}


@pytest.mark.needs("netns", "frr", "sshd", "snmpd")
def test_killed_on_real_routers_and_resumed_nothing_is_half_changed_nor_sent_twice() -> None:
    wanted = [(Step.SENDING, "after"), (Step.CONFIRMING, "before"), (Step.ARMING, "after")]
    with folder() as place, frr(place, len(wanted)) as scene:
        ends = legal(list(kills(scene, wanted)))
    # Whether the guard of the first two fired before the resume is a matter of seconds; that nothing was sent is not.
    assert list(ends.values())[2] == "ok"


def test_killed_with_safe_mode_held_the_console_undoes_it(tmp_path: Path) -> None:
    with console("routeros", tmp_path, 2) as scene:
        ends = legal(list(kills(scene, [(Step.VERIFYING, "before"), (Step.SAVING, "after")])))
    assert list(ends.values()) == ["rolled_back", "ok"]


def test_a_refused_line_is_undone_on_the_console(tmp_path: Path) -> None:
    with console("routeros", tmp_path, 1) as scene:
        assert set(legal(list(changes(scene))).values()) == {"rolled_back"}


def test_the_service_is_ready_ends_on_sigterm_and_refuses_a_second(tmp_path: Path) -> None:
    with console("routeros", tmp_path, 1) as scene:
        case = scene.case(0, start=False)
        merata = [sys.executable, "-m", "merata", "--state", str(case.state), "--inventory", str(case.inventory)]
        command = [*merata, "executor"]
        service = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert service.stdout is not None
        try:
            assert service.stdout.readline().strip() == "READY"
            second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
            assert (second.returncode, "another executor" in second.stderr) == (2, True)
            case.ask(request=True)
            working = time.monotonic()
            while case.step() is not Step.OK:
                assert time.monotonic() - working < 60
                time.sleep(0.05)
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0
        assert case.holds() == "new"
