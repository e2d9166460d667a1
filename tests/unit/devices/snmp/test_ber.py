"""The codec against itself (properties), against pysnmp, and against what cheap agents send."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.transport.snmp import ber
from devices.transport.snmp.api import Oid

subidentifier = st.one_of(st.integers(0, 127), st.integers(0, 2**32 - 1))
dotted = st.builds(
    lambda first, second, rest: ".".join(map(str, (first, second, *rest))),
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(subidentifier, max_size=20),
)
typed_value = st.one_of(
    st.tuples(st.just(ber.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(ber.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(ber.OCTET_STRING), st.binary(max_size=300)),
    st.tuples(st.just(ber.OBJECT_IDENTIFIER), dotted.map(Oid)),
    st.tuples(st.just(ber.IP_ADDRESS), st.ip_addresses(v=4).map(str)),
    st.tuples(st.just(ber.OPAQUE), st.floats(width=32, allow_nan=False)),
    st.tuples(st.just(ber.NULL), st.none()),
)


@settings(deadline=None, derandomize=True)
@given(dotted)
def test_an_object_identifier_survives_the_way_there_and_back(oid: str) -> None:
    assert ber.oid_text(ber.oid_body(oid)) == oid


@settings(deadline=None, derandomize=True)
@given(st.lists(subidentifier, max_size=12), st.lists(subidentifier, max_size=12))
def test_order_of_sub_identifiers_is_the_order_of_numbers(a: list[int], b: list[int]) -> None:
    x, y = ber.oid_numbers(ber.subidentifiers(a)), ber.oid_numbers(ber.subidentifiers(b))
    assert (x < y) == (a < b)


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from([ber.GET, ber.GET_NEXT, ber.RESPONSE, ber.SET, ber.GET_BULK, ber.REPORT]),
    st.binary(max_size=200),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.lists(st.tuples(dotted, typed_value), max_size=12),
)
def test_a_message_survives_the_way_there_and_back(tag, community, request_id, index, bindings) -> None:
    encoded = b"".join(ber.varbind(ber.oid_body(o), ber.value(*v)) for o, v in bindings)
    data = ber.message(community, ber.pdu(tag, request_id, encoded, index=index))
    got_community, pdu = ber.read_message(data)
    assert got_community == community
    assert (pdu.tag, pdu.request_id, pdu.error_status, pdu.error_index) == (tag, request_id, 0, index)
    assert [ber.oid_text(o) for o in pdu.oids] == [o for o, _ in bindings]
    assert pdu.values == [v for _, (_, v) in bindings]
    usual = ber.read_response(data)
    if usual is not None:
        assert (usual[0], usual[1]) == (community, request_id & 0xFFFFFFFF)
        assert ber.read_varbinds(data, usual[4], usual[5]) == (pdu.oids, pdu.values)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(dotted, typed_value), max_size=8), st.integers(0, 8))
def test_known_objects_give_the_same_values_and_others_give_none(bindings, changed: int) -> None:
    bodies = [ber.oid_body(o) for o, _ in bindings]
    data = b"".join(ber.varbind(b, ber.value(*v)) for b, (_, v) in zip(bodies, bindings, strict=True))
    expected = [(ber.tlv(ber.OBJECT_IDENTIFIER, b), len(b) + 4) for b in bodies]
    values = ber.read_known(data, 0, len(data), expected)
    assert values is None or values == [v for _, (_, v) in bindings]
    assert values is not None or any(len(ber.value(*v)) > 60 or len(o) > 60 for o, v in bindings)
    if changed < len(bodies):
        other = bodies[changed][:-1] + bytes((bodies[changed][-1] ^ 1,))
        expected[changed] = (ber.tlv(ber.OBJECT_IDENTIFIER, other), len(other) + 4)
        assert ber.read_known(data, 0, len(data), expected) is None
    if data:
        assert ber.read_known(data[:-1], 0, len(data) - 1, expected) is None


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_ber_error(data: bytes) -> None:
    ber.read_response(data)
    with contextlib.suppress(ber.BerError):
        ber.read_message(data)


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_a_message_cut_anywhere_is_refused(data) -> None:
    bindings = b"".join(ber.varbind(ber.oid_body("1.3.6.1.2.1.1.5.0"), ber.value(4, b"x" * n)) for n in (3, 200))
    whole = ber.message(b"public", ber.pdu(ber.RESPONSE, 0x11223344, bindings))
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert ber.read_response(whole[:cut]) is None
    with pytest.raises(ber.BerError):
        ber.read_message(whole[:cut])


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("4608ffffffffffffffff", 2**64 - 1),  # without the leading zero octet, as cheap agents send it
        ("460900ffffffffffffffff", 2**64 - 1),
        ("46088000000000000000", 2**63),
        ("4104ffffffff", 2**32 - 1),
        ("410500ffffffff", 2**32 - 1),
        ("4201c8", 200),
        ("0201ff", -1),
        ("02020080", 128),
        ("0200", 0),
        ("4004c0a80101", "192.168.1.1"),
        ("4000", None),
        ("44079f78043f800000", 1.0),
        ("440b9f79083ff0000000000000", 1.0),
        ("4403010203", b"\x01\x02\x03"),
        ("0600", "0.0"),
        ("0500", None),
        ("8000", ber.NO_SUCH_OBJECT),
        ("8100", ber.NO_SUCH_INSTANCE),
        ("8200", ber.END_OF_MIB_VIEW),
    ],
)
def test_values_are_read_as_agents_mean_them(encoded: str, expected: object) -> None:
    data = ber.varbind(b"\x2b\x06", bytes.fromhex(encoded))
    assert ber.read_varbinds(data, 0, len(data))[1] == [expected]


@pytest.mark.parametrize(
    "encoded",
    ["0901ff", "020a" + "00" * 10, "0403", "048005", "0680", "0606ffffffffff7f", "06022b80"],
)
def test_broken_values_are_refused(encoded: str) -> None:
    data = ber.varbind(b"\x2b\x06", bytes.fromhex(encoded))
    with pytest.raises(ber.BerError):
        ber.read_varbinds(data, 0, len(data))


@pytest.mark.parametrize("oid", ["", "1", "3.1", "1.40", "1.3.x", "1.3.-1", "1.3.4294967296"])
def test_what_is_no_object_identifier_is_refused(oid: str) -> None:
    with pytest.raises(ber.BerError):
        ber.oid_body(oid)


def test_a_leading_dot_makes_no_difference() -> None:
    assert ber.oid_body(".1.3.6.1") == ber.oid_body("1.3.6.1")


@pytest.mark.parametrize(("tag", "value"), [(ber.COUNTER32, -1), (ber.INTEGER, b"1"), (ber.IP_ADDRESS, 7)])
def test_a_value_that_does_not_fit_its_tag_is_refused(tag: int, value: object) -> None:
    with pytest.raises(ber.BerError):
        ber.value(tag, value)  # type: ignore[arg-type]
