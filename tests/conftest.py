"""What tests need of the machine, said in one place: `@pytest.mark.needs("snmpd", "root")`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests.lab.frr import FrrLab, build

# The same examples on every run; a campaign with new ones: HYPOTHESIS_PROFILE=default
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def _program(*names: str) -> Callable[[], str | None]:
    def check() -> str | None:
        paths = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/lib/frr"
        missing = [n for n in names if not shutil.which(n, path=paths)]
        return f"{', '.join(missing)} not installed: run `sudo bash tests/daemons.sh`" if missing else None

    return check


def _netns() -> str | None:
    if os.geteuid() != 0:
        return "network namespaces need root: run the tests as root"
    name = f"merata-probe-{os.getpid()}"  # several test processes may ask at once
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None if tried.returncode == 0 else f"network namespaces are not permitted here: {tried.stderr.strip()}"


def _terminals() -> str | None:
    """An unprivileged sshd can hand out a terminal only where devpts gives it the group tty."""
    mounts = Path("/proc/mounts").read_text().splitlines() if Path("/proc/mounts").exists() else []
    devpts = [line for line in mounts if line.split()[1:3] == ["/dev/pts", "devpts"]]
    if os.geteuid() == 0 or any("gid=5" in line for line in devpts):
        return None
    return "/dev/pts is mounted without gid=5, so sshd can give terminals only as root: run the tests as root"


NEEDS: dict[str, Callable[[], str | None]] = {
    "snmpd": _program("snmpd", "snmpget", "snmpbulkwalk"),
    "sshd": lambda: _program("sshd", "ssh-keygen")() or _terminals(),
    "dropbear": _program("dropbear"),
    "influxd": _program("influxd"),
    "chromium": _program("chromium"),
    "collectd": _program("collectd"),
    "iperf3": _program("iperf3"),
    "root": lambda: None if os.geteuid() == 0 else "needs root",
    "netns": _netns,
    "frr": _program("zebra", "vtysh", "frr-reload.py"),
    "shared": lambda: None if SHARED.is_dir() else "the shared test data is not beside this checkout",
}


@cache
def missing(name: str) -> str | None:
    """Why a need is not met, or None."""
    return NEEDS[name]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first, so that of several processes none ends long after the others.

    The browser comes last: Playwright keeps an event loop running, beside which no other test can start one.
    """
    items.sort(key=lambda item: ("browser" in item.path.parts, "integration" not in item.path.parts))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip with the reason; under REQUIRE=all fail instead."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if reason := missing(name):
                if os.environ.get("REQUIRE") == "all":
                    pytest.fail(f"REQUIRE=all: {reason}", pytrace=False)
                pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared test data (recordings, geography, planning cases)."""
    return SHARED


@pytest.fixture(scope="module")
def frr_lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrrLab]:
    """FRR routers in namespaces of their own, as many as the module's `FRR_ROUTERS` says; needs "netns" and "frr"."""
    lab = build(tmp_path_factory.mktemp("lab"), getattr(request.module, "FRR_ROUTERS", 3))
    yield lab
    lab.close()
