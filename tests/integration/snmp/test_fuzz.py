"""A short run of the fuzz target; the long one is `python -m tests.fuzz.snmp --packets 1000000`."""

from __future__ import annotations

import asyncio

from tests.fuzz import snmp


def test_twenty_thousand_mutated_packets_are_all_accounted_for() -> None:
    outcome = asyncio.run(snmp.run(20_000, seed=2))
    assert outcome.packets == 20_000
    assert outcome.counters["garbage"] > 1000
    assert outcome.counters["wrong_digest"] > 100
