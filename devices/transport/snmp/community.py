"""SNMPv2c (RFC 1901): the community goes out in clear and must come back unchanged."""

from __future__ import annotations

from devices.transport.snmp import ber
from devices.transport.snmp.exchange import Answer, Exchange
from devices.transport.snmp.question import ID_OCTETS, Question
from devices.transport.snmp.statistics import Statistics


class CommunitySecurity:
    """Wraps questions of all devices that share a community."""

    version: int = ber.VERSION_2C
    ready: bool = True
    __slots__ = ("_statistics", "community")

    def __init__(self, community: bytes, statistics: Statistics) -> None:
        self.community = community
        self._statistics = statistics

    def seal(self, ident: int, question: Question, now: float) -> bytes:  # noqa: ARG002 - v3 needs the time
        """A whole v2c message."""
        return question.community_head(self.community) + ident.to_bytes(ID_OCTETS, "big") + question.tail

    def open(self, data: bytes, at: int, ident: int, exchange: Exchange) -> Answer | None:
        """The answer in a message whose community starts at `at`."""
        start, end = ber.header(data, at, ber.OCTET_STRING)
        if data[start:end] != self.community:
            self._statistics.wrong_community += 1
            return None
        return read_answer(data, end, self._statistics, ident, exchange.question)

    def gave_up(self) -> None:
        """Nothing is believed of the device, so nothing is forgotten."""


def read_bindings(data: bytes, at: int, end: int, asked: Question) -> tuple[list[bytes], list[ber.Read]]:
    """Objects and values of an answer; the list of objects is `asked.known` itself where they are those.

    Raises:
        BerError: malformed.
    """
    known = asked.known
    if known is not None:
        values = ber.read_known(data, at, end, known.expected)
        if values is not None and len(values) == len(known):
            return known, values
    return ber.read_varbinds(data, at, end)


def read_answer(data: bytes, at: int, statistics: Statistics, ident: int, asked: Question) -> Answer | None:
    """The answer in the Response PDU at `at`; None (counted) for another kind of PDU or another request id.

    Raises:
        BerError: malformed.
    """
    usual = ber.read_response_pdu(data, at)
    if usual is not None and usual[0] == ident:
        return usual[1], usual[2], *read_bindings(data, usual[3], usual[4], asked)
    pdu = ber.read_pdu(data, at)
    if pdu.tag != ber.RESPONSE:
        statistics.unexpected_pdu += 1
        return None
    if pdu.request_id != ident:
        statistics.wrong_id += 1
        return None
    return pdu.error_status, pdu.error_index, pdu.oids, pdu.values


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
