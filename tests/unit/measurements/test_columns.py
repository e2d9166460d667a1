"""Columns at once and readings one by one must say the same."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from measurements.columns import Columns, roll_columns
from measurements.derive import derive
from measurements.reading import DeviceRow, InterfaceRow, Reading
from measurements.rollup import TIERED, as_rows, roll

START = 1_795_219_200


def story(seed: int, interval_s: int, *, told: bool) -> Columns:
    """Polls with holes, silence and restarts."""
    rng = random.Random(seed)
    count = rng.randrange(1, 90)
    slots, slot = [], START + rng.randrange(0, 20) * interval_s
    for _ in range(count):
        slots.append(slot)
        slot += interval_s * rng.choice((1, 1, 1, 1, 2, 3, 9))
    offset = rng.random() * 40
    boot = START - rng.randrange(1000, 200_000)
    uptime, octets_in, octets_out, errors = [], [], [], []
    down = up = bad = 0
    before = boot
    for place in slots:
        at = place + offset
        if rng.random() < 0.08:
            boot, down, up, bad = at - rng.random() * interval_s * 0.9, 0, 0, 0
            before = boot
        gone = max(0.0, at - before)
        down, up, bad = down + int(gone * rng.randrange(90_000)), up + int(gone * 900), bad + rng.randrange(3)
        before = at
        uptime.append(round(at - boot, 2))
        octets_in.append(down)
        octets_out.append(up)
        errors.append(bad)
    draw = lambda f: np.array([f() for _ in slots])  # noqa: E731 - a short word for a column
    return Columns(
        device="d", port="ether1", speed_bps=1_000_000_000, interval_s=interval_s,
        slots=np.array(slots, dtype=np.int64), at=np.array([s + offset for s in slots]),
        answered=draw(lambda: rng.random() < 0.85), served=draw(lambda: rng.random() < 0.7) if told else None,
        octets_in=np.array(octets_in), octets_out=np.array(octets_out), errors_in=np.array(errors),
        uptime_s=np.array(uptime), rtt_ms=draw(lambda: round(rng.random() * 900, 2)),
        clients=draw(lambda: rng.randrange(60)) if told else None, cpu_ratio=draw(lambda: rng.randrange(100) / 100),
        memory_ratio=draw(lambda: round(rng.random(), 4)),
        temperature_c=draw(lambda: round(rng.random() * 80, 1)) if told else None,
    )  # fmt: skip


def readings(polls: Columns) -> list[Reading]:
    """The same polls as the poller would hand them over."""
    found = []
    for i, slot in enumerate(polls.slots.tolist()):
        answered = bool(polls.answered[i])
        row = DeviceRow(
            device="d", slot=slot, snmp_ok=answered, service_ok=None if polls.served is None else bool(polls.served[i]),
            **({
                "uptime_s": float(polls.uptime_s[i]), "sys_up_time": round(float(polls.uptime_s[i]) * 100),
                "cpu_ratio": float(polls.cpu_ratio[i]),
                "memory_ratio": float(polls.memory_ratio[i]), "snmp_rtt_ms": float(polls.rtt_ms[i]),
                "clients": None if polls.clients is None else int(polls.clients[i]),
                "temperature_c": None if polls.temperature_c is None else float(polls.temperature_c[i]),
            } if answered else {}),
        )  # fmt: skip
        port = InterfaceRow(
            device="d", if_name="ether1", slot=slot, speed_bps=polls.speed_bps, is_uplink=True,
            if_hc_in_octets=int(polls.octets_in[i]), if_hc_out_octets=int(polls.octets_out[i]),
            if_in_errors=int(polls.errors_in[i]), if_out_errors=0, if_in_discards=0,
        )  # fmt: skip
        found.append(Reading(device="d", slot=slot, at=float(polls.at[i]), row=row, interval_s=polls.interval_s,
                             interfaces=(port,) if answered else ()))  # fmt: skip
    return found


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    interval_s=st.sampled_from([60, 300]),
    width=st.sampled_from([300, 3600]),
    told=st.booleans(),
)
def test_columns_say_what_readings_one_by_one_say(seed: int, interval_s: int, width: int, told: bool) -> None:
    polls = story(seed, interval_s, told=told)
    since = START + 3600
    made = roll_columns(polls, width, since=since)
    by_bucket: dict[int, list] = {}
    for each in derive(readings(polls)):
        if each.reading.slot >= since:
            by_bucket.setdefault(each.reading.slot - each.reading.slot % width, []).append(each)
    for kind in ("wifi_device", "interface"):
        expected = {
            bucket: values for bucket, group in by_bucket.items() for _, values in as_rows(kind, roll(group)[kind])
        }
        found = {
            int(bucket): [int(v) if t else None for v, t in zip(values, told_, strict=True)]
            for bucket, values, told_ in zip(made[kind].buckets, made[kind].values, made[kind].told, strict=True)
        }
        names = [name for name, _ in TIERED[kind].columns]
        assert {b: dict(zip(names, v, strict=True)) for b, v in found.items()} == {
            b: dict(zip(names, v, strict=True)) for b, v in expected.items()
        }
