"""The spool: what it has taken it keeps, in order, within its bounds."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measurements.errors import StoreError, StoreUnavailable, VersionTooNew
from measurements.spool import ROW_LINES, Spool, SpoolLimits, peek

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path)
    yield opened
    opened.close()


def drain(spool: Spool, max_lines: int = 10) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    while (batch := spool.oldest(max_lines)) is not None:
        found.setdefault(batch.bucket, []).extend(batch.lines)
        spool.sent(batch, now=0.0)
    return found


def test_lines_come_out_oldest_first_and_only_once(spool: Spool) -> None:
    for n in range(7):
        spool.put("raw", [f"m v={n}i {n}", f"m w={n}i {n}"], now=float(n))
    assert drain(spool, 5) == {"raw": [f"m {f}={n}i {n}" for n in range(7) for f in "vw"]}
    assert spool.oldest(5) is None
    status = spool.status()
    assert (status.put, status.sent, status.lines, status.bytes, status.dropped) == (14, 14, 0, 0, 0)


def test_what_was_put_is_there_after_the_file_is_opened_again(spool: Spool, path: Path) -> None:
    spool.put("raw", ["a v=1i 1"], now=5.0)
    spool.close()
    again = Spool(path)
    assert again.status().oldest_at == 5.0
    assert drain(again) == {"raw": ["a v=1i 1"]}
    again.close()


def test_a_batch_holds_one_bucket_and_skips_those_that_cannot_be_sent_to(spool: Spool) -> None:
    spool.put_all({"raw": ["r1"], "5m": ["f1"]}, now=1.0)
    spool.put("raw", ["r2"], now=2.0)
    first = spool.oldest(100)
    assert first is not None
    assert (first.bucket, first.lines) == ("raw", ("r1", "r2"))
    other = spool.oldest(100, without=["raw"])
    assert other is not None
    assert (other.bucket, other.lines) == ("5m", ("f1",))
    assert spool.oldest(100, without=["raw", "5m"]) is None


def test_a_large_put_is_cut_into_rows_of_one_transaction(spool: Spool) -> None:
    spool.put("raw", [f"m v={n}i {n}" for n in range(2 * ROW_LINES + 1)], now=1.0)
    assert spool.status().rows == 3
    batch = spool.oldest(ROW_LINES)
    assert batch is not None
    assert len(batch.lines) == ROW_LINES


def test_above_its_bound_the_oldest_lines_go_and_are_counted(path: Path) -> None:
    spool = Spool(path, SpoolLimits(max_bytes=400))
    dropped = sum(spool.put("raw", [f"m,device=d{n} v={n}i {n}"], now=float(n)) for n in range(30))
    status = spool.status()
    assert dropped > 0
    assert (status.dropped, status.bytes <= 400, status.dropped_at) == (dropped, True, 29.0)
    assert drain(spool)["raw"] == [f"m,device=d{n} v={n}i {n}" for n in range(dropped, 30)]
    spool.close()
    assert Spool(path).status().dropped == dropped


def test_lines_older_than_their_tier_are_dropped_and_counted(path: Path) -> None:
    spool = Spool(path, SpoolLimits(max_age_s={"raw": 100.0}))
    spool.put("raw", ["old"], now=0.0)
    spool.put("raw", ["new"], now=50.0)
    spool.put("1d", ["kept for ever"], now=0.0)
    assert spool.expire(now=120.0) == 1
    assert drain(spool) == {"raw": ["new"], "1d": ["kept for ever"]}
    spool.close()


def test_refused_lines_are_kept_apart_up_to_a_bound(path: Path) -> None:
    spool = Spool(path, SpoolLimits(max_dead_bytes=100))
    for n in range(20):
        spool.put("raw", [f"bad {n}", f"good {n}"], now=float(n))
        batch = spool.oldest(10)
        assert batch is not None
        spool.sent(batch, dead={f"bad {n}": "field type conflict"}, now=float(n))
    status = spool.status()
    assert (status.dead, status.sent, status.lines) == (20, 20, 0)
    assert status.dead_kept_bytes <= 100
    assert spool.dead_letters(1) == [("raw", 19.0, "field type conflict", "bad 19")]
    spool.close()


def test_the_disk_is_given_back_after_an_outage(path: Path) -> None:
    spool = Spool(path)
    for n in range(40):
        spool.put("raw", [f"m,device={n}-{k} v={hash((n, k)) % 10**9}i {n}" for k in range(1000)], now=float(n))
    drain(spool, 10_000)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as reader:
        before = reader.execute("PRAGMA page_count").fetchone()[0]
        spool.shrink(100_000)
        assert reader.execute("PRAGMA page_count").fetchone()[0] < before / 10
    spool.close()


def test_another_process_can_look_without_opening_to_write(spool: Spool, path: Path) -> None:
    spool.put("raw", ["a", "b"], now=3.0)
    seen = peek(path)
    assert seen is not None
    assert (seen.lines, seen.oldest_at) == (2, 3.0)
    assert peek(path.with_name("none.db")) is None


def test_a_newer_spool_is_refused_and_left_as_it_was(spool: Spool, path: Path) -> None:
    spool.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version=99")
    with pytest.raises(VersionTooNew):
        Spool(path)
    with pytest.raises(VersionTooNew):
        peek(path)


def test_another_file_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE theirs(a)")
    with pytest.raises(StoreError):
        Spool(path)


def test_a_put_that_fails_leaves_nothing_and_the_spool_usable(spool: Spool, path: Path) -> None:
    other = sqlite3.connect(path, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    spool._db.execute("PRAGMA busy_timeout=0")
    with pytest.raises(StoreUnavailable):
        spool.put("raw", ["lost"], now=1.0)
    other.rollback()
    other.close()
    spool.put("raw", ["kept"], now=1.0)
    assert drain(spool) == {"raw": ["kept"]}


def test_threads_put_while_another_sends_and_nothing_is_lost_or_doubled(spool: Spool) -> None:
    got: list[str] = []
    done = threading.Event()

    def put(who: int) -> None:
        for n in range(50):
            spool.put("raw", [f"{who}-{n}"], now=1.0)

    def send() -> None:
        while not (done.is_set() and spool.status().lines == 0):
            if (batch := spool.oldest(7)) is not None:
                got.extend(batch.lines)
                spool.sent(batch, now=2.0)

    writers = [threading.Thread(target=put, args=(n,)) for n in range(3)]
    sender = threading.Thread(target=send)
    for thread in (*writers, sender):
        thread.start()
    for thread in writers:
        thread.join(30)
    done.set()
    sender.join(30)
    assert sorted(got) == sorted(f"{who}-{n}" for who in range(3) for n in range(50))


lines = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), min_size=1)


@settings(max_examples=25, deadline=None)
@given(puts=st.lists(st.tuples(st.sampled_from(["raw", "5m"]), lines), max_size=8), most=st.integers(1, 20))
def test_whatever_is_put_comes_out_by_bucket_in_order(
    tmp_path_factory: pytest.TempPathFactory, puts: list[tuple[str, list[str]]], most: int
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.db")
    expected: dict[str, list[str]] = {}
    for bucket, some in puts:
        spool.put(bucket, some, now=1.0)
        expected.setdefault(bucket, []).extend(some)
    assert drain(spool, most) == expected
    spool.close()


WRITER = """
import sys
from pathlib import Path
from measurements.spool import Spool
spool = Spool(Path(sys.argv[1]))
for n in range(10**6):
    spool.put("raw", [f"m,n={n} v=1i {k}" for k in range(50)], now=1.0)
    print(n, flush=True)
"""


def test_a_process_killed_while_it_puts_has_lost_nothing_that_it_acknowledged(path: Path) -> None:
    acknowledged = 0
    for kill_after in (1, 7, 23, 40):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        assert writer.stdout is not None
        seen = [writer.stdout.readline() for _ in range(kill_after)]
        writer.kill()
        seen += writer.stdout.readlines()  # printed before the signal arrived: acknowledged as well
        writer.wait()
        whole = sum(1 for line in seen if line.endswith("\n"))
        spool = Spool(path)
        kept = spool.status().lines
        assert kept % 50 == 0
        assert kept // 50 - acknowledged in (whole, whole + 1)  # one more: stored, killed before it was said
        acknowledged = kept // 50
        spool.close()
