"""SNMPv3 messages under the user-based security model (RFC 3412, section 6; RFC 3414), for both ends.

`read`, `seal` and `open_scoped` know no state. What a client believes of an engine is `usm_client`; what an agent
answers to strangers and to late clocks is `usm_agent`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from devices.transport.snmp import ber
from devices.transport.snmp.keys import Keys

AUTHENTIC: Final = 1
HIDDEN: Final = 2
REPORTABLE: Final = 4
#: What we take in one datagram (msgMaxSize), the longest that UDP over IPv4 carries.
MAX_SIZE: Final = 65_507
#: Seconds that clocks may differ (RFC 3414, 2.2.3).
TIME_WINDOW_S: Final = 150
MAX_BOOTS: Final = 2**31 - 1

_USM: Final = 3  # msgSecurityModel
_STATS: Final = "1.3.6.1.6.3.15.1.1."
#: usmStats counters that reports carry (RFC 3414, section 5).
UNSUPPORTED_SEC_LEVELS: Final = ber.oid_body(_STATS + "1.0")
NOT_IN_TIME_WINDOWS: Final = ber.oid_body(_STATS + "2.0")
UNKNOWN_USER_NAMES: Final = ber.oid_body(_STATS + "3.0")
UNKNOWN_ENGINE_IDS: Final = ber.oid_body(_STATS + "4.0")
WRONG_DIGESTS: Final = ber.oid_body(_STATS + "5.0")
DECRYPTION_ERRORS: Final = ber.oid_body(_STATS + "6.0")


class UsmMessage(NamedTuple):
    """A v3 message read, its scoped PDU not yet opened. Offsets are into the datagram."""

    msg_id: int
    max_size: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest_at: int
    digest: bytes
    salt: bytes
    body_at: int  # the scoped PDU, or the OCTET STRING that hides it
    end: int


class Scoped(NamedTuple):
    """A scoped PDU in the clear; the PDU starts at `pdu_at` of `plain`."""

    engine_id: bytes
    context: bytes
    plain: bytes
    pdu_at: int


def peek_id(data: bytes, at: int) -> int:
    """Message id of a message whose version ended at `at`.

    Raises:
        BerError: malformed.
    """
    if data[at + 2 : at + 4] == b"\x02\x04" and data[at] == ber.SEQUENCE:  # an id made here has four octets
        return int.from_bytes(data[at + 4 : at + 8], "big")
    return ber.read_integer(data, ber.header(data, at, ber.SEQUENCE)[0])[0]


def read(data: bytes, at: int) -> UsmMessage:
    """A message whose version ended at `at`.

    Raises:
        BerError: malformed, or another security model.
    """
    _, end = ber.header(data, 0, ber.SEQUENCE)
    at, stop = ber.header(data, at, ber.SEQUENCE)
    msg_id, at = ber.read_integer(data, at)
    max_size, at = ber.read_integer(data, at)
    if data[at : at + 2] != b"\x04\x01" or data[at + 3 : at + 6] != b"\x02\x01\x03" or at + 6 != stop:
        raise ber.BerError("msgFlags or security model")
    flags = data[at + 2]
    at, body_at = ber.header(data, stop, ber.OCTET_STRING)
    at, inner_stop = ber.header(data, at, ber.SEQUENCE)
    try:
        # Engine id, user, digest and salt are all shorter than 128 octets, so their lengths are one octet each.
        engine_end = at + 2 + data[at + 1]
        boots, user_at = ber.read_integer(data, engine_end)
        time, user_at = ber.read_integer(data, user_at)
        digest_at = user_at + 2 + data[user_at + 1]
        salt_at = digest_at + 2 + data[digest_at + 1]
        if (
            salt_at + 2 + data[salt_at + 1] != inner_stop
            or inner_stop != body_at
            or not data[at] == data[user_at] == data[digest_at] == data[salt_at] == ber.OCTET_STRING
            or max(data[at + 1], data[user_at + 1], data[digest_at + 1], data[salt_at + 1]) >= 0x80
            or not (0 <= boots <= MAX_BOOTS and 0 <= time <= MAX_BOOTS)
        ):
            raise ber.BerError("security parameters")
    except IndexError:
        raise ber.Truncated("ends within the security parameters") from None
    return UsmMessage(
        msg_id=msg_id,
        max_size=max_size,
        flags=flags,
        engine_id=data[at + 2 : engine_end],
        boots=boots,
        time=time,
        user=data[user_at + 2 : digest_at],
        digest_at=digest_at + 2,
        digest=data[digest_at + 2 : salt_at],
        salt=data[salt_at + 2 : inner_stop],
        body_at=body_at,
        end=end,
    )


def is_authentic(keys: Keys, data: bytes, message: UsmMessage) -> bool:
    """True when the message was signed with these keys."""
    if not keys.digest_octets or len(message.digest) != keys.digest_octets:
        return False
    at = message.digest_at
    blank = data[:at] + bytes(keys.digest_octets) + data[at + keys.digest_octets : message.end]
    return keys.matches(blank, message.digest)


def open_scoped(keys: Keys, data: bytes, message: UsmMessage) -> Scoped:
    """The scoped PDU, decrypted if the message says so (check that it is authentic first).

    Raises:
        BerError: malformed, or not readable with these keys.
    """
    if message.flags & HIDDEN:
        if not keys.level & HIDDEN:
            raise ber.BerError("hidden from a user without privacy")
        at, stop = ber.header(data, message.body_at, ber.OCTET_STRING)
        plain = keys.decrypt(data[at:stop], message.boots, message.time, message.salt)
        return _scoped(plain, 0)
    return _scoped(data, message.body_at)


def _scoped(plain: bytes, at: int) -> Scoped:
    at, _ = ber.header(plain, at, ber.SEQUENCE)
    engine_at, at = ber.header(plain, at, ber.OCTET_STRING)
    engine_id = plain[engine_at:at]
    context_at, at = ber.header(plain, at, ber.OCTET_STRING)
    return Scoped(engine_id, plain[context_at:at], plain, at)


def scoped(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    """A scoped PDU around an encoded PDU."""
    head = ber.tlv(ber.OCTET_STRING, engine_id) + ber.tlv(ber.OCTET_STRING, context)
    return bytes((ber.SEQUENCE,)) + ber.length(len(head) + len(pdu)) + head + pdu


def seal(
    keys: Keys | None,
    plain: bytes,
    *,
    msg_id: int,
    flags: int,
    engine_id: bytes,
    boots: int = 0,
    time: int = 0,
    user: bytes = b"",
) -> bytes:
    """A whole message around a scoped PDU, hidden and signed as `flags` say (`keys` may be None for neither)."""
    salt = digest = b""
    if keys is not None and flags & HIDDEN:
        hidden, salt = keys.encrypt(plain, boots, time)
        plain = ber.tlv(ber.OCTET_STRING, hidden)
    if keys is not None and flags & AUTHENTIC:
        digest = bytes(keys.digest_octets)
    tail = ber.tlv(ber.OCTET_STRING, salt)
    parameters = ber.tlv(
        ber.SEQUENCE,
        ber.tlv(ber.OCTET_STRING, engine_id)
        + ber.integer(boots)
        + ber.integer(time)
        + ber.tlv(ber.OCTET_STRING, user)
        + ber.tlv(ber.OCTET_STRING, digest)
        + tail,
    )
    head = b"\x02\x01\x03" + ber.tlv(
        ber.SEQUENCE,
        ber.integer(msg_id)
        + ber.integer(MAX_SIZE)
        + bytes((ber.OCTET_STRING, 1, flags))
        + bytes((ber.INTEGER, 1, _USM)),
    )
    whole = ber.tlv(ber.SEQUENCE, head + ber.tlv(ber.OCTET_STRING, parameters) + plain)
    if not digest:
        return whole
    assert keys is not None  # noqa: S101 - there is no digest without keys
    after = len(whole) - len(plain) - len(tail)
    return whole[: after - len(digest)] + keys.digest(whole) + whole[after:]
