"""The whole cycle: poll + derive + conclude + store, at 1,000 and 10,000 simulated devices, one real `merata run`.

    python -m benchmarks.cycle                 both sizes, a minute a cycle (about twelve minutes)
    python -m benchmarks.cycle --quick         500 devices every 10 s
    python -m benchmarks.cycle --profile 2000  where the time goes, by room, under cProfile (slower by itself)

The simulator answers SNMP from another process on loopback addresses; only the controller's process is counted:
CPU from /proc/PID/stat, memory from VmHWM. The first cycle recognises every device and is shown apart.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
ROOT = Path(__file__).resolve().parent.parent
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
DEMO = {
    "MERATA_DEMO_COMMUNITY": "merata-demo",
    "MERATA_DEMO_AUTH": "merata-demo-auth",
    "MERATA_DEMO_PRIV": "merata-demo-priv",
}
#: DESIGN section 4: 10,000 devices every 60 s under 0.3 of one core and 500 MB.
TARGET_CORE, TARGET_MB = 0.3, 500


@contextmanager
def simulator(devices: int, folder: Path, *, v3_every: int, dead: float) -> Iterator[Path]:
    """A quiet province that answers; gives its inventory."""
    inventory = folder / "inventory.yaml"
    command = [
        sys.executable, "-m", "merata", "simulate", "--devices", str(devices), "--port", "0", "--quiet",
        "--dead", str(dead), "--v3-every", str(v3_every), "--inventory-out", str(inventory),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("READY"):
                    break
            else:
                raise SystemExit("the simulator did not start")
            yield inventory
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_mb(pid: int) -> float:
    """Most memory it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def run_cycles(
    devices: int, *, interval_s: float, cycles: int, v3_every: int, dead: float, store: str
) -> dict[str, Any]:
    """Run the controller for so many cycles; figures a cycle."""
    with tempfile.TemporaryDirectory(prefix="merata-bench-") as name:
        folder = Path(name)
        with simulator(devices, folder, v3_every=v3_every, dead=dead) as inventory:
            command = [
                sys.executable, "-m", "merata", "--state", str(folder / "state"), "--inventory", str(inventory),
                "run", "--interval", f"{interval_s:.0f}", "--store", store, "--log-level", "warning",
            ]  # fmt: skip
            began = time.monotonic()
            with subprocess.Popen(
                command, env={**os.environ, **DEMO}, cwd=ROOT, stdout=subprocess.PIPE, text=True
            ) as process:
                try:
                    assert process.stdout is not None
                    process.stdout.readline()
                    ready_s = time.monotonic() - began
                    figures = list(_watch(process.pid, folder / "state" / "run" / "status.json", cycles, interval_s))
                finally:
                    process.send_signal(signal.SIGTERM)
                    stopping = time.monotonic()
                    process.wait(30)
                    stop_s = time.monotonic() - stopping
            written = sum(f.stat().st_size for f in (folder / "state").rglob("*") if f.is_file())
    first, steady = figures[0], figures[1:]
    cpu = statistics.median(f["cpu_s"] for f in steady)
    return {
        "devices": devices,
        "interval_s": interval_s,
        "cycles": cycles,
        "v3_share": round(1 / v3_every, 3) if v3_every else 0,
        "dead_share": dead,
        "store": store,
        "ready_s": round(ready_s, 2),
        "first_cycle_cpu_s": round(first["cpu_s"], 2),
        "cycle_cpu_s": round(cpu, 2),
        "cycles_cpu_s": [round(f["cpu_s"], 2) for f in figures],
        "load_average": round(os.getloadavg()[1], 1),
        "cpu_ms_a_device": round(cpu / devices * 1000, 3),
        "core_share": round(cpu / interval_s, 3),
        "cycle_took_s": [f["took_s"] for f in figures],
        "answered": [f["answered"] for f in figures],
        "late": [f["late"] for f in figures],
        "memory_mb": round(max(f["memory_mb"] for f in figures), 1),
        "state_mb": round(written / 1e6, 1),
        "stop_s": round(stop_s, 2),
    }


def _watch(pid: int, status: Path, cycles: int, interval_s: float) -> Iterator[dict[str, Any]]:
    """Figures at the end of each cycle: what was used since the end of the one before."""
    slot, used = None, cpu_s(pid)
    give_up = time.monotonic() + (cycles + 2) * interval_s + 30
    seen = 0
    while seen < cycles:
        if time.monotonic() > give_up:
            raise SystemExit("the controller does not finish its cycles")
        time.sleep(0.1)
        try:
            said = json.loads(status.read_text())["cycles"]["standard"]
        except (OSError, KeyError, ValueError):
            continue
        if said["slot"] == slot:
            continue
        slot, now_used = said["slot"], cpu_s(pid)
        yield {
            "cpu_s": now_used - used,
            "took_s": said["took_s"],
            "answered": said["outcomes"]["answered"],
            "late": said["outcomes"]["late"],
            "memory_mb": memory_mb(pid),
        }
        used = now_used
        seen += 1


def profile(devices: int, *, interval_s: float) -> None:
    """Three cycles in this process; the last under cProfile, by room and by function."""
    import asyncio

    from controller.polling.settings import PollingSettings
    from merata import bootstrap

    os.environ.update(DEMO)

    async def cycles(folder: Path, inventory: Path) -> None:
        settings = PollingSettings(interval_s=interval_s)
        async with bootstrap.controller(folder / "state", inventory, settings=settings) as (whole, parts):
            fleet = whole.fleet(time.time())
            for _ in range(2):  # the first one recognises every device
                await asyncio.sleep(interval_s - time.time() % interval_s)
                await whole.cycle("standard", interval_s, fleet, time.time())
            profiler = cProfile.Profile(time.process_time)
            parts.conclude = _inside(profiler, parts.conclude)  # type: ignore[method-assign]
            await asyncio.sleep(interval_s - time.time() % interval_s)
            profiler.enable()
            await whole.cycle("standard", interval_s, fleet, time.time())
            profiler.disable()
            _print_rooms(profiler, len(fleet))

    with tempfile.TemporaryDirectory(prefix="merata-bench-") as name:
        folder = Path(name)
        with simulator(devices, folder, v3_every=6, dead=0.0) as inventory:
            bootstrap.run_loop(lambda: cycles(folder, inventory))


def _inside(profiler: cProfile.Profile, call: Any) -> Any:
    """The same call, timed though it runs in the store's thread (it holds the loop up no less)."""
    threads: list[cProfile.Profile] = []

    def timed(*args: Any) -> Any:
        own = cProfile.Profile(time.process_time)
        threads.append(own)
        try:
            return own.runcall(call, *args)
        finally:
            profiler.concluded = own  # type: ignore[attr-defined]

    return timed


def _print_rooms(profiler: cProfile.Profile, devices: int) -> None:
    rooms: dict[str, float] = defaultdict(float)
    stats = pstats.Stats(profiler)
    if concluded := getattr(profiler, "concluded", None):
        stats.add(concluded)
    for (file, _, function), (_, _, own_s, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        path = file.replace(str(ROOT) + "/", "")
        if "select" in function and "epoll" in function:
            continue
        rooms["/".join(path.split("/")[:3]) if not path.startswith(("/", "~")) else "libraries"] += own_s
    for room, own_s in sorted(rooms.items(), key=lambda r: -r[1])[:25]:
        print(f"{own_s:8.3f} s {own_s / devices * 1e6:8.1f} us a device  {room}")
    stats.sort_stats("tottime").print_stats(30)


def main() -> None:
    """Measure; print a table; keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--devices", type=int, action="append")
    parser.add_argument("--interval", type=float, default=60.0)
    parser.add_argument("--cycles", type=int, default=4)
    parser.add_argument("--store", choices=["sqlite", "influx"], default="sqlite")
    parser.add_argument("--profile", type=int, metavar="DEVICES")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the children are ended too
    if said.profile:
        profile(said.profile, interval_s=min(said.interval, 20.0))
        return
    sizes = said.devices or ([500] if said.quick else [1_000, 10_000])
    interval_s = 10.0 if said.quick else said.interval
    rows = [
        run_cycles(n, interval_s=interval_s, cycles=3 if said.quick else said.cycles, v3_every=6, dead=0.0,
                   store=said.store)
        for n in sizes
    ]  # fmt: skip
    heads = ("devices", "every s", "CPU s", "ms/device", "core", "MB", "took s", "late", "load")
    print("".join(f"{head:>10}" for head in heads))
    for r in rows:
        figures = (
            r["devices"], r["interval_s"], r["cycle_cpu_s"], r["cpu_ms_a_device"], r["core_share"], r["memory_mb"],
            r["cycle_took_s"][-1], r["late"][-1], r["load_average"],
        )  # fmt: skip
        print("".join(f"{figure:>10}" for figure in figures))
    print(f"target at 10,000 every 60 s: {TARGET_CORE} of one core, {TARGET_MB} MB")
    _keep(RESULTS / ("cycle-quick.json" if said.quick else "cycle.json"), rows)


def _keep(path: Path, rows: list[dict[str, Any]]) -> None:
    """Put the rows among the kept ones, in the place of those of the same size and store."""
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text())["rows"] if path.exists() else []
    fresh = {(r["devices"], r["store"]) for r in rows}
    merged = sorted([r for r in kept if (r["devices"], r["store"]) not in fresh] + rows, key=lambda r: r["devices"])
    path.write_text(json.dumps({"target_core": TARGET_CORE, "target_mb": TARGET_MB, "rows": merged}, indent=1) + "\n")


if __name__ == "__main__":
    main()
