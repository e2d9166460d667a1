"""The journal as its callers see it, and several processes writing one file.

MERATA_TEST_JOURNAL_URL=postgresql+pg8000://user@host/database runs the same on a PostgreSQL (its rows are deleted).
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.journal.engine import connect
from controller.journal.errors import JournalError, JournalTooNew, JournalUnavailable, RequestNotOpen
from controller.journal.journal import Journal
from controller.journal.records import Event, EventKind, RequestState
from controller.journal.schema import revisions
from controller.journal.tables import METADATA

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


POSTGRES = os.environ.get("MERATA_TEST_JOURNAL_URL")


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    if request.param == "sqlite" or POSTGRES is None:
        return f"sqlite:///{path}"
    Journal.open(POSTGRES).close()
    engine = connect(POSTGRES)
    with engine.begin() as connection:
        for table in METADATA.sorted_tables:  # the audit refuses DELETE
            connection.exec_driver_sql(f'TRUNCATE "{table.name}"')
    engine.dispose()
    return POSTGRES


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    opened = Journal.open(url)
    yield opened
    opened.close()


@pytest.fixture
def on_file(path: Path) -> Iterator[Journal]:
    opened = Journal.open(path)
    yield opened
    opened.close()


def test_a_job_tells_when_it_ran_what_it_counted_and_how_many_starts_it_refused(journal: Journal) -> None:
    run = journal.job_started("cycle", 60.0)
    journal.job_skipped("cycle", 120.0)
    journal.job_ended(run, 130.5, "ok", {"devices": 20, "answered": 19})
    [job] = journal.jobs("cycle")
    assert (job.started, job.ended, job.outcome, job.skipped) == (60.0, 130.5, "ok", 1)
    assert job.facts == {"devices": 20, "answered": 19}


def test_a_skip_of_a_job_that_never_ran_is_counted_too(journal: Journal) -> None:
    journal.job_skipped("rollup", 5.0)
    assert [(job.outcome, job.skipped) for job in journal.jobs()] == [("skipped", 1)]


def test_a_request_is_taken_once_and_finished_by_its_holder(journal: Journal) -> None:
    asked = journal.ask("poll", {"device": "ap-1"}, who="sari", at=1.0)
    held = journal.take(["poll"], by="controller", at=2.0)
    assert held is not None
    assert (held.id, held.payload, held.state) == (asked, {"device": "ap-1"}, RequestState.TAKEN)
    assert journal.take(["poll"], by="another", at=2.0) is None
    with pytest.raises(RequestNotOpen):
        journal.finish(asked, by="another", at=3.0, ok=True, result={})
    journal.finish(asked, by="controller", at=3.0, ok=True, result={"polled": 1})
    with pytest.raises(RequestNotOpen):
        journal.finish(asked, by="controller", at=4.0, ok=False, result={})
    done = journal.request(asked)
    assert done is not None
    assert (done.state, done.ended, done.result) == (RequestState.DONE, 3.0, {"polled": 1})


def test_requests_are_taken_oldest_first_and_only_of_the_kinds_asked_for(journal: Journal) -> None:
    ids = [journal.ask(kind, {}, who="x", at=1.0) for kind in ("push", "poll", "poll")]
    taken = [journal.take(["poll"], by="c", at=2.0) for _ in range(3)]
    assert [held.id if held else None for held in taken] == [ids[1], ids[2], None]


def test_requests_of_a_controller_that_died_wait_again(journal: Journal) -> None:
    asked = journal.ask("poll", {}, who="x", at=1.0)
    journal.take(["poll"], by="first", at=2.0)
    assert journal.put_back(["poll"]) == 1
    again = journal.take(["poll"], by="second", at=3.0)
    assert again is not None
    assert (again.id, again.taken_by) == (asked, "second")


def test_events_of_a_device_come_newest_first_and_within_the_time_asked_for(journal: Journal) -> None:
    subject = "device:ap-1"
    journal.record([Event(at=float(at), kind=EventKind.REBOOT, subject=subject, text={"n": at}) for at in range(5)])
    journal.record([Event(at=2.5, kind=EventKind.LANE_CHANGED, subject="device:other")])
    assert [e.text["n"] for e in journal.events(subject=subject, start=1, end=4)] == [3, 2, 1]
    assert [e.kind for e in journal.events(kinds=[EventKind.LANE_CHANGED])] == ["lane_changed"]
    journal.record([])


def test_forgetting_keeps_requests_and_running_jobs(journal: Journal) -> None:
    journal.job_ended(journal.job_started("old", 1.0), 2.0, "ok")
    journal.job_started("running", 1.0)
    journal.ask("poll", {}, who="x", at=1.0)
    journal.record([Event(at=1.0, kind="reboot", subject="device:a"), Event(at=9.0, kind="reboot", subject="device:a")])
    assert journal.forget(before=5.0) == 2
    assert [job.name for job in journal.jobs()] == ["running"]
    assert len(journal.requests()) == 1
    assert [e.at for e in journal.events()] == [9.0]


def test_a_setting_is_kept_and_its_change_is_an_event(journal: Journal) -> None:
    assert journal.setting("poll_s", 60) == 60
    journal.set_setting("poll_s", 120, who="sari", at=1.0)
    journal.set_setting("poll_s", 300, who="budi", at=2.0)
    assert journal.settings() == {"poll_s": 300}
    changes = [e.text for e in journal.events(subject="setting:poll_s")]
    assert changes[0] == {"before": 120, "after": 300, "who": "budi"}


def test_the_file_never_uses_a_wal_and_says_whose_it_is(on_file: Journal, path: Path) -> None:
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "delete"  # TRUNCATE is each connection's own
        assert raw.execute("PRAGMA application_id").fetchone()[0] == 0x4D4A524E
        assert raw.execute("PRAGMA user_version").fetchone()[0] == len(revisions())


def test_a_newer_journal_is_refused_and_left_as_it_was(on_file: Journal, path: Path) -> None:
    on_file.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num='9999'")
    before = path.read_bytes()
    with pytest.raises(JournalTooNew, match="newer"):
        Journal.open(path)
    assert path.read_bytes() == before


def test_another_programs_file_is_refused_and_left_as_it_was(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE theirs(a)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not a journal"):
        Journal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/journal.db", "nonsense", "oracle+gone://x/y"])
def test_a_journal_that_cannot_be_opened_says_so_in_our_words(url: str) -> None:
    with pytest.raises(JournalUnavailable):
        Journal.open(url)


WRITER = """
import sys
from controller.journal.journal import Journal
from controller.journal.records import Event
journal = Journal.open(sys.argv[1])
who, taken = sys.argv[2], 0
for n in range(15):
    journal.record([Event(at=n, kind="reboot", subject="device:" + who)])
    journal.ask("poll", {"n": n}, who=who, at=n)
    held = journal.take(["poll"], by=who, at=n)
    if held:
        journal.finish(held.id, by=who, at=n, ok=True, result={"by": who})
        taken += 1
print(taken)
"""


def test_four_processes_open_a_new_journal_and_write_it_at_once_and_nothing_is_lost(url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, f"w{n}"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for n in range(4)
    ]
    finished = [int(process.communicate(timeout=120)[0]) for process in started]
    assert [process.returncode for process in started] == [0] * 4
    journal = Journal.open(url)
    assert len(journal.events(limit=1000)) == 60
    requests = journal.requests(limit=1000)
    assert len(requests) == 60
    assert sum(finished) == sum(r.state is RequestState.DONE for r in requests)
    assert all(r.result == {"by": r.taken_by} for r in requests if r.state is RequestState.DONE)
    journal.close()
