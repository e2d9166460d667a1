"""Signed-in terminals on a real OpenSSH server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.credentials import KeyFile, Secret, SshLogin
from devices.errors import AuthenticationFailed, NotSupported, UnexpectedReply, Unreachable
from devices.hostkeys import HostKeys
from devices.transport.session import Session
from devices.transport.ssh_session import SshSessions
from tests.integration.ssh.conftest import HERE, Server, access_point, enroll, keygen

pytestmark = pytest.mark.needs("sshd")


def sessions(server: Server, keys: HostKeys, *, key: Path | None = None, terminal: str | None = "linux") -> SshSessions:
    login = SshLogin(username=server.username, proof=KeyFile(key or server.key))
    return SshSessions(login=lambda _: login, host_keys=keys, domain=lambda _: HERE, terminal=lambda _: terminal)


@pytest.fixture
def session(sshd: Server, keys: HostKeys) -> Iterator[Session]:
    device = access_point(sshd)
    enroll(keys, device)
    opened = sessions(sshd, keys).open(device, deadline_s=20)
    yield opened
    opened.cut()


def test_an_answer_is_what_was_printed_without_echo_prompt_and_noise(session: Session) -> None:
    assert session.run("echo hello") == "hello"
    assert session.run("true") == ""
    assert session.run("printf 'a\\n\\n  b\\n'") == "a\n\n  b"
    assert session.run("printf '\\033[1mbold\\033[0m'; echo") == "bold"
    assert session.run("echo 'root@x:~# '; sleep 0.3; echo '$ '; echo end").splitlines() == ["root@x:~# ", "$ ", "end"]


def test_a_line_longer_than_the_terminal_and_a_long_answer_come_whole(session: Session) -> None:
    long = "x" * 1500
    assert session.run(f"echo {long}") == long
    assert session.run("seq 1 20000") == "\n".join(str(n) for n in range(1, 20001))


def test_what_is_typed_leaves_no_history(session: Session) -> None:
    session.run("echo sandi")
    assert session.run("echo ${HISTFILE-none}") == "none"


def test_a_question_is_waited_for_and_answered_unseen(session: Session) -> None:
    asked = session.run("stty -echo; read -p 'Password: ' answer; stty echo", expect=r"Password: \Z")
    assert asked.endswith("Password: ")
    session.say(Secret("rahasia sekali"))
    assert session.run("echo got ${#answer}") == "got 14"


def test_keys_are_pressed_without_a_line_end(session: Session) -> None:
    # A child says that it runs: from then on the key goes to it, never to the shell between two commands.
    session.run("sh -c 'echo ready; exec cat >/dev/null'", expect=r"^ready\n")
    assert "^C" in session.press("\x03")


def test_a_file_arrives_whole_with_its_mode_or_not_at_all(session: Session, tmp_path: Path) -> None:
    target = tmp_path / "a b'c"
    content = bytes(range(256)) * 500
    session.put(str(target), content, mode=0o640)
    assert target.read_bytes() == content
    assert target.stat().st_mode & 0o777 == 0o640
    with pytest.raises(UnexpectedReply):
        session.put(str(tmp_path / "none" / "x"), b"")
    assert session.run("echo still here") == "still here"
    assert [p.name for p in tmp_path.glob("*.new")] == []


def test_a_session_ends_at_its_deadline_whatever_is_waited_for(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    opened = sessions(sshd, keys).open(device, deadline_s=1.5)
    started = time.monotonic()
    with pytest.raises(Unreachable):
        opened.run("sleep 30")
    assert time.monotonic() - started < 3


def test_one_answer_may_be_bounded_more_tightly_and_no_error_holds_what_was_typed(session: Session) -> None:
    with pytest.raises(Unreachable) as caught:
        session.say(Secret("sleep 30 # rahasia"), timeout_s=0.3)
    assert "rahasia" not in f"{caught.value!r} {caught.value.__cause__!r}"
    with pytest.raises(Unreachable):
        session.run("echo after")


def test_a_cut_hangs_up_and_an_orderly_end_leaves(sshd: Server, keys: HostKeys, tmp_path: Path) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    for end in ("close", "cut"):
        opened = sessions(sshd, keys).open(device, deadline_s=20)
        opened.run(f"trap 'echo exit >>{tmp_path}/{end}' EXIT; trap 'echo hangup >>{tmp_path}/{end}; exit' HUP")
        getattr(opened, end)()
        getattr(opened, end)()
        deadline = time.monotonic() + 5
        while not (tmp_path / end).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert (tmp_path / "close").read_text() == "exit\n"
    assert (tmp_path / "cut").read_text().startswith("hangup")


def test_strangers_are_refused(sshd: Server, keys: HostKeys, tmp_path: Path) -> None:
    device = access_point(sshd)
    with pytest.raises(AuthenticationFailed, match="merata hostkey enroll ap-1"):
        sessions(sshd, keys).open(device, deadline_s=10)
    enroll(keys, device)
    with pytest.raises(AuthenticationFailed, match="refused user"):
        sessions(sshd, keys, key=keygen(tmp_path / "wrong")).open(device, deadline_s=10)
    with pytest.raises(NotSupported, match="no terminal"):
        sessions(sshd, keys, terminal=None).open(device, deadline_s=10)


def test_many_threads_open_terminals_at_once(sshd: Server, keys: HostKeys) -> None:
    device = access_point(sshd)
    enroll(keys, device)
    said: list[str] = []

    def one(number: int) -> None:
        opened = sessions(sshd, keys).open(device, deadline_s=30)
        said.append(opened.run(f"echo {number}"))
        opened.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said) == [str(n) for n in range(10)]
