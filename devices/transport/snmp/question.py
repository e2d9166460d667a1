"""Requests encoded once: thousands of devices are asked the same, only the request id differs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from devices.transport.snmp import ber

#: A request id is always four octets, so that it can be put into an encoded request without moving anything.
ID_OCTETS: Final = 4
_ID_HEADER: Final = bytes((ber.INTEGER, ID_OCTETS))


class Known(list[bytes]):
    """Object identifiers (contents octets) that an answer is likely to hold, ready to be compared with it.

    For a GETBULK `suffixes` says by column which rows they are and `complete` whether every column ended with them.
    """

    __slots__ = ("complete", "expected", "suffixes")

    def __init__(
        self, oids: Sequence[bytes], suffixes: Sequence[tuple[str, ...]] = (), *, complete: bool = False
    ) -> None:
        super().__init__(oids)
        self.expected = [(ber.tlv(ber.OBJECT_IDENTIFIER, oid), len(oid) + 4) for oid in oids if len(oid) < 0x80]
        self.suffixes = suffixes
        self.complete = complete


class Question:
    """One PDU without its request id: `head` + four octets + `tail`."""

    __slots__ = ("_by_community", "head", "known", "names", "oids", "tag", "tail")

    def __init__(self, tag: int, oids: tuple[bytes, ...], names: tuple[str, ...], status: int, index: int) -> None:
        varbinds = ber.tlv(ber.SEQUENCE, b"".join(map(ber.varbind, oids)))
        self.tag = tag
        self.oids: list[bytes] = list(oids)
        # A GET is answered with the objects asked for; what a GETBULK brings is learnt from the first answer.
        self.known: Known | None = Known(oids) if tag == ber.GET else None
        self.names = names
        self.tail = ber.integer(status) + ber.integer(index) + varbinds
        size = len(_ID_HEADER) + ID_OCTETS + len(self.tail)
        self.head = bytes((tag,)) + ber.length(size) + _ID_HEADER
        self._by_community: dict[bytes, bytes] = {}

    def community_head(self, community: bytes) -> bytes:
        """What stands before the request id in a v2c message of this community."""
        if (known := self._by_community.get(community)) is not None:
            return known
        body = b"\x02\x01\x01" + ber.tlv(ber.OCTET_STRING, community) + self.head
        head = bytes((ber.SEQUENCE,)) + ber.length(len(body) + ID_OCTETS + len(self.tail)) + body
        if len(self._by_community) >= 64:  # one community a device: do not keep them all in every question
            self._by_community.clear()
        self._by_community[community] = head
        return head


@lru_cache(maxsize=4096)
def get(names: tuple[str, ...]) -> Question:
    """GET of instances by dotted name."""
    return Question(ber.GET, tuple(map(ber.oid_body, names)), names, 0, 0)


@lru_cache(maxsize=4096)
def get_next(oids: tuple[bytes, ...]) -> Question:
    """GETNEXT after each of `oids`."""
    return Question(ber.GET_NEXT, oids, (), 0, 0)


@lru_cache(maxsize=4096)
def get_bulk(oids: tuple[bytes, ...], repetitions: int) -> Question:
    """GETBULK over several columns at once."""
    return Question(ber.GET_BULK, oids, (), 0, repetitions)


def columns(names: Sequence[str]) -> tuple[bytes, ...]:
    """Contents octets of columns by dotted name."""
    return tuple(map(ber.oid_body, names))
