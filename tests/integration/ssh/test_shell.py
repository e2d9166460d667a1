"""SSH through netmiko against a real OpenSSH server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from devices.errors import AuthenticationFailed, DeviceError, Unreachable
from devices.hostkeys import HostKeys
from tests.integration.ssh.conftest import Server, access_point, enroll, free_port, keygen, shell, start_sshd, stop

pytestmark = pytest.mark.needs("sshd")


def test_commands_give_their_text_and_their_exit_codes(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    replies = asyncio.run(
        shell(keys, sshd).run(
            device, ["echo hello", "printf 'a\\n\\nb'", "false", f"{sshd.folder}/bin/ubus nothing"], deadline_s=20
        )
    )
    assert [(r.text, r.code) for r in replies] == [
        ("hello", 0),
        ("a\n\nb", 0),
        ("", 1),
        ("Command failed: Not found", 4),
    ]


def test_output_that_looks_like_a_prompt_is_not_taken_for_the_end(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    (reply,) = asyncio.run(
        shell(keys, sshd).run(device, ["echo 'root@x:~# '; sleep 0.3; echo '$ '; echo end"], deadline_s=20)
    )
    assert reply.text.splitlines() == ["root@x:~# ", "$ ", "end"]


def test_a_key_that_was_never_enrolled_is_refused_with_the_command_to_run(sshd: Server, keys: HostKeys) -> None:
    with pytest.raises(AuthenticationFailed, match="merata hostkey enroll ap-1"):
        asyncio.run(shell(keys, sshd).run(access_point(sshd), ["true"], deadline_s=10))


def test_a_changed_host_key_is_refused_before_anything_is_sent(sshd: Server, keys: HostKeys, tmp_path: Path) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    other = tmp_path / "other"
    other.mkdir()
    line = keys.path(device.id).read_text().split()
    blob = keygen(other / "key").with_suffix(".pub").read_text().split()[1]
    keys.path(device.id).write_text(f"{line[0]} {line[1]} {blob}\n")
    with pytest.raises(AuthenticationFailed, match="has changed; nothing was sent"):
        asyncio.run(shell(keys, sshd).run(device, ["true"], deadline_s=10))


def test_a_changed_host_key_of_another_kind_is_refused_too(sshd: Server, keys: HostKeys, tmp_path: Path) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    address = keys.path(device.id).read_text().split()[0]
    kind, blob = keygen(tmp_path / "key", "ecdsa").with_suffix(".pub").read_text().split()[:2]
    keys.path(device.id).write_text(f"{address} {kind} {blob}\n")
    with pytest.raises(AuthenticationFailed, match="ap-1"):
        asyncio.run(shell(keys, sshd).run(device, ["true"], deadline_s=10))


def test_a_wrong_key_is_refused(sshd: Server, keys: HostKeys, tmp_path: Path) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    with pytest.raises(AuthenticationFailed, match="refused user"):
        asyncio.run(shell(keys, sshd, key=keygen(tmp_path / "wrong")).run(device, ["true"], deadline_s=10))


def test_a_closed_port_is_unreachable(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    nobody = Server(port=free_port(), username="x", key=sshd.key, folder=sshd.folder, process=sshd.process)
    with pytest.raises(Unreachable, match="refused"):
        asyncio.run(shell(keys, sshd).run(access_point(nobody), ["true"], deadline_s=10))


def test_a_server_that_never_speaks_ends_at_the_deadline(sshd: Server, keys: HostKeys) -> None:
    import socket

    device = access_point(sshd)
    enroll(keys, device)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = Server(
            port=silent.getsockname()[1], username="x", key=sshd.key, folder=sshd.folder, process=sshd.process
        )
        started = time.monotonic()
        with pytest.raises(Unreachable):
            asyncio.run(shell(keys, sshd).run(access_point(mute), ["true"], deadline_s=1.5))
        assert time.monotonic() - started < 4


def test_a_slow_command_ends_at_the_deadline_and_the_next_session_is_clean(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    ssh = shell(keys, sshd, workers=1)

    async def both() -> tuple[float, str]:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="deadline") as caught:
            await ssh.run(device, ["sleep 30"], deadline_s=3)
        assert caught.value.elapsed_s is not None
        spent = time.monotonic() - started
        (reply,) = await ssh.run(device, ["echo clean"], deadline_s=20)
        return spent, reply.text

    spent, text = asyncio.run(both())
    assert spent < 5
    assert text == "clean"


def test_sessions_run_at_once_but_never_more_than_the_workers(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    ssh = shell(keys, sshd, workers=2)

    async def crowd() -> list[object]:
        asks = [ssh.run(device, ["sleep 2"], deadline_s=d) for d in (20, 20, 0.5)]
        return await asyncio.gather(*asks, return_exceptions=True)

    first, second, third = asyncio.run(crowd())
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert type(third) is DeviceError
    assert "no SSH worker" in str(third)


def test_a_server_that_dies_in_the_middle_is_an_error_of_the_device(
    keys: HostKeys, sshd: Server, tmp_path: Path
) -> None:
    folder = sshd.folder
    port = free_port()
    process = start_sshd(folder, port)
    server = Server(port=port, username=sshd.username, key=sshd.key, folder=folder, process=process)
    device = access_point(server)
    enroll(keys, device)

    async def cut() -> None:
        with pytest.raises(DeviceError):
            await shell(keys, server).run(device, ["kill -9 $PPID"], deadline_s=3)

    asyncio.run(cut())
    stop(process)
