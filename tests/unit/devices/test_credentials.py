from __future__ import annotations

import os
from pathlib import Path

import pytest

from devices.credentials import (
    AgentKeys,
    KeyFile,
    Secret,
    named_snmp_credential,
    resolve,
    snmp_credential,
    ssh_login,
)
from devices.errors import CredentialError
from devices.inventory import load
from devices.model import DeviceId, Inventory
from devices.transport.snmp.api import Community, UsmUser

INVENTORY = """
credentials:
  baca: {community: "env:COMMUNITY"}
  inti: {username: merata, auth: sha256, auth_password: "env:AUTH", priv: aes128, priv_password: "file:priv"}
  masuk: {password: "file:priv"}
  kunci: {key: "key:id"}
sites:
  - id: s1
    name: S
    area: 61.08.01
    lat: -0.1
    lon: 109.5
    kind: school
    devices:
      - {id: a, host: 10.0.0.1, role: ap, snmp: {credential: baca}, ssh: {credential: masuk, username: root}}
      - {id: b, host: 10.0.0.2, role: ap, snmp: {credential: inti}, ssh: {credential: kunci, username: root}}
      - {id: c, host: 10.0.0.3, role: ap}
"""
ENVIRON = {"COMMUNITY": "publik-1", "AUTH": "kata sandi panjang"}


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    secret(tmp_path / "priv", "rahasia-panjang\n")
    secret(tmp_path / "id", "key")
    return load(tmp_path / "inventory.yaml")


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_community_comes_from_the_environment(inventory: Inventory) -> None:
    device = inventory.devices[DeviceId("a")]
    assert snmp_credential(inventory, device, environ=ENVIRON) == Community(community=b"publik-1")


def test_a_v3_user_comes_from_the_environment_and_a_file_beside_the_inventory(inventory: Inventory) -> None:
    device = inventory.devices[DeviceId("b")]
    user = snmp_credential(inventory, device, environ=ENVIRON)
    assert user == UsmUser(
        name=b"merata", auth="sha256", auth_password=b"kata sandi panjang", priv="aes128",
        priv_password=b"rahasia-panjang",
    )  # fmt: skip
    assert named_snmp_credential(inventory, "inti", environ=ENVIRON) == user


def test_no_repr_and_no_error_shows_a_secret(inventory: Inventory, tmp_path: Path) -> None:
    login = ssh_login(inventory, inventory.devices[DeviceId("a")], environ=ENVIRON)
    user = named_snmp_credential(inventory, "inti", environ=ENVIRON)
    shown = f"{login!r} {login.proof} {user!r} {named_snmp_credential(inventory, 'baca', environ=ENVIRON)!r}"
    assert "rahasia" not in shown
    assert "sandi" not in shown
    assert "publik" not in shown
    secret(tmp_path / "two", "rahasia-1\nrahasia-2\n")
    with pytest.raises(CredentialError) as refused:
        resolve("file:two", environ={}, base=tmp_path)
    assert "rahasia" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
@pytest.mark.parametrize("kind", ["file", "key"])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int, kind: str) -> None:
    secret(tmp_path / "x", "a", mode)
    with pytest.raises(CredentialError, match=r"mode 06\d\d.*chmod 600"):
        resolve(f"{kind}:x", environ={}, base=tmp_path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_our_own_is_read_without_its_line_end(tmp_path: Path, mode: int) -> None:
    secret(tmp_path / "x", " a b \r\n", mode)
    assert resolve("file:x", environ={}, base=tmp_path) == Secret(" a b ")


def test_a_key_is_handed_on_as_its_path_and_an_agent_as_itself(tmp_path: Path) -> None:
    secret(tmp_path / "id", "k")
    assert resolve("key:id", environ={}, base=tmp_path) == KeyFile(tmp_path / "id")
    assert resolve("agent", environ={"SSH_AUTH_SOCK": "/x"}, base=tmp_path) == AgentKeys()
    with pytest.raises(CredentialError, match="no ssh-agent is running"):
        resolve("agent", environ={}, base=tmp_path)


def test_systemd_hands_secrets_in_its_own_folder(tmp_path: Path) -> None:
    secret(tmp_path / "community", "publik", 0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve("file:$CREDENTIALS_DIRECTORY/community", environ=environ, base=Path("/")) == Secret("publik")
    assert resolve(f"file:{tmp_path}/community", environ=environ, base=Path("/")) == Secret("publik")
    with pytest.raises(CredentialError, match="mode 0440"):
        resolve(f"file:{tmp_path}/community", environ={}, base=Path("/"))
    with pytest.raises(CredentialError, match="LoadCredential="):
        resolve("file:$CREDENTIALS_DIRECTORY/community", environ={}, base=Path("/"))


def test_what_cannot_be_had_is_said_with_the_reference(inventory: Inventory, tmp_path: Path) -> None:
    for reference, words in {
        "env:NOTHING": "env:NOTHING: the environment variable is not set",
        "file:gone": "file:gone: cannot read .*No such file",
        "file:.": "file:.: ",
        "vault:x": "no kind of reference",
    }.items():
        with pytest.raises(CredentialError, match=words):
            resolve(reference, environ={}, base=tmp_path)
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(CredentialError, match="expected one line, found none"):
        resolve("file:empty", environ={}, base=tmp_path)


def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(CredentialError, match="not a plain file"):
        resolve("file:pipe", environ={}, base=tmp_path)


def test_a_short_v3_password_is_refused_before_it_is_used(inventory: Inventory) -> None:
    with pytest.raises(CredentialError, match="at least 8 characters"):
        named_snmp_credential(inventory, "inti", environ={"AUTH": "short"})


def test_a_device_that_is_not_asked_so_has_no_credential(inventory: Inventory) -> None:
    device = inventory.devices[DeviceId("c")]
    with pytest.raises(CredentialError, match="'c' has no snmp settings"):
        snmp_credential(inventory, device, environ=ENVIRON)
    with pytest.raises(CredentialError, match="'c' has no ssh settings"):
        ssh_login(inventory, device, environ=ENVIRON)
    with pytest.raises(CredentialError, match="not for SNMP"):
        named_snmp_credential(inventory, "kunci", environ=ENVIRON)
