"""Sessions as the executor opens them, with simulated routers and with real SSH servers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.configuring.registry import terminal_of
from devices.credentials import KeyFile, Secret, SshLogin
from devices.hostkeys import HostKeys
from devices.model import Device, DeviceId, Domain, Role, SiteId, SshSettings, Target
from devices.transport.session import Session
from devices.transport.ssh import presented_key
from devices.transport.ssh_session import SshSessions

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HERE = Domain(name="here")


class Door:
    """Opens sessions with devices on loopback, each pinned at its first."""

    def __init__(self, folder: Path) -> None:
        self.keys = HostKeys(folder / "known_hosts.d")
        self._opened: list[Session] = []
        self.first = ""  # a line typed at the beginning of each session

    def device(
        self, host: str, port: int, platform: str, *, username: str = "admin", uplink: str | None = None
    ) -> Device:
        device = Device(
            id=DeviceId(f"{platform}-{host}-{port}"), site=SiteId("s1"), name=platform, role=Role.AP, platform=platform,
            target=Target(domain="here", host=host), uplink=uplink,
            ssh=SshSettings(credential="x", username=username, port=port),
        )  # fmt: skip
        self.keys.enroll(
            device.id, presented_key(host, port, HERE, timeout_s=10), host=host, port=port, now=NOW, who="tests"
        )
        return device

    def open(self, device: Device, proof: Secret | KeyFile = Secret("rahasia"), *, deadline_s: float = 20.0) -> Session:  # noqa: B008
        assert device.ssh is not None
        login = SshLogin(username=device.ssh.username, proof=proof)
        sessions = SshSessions(login=lambda _: login, host_keys=self.keys, domain=lambda _: HERE, terminal=terminal_of)
        session = sessions.open(device, deadline_s=deadline_s)
        self._opened.append(session)
        if self.first:
            session.run(self.first)
        return session

    def close(self) -> None:
        for session in self._opened:
            session.cut()


@pytest.fixture
def door(tmp_path: Path):
    door = Door(tmp_path)
    yield door
    door.close()


def until(claim: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
    """Wait until a claim holds; it is asked often, so no time is lost to luck."""
    end = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)
