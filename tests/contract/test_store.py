"""What every `MeasurementStore` does. Runs once for each adapter in `conftest.reopen`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.reading import DeviceRow, Reading
from measurements.store import MeasurementStore
from tests.unit.measurements.make import full, port, reading, span

HOUR = 3600
DAY = 86_400
T0 = 1_790_010_000  # midnight of 2026-09-22 in Pontianak (17:00 UTC)
Open = Callable[[], MeasurementStore]


def minutes(count: int, *, device: str = "ap-1", first: int = T0, **more) -> list[Reading]:
    """Polls a minute apart; the uplink moves 6,000 octets a minute in, twice as much out."""
    return [reading(device, first + 60 * n, octets=6_000 * n, **more) for n in range(count)]


def test_latest_gives_back_all_that_was_told_and_what_was_derived(store: MeasurementStore) -> None:
    store.write([full(slot=T0)])
    latest = store.latest()["ap-1"]
    told = full(slot=T0)
    assert (latest.slot, latest.at, latest.lane) == (T0, T0 + 0.25, "slow")
    assert (latest.error_kind, latest.error) == ("unreachable", "no answer in 2 s")
    assert latest.answered_at == T0 + 0.25
    for name in ("ping_ok", "snmp_ok", "service_ok", "sys_up_time", "uptime_s", "clients", "temperature_c", "poll_ms"):
        assert latest.fields[name] == getattr(told.row, name)
    assert latest.fields["rtt_avg_ms"] == 2.5
    assert latest.fields["loss_ratio"] == pytest.approx(1 / 3)
    assert latest.interfaces["ether1"]["if_hc_in_octets"] == 2**63 + 5
    assert latest.interfaces["ether1"]["if_hc_out_octets"] == 2**64 - 1
    assert latest.interfaces["wlan1"]["if_hc_in_octets"] is None
    assert latest.radios["wlan1"]["noise_dbm"] == -95.5
    assert latest.services["dns:go.id"]["ok"] is True


def test_latest_holds_the_rates_of_the_last_two_readings(store: MeasurementStore) -> None:
    store.write(minutes(3))
    latest = store.latest(["ap-1", "no-such"])
    assert list(latest) == ["ap-1"]
    assert latest["ap-1"].fields["in_bps"] == 800.0
    assert latest["ap-1"].interfaces["ether1"]["out_bps"] == 1600.0


def test_latest_is_the_newest_by_time_whatever_the_order_of_arrival(store: MeasurementStore) -> None:
    polls = minutes(5)
    for poll in (polls[4], polls[1], polls[0], polls[3], polls[2]):
        store.write([poll])
    latest = store.latest()["ap-1"]
    assert latest.slot == polls[4].slot
    assert latest.fields["in_bps"] == 800.0  # against its neighbour, which came last


def test_a_device_that_falls_silent_keeps_what_it_last_told_of_its_parts_with_their_age(
    store: MeasurementStore,
) -> None:
    store.write(minutes(2))
    silent = T0 + 120
    row = DeviceRow(device="ap-1", slot=silent, snmp_ok=False)
    store.write([Reading(device="ap-1", slot=silent, at=silent + 2.0, row=row, error_kind="unreachable")])
    latest = store.latest()["ap-1"]
    assert (latest.slot, latest.answered_at, latest.fields["snmp_ok"]) == (silent, T0 + 61.5, False)
    assert latest.fields["clients"] is None
    assert latest.interfaces["ether1"]["slot"] == T0 + 60


def test_a_slot_is_overwritten_by_a_later_answer_and_never_by_an_older_one(store: MeasurementStore) -> None:
    store.write([reading(slot=T0, row={"clients": 1}, at=T0 + 10.0)])
    store.write([reading(slot=T0, row={"clients": 2}, at=T0 + 20.0)])
    store.write([reading(slot=T0, row={"clients": 3}, at=T0 + 15.0)])
    found = store.series("wifi_device", "ap-1", ["clients"], start=T0, end=T0 + 60, step_s=60)
    assert list(found.columns["clients"]) == [2.0]
    assert store.latest()["ap-1"].fields["clients"] == 2


def test_what_was_written_is_there_after_the_store_was_opened_again(reopen: Open) -> None:
    reopen().write(minutes(3))
    latest = reopen().latest()["ap-1"]
    assert latest.fields["in_bps"] == 800.0
    store = reopen()
    store.write(minutes(4)[3:])
    assert store.latest()["ap-1"].fields["in_bps"] == 800.0  # the neighbour was found on disk


def test_a_raw_series_has_a_slot_for_every_poll_and_none_where_there_was_none(store: MeasurementStore) -> None:
    polls = minutes(10)
    store.write(polls[:3] + polls[6:])
    found = store.series("interface", "ap-1", ["in_bps", "in_octets"], start=T0, end=T0 + 600, step_s=60, name="ether1")
    assert (found.tier, found.step_s) == ("raw", 60)
    assert list(found.slots) == [T0 + 60 * n for n in range(10)]
    hole = [None, 800.0, 800.0, None, None, None, None, 800.0, 800.0, 800.0]
    assert [None if v is None else round(v, 6) for v in found.columns["in_bps"]] == hole
    assert [v is None for v in found.columns["in_octets"]] == [v is None for v in hole]


def test_a_series_without_a_name_sums_the_uplinks(store: MeasurementStore) -> None:
    def two(slot: int, octets: int) -> Reading:
        base = reading(slot=slot, octets=octets)
        more = port("ap-1", slot, octets * 3, name="lte1")
        lan = port("ap-1", slot, octets * 100, name="ether2", is_uplink=False)
        return replace(base, interfaces=(*base.interfaces, more, lan))

    store.write([two(T0, 0), two(T0 + 60, 6_000)])
    found = store.series("interface", "ap-1", ["in_bps"], start=T0 + 60, end=T0 + 120, step_s=60)
    assert list(found.columns["in_bps"]) == [pytest.approx(3200.0)]


def test_summaries_of_a_tier_come_from_every_poll_with_smallest_and_largest(store: MeasurementStore) -> None:
    polls = [reading(slot=T0 + 60 * n, octets=6_000 * n, row={"clients": n % 10}) for n in range(180)]
    store.write(polls)
    store.maintain(T0 + 180 * 60 + 600)
    fields = ["clients", "clients_min", "clients_max", "snmp_ok", "polls"]
    for step, tier, width in ((300, "5m", 5), (3600, "1h", 60)):
        found = store.series("wifi_device", "ap-1", fields, start=T0, end=T0 + 180 * 60, step_s=step)
        assert (found.tier, found.step_s, len(found.slots)) == (tier, step, 180 // width)
        for n in range(180 // width):
            told = [p.row.clients for p in polls[n * width : (n + 1) * width]]
            assert found.columns["clients"][n] == pytest.approx(sum(told) / width)
            assert found.columns["clients_min"][n] == min(told)
            assert found.columns["clients_max"][n] == max(told)
            assert found.columns["snmp_ok"][n] == 1.0
            assert found.columns["polls"][n] == width
    hours = store.series("interface", "ap-1", ["in_octets", "in_bps"], start=T0, end=T0 + 10_800, step_s=3600)
    assert list(hours.columns["in_octets"]) == [59 * 6_000, 60 * 6_000, 60 * 6_000]
    assert list(hours.columns["in_bps"]) == [pytest.approx(800.0)] * 3


def test_the_newest_buckets_of_a_tier_are_drawn_before_they_are_rolled_up(store: MeasurementStore) -> None:
    store.write(minutes(100))
    before = store.series("wifi_device", "ap-1", ["clients", "polls"], start=T0, end=T0 + 6000, step_s=300)
    store.maintain(T0 + 3600)
    half = store.series("wifi_device", "ap-1", ["clients", "polls"], start=T0, end=T0 + 6000, step_s=300)
    store.maintain(T0 + 7200)
    after = store.series("wifi_device", "ap-1", ["clients", "polls"], start=T0, end=T0 + 6000, step_s=300)
    assert before.columns == half.columns == after.columns
    assert list(after.columns["polls"]) == [5.0] * 20


def test_a_hole_is_none_in_every_column_of_every_tier(store: MeasurementStore) -> None:
    polls = minutes(360)
    store.write(polls[:60] + polls[180:])
    store.maintain(T0 + 360 * 60 + 600)
    for step in (300, 3600):
        found = store.series("wifi_device", "ap-1", ["clients", "polls"], start=T0, end=T0 + 360 * 60, step_s=step)
        for column in found.columns.values():
            assert [v is None for v in column] == [T0 + 3600 <= slot < T0 + 10_800 for slot in found.slots]


def test_late_readings_change_the_buckets_they_fall_into_as_if_they_had_come_in_time(reopen: Open) -> None:
    polls = minutes(240)
    late = [poll for n, poll in enumerate(polls) if n % 7 == 3 or 90 <= n < 100]
    store = reopen()
    store.write([poll for poll in polls if poll not in late])
    store.maintain(T0 + 240 * 60 + 600)
    for poll in reversed(late):
        store.write([poll])
    store.maintain(T0 + 240 * 60 + 600)
    for step in (300, 3600):
        devices = store.series("wifi_device", "ap-1", ["polls"], start=T0, end=T0 + 240 * 60, step_s=step)
        assert list(devices.columns["polls"]) == [step / 60] * len(devices.slots)
        ports = store.series("interface", "ap-1", ["in_octets"], start=T0, end=T0 + 240 * 60, step_s=step)
        assert sum(v or 0 for v in ports.columns["in_octets"]) == 239 * 6_000


def test_upkeep_again_and_again_counts_nothing_twice(store: MeasurementStore) -> None:
    store.write(minutes(120))
    for _ in range(3):
        store.maintain(T0 + 9000)
    found = store.series("wifi_device", "ap-1", ["polls"], start=T0, end=T0 + 7200, step_s=3600)
    assert list(found.columns["polls"]) == [60.0, 60.0]


def test_two_devices_do_not_mix(store: MeasurementStore) -> None:
    store.write(minutes(10, device="ap-1") + minutes(10, device="ap-2", row={"clients": 90}))
    store.maintain(T0 + 3600)
    for device, clients in (("ap-1", 7.0), ("ap-2", 90.0)):
        found = store.series("wifi_device", device, ["clients"], start=T0, end=T0 + 600, step_s=300)
        assert list(found.columns["clients"]) == [clients, clients]


def test_intervals_open_extend_and_close_by_their_key(store: MeasurementStore) -> None:
    store.write_intervals([span(T0, None, seen=T0)])
    store.write_intervals([span(T0, None, seen=T0 + 600)])
    assert store.intervals(None, "snmp", start=T0, end=T0 + 1) == [span(T0, None, seen=T0 + 600)]
    down = span(T0 + 900, None, State.DOWN, seen=T0 + 900, cause="silent", evidence='{"lost": 3}')
    store.write_intervals([span(T0, T0 + 900, seen=T0 + 840), down])
    assert store.intervals(["device:ap-1"], "snmp", start=T0, end=T0 + 5000) == [
        span(T0, T0 + 900, seen=T0 + 840),
        down,
    ]
    assert store.intervals(None, "snmp", start=T0 + 900, end=T0 + 5000) == [down]
    assert store.intervals(None, "ping", start=T0, end=T0 + 5000) == []
    assert store.intervals(["device:ap-2"], "snmp", start=T0, end=T0 + 5000) == []


def test_outages_are_found_by_their_time_newest_first(store: MeasurementStore) -> None:
    def outage(name: str, started: float, ended: float | None) -> Outage:
        return Outage(
            id=name, state="down", cause="silent", started=started, ended=ended, sites=("s-1", "s-2"),
            devices=("ap-1",),
            root="r-1", people=420, evidence=None,
        )  # fmt: skip

    store.write_outages([outage("a", 100, 200), outage("b", 150, None)])
    store.write_outages([outage("c", 300, 400)])
    assert [each.id for each in store.outages(start=0, end=1000)] == ["c", "b", "a"]
    assert [each.id for each in store.outages(start=200, end=300)] == ["b"]
    assert store.outages(start=0, end=1000, open_only=True) == [outage("b", 150, None)]
    store.write_outages([outage("b", 150, 500)])
    assert store.outages(start=0, end=1000, open_only=True) == []


def days(store: MeasurementStore, count: int) -> None:
    """Two devices polled every 5 minutes for some days; the second is down from 06:00 to 12:00 WIB each day."""
    for day in range(count):
        first = T0 + day * DAY
        for device in ("ap-1", "ap-2"):
            polls = [
                reading(
                    device,
                    first + 300 * n,
                    octets=30_000 * (288 * day + n),
                    interval_s=300,
                    row={"clients": n % 288 // 24},
                )
                for n in range(288)
            ]
            store.write(polls)
        up, down = (first + 12 * HOUR, first + DAY), (first + 6 * HOUR, first + 12 * HOUR)
        store.write_intervals([
            span(first, first + DAY),
            span(first, first + 6 * HOUR, subject="device:ap-2"),
            span(*down, State.DOWN, subject="device:ap-2"),
            span(*up, subject="device:ap-2"),
        ])  # fmt: skip


def test_a_summary_adds_up_civil_days_and_the_parts_of_days_at_its_edges(store: MeasurementStore) -> None:
    days(store, 4)
    store.maintain(T0 + 4 * DAY + 600)
    whole = store.summary("snmp", start=T0 + DAY, end=T0 + 3 * DAY)
    assert [each.subject for each in whole] == ["device:ap-1", "device:ap-2"]
    assert (whole[0].up_s, whole[0].down_s, whole[0].unknown_s) == (2 * DAY, 0, 0)
    assert (whole[1].up_s, whole[1].down_s) == (36 * HOUR, 12 * HOUR)
    assert whole[1].availability_ratio == 0.75
    assert (whole[0].in_octets, whole[0].out_octets) == (576 * 30_000, 576 * 60_000)
    assert (whole[0].clients_mean, whole[0].clients_max) == (5.5, 11)
    # From 03:00 of the first day to 09:00 of the fourth.
    (edges,) = store.summary("snmp", start=T0 + 3 * HOUR, end=T0 + 3 * DAY + 9 * HOUR, subjects=["device:ap-2"])
    assert (edges.up_s, edges.down_s) == (15 * HOUR + 2 * 18 * HOUR + 6 * HOUR, 6 * HOUR + 2 * 6 * HOUR + 3 * HOUR)
    assert edges.unknown_s == 0


@pytest.mark.parametrize("upkept", [0, 1, 2])
def test_a_summary_says_the_same_before_and_after_upkeep(store: MeasurementStore, upkept: int) -> None:
    days(store, 2)
    if upkept:
        store.maintain(T0 + upkept * DAY + 600)
    found = store.summary("snmp", start=T0 + HOUR, end=T0 + 2 * DAY)
    assert [(each.up_s, each.down_s, each.unknown_s) for each in found] == [
        (47 * HOUR, 0, 0),
        (35 * HOUR, 12 * HOUR, 0),
    ]


def test_a_named_subject_that_was_never_seen_is_all_unknown(store: MeasurementStore) -> None:
    store.write_intervals([span(T0, None, seen=T0 + 600)])
    never, seen = store.summary("snmp", start=T0, end=T0 + HOUR, subjects=["device:none", "device:ap-1"])
    assert (never.unknown_s, never.availability_ratio) == (HOUR, None)
    assert seen.up_s + seen.unknown_s == HOUR
    assert seen.unknown_s > 0  # it is not up for ever because nobody said otherwise


def test_an_interval_that_is_told_late_changes_days_that_were_made(store: MeasurementStore) -> None:
    days(store, 3)
    store.maintain(T0 + 3 * DAY + 600)
    early = span(T0 + DAY, T0 + DAY + HOUR)
    rest = span(T0 + DAY + HOUR, T0 + 2 * DAY, State.DOWN)
    store.write_intervals([early, rest])  # the second day of ap-1 was not up after all
    store.maintain(T0 + 3 * DAY + 700)
    (found,) = store.summary("snmp", start=T0, end=T0 + 3 * DAY, subjects=["device:ap-1"])
    assert (found.up_s, found.down_s) == (2 * DAY + HOUR, 23 * HOUR)


def test_areas_hold_what_stood_in_them_at_the_time(store: MeasurementStore) -> None:
    days(store, 2)

    def area(subject: str, at: float) -> str | None:
        if subject == "device:ap-1":
            return "61.01.01" if at < T0 + DAY else "61.08.02"
        return "61.01.02" if subject == "device:ap-2" else None

    store.areas = area
    store.maintain(T0 + 2 * DAY + 600)
    found = {each.subject: each for each in store.summary("snmp", start=T0, end=T0 + 2 * DAY, by="area")}
    assert sorted(found) == ["61.01.01", "61.01.02", "61.08.02"]
    assert (found["61.01.01"].up_s, found["61.01.01"].unknown_s) == (DAY, 0)
    assert found["61.08.02"].up_s == DAY
    assert found["61.01.02"].down_s == 12 * HOUR
    assert found["61.01.02"].in_octets == 575 * 30_000
    both, other = store.summary("snmp", start=T0, end=T0 + 2 * DAY, by="area", subjects=["61.01", "61.08"])
    assert (both.subject, both.up_s, both.down_s) == ("61.01", DAY + 36 * HOUR, 12 * HOUR)
    assert other.clients_mean == pytest.approx(5.5)
    edge = store.summary("snmp", start=T0 + 20 * HOUR, end=T0 + DAY, by="area", subjects=["61.01.01"])
    assert edge[0].up_s == 4 * HOUR


def test_sites_count_in_the_question_of_their_state(store: MeasurementStore) -> None:
    store.write(minutes(70))
    store.write_intervals([
        Interval(subject="site:s-1", question="state", state=State.DEGRADED, start=T0, end=T0 + HOUR),
        Interval(subject="device:ap-1", question="state", state=State.UP, start=T0, end=T0 + HOUR),
    ])  # fmt: skip
    store.areas = lambda subject, at: "61.01.01"
    store.maintain(T0 + 2 * HOUR)
    (found,) = store.summary("state", start=T0, end=T0 + HOUR, by="area")
    assert (found.up_s, found.degraded_s) == (HOUR, HOUR)


def test_days_are_drawn_as_civil_days(store: MeasurementStore) -> None:
    days(store, 3)
    store.maintain(T0 + 3 * DAY + 600)
    found = store.series("wifi_device", "ap-1", ["polls", "clients_max"], start=T0, end=T0 + 3 * DAY, step_s=DAY)
    assert (found.tier, list(found.slots)) == ("1d", [T0, T0 + DAY, T0 + 2 * DAY])
    assert list(found.columns["polls"]) == [288.0] * 3


def test_status_says_how_far_things_are(store: MeasurementStore) -> None:
    assert store.status().newest_slot is None
    store.write(minutes(10))
    store.maintain(T0 + 600 + 600)
    status = store.status()
    assert status.newest_slot == T0 + 540
    assert status.bytes_on_disk > 0
    assert status.lag_s == 0


def test_an_empty_store_answers_everything_with_nothing(store: MeasurementStore) -> None:
    store.maintain(T0)
    assert store.latest() == {}
    assert store.intervals(None, "snmp", start=0, end=T0) == []
    assert store.outages(start=0, end=T0) == []
    assert store.summary("snmp", start=T0 - DAY, end=T0) == []
    assert store.summary("snmp", start=T0 - DAY, end=T0, by="area") == []
    found = store.series("wifi_device", "ap-1", ["clients"], start=T0, end=T0 + 600, step_s=300)
    assert list(found.columns["clients"]) == [None, None]
    store.write([])
    store.write_intervals([])
