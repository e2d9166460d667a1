"""A whole push to a small OpenWrt behind a real sshd: from the change file to files under /etc/config."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.journal.holders import myself
from controller.rollout.executor import Executor
from controller.rollout.monitoring import StoredMonitoring
from controller.rollout.ports import Pace
from controller.rollout.records import PlanState, RolloutState, Step
from controller.rollout.work import World
from devices.hostkeys import HostKeys
from devices.model import Device, DeviceId, Domain
from devices.transport.session import Session, Sessions
from devices.transport.ssh import presented_key
from measurements.sqlite.reader import SqliteReader
from merata import config_making
from merata.config_fleet import ConfigFleet, config_fleet
from merata.rollout_parts import Recognised, SystemClock
from merata.vitals import SnmpVitals
from tests.integration.shells.hosts import Host, start_sshd, uci_dialect
from tests.integration.ssh.conftest import stop

pytestmark = pytest.mark.needs("sshd")
NAME = DeviceId("ap-1")
PACE = Pace(guard_least_s=6.0, guard_most_s=10.0, margin_s=1.0, again_s=0.5, vitals_s=1.0)
GOOD = "name: ntp\ntitle: NTP\nwhere: all\nintent:\n  ntp: {servers: [10.20.0.1]}\noptions: {settle_s: 0}\n"
BAD = (
    "name: bad\ntitle: Bad\nwhere: all\ntemplates: {uci: bad.j2}\noptions: {settle_s: 0}\n"
    "verify:\n  uci:\n    present: [\"option never 'there'\"]\n"
)


@dataclass
class WithPath:
    """Sessions that find the small OpenWrt's programs first: a login shell sets a path of its own."""

    inner: Sessions
    root: Path
    opened: int = 0

    def open(self, device: Device, *, deadline_s: float) -> Session:
        session = self.inner.open(device, deadline_s=deadline_s)
        session.run(f"PATH={self.root}/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        self.opened += 1
        return session


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    folder = tmp_path / "openwrt"
    folder.mkdir()
    found = start_sshd(folder)
    yield found
    stop(found.process)


@pytest.fixture
def fleet(tmp_path: Path, host: Host) -> Iterator[ConfigFleet]:
    inventory, state = tmp_path / "inventory.yaml", tmp_path / "state"
    inventory.write_text(
        f"credentials:\n  k: {{username: {host.username}, key: key:{host.key}}}\n"
        "sites:\n  - {id: s, name: S, area: 61.08.01, lat: 0.3, lon: 109.9, kind: school, devices: [{id: ap-1,"
        f" host: 127.0.0.1, role: ap, platform: openwrt, ping: no, ssh: {{credential: k, port: {host.port}}}}}]}}\n"
    )
    with config_fleet(state, inventory) as opened:
        key = presented_key("127.0.0.1", host.port, Domain(name="default"), timeout_s=10)
        HostKeys(opened.paths.known_hosts).enroll(
            NAME, key, host="127.0.0.1", port=host.port, now=datetime.now(UTC), who="tests"
        )
        yield opened


def pushed(fleet: ConfigFleet, host: Host, change: Path, patch: pytest.MonkeyPatch) -> tuple[Step, str, RolloutState]:
    """Plan, approve and push one change; how the device ended, why, and the rollout."""
    sessions = WithPath(fleet.sessions, host.root)
    dialect = uci_dialect(host)
    patch.setattr(config_making, "dialect_of", lambda _: dialect)
    patch.setitem(fleet.__dict__, "sessions", sessions)
    plan = config_making.make(fleet, config_making.read(fleet, change), author="siti", workers=2)
    (device,) = plan.devices
    assert device.error is None
    assert device.guard == "timer"
    journal = fleet.journal
    journal.rollouts.decide(plan.id, PlanState.APPROVED, by="budi", at=time.time())
    journal.ask("rollout.start", {"plan": plan.id}, who="siti", at=time.time())
    with ThreadPoolExecutor(2) as pool, closing(SnmpVitals(fleet.inventory, environ={})) as vitals:
        world = World(
            rollouts=journal.rollouts, sessions=sessions, dialect_of=lambda _: dialect, copies=fleet.copies,
            vitals=vitals, fingerprint=fleet.fingerprint, resolve=fleet.secret, clock=SystemClock(),
            holder=myself("executor"), pace=PACE,
        )  # fmt: skip
        executor = Executor(
            journal=journal, world=world, inventory=Recognised(fleet), pool=pool,
            monitoring=StoredMonitoring(lambda: closing(SqliteReader(fleet.paths.root))),
        )  # fmt: skip
        ends = (RolloutState.DONE, RolloutState.STOPPED)
        executor.run(
            ready=lambda: None,
            until=lambda: any(r.state in ends for r in journal.rollouts.rollouts(plan=plan.id, limit=1)),
        )
    newest = journal.rollouts.rollouts(plan=plan.id, limit=1)[0]
    known = journal.rollouts.progress(newest.id, NAME)
    assert known is not None
    return known.step, str(known.facts.get("reason", "")), newest.state


def test_an_intent_ends_in_the_files_and_no_guard_is_left(
    fleet: ConfigFleet, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "change.yaml").write_text(GOOD)
    assert pushed(fleet, host, tmp_path / "change.yaml", monkeypatch) == (Step.OK, "", RolloutState.DONE)
    assert "10.20.0.1" in host.config("system")
    assert "openwrt.pool.ntp.org" not in host.config("system")
    assert not host.file("/etc/merata-guard").exists()
    assert fleet.journal.rollouts.audit.verify() is None


def test_a_change_that_does_not_show_what_it_should_is_put_back_by_the_device(
    fleet: ConfigFleet, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = host.config("network")
    (tmp_path / "bad.j2").write_text("uci set network.wan.proto='static'\n")
    (tmp_path / "change.yaml").write_text(BAD)
    step, reason, state = pushed(fleet, host, tmp_path / "change.yaml", monkeypatch)
    assert (step, reason, state) == (Step.ROLLED_BACK, "checks_failed", RolloutState.STOPPED)
    assert host.config("network") == before
    assert not host.file("/etc/merata-guard").exists()
