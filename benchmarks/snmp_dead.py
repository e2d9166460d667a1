"""A sweep of 2,000 devices of which 400 are dead, against the floor: dead x timeout x tries / in flight.

At 200 in flight the dead alone decide; with all in flight a sweep lasts as long as one dead device is waited for.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks import _snmp
from devices.model import Target
from devices.transport.snmp.api import Agent
from devices.transport.snmp.client import SnmpClient


def fleet(n: int, port: int, timeout_s: float, retries: int) -> list[Agent]:
    """Every fifth device is dead."""
    return [
        Agent(
            target=Target(domain="", host=_snmp.host(i, dead=i % 5 == 0), port=port),
            credential=_snmp.COMMUNITY,
            timeout_s=timeout_s,
            retries=retries,
        )
        for i in range(n)
    ]


async def measure(port: int, n: int, in_flight: int, timeout_s: float, retries: int) -> dict[str, Any]:
    """One sweep of a client that knows nothing yet."""
    dead, tries = n // 5, retries + 1
    async with SnmpClient() as client:
        cpu, began = _snmp.own_cpu_s(), time.monotonic()
        right = await _snmp.sweep(client, fleet(n, port, timeout_s, retries), in_flight)
        wall = time.monotonic() - began
        floor = max(dead * timeout_s * tries / in_flight, timeout_s * tries)
        return {
            "devices": n,
            "dead": dead,
            "in_flight": in_flight,
            "wall_s": round(wall, 2),
            "floor_s": floor,
            "over_floor_percent": round((wall / floor - 1) * 100, 1),
            "cpu_ms_a_device": round((_snmp.own_cpu_s() - cpu) * 1000 / n, 4),
            "right_answers": right,
            "false_timeouts": client.statistics.timeouts - dead,
        }


async def main(quick: bool) -> None:
    """Print the table and keep it."""
    n, timeout_s, retries = (500, 0.5, 1) if quick else (2000, 2.0, 1)
    with _snmp.responder_v2c() as (port, which):
        rows = [await measure(port, n, in_flight, timeout_s, retries) for in_flight in (200, 1000, n)]
    print(f"{n} devices, {n // 5} dead, {timeout_s} s x {retries + 1} tries, v2c, responder: {which}")
    heads = ("in flight", "wall s", "floor s", "over", "CPU ms/device", "right", "false timeouts")
    print("{:>10} {:>8} {:>8} {:>7} {:>14} {:>6} {:>15}".format(*heads))
    for r in rows:
        print(
            f"{r['in_flight']:>10} {r['wall_s']:>8} {r['floor_s']:>8} {r['over_floor_percent']:>6}% "
            f"{r['cpu_ms_a_device']:>14} {r['right_answers']:>6} {r['false_timeouts']:>15}"
        )
    _snmp.write("snmp_dead", {"responder": which, "timeout_s": timeout_s, "tries": retries + 1, "sweeps": rows})


if __name__ == "__main__":
    _snmp.run(main(_snmp.arguments(__doc__).quick))
