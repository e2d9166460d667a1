"""The demonstration: a simulated province with thirty days behind it, polled by the real controller."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from merata.supervisor import Part

FRESH_AFTER_S = 6 * 3600  # a longer pause gets a new story: troubles of this morning are not troubles of tonight
SECRETS = {
    "MERATA_DEMO_COMMUNITY": "merata-demo",
    "MERATA_DEMO_AUTH": "merata-demo-auth",
    "MERATA_DEMO_PRIV": "merata-demo-priv",
}
LAYOUT = 1  # raised when an older demo's folder can no longer be continued


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a demo folder was made with. `origin`: the moment the troubles are anchored to, epoch s."""

    layout: int
    seed: int
    devices: int
    origin: float
    snmp_port: int


def free_udp_port(wanted: int = 0) -> int:
    """`wanted` when nobody listens there, else any free UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("0.0.0.0", wanted))  # noqa: S104 - only to see whether the simulator could
        except OSError:
            trial.bind(("0.0.0.0", 0))  # noqa: S104
        port: int = trial.getsockname()[1]
    return port


def free_tcp_port(wanted: int) -> int:
    """`wanted` or the next port on loopback that nobody listens on.

    Raises:
        OSError: fifty ports in a row are taken.
    """
    for port in range(wanted, wanted + 50):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"no free port from {wanted} to {wanted + 49}")


def known_scene(folder: Path) -> Scene | None:
    """The scene of a finished demo folder that can go on, None otherwise."""
    try:
        scene = Scene(**json.loads((folder / "scene.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return scene if scene.layout == LAYOUT else None


def last_used(folder: Path) -> float:
    """When the controller last wrote its status there, epoch s."""
    status = folder / "state" / "run" / "status.json"
    return max((p.stat().st_mtime for p in (status, folder / "scene.json") if p.exists()), default=0.0)


def prepare(folder: Path, *, devices: int, seed: int, now: float, say: Callable[[float, str], None]) -> Scene:
    """Make the folder ready: keep one that was used lately, else write a new province and its thirty days.

    A new one is written beside and moved into place, so an interrupted start leaves nothing half done.
    """
    scene = known_scene(folder)
    if scene and (scene.devices, scene.seed) == (devices, seed) and now - last_used(folder) < FRESH_AFTER_S:
        port = free_udp_port(scene.snmp_port)
        if port != scene.snmp_port:
            scene = Scene(**{**asdict(scene), "snmp_port": port})
            _write_scene(folder, scene)
        return scene
    from devices.inventory import load
    from merata import coverage_demo, demo_history
    from simulator.province import build
    from simulator.story import Story

    beside = folder.with_name(folder.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    (beside / "state").mkdir(parents=True, mode=0o700)
    scene = Scene(layout=LAYOUT, seed=seed, devices=devices, origin=now, snmp_port=free_udp_port())
    _write_scene(beside, scene)
    story = Story(build(seed=seed, devices=devices), (now,))
    demo_history.write(beside / "state", story, load(beside / "inventory.yaml"), until=now, progress=say)
    coverage_demo.write_tests(beside / "state", story.province, until=now)
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
    return scene


def _write_scene(folder: Path, scene: Scene) -> None:
    from simulator import inventory_text
    from simulator.province import build

    province = build(seed=scene.seed, devices=scene.devices)
    text = "".join(inventory_text.write(province, port=scene.snmp_port, tcp=True))
    (folder / "inventory.yaml").write_text(text, encoding="utf-8")
    (folder / "scene.json").write_text(json.dumps(asdict(scene)))


def parts(folder: Path, scene: Scene, port: int) -> list[Part]:
    """Simulator, controller, pages: the same commands that stand in the units."""
    os.environ.update(SECRETS)
    merata = (sys.executable, "-m", "merata", "--state", str(folder / "state"))
    with_inventory = (*merata, "--inventory", str(folder / "inventory.yaml"))
    simulate = ("simulate", "--devices", str(scene.devices), "--seed", str(scene.seed))
    anchored = ("--port", str(scene.snmp_port), "--origin", repr(scene.origin), "--listen")
    return [
        Part(name="simulator", command=(*merata, *simulate, *anchored), ready="READY"),
        Part(name="controller", command=(*with_inventory, "run"), ready="READY"),
        Part(name="pages", command=(*with_inventory, "web", "--port", str(port)), ready_port=port),
    ]


class Progress:
    """One line that fills on a terminal, one line each tenth elsewhere."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = -1
        self._is_terminal = sys.stderr.isatty()

    def __call__(self, share: float, what: str) -> None:
        """Show how far the preparation is."""
        tenth = int(share * 10)
        elapsed = time.monotonic() - self._began
        if self._is_terminal:
            bar = "#" * int(share * 24)
            print(f"\r  [{bar:<24}] {share:4.0%}  {what:<28} {elapsed:4.0f} s", end="", file=sys.stderr, flush=True)
            if share >= 1:
                print(file=sys.stderr)
        elif tenth != self._shown:
            print(f"  {share:4.0%}  {what}  {elapsed:.0f} s", file=sys.stderr, flush=True)
        self._shown = tenth
