"""What only the embedded store does: day files, sealing, retention, the cache after a loss, the files' shape."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from measurements.errors import StoreBusy, StoreUnavailable, VersionTooNew, WriteRejected
from measurements.intervals import State
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, ServiceRow
from measurements.sqlite import raw_schema
from measurements.sqlite.raw_schema import PORTS, RAW
from measurements.sqlite.rawfiles import RawFiles, day_of, days_kept, is_sealed, path_of
from measurements.sqlite.reader import SqliteReader, open_reader
from measurements.sqlite.settings import read_retention, write_retention
from measurements.sqlite.store import SqliteStore
from measurements.store import Retention
from tests.unit.measurements.make import T0, full, reading, span

DAY = 86_400
MIDNIGHT = 1_790_035_200  # 2026-09-22T00:00Z


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "state")
    yield opened
    opened.close()


def polls(first: int, count: int, *, step: int = 300, device: str = "ap-1"):
    return [
        reading(device, first + step * n, octets=600 * ((first - MIDNIGHT) // step + n), interval_s=step)
        for n in range(count)
    ]


def test_the_columns_of_the_files_are_the_fields_of_the_rows() -> None:
    """A new field needs a new version of the file and a migration."""
    keys = {"device", "slot", "radio", "if_name", "check"}
    for row, columns in (
        (DeviceRow, raw_schema.DEVICE_FIELDS), (PingRow, raw_schema.PING_FIELDS), (RadioRow, raw_schema.RADIO_FIELDS),
        (ServiceRow, raw_schema.SERVICE_FIELDS), (InterfaceRow, raw_schema.INTERFACE_FIELDS),
    ):  # fmt: skip
        assert tuple(f.name for f in fields(row) if f.name not in keys) == columns
    db = sqlite3.connect(":memory:")
    db.executescript(RAW.schema)
    db.executescript(PORTS.schema.replace("CREATE TABLE word", "CREATE TABLE word_of_ports"))
    for table, columns in (
        ("wifi_device", raw_schema.DEVICE_FIELDS), ("ping", raw_schema.PING_FIELDS), ("radio", raw_schema.RADIO_FIELDS),
        ("service", raw_schema.SERVICE_FIELDS), ("interface", raw_schema.INTERFACE_FIELDS),
    ):  # fmt: skip
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        assert tuple(name for name in names if name in columns) == columns


def test_a_raw_reading_comes_back_as_it_was_written(store: SqliteStore) -> None:
    told = full(slot=MIDNIGHT)
    store.write([told])
    assert list(store.raw.readings(MIDNIGHT, MIDNIGHT + 1)) == [told]
    (uplinks,) = store.raw.readings(MIDNIGHT, MIDNIGHT + 1, ports="uplink")
    assert [row.if_name for row in uplinks.interfaces] == ["ether1"]
    (none,) = store.raw.readings(MIDNIGHT, MIDNIGHT + 1, devices=["ap-1"], ports="none")
    assert none.interfaces == ()


def test_a_slot_written_again_loses_the_ports_that_are_gone(store: SqliteStore) -> None:
    store.write([full(slot=MIDNIGHT)])
    store.write([reading(slot=MIDNIGHT, octets=5, at=MIDNIGHT + 9.0)])
    (found,) = store.raw.readings(MIDNIGHT, MIDNIGHT + 1)
    assert [row.if_name for row in found.interfaces] == ["ether1"]
    assert found.radios == ()


def test_readings_stand_in_the_file_of_their_utc_day(store: SqliteStore) -> None:
    store.write(polls(MIDNIGHT - 600, 4))
    assert [day.isoformat() for day in days_kept(store.raw.folder, RAW)] == ["2026-09-21", "2026-09-22"]
    assert len(list(store.raw.readings(MIDNIGHT - 600, MIDNIGHT + 600))) == 4


def test_a_finished_day_is_sealed_and_a_late_reading_still_goes_in(store: SqliteStore) -> None:
    store.write(polls(MIDNIGHT - 3000, 10))
    store.write(polls(MIDNIGHT, 12))
    store.maintain(MIDNIGHT + 4 * 3600)
    path = path_of(store.raw.folder, RAW, day_of(MIDNIGHT - 1))
    assert is_sealed(path)
    assert not list(store.raw.folder.glob(path.name + "-*"))  # no log beside it
    late = reading("ap-2", MIDNIGHT - 600)
    store.write([late])
    assert not is_sealed(path)
    assert late.device in {r.device for r in store.raw.readings(MIDNIGHT - 600, MIDNIGHT)}
    store.maintain(MIDNIGHT + 5 * 3600)
    assert is_sealed(path)
    found = store.series("wifi_device", "ap-2", ["polls"], start=MIDNIGHT - 600, end=MIDNIGHT, step_s=300)
    assert found.columns["polls"][0] == 1


def test_whole_days_are_deleted_when_their_time_has_passed_ports_sooner_than_devices(store: SqliteStore) -> None:
    for day in range(9):
        store.write(polls(MIDNIGHT + day * DAY, 12))
        store.maintain(MIDNIGHT + day * DAY + 7200)
    now = MIDNIGHT + 8 * DAY + 7200
    assert len(days_kept(store.raw.folder, RAW)) == 8  # today and seven before
    assert len(days_kept(store.raw.folder, PORTS)) == 3
    hours = store.series("interface", "ap-1", ["in_octets"], start=MIDNIGHT, end=now, step_s=3600)
    assert sum(v or 0 for v in hours.columns["in_octets"]) == 9 * 11 * 600


def test_upkeep_that_is_asked_to_stop_gives_up_between_buckets_and_goes_on_the_next_time(tmp_path: Path) -> None:
    asked: list[int] = []

    def stop_at(piece: int) -> Callable[[], bool]:
        asked.clear()
        return lambda: asked.append(1) or len(asked) > piece  # type: ignore[func-returns-value]

    def summed(store: SqliteStore) -> list[tuple[object, ...]]:
        return store.in_writer(
            lambda db: [tuple(row) for tier in ("5m", "1h") for row in db.execute(f"SELECT * FROM wifi_device_{tier}")]
        )

    now = MIDNIGHT + 9 * 3600.0
    with SqliteStore.open(tmp_path / "whole") as store:
        store.write(polls(MIDNIGHT, 90))
        assert store.maintain(now, stop=lambda: False)
        wanted = summed(store)
    with SqliteStore.open(tmp_path / "state") as store:
        store.write(polls(MIDNIGHT, 90))
        given_up = [piece for piece in range(200) if not store.maintain(now, stop=stop_at(piece))]
        assert len(given_up) > 5
        assert summed(store) == wanted


def test_nothing_is_deleted_before_it_is_rolled_up(store: SqliteStore) -> None:
    for day in range(12):  # twelve days without upkeep
        store.write(polls(MIDNIGHT + day * DAY, 12))
    store.maintain(MIDNIGHT + 11 * DAY + 7200)
    found = store.series("wifi_device", "ap-1", ["polls"], start=MIDNIGHT, end=MIDNIGHT + 12 * DAY, step_s=DAY)
    assert sum(v or 0 for v in found.columns["polls"]) == 12 * 12


def test_a_reading_that_comes_after_its_day_was_deleted_adds_itself_and_spoils_nobody(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path, retention=Retention(raw_days=2, interface_days=2)) as store:
        store.write(polls(MIDNIGHT, 12, device="ap-1"))
        for day in range(1, 6):
            store.write(polls(MIDNIGHT + day * DAY, 12, device="ap-1"))
            store.maintain(MIDNIGHT + day * DAY + 7200)
        now = MIDNIGHT + 5 * DAY + 7200
        # A site behind a dead link: its own readings of that hour, and one of ap-1 that is not the whole truth.
        store.write([*polls(MIDNIGHT, 12, device="ap-2"), polls(MIDNIGHT + 60, 1, device="ap-1")[0]])
        store.maintain(now)
        store.maintain(now + 300)
        for device in ("ap-1", "ap-2"):
            found = store.series("wifi_device", device, ["polls"], start=MIDNIGHT, end=MIDNIGHT + 3600, step_s=3600)
            assert list(found.columns["polls"]) == [12.0], device


def test_the_cache_of_the_last_known_is_made_again_when_history_is_lost(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write(polls(MIDNIGHT, 12))
        before = store.latest()
    for path in tmp_path.glob("history.db*"):
        path.unlink()
    with SqliteStore.open(tmp_path) as store:
        assert {k: dict(v.fields) for k, v in store.latest().items()} == {k: dict(v.fields) for k, v in before.items()}
        store.maintain(MIDNIGHT + 7200)
        found = store.series("wifi_device", "ap-1", ["polls"], start=MIDNIGHT, end=MIDNIGHT + 3600, step_s=3600)
        assert list(found.columns["polls"]) == [12.0]


def test_raw_rows_that_the_cache_has_not_seen_are_taken_in_at_the_start(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write(polls(MIDNIGHT, 10))
        store._flush = lambda devices: None  # a kill between the two files
        store.write(polls(MIDNIGHT + 3000, 2))
    with SqliteStore.open(tmp_path) as store:
        latest = store.latest()["ap-1"]
        assert (latest.slot, latest.fields["in_bps"]) == (MIDNIGHT + 3300, 16.0)
    assert open_reader(tmp_path).latest()["ap-1"].slot == MIDNIGHT + 3300


def _as_version_1(path: Path, *, sealed: bool) -> None:
    """Make a day file again as the program before wrote it."""
    path.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=DELETE")
    db.execute("ALTER TABLE wifi_device DROP COLUMN disk_ratio")
    db.execute("PRAGMA user_version=1")
    db.close()
    path.chmod(0o400 if sealed else 0o600)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_day_of_version_1_is_read_and_written_on(tmp_path: Path, sealed: bool) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write([full(octets=5)])
    path = path_of(tmp_path / "raw", RAW, day_of(T0))
    _as_version_1(path, sealed=sealed)
    before = replace(full(octets=5), row=replace(full().row, disk_ratio=None))
    with SqliteStore.open(tmp_path) as store:
        assert list(store.raw.readings(T0, T0 + 60)) == [before]
        later = full(slot=T0 + 300, octets=9)
        store.write([later])
        assert list(store.raw.readings(T0, T0 + 600)) == [before, later]
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    db.close()
    copy = path.with_name(path.name + ".v1")
    assert copy.exists()
    files = RawFiles(tmp_path / "raw")
    files.expire(day_of(T0 + 9 * 86_400), day_of(T0 + 9 * 86_400))
    files.close()
    assert list((tmp_path / "raw").iterdir()) == []


def test_a_finished_day_of_version_1_is_not_rewritten_for_reading(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write([full()])
    path = path_of(tmp_path / "raw", RAW, day_of(T0))
    _as_version_1(path, sealed=True)
    was = path.read_bytes()
    with SqliteStore.open(tmp_path) as store:
        assert [r.row.disk_ratio for r in store.raw.readings(T0, T0 + 60)] == [None]
    assert path.read_bytes() == was


def test_a_last_known_of_before_a_field_was_added_is_still_understood(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write([full()])
    db = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    kept = json.loads(db.execute("SELECT fields FROM latest").fetchone()[0])
    assert kept.pop() == 0.75
    db.execute("UPDATE latest SET fields = ?", (json.dumps(kept),))
    db.close()
    (found,) = SqliteReader(tmp_path).latest().values()
    assert found.fields["disk_ratio"] is None
    assert found.fields["memory_ratio"] == 0.5


def test_a_device_that_was_silent_all_the_time_that_was_read_says_when_it_last_answered(tmp_path: Path) -> None:
    answered = T0 - 3 * DAY + 7.0
    up = replace(span(answered - 60, answered + 60), seen=answered)
    closed = [up, replace(up, question="service", start=up.start - 60, seen=answered - 60.0)]
    down = span(answered + 60, None, State.DOWN)
    with SqliteStore.open(tmp_path) as store:
        store.write_intervals([*closed, down])
        for n in range(3):
            silent = replace(reading(slot=T0 + 60 * n, octets=None, row={"snmp_ok": False}), error_kind="unreachable")
            store.write([silent, replace(silent, device="ap-2", row=replace(silent.row, device="ap-2"))])
    with SqliteStore.open(tmp_path) as store:
        assert store.latest()["ap-1"].answered_at == answered
        assert store.latest()["ap-2"].answered_at is None
        store.write([replace(silent, slot=T0 + 240, at=T0 + 241.0)])
        assert store.latest()["ap-1"].answered_at == answered


def test_a_second_owner_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path) as store:
        store.write(polls(MIDNIGHT, 2))
        with pytest.raises(StoreBusy):
            SqliteStore.open(tmp_path)
        reader = open_reader(tmp_path)
        assert reader.latest()["ap-1"].fields["in_bps"] == 16.0
        assert reader.latest(["ap-1"])["ap-1"].interfaces["ether1"]["speed_bps"] == 10**9
        assert not hasattr(reader, "write")


def test_files_of_a_newer_program_are_refused(tmp_path: Path) -> None:
    SqliteStore.open(tmp_path).close()
    db = sqlite3.connect(tmp_path / "history.db")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(VersionTooNew):
        SqliteStore.open(tmp_path)
    with pytest.raises(VersionTooNew):
        open_reader(tmp_path).latest()
    StoreBusyFree = SqliteStore  # the refused opening let go of the directory
    db = sqlite3.connect(tmp_path / "history.db")
    db.execute("PRAGMA user_version=1")
    db.close()
    StoreBusyFree.open(tmp_path).close()


def test_one_row_the_table_refuses_does_not_refuse_its_neighbours(store: SqliteStore) -> None:
    bad = reading("ap-bad", MIDNIGHT, row={"clients": 2**70})
    with pytest.raises(WriteRejected):
        store.write([bad])
    store.write(polls(MIDNIGHT, 1))
    assert list(store.latest()) == ["ap-1"]
    assert [r.device for r in store.raw.readings(MIDNIGHT, MIDNIGHT + 300)] == ["ap-1"]


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.write(polls(MIDNIGHT, 1))


def test_another_zone_makes_the_days_again(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path, zone="Asia/Pontianak") as store:
        store.write(polls(MIDNIGHT, 3 * 288))
        store.write_intervals([span(MIDNIGHT, MIDNIGHT + 3 * DAY)])
        store.maintain(MIDNIGHT + 3 * DAY + 600)
    with SqliteStore.open(tmp_path, zone="Asia/Makassar") as store:
        store.maintain(MIDNIGHT + 3 * DAY + 600)
        found = store.series("wifi_device", "ap-1", ["polls"], start=MIDNIGHT, end=MIDNIGHT + 2 * DAY, step_s=DAY)
        assert found.slots[1] % DAY == 16 * 3600  # midnight in Makassar is 16:00 UTC
        assert found.columns["polls"][1] == 288
        assert store.summary("snmp", start=MIDNIGHT, end=MIDNIGHT + DAY)[0].up_s == DAY


def test_retention_is_kept_in_a_file_that_the_next_upkeep_reads(store: SqliteStore) -> None:
    assert read_retention(store.root) == Retention()
    for day in range(5):
        store.write(polls(MIDNIGHT + day * DAY, 2))
    now = MIDNIGHT + 4 * DAY + 7200
    store.maintain(now)
    assert len(days_kept(store.raw.folder, RAW)) == 5
    write_retention(store.root, Retention(raw_days=2))
    assert read_retention(store.root).raw_days == 2
    store.maintain(now)
    assert len(days_kept(store.raw.folder, RAW)) == 3


def test_a_tier_is_never_kept_for_less_than_two_days() -> None:
    with pytest.raises(ValueError, match="at least 2 days"):
        Retention(interface_days=1)


def test_files_are_for_their_owner_only(store: SqliteStore) -> None:
    store.write(polls(MIDNIGHT, 1))
    for path in [store.history, *store.raw.folder.iterdir()]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_every_bucket_is_published_before_it_is_committed(tmp_path: Path) -> None:
    seen: list[tuple[str, str, int]] = []
    store = SqliteStore.open(tmp_path, publish=lambda kind, tier, bucket, rolled: seen.append((kind, tier, bucket)))
    with store:
        store.write(polls(MIDNIGHT, 24))
        store.maintain(MIDNIGHT + 2 * 3600 + 600)
    assert {(kind, tier) for kind, tier, _ in seen} == {
        ("wifi_device", "5m"), ("interface", "5m"), ("wifi_device", "1h"), ("interface", "1h"),
    }  # fmt: skip
    assert len([1 for kind, tier, _ in seen if (kind, tier) == ("wifi_device", "5m")]) == 24
    stored = dict(open_reader(tmp_path).tier_buckets("wifi_device", "1h", start=MIDNIGHT, end=MIDNIGHT + DAY))
    assert {bucket: rolled["ap-1", None]["polls"] for bucket, rolled in stored.items()} == {
        MIDNIGHT: 12,
        MIDNIGHT + 3600: 12,
    }
