"""What is remembered of one device between questions: where it is and how long its answers take."""

from __future__ import annotations

from typing import Final

from devices.transport.snmp.endpoint import Address, Endpoint

#: RFC 6298 (2.4) says 1 s for TCP; a lost datagram on a LAN should not cost that much, and 0.2 s is what Linux uses.
RTO_FLOOR_S: Final = 0.2
RTO_CEILING_S: Final = 15.0
#: G of RFC 6298, the coarseness of our clock: the timer wheel's step.
CLOCK_STEP_S: Final = 0.025


class Peer:
    """One target: address, socket, smoothed round-trip time (RFC 6298) and how often it stayed silent in a row."""

    __slots__ = ("address", "endpoint", "garbage", "name", "rttvar_s", "silences", "srtt_s", "varbinds")

    def __init__(self, name: str, endpoint: Endpoint, address: Address) -> None:
        self.name = name
        self.endpoint = endpoint
        self.address = address
        self.srtt_s: float | None = None
        self.rttvar_s = 0.0
        self.silences = 0
        self.garbage = 0  # datagrams from this address that could not be read
        self.varbinds = 0  # most that it put into one answer when it last said tooBig; 0: never said

    def measured(self, rtt_s: float) -> None:
        """Take one round-trip time into account (RFC 6298, 2.2 and 2.3)."""
        if self.srtt_s is None:
            self.srtt_s = rtt_s
            self.rttvar_s = rtt_s / 2
            return
        error = rtt_s - self.srtt_s
        self.rttvar_s += ((error if error > 0 else -error) - self.rttvar_s) / 4
        self.srtt_s += error / 8

    def rto_s(self, unknown_s: float, ceiling_s: float) -> float:
        """When to ask again: srtt + 4 rttvar within bounds; `unknown_s` until something was measured."""
        if self.srtt_s is None:
            return unknown_s
        # Comparisons, not min() and max(): this runs once a request.
        spread = 4 * self.rttvar_s
        rto = self.srtt_s + (spread if spread > CLOCK_STEP_S else CLOCK_STEP_S)
        rto = max(rto, RTO_FLOOR_S)
        rto = min(rto, RTO_CEILING_S)
        return rto if rto < ceiling_s else ceiling_s
