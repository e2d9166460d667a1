"""The simulator read by net-snmp's own tools and by plain sockets, from a process of its own."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.inventory_text import OBSERVER
from simulator.province import Province, SimDevice, build
from simulator.story import Story

DEVICES = 120
V3 = ("-v3", "-l", "authPriv", "-u", "merata", "-a", "SHA-256", "-A", "merata-demo-auth",
      "-x", "AES", "-X", "merata-demo-priv")  # fmt: skip
V2 = ("-v2c", "-c", "merata-demo")
UPTIME, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[str]
    port: int
    inventory: Path
    province: Province
    story: Story
    origin: float

    def healthy(self, *, v3: bool) -> SimDevice:
        """A device that answers for the next minutes, over a quick link."""
        now = time.time()
        return next(
            d for d in self.province.devices.values()
            if d.v3 is v3 and self.province.sites[d.site].backhaul == "fibre"
            and all(self.story.state(d, now + s).reachable for s in range(0, 300, 20))
        )  # fmt: skip

    def tool(self, name: str, device: SimDevice, *args: str, wait_s: float = 2.0) -> subprocess.CompletedProcess[str]:
        how = V3 if device.v3 else V2
        return subprocess.run(
            [name, *how, "-r", "1", "-t", str(wait_s), "-On", f"{device.address}:{self.port}", *args],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip


def start(tmp: Path, origin: float, *options: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "merata", "simulate", "--devices", str(DEVICES), "--port", "0", "--origin", repr(origin),
         "--inventory-out", str(tmp / "inventory.yaml"), *options],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    ready, port, count = process.stdout.readline().split()
    assert (ready, count) == ("READY", str(DEVICES))
    return process, int(port)


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    tmp, origin = tmp_path_factory.mktemp("simulator"), float(int(time.time()))
    process, port = start(tmp, origin, "--listen")
    province = build(devices=DEVICES)
    yield Running(process, port, tmp / "inventory.yaml", province, Story(province, [origin]), origin)
    stop(process)


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize("v3", [False, True])
def test_net_snmp_walks_a_device(running: Running, v3: bool) -> None:
    device = running.healthy(v3=v3)
    walked = running.tool("snmpbulkwalk", device, "1.3")
    assert walked.returncode == 0, walked.stderr
    lines = walked.stdout.splitlines()
    assert any(line.endswith(f'"{device.id}"') for line in lines)
    assert len(lines) > 60
    assert not any("Error" in line or "Wrong Type" in line for line in lines)


@pytest.mark.needs("snmpd")
def test_net_snmp_gets_and_steps(running: Running) -> None:
    device = running.healthy(v3=False)
    assert device.id in running.tool("snmpget", device, NAME).stdout
    assert running.tool("snmpgetnext", device, UPTIME).stdout.startswith(".1.3.6.1.2.1.1.4.0")
    assert "No Such" in running.tool("snmpget", device, "1.3.6.1.4.1.9.1.0").stdout
    assert "noAccess" in running.tool("snmpset", device, NAME, "s", "x").stderr


@pytest.mark.needs("snmpd")
def test_a_wrong_password_and_a_wrong_community_get_nothing(running: Running) -> None:
    guarded = running.healthy(v3=True)
    wrong = subprocess.run(
        ["snmpget", *V3[:-1], "another-password", "-r", "0", "-t", "1", f"{guarded.address}:{running.port}", NAME],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert wrong.returncode != 0
    assert guarded.id not in wrong.stdout
    asked = subprocess.run(
        ["snmpget", "-v2c", "-c", "public", "-r", "0", "-t", "1", f"{guarded.address}:{running.port}", NAME],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Timeout" in asked.stderr


@pytest.mark.needs("snmpd")
def test_what_is_down_in_the_story_does_not_answer(running: Running) -> None:
    now = time.time()
    dead = next(d for d in running.province.devices.values() if not running.story.state(d, now + 30).reachable)
    asked = running.tool("snmpget", dead, NAME, wait_s=0.5)
    assert "Timeout" in asked.stderr


@pytest.mark.needs("snmpd")
def test_uptime_goes_on_over_a_restart_of_the_simulator(tmp_path: Path) -> None:
    origin = float(int(time.time()))
    uptimes = []
    for _ in range(2):
        process, port = start(tmp_path, origin)
        province = build(devices=DEVICES)
        device = next(
            d for d in province.devices.values() if not d.v3 and Story(province, [origin]).state(d, origin).reachable
        )
        asked = subprocess.run(
            ["snmpget", *V2, "-Oqvt", f"{device.address}:{port}", UPTIME], capture_output=True, text=True, check=True
        )
        uptimes.append((int(asked.stdout), time.time()))
        stop(process)
    (first, at), (then, later) = uptimes
    assert (then - first) / 100 == pytest.approx(later - at, abs=1.0)


def reachable(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


def test_gateways_accept_tcp_while_they_serve(running: Running) -> None:
    now = time.time()
    gateways = [d for d in running.province.devices.values() if d.is_gateway]
    told = {d.address: running.story.state(d, now).service_ok for d in gateways}
    steady = [d for d in gateways if running.story.state(d, now + 60).service_ok is told[d.address]]
    for device in steady:
        assert reachable(device.address, running.port) is told[device.address], device.id
    assert set(told.values()) == {True, False}
    assert reachable(OBSERVER, running.port)


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize("v3", [False, True])
def test_the_product_recognises_what_the_simulator_plays(running: Running, v3: bool) -> None:
    device = running.healthy(v3=v3)
    how = ["--community", "merata-demo"]
    if v3:
        how = ["--v3", "merata", "--auth", "sha256", "--auth-password", "merata-demo-auth", "--priv", "aes128",
               "--priv-password", "merata-demo-priv"]  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-m", "merata", "probe", "--json", "--host", device.address, "--port", str(running.port),
         *how],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    said = json.loads(asked.stdout)
    assert said["sys_name"] == device.id
    assert said["platform"] in (device.platform.split("-")[0], "generic")
    assert said["interfaces"]


@pytest.mark.needs("snmpd")
@pytest.mark.parametrize("platform", ["openwrt", "linux", "airos-ap", "routeros-wifi", "unifi"])
def test_every_family_tells_its_model(running: Running, platform: str) -> None:
    now = time.time()
    device = next(
        d for d in running.province.devices.values()
        if d.platform == platform and not d.v3
        and all(running.story.state(d, now + s).reachable for s in range(0, 120, 20))
    )  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-m", "merata", "probe", "--json", "--host", device.address, "--port", str(running.port),
         "--community", "merata-demo"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    said = json.loads(asked.stdout)
    assert (said["platform"], said["model"]) == (platform.partition("-")[0], device.model)
