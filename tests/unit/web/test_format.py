"""Figures as people here write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from web.words import format as fmt

PONTIANAK = ZoneInfo("Asia/Pontianak")
NOW = datetime(2026, 11, 21, 2, 42, 18, tzinfo=UTC).timestamp()  # 09.42.18 WIB
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "decimals", "indonesian", "english"),
    [
        (1_806_000, 0, "1.806.000", "1,806,000"),
        (1.5, 1, "1,5", "1.5"),
        (0, 0, "0", "0"),
        (-0.0004, 1, "0,0", "0.0"),
        (None, 0, "–", "–"),
    ],
)
def test_numbers_have_points_for_thousands_and_a_comma_in_indonesian(value, decimals, indonesian, english):
    assert fmt.number(value, decimals, language="id") == indonesian
    assert fmt.number(value, decimals, language="en") == english


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0"), (7, "kurang dari 10"), (14, "10"), (15, "20"), (3_894, "3.890"), (9_999, "10.000"), (14_649, "14.600")],
)
def test_people_are_rounded_to_tens_and_above_ten_thousand_to_hundreds(app: Flask, count, told):
    with app.test_request_context("/"):
        assert fmt.people(count, language="id") == told


@given(st.integers(min_value=10, max_value=10_000_000))
def test_rounded_people_are_never_further_off_than_half_a_step(count):
    shown = int(fmt.people(count, language="en").replace(",", ""))
    assert abs(shown - count) <= (50 if count >= 10_000 else 5)


@pytest.mark.parametrize(
    ("ratio", "decimals", "told"), [(0.968, 1, "96,8"), (0.99996, 1, "99,9"), (1.0, 1, "100,0"), (0.18, 0, "18")]
)
def test_a_share_below_one_is_never_told_as_a_hundred_percent(ratio, decimals, told):
    assert fmt.percent(ratio, decimals, language="id") == f"{told}{NBSP}%"


@pytest.mark.parametrize(
    ("bps", "told"),
    [
        (700_000, "700 kbit/s"),
        (720_000, "720 kbit/s"),
        (1e9, "1 Gbit/s"),
        (100e6, "100 Mbit/s"),
        (4.21e6, "4,2 Mbit/s"),
        (0, "0 bit/s"),
        (None, "–"),
    ],
)
def test_rates_have_si_units_of_bits(bps, told):
    assert fmt.bits(bps, language="id") == told.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (38, "38 detik"), (60, "1 menit"), (3599, "59 menit"), (9000, "2 jam 30 menit"), (7200, "2 jam"),
        (41 * 3600, "1 hari 17 jam"), (11.2 * 86400, "11 hari"), (-5, "0 detik"),
    ],
)  # fmt: skip
def test_durations_have_at_most_two_units(app: Flask, seconds, told):
    with app.test_request_context("/"):
        assert fmt.duration(seconds) == told


def test_english_durations_know_the_plural(app: Flask):
    with app.test_request_context("/?bahasa=en"):
        assert fmt.duration(3660) == "1 hour 1 minute"
        assert fmt.duration(2 * 86400) == "2 days"


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (0, "09.42"),
        (9 * 3600, "00.42"),
        (10 * 3600, "kemarin 23.42"),
        (65 * 3600, "18 Nov 16.42"),
        (400 * 86400, "17 Okt 2025"),
    ],
)
def test_moments_are_as_brief_as_they_stay_clear(app: Flask, ago, told):
    with app.test_request_context("/"):
        assert fmt.when(NOW - ago, NOW, PONTIANAK, language="id") == told


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Asia/Pontianak", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT"), ("Asia/Kolkata", "UTC+5.5")],
)
def test_zones_have_the_names_used_here(zone, name):
    assert fmt.zone_name(NOW, ZoneInfo(zone)) == name


@given(st.floats(min_value=0, max_value=1e15))
def test_any_rate_can_be_told_in_both_languages(bps):
    assert fmt.bits(bps, language="id").endswith("bit/s")
    assert fmt.byte_size(bps, language="en").endswith("B")
