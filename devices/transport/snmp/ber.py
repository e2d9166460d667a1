"""BER as SNMP uses it (X.690 limited by RFC 3416 and RFC 3417): values, object identifiers, PDUs, whole v2c messages.

Written for both ends: the client reads and writes with it, and so does an agent (the simulator). Hot paths work on
slices of one `bytes` and wrap nothing that they read; everything malformed is a `BerError`, never another exception.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Final, NamedTuple, TypeAlias

from devices.transport.snmp.api import Oid, Value

# Universal and application tags (RFC 2578, section 7.1).
INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30
IP_ADDRESS: Final = 0x40
COUNTER32: Final = 0x41
GAUGE32: Final = 0x42
TIMETICKS: Final = 0x43
OPAQUE: Final = 0x44
NSAP_ADDRESS: Final = 0x45
COUNTER64: Final = 0x46
UINTEGER32: Final = 0x47

# Exceptions in place of a value (RFC 3416, section 3).
TAG_NO_SUCH_OBJECT: Final = 0x80
TAG_NO_SUCH_INSTANCE: Final = 0x81
TAG_END_OF_MIB_VIEW: Final = 0x82

# Protocol data units.
GET: Final = 0xA0
GET_NEXT: Final = 0xA1
RESPONSE: Final = 0xA2
SET: Final = 0xA3
GET_BULK: Final = 0xA5
INFORM: Final = 0xA6
TRAP: Final = 0xA7
REPORT: Final = 0xA8

# error-status (RFC 3416, section 3).
NO_ERROR: Final = 0
TOO_BIG: Final = 1
NO_SUCH_NAME: Final = 2
GEN_ERR: Final = 5
NO_ACCESS: Final = 6
AUTHORIZATION_ERROR: Final = 16

VERSION_2C: Final = 1
VERSION_3: Final = 3

#: Widest integer read: Counter64 with its leading zero octet.
_WIDEST_INTEGER: Final = 9
_UNSIGNED: Final = frozenset((COUNTER32, GAUGE32, TIMETICKS, COUNTER64, UINTEGER32))
_MAX_SUBIDENTIFIER: Final = 0xFFFFFFFF
#: RFC 2578, section 3.5: at most 128 sub-identifiers.
_MAX_SUBIDENTIFIERS: Final = 128


class BerError(ValueError):
    """Bytes that are not the SNMP they should be."""


class Truncated(BerError):
    """Bytes that end before the length they announce."""


class Absent:
    """Stands in place of a value that is not there; compared with `is`."""

    __slots__ = ("name", "tag")

    def __init__(self, name: str, tag: int) -> None:
        self.name = name
        self.tag = tag

    def __repr__(self) -> str:
        return self.name


NO_SUCH_OBJECT: Final = Absent("noSuchObject", TAG_NO_SUCH_OBJECT)
NO_SUCH_INSTANCE: Final = Absent("noSuchInstance", TAG_NO_SUCH_INSTANCE)
END_OF_MIB_VIEW: Final = Absent("endOfMibView", TAG_END_OF_MIB_VIEW)
_ABSENT: Final = {a.tag: a for a in (NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW)}

Read: TypeAlias = Value | Absent


# --- writing -------------------------------------------------------------------------------------------------------


def length(n: int) -> bytes:
    """The length octets of a definite form."""
    if n < 0x80:
        return bytes((n,))
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, contents."""
    return bytes((tag,)) + length(len(body)) + body


def integer_body(value: int) -> bytes:
    """Shortest two's complement of `value`."""
    return value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True)


def integer(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER, or with another tag a counter, gauge or TimeTicks (not negative)."""
    return tlv(tag, integer_body(value))


@lru_cache(maxsize=65_536)
def oid_body(oid: str) -> bytes:
    """Contents octets of a dotted object identifier; a leading dot is allowed.

    Raises:
        BerError: not an object identifier.
    """
    try:
        numbers = [int(part) for part in oid.lstrip(".").split(".")]
    except ValueError:
        raise BerError(f"not an object identifier: {oid!r}") from None
    if len(numbers) < 2:
        raise BerError(f"an object identifier has two numbers or more: {oid!r}")
    first, second, *rest = numbers
    if not 0 <= first <= 2 or not 0 <= second <= (39 if first < 2 else _MAX_SUBIDENTIFIER - 80):
        raise BerError(f"not an object identifier: {oid!r}")
    return subidentifiers([first * 40 + second, *rest])


def subidentifiers(numbers: Iterable[int]) -> bytes:
    """Base-128 octets of sub-identifiers, the most significant first.

    Raises:
        BerError: a number is outside 0 to 2^32-1.
    """
    out = bytearray()
    for n in numbers:
        if not 0 <= n <= _MAX_SUBIDENTIFIER:
            raise BerError(f"sub-identifier out of range: {n}")
        if n >= 0x80:
            for shift in range((n.bit_length() - 1) // 7 * 7, 0, -7):
                out.append(0x80 | (n >> shift) & 0x7F)
        out.append(n & 0x7F)
    return bytes(out)


def value(tag: int, content: Value) -> bytes:
    """A value with the tag that says its type; the exceptions and NULL take no content.

    Raises:
        BerError: the content does not fit the tag.
    """
    if tag == INTEGER and isinstance(content, int):
        return integer(content)
    if tag in _UNSIGNED and isinstance(content, int):
        if content < 0:
            raise BerError(f"tag {tag:#x} holds no negative number")
        return integer(content, tag)
    if tag == OBJECT_IDENTIFIER and isinstance(content, str):
        return tlv(tag, oid_body(content))
    if tag == IP_ADDRESS and isinstance(content, str):
        return tlv(tag, IPv4Address(content).packed)
    if tag == OPAQUE and isinstance(content, float):
        return tlv(tag, b"\x9f\x78\x04" + struct.pack("!f", content))
    if tag in (OCTET_STRING, OPAQUE, NSAP_ADDRESS) and isinstance(content, bytes):
        return tlv(tag, content)
    if (tag == NULL or tag in _ABSENT) and content is None:
        return bytes((tag, 0))
    raise BerError(f"tag {tag:#x} holds no {type(content).__name__}")


def varbind(oid: bytes, encoded_value: bytes = b"\x05\x00") -> bytes:
    """One variable binding of the contents of an object identifier and a whole value (default NULL)."""
    return tlv(SEQUENCE, tlv(OBJECT_IDENTIFIER, oid) + encoded_value)


def pdu(tag: int, request_id: int, varbinds: bytes, *, status: int = 0, index: int = 0) -> bytes:
    """A PDU of varbinds joined. For GETBULK `status` is non-repeaters and `index` max-repetitions."""
    return tlv(tag, integer(request_id) + integer(status) + integer(index) + tlv(SEQUENCE, varbinds))


def message(community: bytes, encoded_pdu: bytes) -> bytes:
    """A whole v2c message."""
    return tlv(SEQUENCE, b"\x02\x01\x01" + tlv(OCTET_STRING, community) + encoded_pdu)


def request(
    community: bytes, tag: int, request_id: int, oids: Sequence[bytes], *, status: int = 0, index: int = 0
) -> bytes:
    """A whole v2c request for `oids` (contents octets)."""
    return message(community, pdu(tag, request_id, b"".join(map(varbind, oids)), status=status, index=index))


# --- reading -------------------------------------------------------------------------------------------------------


def header(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Start and end of the contents of the element at `at`, which must have this tag and lie within `data`.

    Raises:
        BerError: another tag, or the length runs past the data.
    """
    if at + 2 > len(data):
        raise Truncated(f"ends at {at}")
    if data[at] != tag:
        raise BerError(f"expected tag {tag:#x} at {at}")
    n = data[at + 1]
    at += 2
    if n >= 0x80:
        n, at = _long_length(data, at - 1)
    if at + n > len(data):
        raise Truncated(f"ends before {at + n}")
    return at, at + n


def _long_length(data: bytes, at: int) -> tuple[int, int]:
    """A length of more than one octet that starts at `at`: (length, position after it)."""
    octets = data[at] & 0x7F
    at += 1
    if not 1 <= octets <= 4 or at + octets > len(data):
        raise BerError(f"length not understood at {at}")
    return int.from_bytes(data[at : at + octets], "big"), at + octets


def read_integer(data: bytes, at: int) -> tuple[int, int]:
    """An INTEGER at `at`: (number, position after it)."""
    start, end = header(data, at, INTEGER)
    if not 1 <= end - start <= _WIDEST_INTEGER:
        raise BerError(f"integer of {end - start} octets")
    return int.from_bytes(data[start:end], "big", signed=True), end


@lru_cache(maxsize=65_536)
def oid_numbers(suffix: bytes) -> tuple[int, ...]:
    """Sub-identifiers of octets that follow the first one of an object identifier (or any suffix of it).

    Raises:
        BerError: the last number is not finished, is too big, or starts with a padding octet.
    """
    numbers = []
    n, fresh = 0, True
    for octet in suffix:
        if fresh and octet == 0x80:
            raise BerError("sub-identifier with a padding octet")
        n = n << 7 | octet & 0x7F
        fresh = octet < 0x80
        if fresh:
            if n > _MAX_SUBIDENTIFIER:
                raise BerError("sub-identifier beyond 32 bits")
            numbers.append(n)
            n = 0
    if not fresh or len(numbers) > _MAX_SUBIDENTIFIERS:
        raise BerError("object identifier not finished or too long")
    return tuple(numbers)


@lru_cache(maxsize=65_536)
def suffix_text(suffix: bytes) -> str:
    """Dotted text of the octets after a column's object identifier."""
    return ".".join(map(str, oid_numbers(suffix)))


@lru_cache(maxsize=65_536)
def oid_text(body: bytes) -> str:
    """Dotted text of the contents of an object identifier.

    Raises:
        BerError: empty or malformed.
    """
    if not body:
        raise BerError("empty object identifier")
    joined, *rest = oid_numbers(body)
    first = min(joined // 40, 2)
    return ".".join(map(str, (first, joined - first * 40, *rest)))


def read_value(tag: int, body: bytes) -> Read:
    """A Python value of the contents of one value.

    Unsigned types are read unsigned whatever their first bit: cheap agents leave out the leading zero octet.

    Raises:
        BerError: unknown tag or malformed contents.
    """
    if tag in (OCTET_STRING, NSAP_ADDRESS):
        return body
    if tag in _UNSIGNED or tag == INTEGER:
        if len(body) > _WIDEST_INTEGER:
            raise BerError(f"number of {len(body)} octets")
        return int.from_bytes(body, "big", signed=tag == INTEGER)
    if tag == OBJECT_IDENTIFIER:
        return Oid(oid_text(body) if body else "0.0")
    if tag == IP_ADDRESS:
        return str(IPv4Address(body)) if len(body) == 4 else None
    if tag == NULL:
        return None
    if tag == OPAQUE:
        return _opaque(body)
    if tag in _ABSENT:
        return _ABSENT[tag]
    raise BerError(f"unknown type {tag:#x}")


def _opaque(body: bytes) -> Value:
    """Opaque as net-snmp wraps floats in it (draft-perkins-opaque-01); anything else stays bytes."""
    if len(body) == 7 and body.startswith(b"\x9f\x78\x04"):
        return float(struct.unpack_from("!f", body, 3)[0])
    if len(body) == 11 and body.startswith(b"\x9f\x79\x08"):
        return float(struct.unpack_from("!d", body, 3)[0])
    return body


def read_varbinds(data: bytes, at: int, end: int) -> tuple[list[bytes], list[Read]]:
    """Object identifiers (contents octets) and values of the varbinds between `at` and `end`, in order.

    Raises:
        BerError: malformed.
    """
    oids: list[bytes] = []
    values: list[Read] = []
    add_oid, add_value, from_bytes, unsigned = oids.append, values.append, int.from_bytes, _UNSIGNED
    try:
        while at < end:
            # Nearly every varbind is shorter than 128 octets, so that each length is one octet at a known place. That
            # the three lengths add up proves all of it at once: none of them can have its high bit set.
            n = data[at + 1]
            tag_at = at + 4 + data[at + 3]
            stop = at + 2 + n
            body_at = tag_at + 2
            if (
                n < 0x80
                and data[at] == SEQUENCE
                and data[at + 2] == OBJECT_IDENTIFIER
                and stop <= end
                and tag_at < stop
                and body_at + data[tag_at + 1] == stop
            ):
                add_oid(data[at + 4 : tag_at])
            else:
                tag_at, body_at, stop = _long_varbind(data, at, end, oids)
            tag = data[tag_at]
            if tag in unsigned and stop - body_at <= _WIDEST_INTEGER:
                add_value(from_bytes(data[body_at:stop], "big"))
            elif tag == OCTET_STRING:
                add_value(data[body_at:stop])
            elif tag == INTEGER and stop - body_at == 1 and data[body_at] < 0x80:
                add_value(data[body_at])
            else:
                add_value(read_value(tag, data[body_at:stop]))
            at = stop
    except IndexError:
        raise Truncated("ends within a varbind") from None
    if at != end:
        raise BerError(f"varbinds end at {at}, not at {end}")
    return oids, values


def read_known(data: bytes, at: int, end: int, expected: list[tuple[bytes, int]]) -> list[Read] | None:
    """Values of varbinds whose objects are expected; None when any differs or is unusual (use `read_varbinds` then).

    Args:
        data: the message.
        at: where the varbinds start.
        end: where they end.
        expected: each object identifier with tag and length, and that many octets plus two.

    Raises:
        BerError: a value is malformed.
    """
    values: list[Read] = []
    add_value, from_bytes, unsigned = values.append, int.from_bytes, _UNSIGNED
    try:
        for identifier, skip in expected:
            tag_at = at + skip
            stop = at + 2 + data[at + 1]
            body_at = tag_at + 2
            if (
                data[at + 2 : tag_at] != identifier
                or data[at] != SEQUENCE
                or stop > end
                or body_at + data[tag_at + 1] != stop
                or data[at + 1] >= 0x80
            ):
                return None
            tag = data[tag_at]
            if tag in unsigned and stop - body_at <= _WIDEST_INTEGER:
                add_value(from_bytes(data[body_at:stop], "big"))
            elif tag == OCTET_STRING:
                add_value(data[body_at:stop])
            elif tag == INTEGER and stop - body_at == 1 and data[body_at] < 0x80:
                add_value(data[body_at])
            else:
                add_value(read_value(tag, data[body_at:stop]))
            at = stop
    except IndexError:
        return None
    return values if at == end else None


def _long_varbind(data: bytes, at: int, end: int, oids: list[bytes]) -> tuple[int, int, int]:
    """One varbind of any length: where its value's tag, its value's contents and it itself end; adds its identifier."""
    at, stop = header(data, at, SEQUENCE)
    if stop > end:
        raise BerError(f"varbind is broken at {at}")
    at, tag_at = header(data, at, OBJECT_IDENTIFIER)
    oids.append(data[at:tag_at])
    body_at, value_end = header(data, tag_at, data[tag_at])
    if value_end != stop:
        raise BerError(f"value does not fill its varbind at {at}")
    return tag_at, body_at, stop


class Pdu(NamedTuple):
    """A PDU read. For GETBULK `error_status` is non-repeaters and `error_index` max-repetitions.

    `oids` are contents octets: equal identifiers are equal bytes, and `oid_text` makes them readable.
    """

    tag: int
    request_id: int
    error_status: int
    error_index: int
    oids: list[bytes]
    values: list[Read]


def read_pdu(data: bytes, at: int = 0) -> Pdu:
    """The PDU at `at`.

    Raises:
        BerError: malformed, or not a PDU of SNMPv2.
    """
    tag = data[at] if at < len(data) else 0
    if not GET <= tag <= REPORT or tag == 0xA4:
        raise BerError(f"no PDU at {at}")
    at, end = header(data, at, tag)
    request_id, at = read_integer(data, at)
    status, at = read_integer(data, at)
    index, at = read_integer(data, at)
    at, stop = header(data, at, SEQUENCE)
    if stop != end:
        raise BerError("PDU does not end with its varbinds")
    return Pdu(tag, request_id, status, index, *read_varbinds(data, at, end))


def read_response(data: bytes) -> tuple[bytes, int, int, int, int, int] | None:
    """A v2c Response of the usual shape: community, request id, error-status, error-index, start and end of varbinds.

    None when anything is unusual (another version, PDU or length form): read it with `read_message` then.
    """
    try:
        n = data[1]
        at = 2 if n < 0x80 else 2 + (n & 0x7F)
        n = data[at + 4]
        pdu_at = at + 5 + n
        if n >= 0x80 or data[0] != SEQUENCE or data[at : at + 4] != b"\x02\x01\x01\x04":
            return None
    except IndexError:
        return None
    pdu = read_response_pdu(data, pdu_at)
    return None if pdu is None else (data[at + 5 : pdu_at], *pdu)


def read_response_pdu(data: bytes, at: int) -> tuple[int, int, int, int, int] | None:
    """The Response at `at` if it is of the usual shape: request id of four octets, error-status, error-index, varbinds.

    None when anything is unusual: read it with `read_pdu` then.
    """
    try:
        if data[at] != RESPONSE:
            return None
        n = data[at + 1]
        if n < 0x80:
            at += 2
            end = at + n
        else:
            start = at + 2
            at = start + (n & 0x7F)
            end = at + int.from_bytes(data[start:at], "big")
        # 02 04 id, 02 01 status, 02 01 index, 30 length
        n = data[at + 13]
        body = at + 14 if n < 0x80 else at + 14 + (n & 0x7F)
        if (
            end != body + (n if n < 0x80 else int.from_bytes(data[at + 14 : body], "big"))
            or end > len(data)
            or data[at : at + 2] != b"\x02\x04"
            or data[at + 6 : at + 8] != b"\x02\x01"
            or data[at + 9 : at + 11] != b"\x02\x01"
            or data[at + 12] != SEQUENCE
        ):
            return None
    except IndexError:
        return None
    return int.from_bytes(data[at + 2 : at + 6], "big"), data[at + 8], data[at + 11], body, end


def read_version(data: bytes) -> tuple[int, int]:
    """Version of a message and the position after it. Octets after the message are ignored, as agents pad.

    Raises:
        BerError: not an SNMP message.
    """
    at, _ = header(data, 0, SEQUENCE)
    return read_integer(data, at)


def read_message(data: bytes) -> tuple[bytes, Pdu]:
    """Community and PDU of a whole v2c message.

    Raises:
        BerError: malformed or another version.
    """
    version, at = read_version(data)
    if version != VERSION_2C:
        raise BerError(f"version {version} where v2c was expected")
    at, end = header(data, at, OCTET_STRING)
    return data[at:end], read_pdu(data, end)
