"""Line protocol: names, types, what is left out, and names that a device chose badly."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measurements.influx.lines import point_line, reading_lines, row_line
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow

SLOT = 1_790_000_040


def test_a_reading_becomes_one_line_for_each_row_with_the_rates_beside_the_counters() -> None:
    reading = Reading(
        device="ap-1",
        slot=SLOT,
        at=SLOT + 1.5,
        row=DeviceRow(device="ap-1", slot=SLOT, snmp_ok=True, ping_ok=False, clients=7, cpu_ratio=0.25, uptime_s=100.0),
        ping=PingRow(device="ap-1", slot=SLOT, sent=5, received=0),
        radios=(RadioRow(device="ap-1", radio="wlan 0", slot=SLOT, clients=7, noise_dbm=-95),),
        interfaces=(InterfaceRow(device="ap-1", if_name="eth0", slot=SLOT, if_hc_in_octets=2**53 + 1, is_uplink=True),),
        box=(None, "02:00:00:00:00:01"),
        services=(ServiceRow(device="ap-1", check="dns", slot=SLOT, ok=True, latency_ms=3),),
    )
    assert reading_lines(reading, {"in_bps": 8.0}, {"eth0": {"in_bps": 1e20, "errors_per_s": None}}) == [
        f"wifi_device,device=ap-1 ping_ok=0i,snmp_ok=1i,clients=7i,uptime_s=100.0,cpu_ratio=0.25,in_bps=8.0,"
        f'at={SLOT + 1.5},interval_s=60i,mac="02:00:00:00:00:01" {SLOT}',
        f"ping,device=ap-1 sent=5i,received=0i {SLOT}",
        rf"radio,device=ap-1,radio=wlan\ 0 clients=7i,noise_dbm=-95.0 {SLOT}",
        f"interface,device=ap-1,if_name=eth0 if_hc_in_octets=9007199254740993i,counter_bits=64i,is_uplink=1i,"
        f"in_bps=1e+20 {SLOT}",
        f"service,device=ap-1,check=dns ok=1i,latency_ms=3.0 {SLOT}",
    ]


def test_a_row_that_tells_nothing_is_no_line() -> None:
    assert row_line(DeviceRow(device="a", slot=SLOT)) == ""
    assert row_line(DeviceRow(device="a", slot=SLOT, cpu_ratio=math.nan, uptime_s=math.inf)) == ""


def test_a_counter_beyond_a_signed_number_wraps_and_one_beyond_64_bits_is_left_out() -> None:
    line = row_line(InterfaceRow(device="a", if_name="x", slot=SLOT, if_hc_in_octets=2**63 + 5, if_hc_out_octets=2**64))
    assert f"if_hc_in_octets={5 - 2**63}i" in line
    assert "out_octets" not in line


def test_an_empty_name_is_no_tag() -> None:
    assert row_line(RadioRow(device="a", radio="", slot=SLOT, clients=1)) == f"radio,device=a clients=1i {SLOT}"


def test_a_summary_line_keeps_the_types_it_is_told() -> None:
    line = point_line("wifi_device", {"device": "a"}, slot=300, integers={"polls": 5}, floats={"clients": 3})
    assert line == "wifi_device,device=a polls=5i,clients=3.0 300"


@given(name=st.text(), other=st.floats(allow_nan=True), number=st.integers())
def test_any_name_gives_one_line_that_splits_into_three_parts(name: str, other: float, number: int) -> None:
    line = row_line(RadioRow(device="a", radio=name, slot=1, clients=1, noise_dbm=other, channel=number))
    assert "\n" not in line
    head, fields, slot = re.split(r"(?<!\\) ", line)
    assert slot == "1"
    assert len(re.split(r"(?<!\\),", head)) == (3 if name else 2)
    for field in fields.split(","):
        key, value = field.split("=")
        assert value.endswith("i") or math.isfinite(float(value)), key


@pytest.mark.parametrize("field", ["clients", "channel", "frequency_mhz"])
def test_an_integer_field_stays_one_whatever_the_device_said(field: str) -> None:
    line = row_line(RadioRow(device="a", radio="r", slot=1, **{field: 6.0}))  # type: ignore[arg-type]  # a platform's slip
    assert line == f"radio,device=a,radio=r {field}=6i 1"
