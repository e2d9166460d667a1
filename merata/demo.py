"""The demonstration: a simulated province with months behind it, polled and tested by the real controller."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from merata.supervisor import Part

if TYPE_CHECKING:
    from merata.demo_shells import Shells

FRESH_AFTER_S = 6 * 3600  # a longer pause gets a new story: troubles of this morning are not troubles of tonight
SECRETS = {
    "MERATA_DEMO_COMMUNITY": "merata-demo",
    "MERATA_DEMO_AUTH": "merata-demo-auth",
    "MERATA_DEMO_PRIV": "merata-demo-priv",
}
MEASURED_S = 31 * 86_400  # tests of the last days are made, not told
SHELLS, RULES = "ssh", "speed-tests.toml"
LAYOUT = 3  # raised when an older demo's folder can no longer be continued


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a demo folder was made with. `origin`: the moment the troubles are anchored to, epoch s."""

    layout: int
    seed: int
    devices: int
    origin: float
    snmp_port: int
    ssh_port: int = 0  # at the devices' addresses; 0: nothing has a shell
    sshd_port: int = 0  # of the one server behind them
    download_port: int = 0
    console_port: int = 0  # of the consoles that can be changed, at the devices' addresses


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


def free_tcp_ports(count: int, *, wanted: tuple[int, ...] = ()) -> list[int]:
    """Ports that nobody listens on at 127.0.0.1 nor at the simulated addresses; those of `wanted` that are free first.

    Raises:
        OSError: none is left.
    """
    with ExitStack() as stack:
        found = []
        for number in range(count):
            trial = stack.enter_context(socket.socket())
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("0.0.0.0", wanted[number] if number < len(wanted) else 0))  # noqa: S104 - only to see
            except OSError:
                trial.bind(("0.0.0.0", 0))  # noqa: S104
            found.append(int(trial.getsockname()[1]))
    return found


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
    """Make the folder ready: keep one that was used lately, else write a new province and its past.

    A new one is written beside and moved into place, so an interrupted start leaves nothing half done.
    """
    scene = known_scene(folder)
    if scene and (scene.devices, scene.seed) == (devices, seed) and now - last_used(folder) < FRESH_AFTER_S:
        return _free_again(folder, scene)
    from devices.inventory import load
    from merata import coverage_demo, demo_changes, demo_history, demo_shells
    from simulator.province import build
    from simulator.story import PAST_S, Story

    beside = folder.with_name(folder.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    (beside / "state").mkdir(parents=True, mode=0o700)
    ssh_port, sshd_port, download_port, console_port = free_tcp_ports(4)
    shells = demo_shells.make(beside / SHELLS, sshd_port)
    scene = Scene(
        layout=LAYOUT, seed=seed, devices=devices, origin=now, snmp_port=free_udp_port(),
        ssh_port=ssh_port if shells else 0, sshd_port=sshd_port if shells else 0, download_port=download_port,
        console_port=console_port,
    )  # fmt: skip
    demo_changes.make(beside, now=now)
    _write_scene(beside, scene)
    story = Story(build(seed=seed, devices=devices), (now,))
    demo_history.write(beside / "state", story, load(beside / "inventory.yaml"), until=now, progress=say)
    coverage_demo.write_tests(beside / "state", story, start=now - PAST_S, end=now - MEASURED_S)
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)
    return scene


def _free_again(folder: Path, scene: Scene) -> Scene:
    """A scene that goes on, with other ports where somebody took its own in between."""
    snmp_port = free_udp_port(scene.snmp_port)
    names = ("ssh_port", "sshd_port", "download_port", "console_port")
    told = {name: getattr(scene, name) for name in names if getattr(scene, name)}
    free = free_tcp_ports(len(told), wanted=tuple(told.values()))
    found = replace(scene, snmp_port=snmp_port, **dict(zip(told, free, strict=True)))
    _write_scene(folder, found)  # also where nothing changed: the folder may have been moved
    return found


def _write_scene(folder: Path, scene: Scene) -> None:
    import getpass

    from merata import coverage_demo, demo_changes, demo_shells
    from simulator import consoles, inventory_text
    from simulator.province import build

    province = build(seed=scene.seed, devices=scene.devices)
    ssh = None
    if scene.ssh_port:
        ssh = inventory_text.Ssh(
            port=scene.ssh_port, username=getpass.getuser(), key=f"{SHELLS}/{demo_shells.KEY}"
        )  # fmt: skip
        behind = [(d.id, d.address) for d in inventory_text.with_shell(province)]
        demo_shells.pin(
            _shells(folder, scene), folder / "state" / "known_hosts.d", behind, port=scene.ssh_port, now=scene.origin
        )
    console = None
    if scene.console_port:
        console = inventory_text.Console(
            port=scene.console_port, username=consoles.USERNAME, password=f"{demo_changes.FOLDER}/{consoles.PASSWORD}"
        )
        changed = [(d.id, d.address) for d in inventory_text.with_console(province)]
        demo_changes.pin(folder, changed, port=scene.console_port)
    text = "".join(inventory_text.write(province, port=scene.snmp_port, tcp=True, ssh=ssh, console=console))
    (folder / "inventory.yaml").write_text(text, encoding="utf-8")
    if scene.download_port:
        rules = coverage_demo.rules(
            province, port=scene.download_port, has_shells=ssh is not None, has_consoles=console is not None
        )
        (folder / RULES).write_text(rules, encoding="utf-8")
    (folder / "scene.json").write_text(json.dumps(asdict(scene)))


def _shells(folder: Path, scene: Scene) -> Shells:
    from merata import demo_shells

    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or "sshd"
    return demo_shells.Shells(folder=folder.resolve() / SHELLS, server_port=scene.sshd_port, program=program)


def parts(folder: Path, scene: Scene, port: int) -> list[Part]:
    """SSH server, simulator, controller, pages, executor: the last three are the same commands that stand in the units.

    Once the pages are up, the executor and what happens in this demonstration are started, and give way to all others.
    """
    os.environ.update(SECRETS)
    merata = (sys.executable, "-m", "merata", "--state", str(folder / "state"))
    with_inventory = (*merata, "--inventory", str(folder / "inventory.yaml"))
    simulate = ("simulate", "--devices", str(scene.devices), "--seed", str(scene.seed))
    anchored: tuple[str, ...] = ("--port", str(scene.snmp_port), "--origin", repr(scene.origin), "--listen")
    first = []
    tests: tuple[str, ...] = ()
    if scene.download_port:
        anchored = (*anchored, "--downloads", str(scene.download_port))
        tests = ("--speed-tests", str(folder / RULES))
    if scene.sshd_port:
        from merata import demo_shells

        shells = _shells(folder, scene)
        demo_shells.configure(shells)  # for the ports and the folder of today
        anchored = (*anchored, "--ssh", str(scene.ssh_port), str(scene.sshd_port))
        first = [Part(name="shells", command=shells.command, ready_port=scene.sshd_port)]
    last = []
    if scene.console_port:
        from merata import demo_changes

        anchored = (*anchored, "--consoles", str(scene.console_port), str(folder / demo_changes.FOLDER))
        last = _changing(folder, with_inventory)
    return [
        *first,
        Part(name="simulator", command=(*merata, *simulate, *anchored), ready="READY"),
        Part(name="controller", command=(*with_inventory, "run", "--log-level", "error", *tests), ready="READY"),
        Part(name="pages", command=(*with_inventory, "web", "--port", str(port)), ready_port=port),
        *last,
    ]


def _changing(folder: Path, with_inventory: tuple[str, ...]) -> list[Part]:
    """What changes routers, and what there is to change: behind the pages, at the lowest priority."""
    nice = shutil.which("nice")
    gently = (nice, "-n", "15") if nice else ()
    execute = (*gently, *with_inventory, "executor", "--workers", "4", "--log-level", "warning")
    play = (*gently, sys.executable, "-m", "merata.demo_rollout", str(folder))
    return [
        Part(name="executor", command=execute, ready="READY", is_late=True, grace_s=60.0),
        Part(name="change", command=play, is_late=True, may_end=True),
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
