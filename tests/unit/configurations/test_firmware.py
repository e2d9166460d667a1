"""Firmware against the wanted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.changes.versions import order
from controller.configurations.firmware import Standing, counted, load, report
from devices.errors import InventoryError
from devices.facts import Identity

LIST = """
firmware:
  - platform: routeros
    model: ^hAP
    wanted: ">=7.12, <8"
    refused: "=7.13"
    why: 7.13 loses the Wi-Fi driver
  - platform: routeros
    wanted: ">=6.49.10"
  - platform: openwrt
    wanted: 23.05.5
"""


def _told(platform: str, model: str | None, version: str | None) -> Identity:
    return Identity(platform=platform, model=model, version=version, told_at=0.0)


def test_each_device_stands_to_the_first_entry_that_is_about_it() -> None:
    told = {
        "a": _told("routeros", "hAP ac2", "7.12"),
        "b": _told("routeros", "hAP ac2", "7.9.2"),
        "c": _told("routeros", "hAP ax3", "7.13"),
        "d": _told("routeros", "RB750", "6.49.10"),
        "e": _told("openwrt", None, None),
        "f": _told("airos", "NanoStation", "8.7"),
    }
    platforms = {**dict.fromkeys(told, "auto"), "g": "openwrt"}
    found = {one.device: one.standing for one in report(load(LIST, "f.yaml"), platforms, told)}
    assert found == {
        "a": Standing.WANTED,
        "b": Standing.OTHER,
        "c": Standing.REFUSED,
        "d": Standing.WANTED,
        "e": Standing.UNTOLD,
        "f": Standing.UNLISTED,
        "g": Standing.UNTOLD,
    }


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("7.9", "7.12"),
        ("7.12rc1", "7.12"),
        ("7.12beta3", "7.12rc1"),
        ("7.12", "7.12.1"),
        ("23.05.3", "23.05.10"),
        ("15.2(4)M5", "15.2(4)M6"),
        ("12.4(25d)", "12.4(25e)"),
    ],
)
def test_versions_are_ordered_as_people_read_them(older: str, newer: str) -> None:
    assert order(older) < order(newer)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=4), st.integers(1, 300))
def test_a_further_number_is_newer_and_a_candidate_older(numbers: list[int], more: int) -> None:
    version = ".".join(map(str, numbers))
    assert order(f"{version}.{more}") > order(version) > order(f"{version}rc{more}")


def test_a_version_with_a_zero_at_its_end_is_the_same() -> None:
    assert order("23.05.0") == order("23.5")


def test_kinds_are_counted_with_the_worst_first() -> None:
    told = {f"d{n}": _told("openwrt", "C7", "23.05.5" if n else "22.03") for n in range(4)}
    rows = counted(report(load(LIST, "f.yaml"), dict.fromkeys(told, "auto"), told))
    assert rows == [("openwrt", "C7", "22.03", 1, Standing.OTHER), ("openwrt", "C7", "23.05.5", 3, Standing.WANTED)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("firmware:\n  - wanted: '7'\n", "2: platform: the name of a platform was expected"),
        ("firmware:\n  - platform: x\n", "2: wanted: a version such as"),
        ("firmware:\n  - {platform: x, wanted: '~7'}\n", "2: wanted: '~7' is no version"),
        ("firmware:\n  - {platform: x, wanted: '7', model: '['}\n", "2: model: '[' is no regular expression"),
        ("wanted: 7\n", "1: firmware: a list of entries was expected"),
        ("firmware:\n  - {platform: x, wanted: [7, 8]}\n", "2: wanted: text was expected"),
    ],
)
def test_a_wrong_list_is_told_by_line_and_key(text: str, said: str) -> None:
    with pytest.raises(InventoryError) as refused:
        load(text, "f.yaml")
    assert f"f.yaml:{said}" in str(refused.value)
