"""Rates from two neighbouring readings: the one place that knows wraps, restarts, holes and clock steps.

Pure functions. The rules in words stand in docs/reference/metrics.md ("When there is no rate").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from measurements.reading import InterfaceRow, PingRow, Reading

GAP_FACTOR = 2.5  # one missed poll is bridged (2 intervals and jitter), two are a hole
TICKS = 1 << 32  # TimeTicks and Counter32 wrap here (RFC 2578 sections 7.1.6 and 7.1.8)
OVERSHOOT = 1.25  # devices refresh counters every few seconds, so a poll may see more than fits in its interval
NO_SPEED_BPS = 10_000_000  # net-snmp's answer for every port whose speed it cannot find (bridges, radios, tunnels)
CLOCK_SLACK_S = 10.0
CLOCK_SLACK_RATIO = 0.1


class Break(StrEnum):
    """Why no rate is taken between two readings."""

    FIRST = "first"
    BOX = "box"
    RESTART = "restart"
    CLOCK = "clock"
    ORDER = "order"
    GAP = "gap"


class Stamp(NamedTuple):
    """What decides whether two readings may be compared. Times in seconds, `sys_up_time` in TimeTicks."""

    at: float
    interval_s: int
    sys_up_time: int | None
    uptime_s: float | None
    serial: str | None
    mac: str | None


class Span(NamedTuple):
    """The time between two readings. `seconds` is None where `broken` says why."""

    seconds: float | None
    broken: Break | None = None
    rebooted: bool = False


class Rates(NamedTuple):
    """One port over one span. Octets are exact differences; None: not to be told."""

    seconds: float | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    in_bps: float | None = None
    out_bps: float | None = None
    errors: int | None = None
    discards: int | None = None
    utilisation_ratio: float | None = None

    @property
    def errors_per_s(self) -> float | None:
        """In and out errors together."""
        return None if self.errors is None or not self.seconds else self.errors / self.seconds

    @property
    def discards_per_s(self) -> float | None:
        """Discards of incoming packets."""
        return None if self.discards is None or not self.seconds else self.discards / self.seconds


NO_RATES = Rates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What one reading gives together with the ones before it. `rebooted_at` only where a restart was seen here."""

    reading: Reading
    span: Span
    interfaces: Mapping[str, Rates] = field(default_factory=dict)
    in_bps: float | None = None
    out_bps: float | None = None
    loss_ratio: float | None = None
    rebooted_at: float | None = None


def stamp(reading: Reading) -> Stamp:
    """The part of a reading that decides about comparing it."""
    row = reading.row
    return Stamp(reading.at, reading.interval_s, row.sys_up_time, row.uptime_s, *reading.box)


def span(before: Stamp | None, after: Stamp) -> Span:
    """May rates be taken between these two, and over how many seconds?

    A restart is told even across a hole. Without any uptime a restart shows only in the counters going back.
    """
    if before is None:
        return Span(None, Break.FIRST)
    if _other_box(before, after):
        return Span(None, Break.BOX)
    seconds = after.at - before.at
    agent = _run(_ticks(before.sys_up_time), _ticks(after.sys_up_time), seconds)
    host = _run(_hundredths(before.uptime_s), _hundredths(after.uptime_s), seconds)
    # The host's own clock decides about a reboot where it is told: an agent may restart alone.
    told = before.uptime_s is not None and after.uptime_s is not None
    rebooted = (host if told else agent) is Break.RESTART
    broken = agent or host
    if Break.RESTART in (agent, host):
        broken = Break.RESTART
    if broken is None and seconds <= 0:
        broken = Break.ORDER
    if broken is None and seconds > GAP_FACTOR * max(before.interval_s, after.interval_s):
        broken = Break.GAP
    if broken is not None:
        return Span(None, broken, rebooted)
    return Span(seconds)


def _ticks(value: int | None) -> float | None:
    return None if value is None else float(value)


def _hundredths(value: float | None) -> float | None:
    return None if value is None else value * 100


def _other_box(before: Stamp, after: Stamp) -> bool:
    """A changed serial is another box; where no serial is told, a changed first MAC is."""
    if before.serial is not None and after.serial is not None:
        return before.serial != after.serial
    return before.mac is not None and after.mac is not None and before.mac != after.mac


def _run(before: float | None, after: float | None, seconds: float) -> Break | None:
    """Compare a device's uptime (1/100 s) with our clock: None (same run, or not told), RESTART or CLOCK."""
    if before is None or after is None:
        return None
    slack = max(CLOCK_SLACK_S, CLOCK_SLACK_RATIO * abs(seconds))
    gone = (after - before) / 100
    if abs(gone - seconds) <= slack:
        return None
    if gone < 0:
        return None if abs(gone + TICKS / 100 - seconds) <= slack else Break.RESTART
    # It went on, but not by as much as our clock: either it began again within the span, or a clock stepped.
    return Break.RESTART if after / 100 <= seconds + slack else Break.CLOCK


def credible_speed(speed_bps: int | None) -> int | None:
    """The line speed where it may be believed, else None."""
    return speed_bps if speed_bps is not None and speed_bps > NO_SPEED_BPS else None


def counter_delta(
    before: int | None, after: int | None, *, bits: int, seconds: float, speed_bps: int | None
) -> int | None:
    """How far an octet counter went, or None where that cannot be told.

    Args:
        before: raw value of one counter.
        after: its next one; no restart between.
        bits: 32 or 64. A 64-bit counter that went back was reset (584 years at 10 Gbit/s to a wrap).
        seconds: time between, > 0.
        speed_bps: credible line speed, or None.
    """
    if before is None or after is None:
        return None
    delta = after - before
    if delta < 0:
        if bits != 32:
            return None
        delta += TICKS
        if delta < 0 or (speed_bps is None and delta >= TICKS // 2):
            return None
    if speed_bps is not None and delta * 8 > speed_bps * seconds * OVERSHOOT:
        return None
    return delta


def interface_rates(before: InterfaceRow | None, after: InterfaceRow, between: Span) -> Rates:
    """Rates of one port between two readings of it.

    Args:
        before: the port's previous row, None where it is new.
        after: its row now.
        between: the `span` of the two readings that hold the rows.
    """
    seconds = between.seconds
    if before is None or seconds is None:
        return NO_RATES
    if before.counter_bits != after.counter_bits or before.discontinuity != after.discontinuity:
        return NO_RATES
    return port_rates(
        seconds, after.counter_bits, after.speed_bps,
        (before.if_hc_in_octets, before.if_hc_out_octets), (after.if_hc_in_octets, after.if_hc_out_octets),
        (before.if_in_errors, before.if_out_errors, before.if_in_discards),
        (after.if_in_errors, after.if_out_errors, after.if_in_discards),
    )  # fmt: skip


def port_rates(
    seconds: float,
    bits: int,
    speed_bps: int | None,
    octets_before: tuple[int | None, int | None],
    octets_after: tuple[int | None, int | None],
    faults_before: tuple[int | None, int | None, int | None],
    faults_after: tuple[int | None, int | None, int | None],
) -> Rates:
    """`interface_rates` on plain numbers: (in, out) octets, (in errors, out errors, in discards), before and after."""
    speed = credible_speed(speed_bps)
    moved_in = counter_delta(octets_before[0], octets_after[0], bits=bits, seconds=seconds, speed_bps=speed)
    moved_out = counter_delta(octets_before[1], octets_after[1], bits=bits, seconds=seconds, speed_bps=speed)
    in_bps = _bps(moved_in, seconds, speed)
    out_bps = _bps(moved_out, seconds, speed)
    faults = [
        counter_delta(was, now, bits=32, seconds=seconds, speed_bps=None)
        for was, now in zip(faults_before, faults_after, strict=True)
    ]
    busy = max((rate for rate in (in_bps, out_bps) if rate is not None), default=None)
    return Rates(
        seconds, moved_in, moved_out, in_bps, out_bps, _plus(faults[0], faults[1]), faults[2],
        None if busy is None or speed is None else busy / speed,
    )  # fmt: skip


def _bps(octets: int | None, seconds: float, speed: int | None) -> float | None:
    """Bits a second, held at the line speed."""
    if octets is None:
        return None
    rate = octets * 8 / seconds
    return rate if speed is None else min(rate, float(speed))


def _plus(a: int | None, b: int | None) -> int | None:
    """The sum of what is told; None where nothing is."""
    if a is None:
        return b
    return a if b is None else a + b


def loss_ratio(ping: PingRow | None) -> float | None:
    """Share of the burst's packets that did not come back."""
    if ping is None or ping.sent <= 0:
        return None
    return min(1.0, max(0.0, 1 - ping.received / ping.sent))


@dataclass(slots=True)
class Memory:
    """What deriving a device's next reading needs: its last stamp, each port's last row with the stamp it came with."""

    last: Stamp | None = None
    ports: dict[str, tuple[Stamp, InterfaceRow]] = field(default_factory=dict)

    def take(self, reading: Reading) -> Derived:
        """Derive one reading that is later than all taken so far, and remember it."""
        now = stamp(reading)
        between = span(self.last, now)
        rates: dict[str, Rates] = {}
        for row in reading.interfaces:
            was = self.ports.get(row.if_name)
            if was is None:
                rates[row.if_name] = NO_RATES
            else:
                own = between if was[0] is self.last else span(was[0], now)
                rates[row.if_name] = interface_rates(was[1], row, own)
            self.ports[row.if_name] = (now, row)
        uplinks = [rates[row.if_name] for row in reading.interfaces if row.is_uplink]
        # A failed poll tells no uptime: the next one is compared with the last that did.
        if self.last is None or _tells_uptime(now) or not _tells_uptime(self.last):
            self.last = now
        return Derived(
            reading=reading,
            span=between,
            interfaces=rates,
            in_bps=_total(rate.in_bps for rate in uplinks),
            out_bps=_total(rate.out_bps for rate in uplinks),
            loss_ratio=loss_ratio(reading.ping),
            rebooted_at=_rebooted_at(now) if between.rebooted else None,
        )


def _tells_uptime(stamp: Stamp) -> bool:
    return stamp.sys_up_time is not None or stamp.uptime_s is not None


def _total(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None


def _rebooted_at(now: Stamp) -> float | None:
    if now.uptime_s is not None:
        return now.at - now.uptime_s
    return None if now.sys_up_time is None else now.at - now.sys_up_time / 100


def in_time(readings: Iterable[Reading]) -> list[Reading]:
    """By slot, one a slot: of several the latest `at` stays (of equals the last), whatever the order of arrival."""
    kept: dict[int, Reading] = {}
    for reading in readings:
        was = kept.get(reading.slot)
        if was is None or reading.at >= was.at:
            kept[reading.slot] = reading
    return [kept[slot] for slot in sorted(kept)]


def derive(readings: Iterable[Reading]) -> list[Derived]:
    """Derive one device's readings, in any order of arrival, each against its neighbours by time."""
    memory = Memory()
    return [memory.take(reading) for reading in in_time(readings)]
