"""`merata run` against twenty real snmpd agents: one is pulled, the controller is killed, a second one is refused."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from measurements.errors import StoreBusy
from merata.cli import cli
from tests.integration.controller.agents import COMMUNITY, laboratory

pytestmark = pytest.mark.needs("snmpd")

COUNT = 20


def merata(state: Path, inventory: Path, *words: str) -> Result:
    """A command beside the running controller; in this process, since a dozen interpreters take their time to start."""
    return CliRunner().invoke(
        cli, ["--state", str(state), "--inventory", str(inventory), *words], env={"TEST_COMMUNITY": COMMUNITY}
    )


def raw_slots(state: Path, device: str) -> list[int]:
    """Slots stored of a device, from the day files themselves."""
    found: list[int] = []
    for file in sorted((state / "raw").glob("raw-*.db")):
        db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            query = "SELECT slot FROM wifi_device JOIN word ON word.id = device WHERE text = ?"
            found += [slot for (slot,) in db.execute(query, (device,))]
        finally:
            db.close()
    return found


def test_a_pulled_agent_is_down_after_two_misses_and_back_at_once_and_its_neighbours_are_untouched(
    tmp_path: Path,
) -> None:
    with laboratory(tmp_path, COUNT, prefix="127.81.1", interval_s=2.0) as (agents, controller):
        controller.start()
        everyone = [f"device:d{n:02}" for n in range(1, COUNT + 1)]
        controller.until(lambda: all(controller.verdict(d) == ("up", None) for d in everyone), 40, "all are up")

        pulled = time.time()
        agents.kill(7)  # an access point
        controller.until(lambda: controller.verdict("device:d07") == ("down", "silent"), 40, "d07 is down")
        assert controller.verdict("site:s05") == ("degraded", "some_devices")
        down = controller.intervals("device:d07")[-1]
        assert pulled - 0.5 <= down.start <= pulled + 2 * controller.interval_s

        agents.start(7)
        controller.until(lambda: controller.verdict("device:d07") == ("up", None), 40, "d07 is back")
        assert controller.states("device:d07") == ["up", "down", "up"]
        assert all(controller.states(d) == ["up"] for d in everyone if d != "device:d07")

        agents.kill(9)  # the router of d10 to d12, which go on answering
        controller.until(lambda: controller.verdict("site:s09") == ("down", "silent"), 40, "s09 is down")
        assert controller.states("device:d10") == ["up"]
        (outage,) = controller.reader.outages(start=0, end=2**40, open_only=True)
        assert (outage.root, outage.sites, outage.cause) == ("d09", ("s09",), "silent")
        assert outage.people > 0

        second = merata(controller.state, controller.inventory, "run")
        assert isinstance(second.exception, StoreBusy)

        shown = merata(controller.state, controller.inventory, "poll", "--once", "--device", "d02", "--json")
        said = json.loads(shown.stdout)
        assert said["stored"] is False
        assert said["devices"]["d02"]["reading"]["row"]["snmp_ok"] is True

        status = merata(controller.state, controller.inventory, "status", "--json")
        assert status.exit_code == 0
        told = json.loads(status.stdout)
        assert told["running"] is True
        assert told["controller"]["states"] == {"up": COUNT - 1, "down": 1}
        assert {"lane", "took_ms", "error", "polled_at"} <= told["devices"]["d09"].keys()
        assert told["devices"]["d09"]["error_kind"] == "unreachable"
        last_told = told["devices"]["d09"]["identity"]  # of a silent device: what it said while it answered
        assert last_told["sys_name"]
        assert pulled - 60 < last_told["told_at"] < time.time()
        assert "no observer anchors are declared: every cycle counts as observed" in told["controller"]["notes"]

        assert controller.signal(signal.SIGTERM) == 0
        assert merata(controller.state, controller.inventory, "status").exit_code == 3


def test_a_killed_controller_loses_nothing_it_had_acknowledged_and_leaves_a_hole_that_is_unknown(
    tmp_path: Path,
) -> None:
    with laboratory(tmp_path, COUNT, prefix="127.81.2", interval_s=2.0) as (_, controller):
        controller.start()
        controller.until(lambda: controller.verdict("device:d20") == ("up", None), 40, "all are up")
        acknowledged: set[int] = set()  # a cycle is in the status only once its readings were stored

        def three() -> bool:
            acknowledged.update({controller.cycles()} - {0})
            return len(acknowledged) >= 3

        controller.until(three, 20, "three cycles")
        assert controller.signal(signal.SIGKILL) == -signal.SIGKILL
        slots = raw_slots(controller.state, "d20")
        assert acknowledged <= set(slots)

        time.sleep(8)  # longer than 3.5 intervals
        controller.start()
        holed = ["up", "unknown", "up"]
        controller.until(lambda: controller.states("device:d20")[-3:] == holed, 40, "the hole is written")
        before, hole, after = controller.intervals("device:d20")[-3:]
        assert hole.cause == "unobserved"
        assert json.loads(hole.evidence or "{}") == {"why": "not_running"}
        assert hole.start == before.end
        assert hole.end == after.start
        assert 4 < (hole.end or 0) - hole.start < 30
        assert set(slots) <= set(raw_slots(controller.state, "d20"))
        assert controller.states("site:s17")[-2:] == ["unknown", "up"]


def test_a_changed_inventory_is_taken_up_and_a_broken_one_is_refused_while_it_runs(tmp_path: Path) -> None:
    with laboratory(tmp_path, 4, prefix="127.81.3", interval_s=1.0) as (_, controller):
        controller.start()
        controller.until(lambda: controller.verdict("device:d04") == ("up", None), 40, "all are up")
        good = controller.inventory.read_text()
        controller.inventory.write_text(good.replace("role: ap", "role: teapot"))
        controller.until(lambda: bool(controller.status()["inventory"]["refused"]), 40, "the broken one is refused")
        assert controller.status()["inventory"]["devices"] == 4
        controller.inventory.write_text(good[: good.index("  - id: d04")])
        controller.until(lambda: controller.status()["inventory"]["devices"] == 3, 40, "the good one is taken up")
        controller.until(lambda: controller.intervals("device:d04")[-1].end is not None, 40, "d04 ends")
        assert controller.status()["inventory"]["refused"] == []
