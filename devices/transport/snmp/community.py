"""SNMPv2c (RFC 1901): the community goes out in clear and must come back unchanged."""

from __future__ import annotations

from typing import Final

from devices.transport.snmp import ber
from devices.transport.snmp.exchange import Answer, Exchange
from devices.transport.snmp.question import ID_OCTETS, Question
from devices.transport.snmp.statistics import Statistics


class CommunitySecurity:
    """Wraps questions of all devices that share a community."""

    version: Final = ber.VERSION_2C
    ready: Final = True
    __slots__ = ("_statistics", "community")

    def __init__(self, community: bytes, statistics: Statistics) -> None:
        self.community = community
        self._statistics = statistics

    def seal(self, ident: int, question: Question, now: float) -> bytes:  # noqa: ARG002 - v3 needs the time
        """A whole v2c message."""
        return question.community_head(self.community) + ident.to_bytes(ID_OCTETS, "big") + question.tail

    def open(self, data: bytes, at: int, ident: int, exchange: Exchange) -> Answer | None:  # noqa: ARG002
        """The answer in a message whose community starts at `at`."""
        start, end = ber.header(data, at, ber.OCTET_STRING)
        if data[start:end] != self.community:
            self._statistics.wrong_community += 1
            return None
        return read_answer(data, end, self._statistics, ident)

    def gave_up(self) -> None:
        """Nothing is believed of the device, so nothing is forgotten."""


def read_answer(data: bytes, at: int, statistics: Statistics, ident: int) -> Answer | None:
    """The answer in the Response PDU at `at`; None (counted) for another kind of PDU or another request id.

    Raises:
        BerError: malformed.
    """
    if at >= len(data) or data[at] != ber.RESPONSE:
        statistics.unexpected_pdu += 1
        return None
    at, end = ber.header(data, at, ber.RESPONSE)
    request_id, at = ber.read_integer(data, at)
    if request_id != ident:
        statistics.wrong_id += 1
        return None
    status, at = ber.read_integer(data, at)
    index, at = ber.read_integer(data, at)
    at, stop = ber.header(data, at, ber.SEQUENCE)
    if stop != end:
        raise ber.BerError("PDU does not end with its varbinds")
    oids, values = ber.read_varbinds(data, at, end)
    return status, index, oids, values


def peek_id(data: bytes, at: int) -> int:
    """Request id of a v2c message whose community starts at `at`.

    Raises:
        BerError: malformed.
    """
    _, at = ber.header(data, at, ber.OCTET_STRING)
    if at >= len(data) or not ber.GET <= data[at] <= ber.REPORT:
        raise ber.BerError(f"no PDU at {at}")
    at, _ = ber.header(data, at, data[at])
    return ber.read_integer(data, at)[0]
