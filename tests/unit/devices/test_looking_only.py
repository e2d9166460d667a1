"""A login that is for looking only."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.errors import NotSupported
from devices.hostkeys import HostKeys
from devices.inventory import load
from devices.inventory.draft import load_plain
from devices.inventory.dump import plain
from devices.model import DeviceId, Domain
from devices.transport.ssh_session import SshSessions

TEXT = """
credentials:
  baca: {username: lihat, key: key:id}
sites:
  - id: a
    name: A
    area: 61.08.01
    lat: 0.3
    lon: 109.9
    kind: school
    devices:
      - {id: ap-1, host: 127.0.0.1, role: ap, platform: openwrt, ssh: {credential: baca, configure: no}}
      - {id: ap-2, host: 127.0.0.2, role: ap, platform: openwrt, ssh: {credential: baca}}
"""


def test_nothing_is_configured_through_a_login_that_is_for_looking(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT)
    inventory = load(path)
    looking, other = inventory.devices[DeviceId("ap-1")], inventory.devices[DeviceId("ap-2")]
    assert looking.ssh is not None
    assert other.ssh is not None
    assert (looking.ssh.configure, other.ssh.configure) == (False, True)
    again = load_plain(plain(inventory), version=inventory.version)
    assert again.devices == inventory.devices

    def login(_: object) -> None:
        raise AssertionError("nobody signs in")

    sessions = SshSessions(
        login=login,  # type: ignore[arg-type]
        host_keys=HostKeys(tmp_path),
        domain=lambda name: Domain(name=name),
        terminal=lambda _: "linux",
    )
    with pytest.raises(NotSupported, match="for looking only"):
        sessions.open(looking, deadline_s=1)
