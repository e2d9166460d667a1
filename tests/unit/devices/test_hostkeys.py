from __future__ import annotations

import json
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.errors import HostKeyError
from devices.hostkeys import AUDIT, HostKey, HostKeys, address
from devices.model import DeviceId

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AP = DeviceId("ap-1")
ONE, TWO = HostKey(kind="ssh-ed25519", blob=b"one"), HostKey(kind="ssh-ed25519", blob=b"two")


def acts(keys: HostKeys) -> list[str]:
    return [json.loads(line)["act"] for line in (keys.folder / AUDIT).read_text().splitlines()]


@pytest.fixture
def keys(tmp_path: Path) -> HostKeys:
    return HostKeys(tmp_path / "known_hosts.d")


def test_a_key_is_pinned_once_and_survives(keys: HostKeys) -> None:
    assert keys.pinned(AP) is None
    keys.enroll(AP, ONE, host="10.0.0.1", port=22, now=NOW, who="ani")
    keys.enroll(AP, ONE, host="10.0.0.1", port=22, now=NOW, who="ani")
    pinned = HostKeys(keys.folder).pinned(AP)
    assert pinned is not None
    assert (pinned.key, pinned.address) == (ONE, "10.0.0.1")
    assert acts(keys) == ["enroll"]


def test_only_rekey_replaces_a_key(keys: HostKeys) -> None:
    with pytest.raises(HostKeyError, match="has no pinned key"):
        keys.rekey(AP, TWO, host="10.0.0.1", port=22, now=NOW, who="ani")
    keys.enroll(AP, ONE, host="10.0.0.1", port=22, now=NOW, who="ani")
    with pytest.raises(HostKeyError, match="somebody may be in between"):
        keys.enroll(AP, TWO, host="10.0.0.1", port=22, now=NOW, who="ani")
    assert keys.pinned(AP) == keys.all()[0]
    keys.rekey(AP, TWO, host="10.0.0.1", port=22, now=NOW, who="budi")
    pinned = keys.pinned(AP)
    assert pinned is not None
    assert pinned.key == TWO
    last = json.loads((keys.folder / AUDIT).read_text().splitlines()[-1])
    assert (last["who"], last["replaced"]) == ("budi", ONE.fingerprint)


def test_files_are_for_nobody_else(keys: HostKeys) -> None:
    keys.enroll(AP, ONE, host="10.0.0.1", port=22, now=NOW, who="ani")
    for path in (keys.path(AP), keys.folder / AUDIT):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_ports_are_written_as_known_hosts_wants_them() -> None:
    assert address("10.0.0.1", 22) == "10.0.0.1"
    assert address("2001:db8::1", 2222) == "[2001:db8::1]:2222"


def test_a_damaged_file_is_refused_and_not_trusted(keys: HostKeys) -> None:
    keys.enroll(AP, ONE, host="10.0.0.1", port=22, now=NOW, who="ani")
    for text in ("", "10.0.0.1 ssh-ed25519\n", "10.0.0.1 ssh-ed25519 ***\n", "a b Yw==\na b Yw==\n"):
        keys.path(AP).write_text(text)
        with pytest.raises(HostKeyError):
            keys.pinned(AP)


@pytest.mark.needs("sshd")
def test_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    import base64

    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    kind, blob = (tmp_path / "k.pub").read_text().split()[:2]
    said = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "k")], check=True, capture_output=True, text=True).stdout
    assert HostKey(kind=kind, blob=base64.b64decode(blob)).fingerprint in said
