"""The score on recordings of real devices, which stay outside this repository."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from merata.commands.probe import as_printed
from tests.platforms.recorded import RecordedAgent, read_snmprec
from tests.platforms.test_walks import facts_of

FIRST = {"routeros", "unifi", "airos", "openwrt", "linux"}
SURE = ("platform", "interfaces.count", "interfaces.found", "interfaces.oper_status", "interfaces.octets", "uptime_s")
GOOD = ("clients", "cpu_percent", "memory_percent")


@pytest.fixture(scope="module")
def scored(shared: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Expected figures and the summary of the scorer, all recordings."""
    folder = shared / "recordings"
    sys.path.insert(0, str(folder))
    try:
        import score_lib  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(folder))
    expected = json.loads((folder / "expected.json").read_text())

    async def one(name: str) -> dict[str, Any]:
        ask = RecordedAgent(read_snmprec(folder / "snmprec" / f"{name}.snmprec"))
        return {"answer": as_printed(await facts_of(ask)), "seconds": 0.0, "remark": ""}

    results = {name: asyncio.run(one(name)) for name in expected}
    return expected, score_lib.summarise(expected, results)


def share(expected: dict[str, Any], summary: dict[str, Any], field: str) -> float:
    """Recall of one field over the first platforms."""
    marks = [
        marks[field] or 0.0
        for name, marks in summary["details"].items()
        if expected[name]["librenms_os"] in FIRST and field in marks
    ]
    return sum(marks) / len(marks)


@pytest.mark.needs("shared")
@pytest.mark.parametrize("field", SURE)
def test_first_platforms_tell_what_they_are_and_carry(scored: Any, field: str) -> None:
    assert share(*scored, field) >= 0.95


@pytest.mark.needs("shared")
@pytest.mark.parametrize("field", GOOD)
def test_first_platforms_tell_how_they_do(scored: Any, field: str) -> None:
    assert share(*scored, field) >= 0.90


@pytest.mark.needs("shared")
def test_all_families_together_do_not_fall_back(scored: Any) -> None:
    _, summary = scored
    assert summary["total_micro"]["recall"] >= 0.98
    assert summary["total_micro"]["accuracy"] >= 0.98


@pytest.mark.needs("shared")
def test_no_client_is_counted_on_a_wired_device(scored: Any) -> None:
    assert scored[1]["clients_on_wired_devices"] == []
