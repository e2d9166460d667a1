"""Retransmission follows the link (RFC 6298)."""

from __future__ import annotations

from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.transport.snmp.endpoint import Endpoint
from devices.transport.snmp.peer import RTO_FLOOR_S, Peer


def peer() -> Peer:
    return Peer("x", cast("Endpoint", None), ("127.0.0.1", 161))


def test_before_anything_is_measured_the_configured_timeout_counts() -> None:
    assert peer().rto_s(2.0, 3.0) == 2.0


def test_a_satellite_link_is_not_asked_again_too_early() -> None:
    vsat = peer()
    for rtt in (0.6, 0.9, 0.65, 0.85, 0.7, 0.9, 0.6, 0.9) * 5:
        vsat.measured(rtt)
    assert vsat.rto_s(2.0, 3.0) > 0.9


def test_a_quick_link_is_asked_again_soon() -> None:
    lan = peer()
    for _ in range(20):
        lan.measured(0.002)
    assert lan.rto_s(2.0, 3.0) == RTO_FLOOR_S


@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 30), min_size=1, max_size=50), st.floats(0.5, 20))
def test_patience_stays_within_its_bounds(rtts: list[float], ceiling: float) -> None:
    any_link = peer()
    for rtt in rtts:
        any_link.measured(rtt)
    assert RTO_FLOOR_S <= any_link.rto_s(2.0, ceiling) <= ceiling
