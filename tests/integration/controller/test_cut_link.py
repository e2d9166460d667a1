"""The controller's own link is cut, in two network namespaces: everything is unknown, nothing is down."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.controller.agents import laboratory

pytestmark = pytest.mark.needs("snmpd", "netns")

HERE, THERE = f"merata-h{os.getpid()}", f"merata-t{os.getpid()}"
COUNT = 5


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def link() -> Iterator[None]:
    """A controller's namespace and a fleet's, joined by one cable."""
    try:
        for name in (HERE, THERE):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "fleet", "netns", HERE, "type", "veth", "peer", "name", "office", "netns", THERE)
        ip("-n", HERE, "addr", "add", "10.81.0.254/24", "dev", "fleet")
        ip("-n", THERE, "addr", "add", "10.81.0.100/24", "dev", "office")  # the anchor: the gateway
        for number in range(1, COUNT + 1):
            ip("-n", THERE, "addr", "add", f"10.81.0.{number}/24", "dev", "office")
        ip("-n", HERE, "link", "set", "fleet", "up")
        ip("-n", THERE, "link", "set", "office", "up")
        yield
    finally:
        for name in (HERE, THERE):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.mark.usefixtures("link")
def test_a_cut_of_the_controllers_own_link_is_unknown_and_never_down(tmp_path: Path) -> None:
    everyone = [f"device:d{n:02}" for n in range(1, COUNT + 1)]
    with laboratory(
        tmp_path, COUNT, prefix="10.81.0", interval_s=2.0, ping=True, observers=[("10.81.0.100", "ping")], netns=THERE
    ) as (agents, controller):
        controller.netns = HERE
        controller.start()
        controller.until(lambda: all(controller.verdict(d) == ("up", None) for d in everyone), 40, "all are up")
        assert controller.states("device:d01", "ping")[-1] == "up"

        cut = time.time()
        ip("-n", HERE, "link", "set", "fleet", "down")
        controller.until(
            lambda: all(controller.verdict(d) == ("unknown", "unobserved") for d in everyone), 40, "all are unknown"
        )
        blind = controller.cycles()
        controller.until(lambda: controller.cycles() >= blind + 4, 40, "two blind cycles more")
        assert controller.status()["cycles"]["standard"]["blind"] == {"default": "anchors"}
        assert controller.verdict("site:s01") == ("unknown", "unobserved")
        assert controller.reader.outages(start=0, end=2**40) == []
        unknown = controller.intervals("device:d03")[-1]
        assert cut - 0.5 <= unknown.start <= cut + 2 * controller.interval_s + 1

        agents.kill(3)  # while nobody can see it
        ip("-n", HERE, "link", "set", "fleet", "up")
        controller.until(lambda: controller.verdict("device:d01") == ("up", None), 40, "it is seen again")
        assert controller.states("device:d01") == ["up", "unknown", "up"]
        controller.until(lambda: controller.verdict("device:d03") == ("degraded", "no_snmp"), 40, "d03 is found out")
        for each in everyone:
            assert "down" not in controller.states(each)
            assert "down" not in controller.states(each, "ping")
