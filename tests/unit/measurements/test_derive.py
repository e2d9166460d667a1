"""Rates: hand-calculated cases of every rule, and properties over made-up histories."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurements.derive import Break, Stamp, counter_delta, derive, span
from measurements.reading import DeviceRow, InterfaceRow, PingRow, Reading
from tests.unit.measurements.make import T0, port, reading

TICKS = 1 << 32


def rates(*readings: Reading, name: str = "ether1"):
    return [each.interfaces.get(name) for each in derive(readings)]


def test_a_rate_is_octets_times_eight_over_the_precise_seconds_between_two_answers() -> None:
    a = reading(slot=T0, octets=1_000, at=T0 + 2.0)
    b = reading(slot=T0 + 60, octets=601_000, at=T0 + 52.0)
    _, after = rates(a, b)
    assert after.seconds == 50.0
    assert after.in_octets == 600_000
    assert after.in_bps == 96_000.0
    assert after.out_bps == 192_000.0
    assert after.utilisation_ratio == pytest.approx(192e3 / 1e9)


def test_the_first_reading_of_a_port_has_no_rate() -> None:
    (only,) = derive([reading()])
    assert only.span.broken is Break.FIRST
    assert only.interfaces["ether1"].in_bps is None
    assert only.in_bps is None


def test_one_missed_poll_is_bridged_and_two_are_a_hole() -> None:
    bridged = rates(reading(slot=T0), reading(slot=T0 + 120, octets=9_000))
    assert bridged[1].in_octets == 9_000
    hole = derive([reading(slot=T0), reading(slot=T0 + 180, octets=9_000)])
    assert hole[1].span.broken is Break.GAP
    assert hole[1].interfaces["ether1"].in_bps is None


def test_the_longer_of_two_poll_intervals_says_what_a_hole_is() -> None:
    slow = rates(reading(slot=T0, interval_s=300), reading(slot=T0 + 600, octets=9_000, interval_s=60))
    assert slow[1].in_octets == 9_000


def test_a_restart_gives_no_rate_and_says_when_the_host_began() -> None:
    before, after = derive([reading(up=5_000), reading(slot=T0 + 60, octets=50, up=20, at=T0 + 61)])
    assert before.rebooted_at is None
    assert after.span.broken is Break.RESTART
    assert after.rebooted_at == T0 + 41
    assert after.interfaces["ether1"].in_octets is None


def test_a_restart_is_seen_though_the_uptime_is_larger_than_before() -> None:
    # Up 10 s, then off; an hour later it has been up for 1000 s: more than before, yet another run.
    _, after = derive([reading(up=10), reading(slot=T0 + 3600, up=1000)])
    assert after.span.rebooted


def test_a_restart_is_told_across_a_hole() -> None:
    _, after = derive([reading(up=5_000), reading(slot=T0 + 7200, up=60)])
    assert after.span.broken is Break.RESTART


@pytest.mark.parametrize("clock", ["sys_up_time", "uptime_s"])
def test_a_restart_is_seen_across_a_failed_poll_by_whichever_uptime_is_told(clock: str) -> None:
    def told(slot: int, seconds: float | None) -> Reading:
        known = {} if seconds is None else {clock: round(seconds * 100) if clock == "sys_up_time" else seconds}
        return Reading(device="ap-1", slot=slot, at=slot + 1.0, row=DeviceRow(device="ap-1", slot=slot, **known))

    *_, after = derive([told(T0, 90_000.0), told(T0 + 60, None), told(T0 + 120, 30.0)])
    assert after.span.broken is Break.RESTART
    assert after.rebooted_at == T0 + 91
    *_, steady = derive([told(T0, 90_000.0), told(T0 + 60, None), told(T0 + 120, 90_120.0)])
    assert steady.rebooted_at is None


def test_the_wrap_of_sys_up_time_after_497_days_is_no_restart() -> None:
    _, after = derive([reading(up=TICKS / 100 - 30), reading(slot=T0 + 60, octets=600, up=TICKS / 100 + 30)])
    assert after.span.broken is None
    assert after.interfaces["ether1"].in_octets == 600


def test_an_agent_restart_ends_rates_but_is_no_reboot_when_the_host_tells_it_went_on() -> None:
    a = reading(up=5_000, row={"uptime_s": 90_000.0})
    b = reading(slot=T0 + 60, octets=10, up=5, row={"uptime_s": 90_060.0})
    _, after = derive([a, b])
    assert after.span.broken is Break.RESTART
    assert after.rebooted_at is None


def test_a_clock_step_forward_or_back_gives_no_rate_and_no_restart() -> None:
    ahead = derive([reading(up=50_000), reading(slot=T0 + 3660, octets=5, up=50_060)])[1]
    assert ahead.span.broken is Break.CLOCK
    back = derive([reading(up=50_000, at=T0 + 3600.0), reading(slot=T0 + 60, octets=5, up=50_060, at=T0 + 60.0)])[1]
    assert back.span.broken is Break.CLOCK
    assert not ahead.span.rebooted
    assert not back.span.rebooted


def test_a_changed_serial_is_another_box_and_a_changed_mac_only_where_no_serial_is_told() -> None:
    def pair(one: tuple[str | None, str | None], two: tuple[str | None, str | None]) -> Break | None:
        return derive([reading(box=one), reading(slot=T0 + 60, octets=1, box=two)])[1].span.broken

    assert pair(("A", "m1"), ("B", "m1")) is Break.BOX
    assert pair(("A", "m1"), ("A", "m2")) is None
    assert pair((None, "m1"), (None, "m2")) is Break.BOX
    assert pair(("A", None), (None, "m2")) is None


def test_a_changed_discontinuity_time_or_counter_width_ends_the_rate_of_that_port_alone() -> None:
    def second(**more) -> Reading:
        return reading(slot=T0 + 60, octets=100, port=more)

    assert rates(reading(port={"discontinuity": 1}), second(discontinuity=2))[1].in_octets is None
    assert rates(reading(port={"counter_bits": 32}), second(counter_bits=64))[1].in_octets is None
    assert derive([reading(port={"discontinuity": 1}), second(discontinuity=2)])[1].span.broken is None


def test_one_wrap_of_a_32_bit_counter_is_taken_when_the_line_could_carry_it() -> None:
    # 100 Mbit/s carry 750 MB a minute: 2^32 - 1e6 -> 2e6 is 3 MB, fine; half the range is not.
    assert counter_delta(TICKS - 10**6, 2 * 10**6, bits=32, seconds=60, speed_bps=10**8) == 3 * 10**6
    assert counter_delta(TICKS // 2, 0, bits=32, seconds=60, speed_bps=10**8) is None


def test_without_a_credible_speed_a_wrap_is_taken_below_half_the_range() -> None:
    assert counter_delta(TICKS - 5, 5, bits=32, seconds=60, speed_bps=None) == 10
    assert counter_delta(100, 5, bits=32, seconds=60, speed_bps=None) is None


def test_a_64_bit_counter_that_went_back_was_reset() -> None:
    assert counter_delta(2**64 - 5, 5, bits=64, seconds=60, speed_bps=10**9) is None


def test_more_than_the_line_carries_is_no_rate_and_a_little_more_is_held_at_the_line_speed() -> None:
    minute = 10**9 * 60 // 8
    assert rates(reading(), reading(slot=T0 + 60, octets=minute * 13 // 10))[1].in_bps is None
    held = rates(reading(), reading(slot=T0 + 60, octets=minute * 11 // 10))[1]
    assert held.in_bps == 1e9
    assert held.in_octets == minute * 11 // 10


def test_the_speed_net_snmp_makes_up_for_bridges_is_not_believed() -> None:
    bridge = {"speed_bps": 10_000_000}
    _, after = rates(reading(port=bridge), reading(slot=T0 + 60, octets=600_000_000, port=bridge))
    assert after.in_bps == 80_000_000.0
    assert after.utilisation_ratio is None


def test_a_poll_without_an_answer_lies_between_without_ending_the_rates() -> None:
    silent = Reading(
        device="ap-1", slot=T0 + 60, at=T0 + 62.0, row=DeviceRow(device="ap-1", slot=T0 + 60, snmp_ok=False)
    )
    _, none, after = derive([reading(), silent, reading(slot=T0 + 120, octets=1_200)])
    assert none.interfaces == {}
    assert after.interfaces["ether1"].in_octets == 1_200


def test_only_uplinks_make_the_rate_of_a_device() -> None:
    def both(slot: int, octets: int) -> Reading:
        lan = port("ap-1", slot, octets * 7, name="ether2", is_uplink=False)
        base = reading(slot=slot, octets=octets)
        return Reading(device="ap-1", slot=slot, at=base.at, row=base.row, interfaces=(*base.interfaces, lan))

    _, after = derive([both(T0, 0), both(T0 + 60, 600)])
    assert after.in_bps == 80.0
    assert after.interfaces["ether2"].in_bps == 560.0


def test_loss_is_the_share_of_packets_that_did_not_come_back() -> None:
    ping = PingRow(device="ap-1", slot=T0, sent=4, received=3)
    assert derive([reading(ping=ping)])[0].loss_ratio == 0.25
    assert derive([reading()])[0].loss_ratio is None


def test_a_slot_polled_twice_counts_once_with_the_later_answer() -> None:
    twice = [reading(slot=T0 + 60, octets=600, at=T0 + 70.0), reading(slot=T0 + 60, octets=500, at=T0 + 65.0)]
    assert [each.reading.at for each in derive([reading(), *twice])] == [T0 + 1.5, T0 + 70.0]


# -- properties ------------------------------------------------------------------------------------------------------

steps = st.lists(st.tuples(st.integers(1, 2), st.integers(0, 7 * 10**9)), min_size=1, max_size=40)


def history(moves: list[tuple[int, int]], *, first: int, bits: int) -> list[Reading]:
    """Polls one or two slots apart; each moves a counter by no more than 1 Gbit/s can carry in a minute."""
    made, slot, count = [], T0, first
    top = 2**bits
    for gap, octets in [(0, 0), *moves]:
        slot += 60 * gap
        count += octets
        row = port("ap-1", slot, 0, counter_bits=bits, if_hc_out_octets=None)
        row = InterfaceRow(
            **{f: getattr(row, f) for f in row.__slots__ if f != "if_hc_in_octets"}, if_hc_in_octets=count % top
        )
        base = reading(slot=slot, octets=None, at=float(slot))
        made.append(Reading(device="ap-1", slot=slot, at=base.at, row=base.row, interfaces=(row,)))
    return made


@given(steps, st.integers(0, 2**62))
def test_rate_times_time_adds_up_to_the_difference_of_the_counter(moves: list[tuple[int, int]], first: int) -> None:
    polls = history(moves, first=first, bits=64)
    found = [r for r in rates(*polls) if r.in_octets is not None]
    assert sum(r.in_octets for r in found) == polls[-1].interfaces[0].if_hc_in_octets - first
    assert sum(r.in_bps * r.seconds / 8 for r in found) == pytest.approx(sum(m for _, m in moves), abs=1)


@given(steps, st.integers(0, TICKS - 1))
def test_a_32_bit_counter_below_the_line_speed_adds_up_through_its_wraps(
    moves: list[tuple[int, int]], first: int
) -> None:
    slow = [(gap, octets % 2**31) for gap, octets in moves]  # under 300 Mbit/s: one wrap at most between polls
    found = rates(*history(slow, first=first, bits=32))[1:]
    assert sum(r.in_octets for r in found) == sum(octets for _, octets in slow)


@given(steps, st.randoms(use_true_random=False), st.data())
def test_the_order_of_arrival_does_not_matter(
    moves: list[tuple[int, int]], shuffle: random.Random, data: st.DataObject
) -> None:
    polls = history(moves, first=5, bits=64)
    again = data.draw(st.lists(st.sampled_from(polls), max_size=5))  # delivered twice
    mixed = [*polls, *again]
    shuffle.shuffle(mixed)
    assert derive(mixed) == derive(polls)


anything = st.builds(
    lambda slot, octets, up, bits, speed, disc: reading(
        slot=T0 + 60 * slot, octets=octets % 2**bits, up=up,
        port={"counter_bits": bits, "speed_bps": speed, "discontinuity": disc, "if_hc_out_octets": None},
    ),
    st.integers(0, 30), st.integers(0, 2**64 - 1), st.floats(0, 5e7), st.sampled_from([32, 64]),
    st.sampled_from([None, 0, 10**7, 10**8, 10**9]), st.sampled_from([None, 0, 7]),
)  # fmt: skip


@given(st.lists(anything, max_size=30))
def test_whatever_a_device_says_no_rate_is_negative_or_above_the_line(readings: list[Reading]) -> None:
    for each in derive(readings):
        for row in each.reading.interfaces:
            found = each.interfaces[row.if_name]
            for rate in (found.in_bps, found.out_bps):
                assert rate is None or rate >= 0
                if rate is not None and row.speed_bps is not None and row.speed_bps > 10**7:
                    assert rate <= row.speed_bps
            assert found.utilisation_ratio is None or 0 <= found.utilisation_ratio <= 1


@given(st.floats(0, 4e7), st.floats(1, 100_000))
def test_a_device_that_runs_on_never_restarts_whatever_the_distance_of_polls(up: float, seconds: float) -> None:
    def at(offset: float) -> Stamp:
        return Stamp(T0 + offset, 60, int((up + offset) * 100) % TICKS, None, None, None)

    assert span(at(0), at(seconds)).broken in (None, Break.GAP)
