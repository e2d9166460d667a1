from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.platforms.sources import (
    Answers,
    added,
    as_ratio,
    count,
    each,
    free_share,
    highest,
    idle,
    joined,
    mac,
    mean,
    named,
    number,
    parts_share,
    radios,
    scalar,
    several,
    single,
    string,
    text,
    text_of,
    total,
    used_share,
)
from devices.transport.snmp.api import Oid, Value

COLUMN, OTHER = "1.2.3", "1.2.4"


def table(**columns: dict[str, Value]) -> Answers:
    return Answers(tables={"1.2.3": columns.get("column", {}), "1.2.4": columns.get("other", {})})


def test_an_absent_subtree_is_not_told_and_never_zero() -> None:
    nothing = Answers()
    for source in (total(COLUMN), count(COLUMN), mean(COLUMN), highest(COLUMN)):
        assert source.read(nothing) is None
    assert scalar("1.0").read(nothing) is None
    assert each(COLUMN).read(nothing) is None
    assert added("1.0", "2.0").read(nothing) is None
    assert several("1.0").read(nothing) is None


def test_zero_is_a_figure() -> None:
    assert total(COLUMN).read(table(column={"1": 0, "2": 0})) == 0
    assert scalar("1.0").read(Answers(values={"1.0": 0})) == 0
    assert each(COLUMN).read(table(column={"1": 0})) == (0.0,)


def test_a_table_whose_rows_are_all_left_out_sums_to_zero() -> None:
    source = total(COLUMN, where=(OTHER, lambda v: v == b"people"))
    assert source.read(table(column={"1": 4, "2": 5}, other={"1": b"people", "2": b"uplink"})) == 4
    assert source.read(table(column={"2": 5}, other={"2": b"uplink"})) == 0


def test_an_empty_table_counts_zero_only_where_the_device_is_known_to_have_it() -> None:
    assert count(COLUMN, known="9.9.0").read(Answers(values={"9.9.0": b"here"})) == 0
    assert count(COLUMN, known="9.9.0").read(Answers()) is None
    assert count(COLUMN, known=OTHER).read(table(other={"1": 1})) == 0
    assert count(COLUMN).read(table(column={"1": 1, "2": 1})) == 2


def test_reducers_take_what_is_kept() -> None:
    rows = table(column={"1": 10, "2": 30, "3": 65535})
    sane = lambda v: isinstance(v, int) and v < 100  # noqa: E731
    assert mean(COLUMN, keep=sane).read(rows) == 20
    assert highest(COLUMN, keep=sane).read(rows) == 30
    assert each(COLUMN, keep=sane, scale=0.5).read(rows) == (5.0, 15.0)
    assert each(COLUMN, keep=sane).rows(rows) == {COLUMN: ("1", "2")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(42, 42.0), (b"42", 42.0), (b" 27C ", 27.0), (b"-71.5 dBm", -71.5), (b"n/a", None), (None, None), (b"", None)],
)
def test_a_figure_is_read_from_numbers_and_from_text(value: Value, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"  RB750  ", "RB750"),
        (b"name\0rest", "name"),
        (b'"quoted"', "quoted"),
        (b"", None),
        (b"   ", None),
        (b"caf\xe9", "caf\u00e9"),
        (None, None),
    ],
)
def test_text_is_trimmed_and_decoded(value: Value, expected: str | None) -> None:
    assert string(value) == expected


@given(st.binary())
def test_no_octets_break_a_text_or_a_figure(value: bytes) -> None:
    string(value)
    number(value)


def test_a_pattern_takes_its_group_or_filters() -> None:
    answers = Answers(values={"1.0": b"RouterOS 7.19 on RB750"})
    assert text("1.0", r" on (\S+)").read(answers) == "RB750"
    assert text("1.0", r"RouterOS").read(answers) == "RouterOS 7.19 on RB750"
    assert text("1.0", r"SwOS").read(answers) is None
    assert scalar("1.0", pattern=r"OS ([\d.]+)").read(answers) == 7.19
    assert text_of(COLUMN, r"^(AP\d+)").read(table(column={"1": b"fan", "2": b"AP230 rev 1"})) == "AP230"


def test_joined_texts_need_every_part() -> None:
    both = joined(text("1.0"), text("2.0"))
    assert both.read(Answers(values={"1.0": b"PMP 450", "2.0": b"AP"})) == "PMP 450 AP"
    assert both.read(Answers(values={"1.0": b"PMP 450"})) is None


def test_the_longest_prefix_names_an_object_identifier() -> None:
    source = named("1.0", {"1.3.6": "some", "1.3.6.1.9": "this"})
    assert source.read(Answers(values={"1.0": Oid("1.3.6.1.9.5")})) == "this"
    assert source.read(Answers(values={"1.0": Oid("1.3.6.2")})) == "some"
    assert source.read(Answers(values={"1.0": Oid("1.4")})) is None


def test_shares_stay_between_zero_and_one_or_are_not_told() -> None:
    one, two = scalar("1.0"), scalar("2.0")
    answers = Answers(values={"1.0": 25, "2.0": 100})
    assert used_share(one, two).read(answers) == 0.25
    assert free_share(one, two).read(answers) == 0.75
    assert parts_share(one, two).read(answers) == 0.2
    for broken in ({"1.0": 25, "2.0": 0}, {"1.0": 200, "2.0": 100}, {"1.0": -5, "2.0": 100}, {"1.0": 25}):
        assert used_share(one, two).read(Answers(values=dict(broken))) is None
    assert as_ratio(scalar("1.0")).read(Answers(values={"1.0": 101})) is None
    assert idle(scalar("1.0")).read(Answers(values={"1.0": 97})) == (3,)
    assert single(scalar("1.0")).read(Answers(values={"1.0": 7})) == (7,)


@given(st.integers(-10, 2**33), st.integers(-10, 2**33))
def test_a_share_is_never_outside_its_range(part: int, whole: int) -> None:
    for make in (used_share, free_share, parts_share):
        told = make(scalar("1.0"), scalar("2.0")).read(Answers(values={"1.0": part, "2.0": whole}))
        assert told is None or 0 <= told <= 1


def test_radios_are_named_and_asked_again_by_their_rows() -> None:
    source = radios(name="1.5", clients=COLUMN, noise_dbm=OTHER)
    answers = table(column={"4": 3}, other={"4": -95})
    answers.tables["1.5"] = {"1": b"ether1", "4": b"wlan1"}
    (found,) = source.read(answers) or ()
    assert (found.name, found.clients, found.noise_dbm) == ("wlan1", 3, -95)
    assert source.rows(answers) == {COLUMN: ("4",), OTHER: ("4",), "1.5": ("4",)}


def test_a_hardware_address_of_zeros_is_none() -> None:
    assert mac(bytes(6)) is None
    assert mac(bytes.fromhex("020000000001")) == "02:00:00:00:00:01"
