"""`merata hostkey` as a person runs it, against a real server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from merata.cli import cli
from tests.integration.ssh.conftest import Server, free_port, keygen, start_sshd, stop

pytestmark = pytest.mark.needs("sshd")


class Operator:
    """Somebody at the command line with one access point in the inventory."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.state = folder / "state"
        (folder / "inventory.yaml").write_text(
            f"""
credentials: {{openwrt: {{key: agent}}}}
sites:
  - id: s1
    name: Balai Desa
    area: 61.08.01.2001
    lat: -0.1
    lon: 109.5
    kind: village_office
    devices:
      - {{id: ap-1, host: 127.0.0.1, role: ap, ssh: {{credential: openwrt, username: root, port: {server.port}}}}}
      - {{id: ap-2, host: 127.0.0.2, role: ap}}
"""
        )

    def runs(self, *arguments: str, answer: str | None = None) -> Result:
        options = ["--state", str(self.state), "--inventory", str(self.folder / "inventory.yaml"), "hostkey"]
        return CliRunner().invoke(cli, [*options, *arguments], input=answer)

    def audit(self) -> list[dict[str, str]]:
        lines = (self.state / "known_hosts.d" / "audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def operator(tmp_path: Path, sshd: Server) -> Operator:
    return Operator(tmp_path, sshd)


def test_enroll_shows_the_fingerprint_and_asks(operator: Operator, sshd: Server) -> None:
    refused = operator.runs("enroll", "ap-1", answer="n\n")
    assert refused.exit_code == 2
    assert operator.runs("show").exit_code == 2
    taken = operator.runs("enroll", "ap-1", answer="y\n")
    assert taken.exit_code == 0, taken.output
    assert "SHA256:" in taken.output
    shown = operator.runs("show")
    assert f"ap-1  [127.0.0.1]:{sshd.port}  ssh-ed25519  SHA256:" in shown.output
    assert [line["act"] for line in operator.audit()] == ["declined", "enroll"]


def test_a_fingerprint_given_is_compared_and_nothing_is_asked(operator: Operator) -> None:
    wrong = operator.runs("enroll", "ap-1", "--fingerprint", "SHA256:" + "A" * 43)
    assert wrong.exit_code == 2
    assert "was not trusted" in wrong.output
    presented = next(word for word in wrong.output.split() if word.startswith("SHA256:"))
    assert operator.runs("enroll", "ap-1", "--fingerprint", presented).exit_code == 0


def test_a_changed_key_is_blocked_until_rekey(operator: Operator, sshd: Server) -> None:
    assert operator.runs("rekey", "ap-1", "--yes").exit_code == 2
    assert operator.runs("enroll", "ap-1", "--yes").exit_code == 0
    other = operator.folder / "other"
    other.mkdir()
    shutil.copy(sshd.folder / "client_key.pub", other)
    keygen(other / "host_key")
    port = free_port()
    process = start_sshd(other, port)
    moved = Operator(operator.folder, Server(port=port, username="x", key=sshd.key, folder=other, process=process))
    try:
        blocked = moved.runs("enroll", "ap-1", "--yes")
        assert blocked.exit_code == 2
        assert "merata hostkey rekey ap-1" in blocked.output
        assert "somebody may be in between" in blocked.output
        replaced = moved.runs("rekey", "ap-1", "--yes")
        assert replaced.exit_code == 0, replaced.output
    finally:
        stop(process)
    acts = moved.audit()
    assert [line["act"] for line in acts] == ["enroll", "blocked", "rekey"]
    assert acts[2]["replaced"] == acts[0]["fingerprint"]


def test_devices_without_ssh_or_unknown_are_said_and_do_not_stop_the_others(operator: Operator) -> None:
    result = operator.runs("enroll", "ap-9", "ap-2", "ap-1", "--yes")
    assert result.exit_code == 2
    assert "'ap-9' is not in the inventory" in result.output
    assert "'ap-2' has no `ssh` settings" in result.output
    assert "ap-1: trusted" in result.output


def test_a_dead_port_is_one_sentence(operator: Operator, sshd: Server) -> None:
    text = (operator.folder / "inventory.yaml").read_text()
    (operator.folder / "inventory.yaml").write_text(text.replace(str(sshd.port), str(free_port())))
    result = operator.runs("enroll", "ap-1", "--yes")
    assert result.exit_code == 2
    assert "Connection refused" in result.output
    assert "Traceback" not in result.output
