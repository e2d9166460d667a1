"""Buckets: exact sums of what was told, scaled; a bucket of buckets equals the bucket of the readings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurements.derive import derive
from measurements.reading import PingRow, RadioRow, ServiceRow
from measurements.rollup import TIERED, fields_of, publish, roll
from measurements.sqlite.rolling import combined
from tests.unit.measurements.make import T0, reading


def test_a_bucket_holds_sums_counts_and_bounds_of_every_gauge_that_was_told() -> None:
    polls = [
        reading(slot=T0, row={"clients": 4, "cpu_ratio": 0.5, "temperature_c": None}),
        reading(slot=T0 + 60, row={"clients": 9, "cpu_ratio": None, "temperature_c": 41.26}),
    ]
    (columns,) = roll(derive(polls))["wifi_device"].values()
    assert [columns[f"clients_{end}"] for end in ("n", "sum", "min", "max")] == [2, 13, 4, 9]
    assert [columns[f"cpu_ratio_{end}"] for end in ("n", "sum")] == [1, 5000]
    assert columns["temperature_c_sum"] == 413  # one decimal is kept
    assert publish("wifi_device", columns, "clients") == 6.5
    assert publish("wifi_device", columns, "cpu_ratio") == 0.5
    assert publish("wifi_device", columns, "memory_ratio") is None
    assert publish("wifi_device", columns, "memory_ratio_max") is None


def test_shares_count_only_polls_that_asked() -> None:
    polls = [reading(slot=T0 + 60 * n, row={"snmp_ok": ok}) for n, ok in enumerate((True, None, False, True))]
    (columns,) = roll(derive(polls))["wifi_device"].values()
    assert publish("wifi_device", columns, "snmp_ok") == pytest.approx(2 / 3)
    assert publish("wifi_device", columns, "service_ok") is None
    assert publish("wifi_device", columns, "polls") == 4


def test_loss_is_taken_over_all_packets_and_not_over_means() -> None:
    pings = [
        PingRow(device="ap-1", slot=T0, sent=1, received=0),
        PingRow(device="ap-1", slot=T0 + 60, sent=9, received=9),
    ]
    polls = [reading(slot=ping.slot, ping=ping) for ping in pings]
    (columns,) = roll(derive(polls))["wifi_device"].values()
    assert publish("ping", columns, "loss_ratio") == pytest.approx(0.1)


def test_the_rate_of_a_bucket_is_its_octets_over_the_time_that_had_a_rate() -> None:
    polls = [reading(slot=T0 + 60 * n, octets=octets) for n, octets in enumerate((0, 600, 600, 2400))]
    columns = roll(derive(polls))["interface"]["ap-1", "ether1"]
    assert publish("interface", columns, "in_octets") == 2400
    assert publish("interface", columns, "in_rate_s") == 180.0
    assert publish("interface", columns, "in_bps") == pytest.approx(2400 * 8 / 180)
    assert publish("interface", columns, "in_bps_max") == 240.0
    assert publish("interface", columns, "in_bps_min") == 0.0
    assert publish("interface", columns, "utilisation_ratio") == pytest.approx(2 * 2400 * 8 / 180 / 1e9)


def test_ports_that_are_no_uplink_stand_in_no_summary() -> None:
    assert roll(derive([reading(port={"is_uplink": False})]))["interface"] == {}


def test_radios_and_checks_have_rows_of_their_own() -> None:
    radios = tuple(RadioRow(device="ap-1", slot=T0, radio=f"wlan{n}", clients=n, noise_dbm=-95.5) for n in (1, 2))
    services = (ServiceRow(device="ap-1", slot=T0, check="dns", ok=True, latency_ms=20.0),)
    made = roll(derive([reading(radios=radios, services=services)]))
    assert publish("radio", made["radio"]["ap-1", "wlan2"], "clients") == 2
    assert publish("radio", made["radio"]["ap-1", "wlan1"], "noise_dbm") == -95.5
    assert publish("service", made["service"]["ap-1", "dns"], "ok") == 1.0


def test_every_public_field_of_every_measurement_can_be_asked_of_an_empty_bucket() -> None:
    for kind in (*TIERED, "ping"):
        assert all(publish(kind, {}, field) is None for field in fields_of(kind)), kind


maybe_clients = st.one_of(st.none(), st.integers(0, 500))
maybe_ratio = st.one_of(st.none(), st.floats(0, 1))
told = st.lists(st.tuples(maybe_clients, maybe_ratio, st.integers(0, 10**6), st.booleans()), min_size=2, max_size=30)


@given(told, st.data())
def test_a_bucket_of_buckets_is_the_bucket_of_all_readings(
    rows: list[tuple[int | None, float | None, int, bool]], data: st.DataObject
) -> None:
    octets, polls = 0, []
    for n, (clients, cpu, moved, ok) in enumerate(rows):
        octets += moved
        row = {"clients": clients, "cpu_ratio": cpu, "snmp_ok": ok}
        polls.append(reading(slot=T0 + 60 * n, octets=octets, row=row))
    derived = derive(polls)
    cut = data.draw(st.integers(1, len(derived) - 1))
    whole, parts = roll(derived), [roll(derived[:cut]), roll(derived[cut:])]
    for kind in ("wifi_device", "interface"):
        for subject, columns in whole[kind].items():
            rows_of = [part[kind][subject] for part in parts if subject in part[kind]]
            assert combined(kind, rows_of) == columns
