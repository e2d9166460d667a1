"""The readable history, on a real git."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from controller.configurations.errors import HistoryUnavailable, NoSuchRevision
from controller.configurations.history import History

AT = 1_790_000_000.0


def test_each_change_is_a_revision_with_its_day_and_reason(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    assert history.record({"ap-1": "a\nb\n", "ap-2": "x\n"}, at=AT, who="nightly", why="nightly backup") is not None
    assert history.record({"ap-1": "a\nc\n", "ap-2": "x\n"}, at=AT + 60, who="dimas", why="plan 7: DNS") is not None
    newest, first = history.log("ap-1")
    assert (newest.at, newest.who, newest.why, newest.added, newest.removed) == (AT + 60, "dimas", "plan 7: DNS", 1, 1)
    assert (first.at, first.added, first.removed) == (AT, 2, 0)
    assert len(history.log("ap-2")) == 1
    assert history.newest("ap-1") == history.text("ap-1", newest.id) == "a\nc\n"
    assert history.devices() == ["ap-1", "ap-2"]


def test_what_did_not_change_makes_no_revision(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    history.record({"ap-1": "a\n"}, at=AT, who="n", why="w")
    assert history.record({"ap-1": "a\n"}, at=AT + 60, who="n", why="w") is None


def test_a_diff_shows_lines_and_no_headers_of_git(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    first = history.record({"ap-1": "a\nb\n"}, at=AT, who="n", why="w")
    second = history.record({"ap-1": "a\nc\n"}, at=AT + 60, who="n", why="w")
    assert first is not None
    assert second is not None
    assert history.diff("ap-1", first[:8], second) == "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert history.diff("ap-1", first, first) == ""


@pytest.mark.parametrize("revision", ["HEAD", "--output=x", "main:devices", "dead", "0123456789", "", "abc"])
def test_only_known_hexadecimal_names_are_revisions(tmp_path: Path, revision: str) -> None:
    history = History(tmp_path / "h")
    history.record({"ap-1": "a\n"}, at=AT, who="n", why="w")
    with pytest.raises(NoSuchRevision):
        history.text("ap-1", revision)


def test_before_the_first_record_there_is_nothing(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    assert (history.devices(), history.log("ap-1"), history.newest("ap-1")) == ([], [], None)
    assert not (tmp_path / "h").exists()


def test_a_hook_and_a_users_settings_have_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[core]\n  hooksPath = /nonexistent\n[commit]\n  gpgSign = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    history = History(tmp_path / "h")
    history.record({"ap-1": "a\n"}, at=AT, who="n", why="w")
    hook = tmp_path / "h" / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert history.record({"ap-1": "b\n"}, at=AT + 1, who="n", why="w") is not None


def _write(folder: str, number: int) -> None:
    for turn in range(5):
        History(Path(folder)).record({f"ap-{number}": f"{turn}\n"}, at=AT + turn, who="n", why=f"turn {turn}")


def test_writers_of_several_processes_wait_for_each_other(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    running = [spawn.Process(target=_write, args=(str(tmp_path / "h"), n)) for n in range(4)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * 4
    history = History(tmp_path / "h")
    assert [len(history.log(f"ap-{n}")) for n in range(4)] == [5] * 4


def test_a_writer_that_died_does_not_block_the_next(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    history.record({"ap-1": "a\n"}, at=AT, who="n", why="w")
    (tmp_path / "h" / ".git" / "index.lock").touch()
    assert history.record({"ap-1": "b\n"}, at=AT + 1, who="n", why="w") is not None


def test_without_git_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HistoryUnavailable, match="git is not installed"):
        History(tmp_path / "h").record({"ap-1": "a\n"}, at=AT, who="n", why="w")


def test_a_name_that_looks_like_a_pattern_is_taken_as_it_is(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    history.record({"ap-1": "a\n", "ap-2": "b\n"}, at=AT, who="n", why="w")
    assert history.log("ap-*") == []
