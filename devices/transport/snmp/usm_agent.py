"""The authoritative side of USM (RFC 3414, 3.2): what an agent does with a v3 message before it looks at the PDU.

The simulator answers with it, and the tests of the client do: restarts, liars and wrong clocks are one attribute away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.transport.snmp import ber, usm
from devices.transport.snmp.api import UsmUser
from devices.transport.snmp.ber import Pdu
from devices.transport.snmp.keys import Keys
from devices.transport.snmp.usm import UsmMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A request that passed security; hand it back to `seal` with the answer."""

    message: UsmMessage
    keys: Keys
    context: bytes
    pdu: Pdu


class UsmAgent:
    """One SNMP engine with its users. Keys are derived when a user first asks.

    Args:
        engine_id: 5 to 32 octets (RFC 3411).
        users: who may ask.
        boots: how often the engine has started.
    """

    def __init__(self, engine_id: bytes, users: Iterable[UsmUser], *, boots: int = 1) -> None:
        self.engine_id = engine_id
        self.boots = boots
        self._users = {user.name: user for user in users}
        self._keys: dict[bytes, Keys] = {}
        self._counters: dict[bytes, int] = {}

    def open(self, data: bytes, engine_time: int) -> Opened | bytes:
        """The request in a v3 message, or the report to send instead.

        Args:
            data: the datagram.
            engine_time: seconds since the engine started.

        Raises:
            BerError: malformed; an agent drops it.
        """
        version, at = ber.read_version(data)
        if version != ber.VERSION_3:
            raise ber.BerError(f"version {version}")
        message = usm.read(data, at)
        if message.engine_id != self.engine_id:
            return self._report(message, usm.UNKNOWN_ENGINE_IDS, engine_time)
        user = self._users.get(message.user)
        if user is None:
            return self._report(message, usm.UNKNOWN_USER_NAMES, engine_time)
        keys = self._keys.get(user.name)
        if keys is None:
            keys = self._keys[user.name] = Keys(user, self.engine_id)
        level = message.flags & (usm.AUTHENTIC | usm.HIDDEN)
        if level & ~keys.level or level == usm.HIDDEN or level < keys.level:
            return self._report(message, usm.UNSUPPORTED_SEC_LEVELS, engine_time)
        if level & usm.AUTHENTIC:
            if not usm.is_authentic(keys, data, message):
                return self._report(message, usm.WRONG_DIGESTS, engine_time)
            if message.boots != self.boots or abs(message.time - engine_time) > usm.TIME_WINDOW_S:
                return self._report(message, usm.NOT_IN_TIME_WINDOWS, engine_time, keys)
        try:
            scoped = usm.open_scoped(keys, data, message)
            pdu = ber.read_pdu(scoped.plain, scoped.pdu_at)
        except ber.BerError:
            if level & usm.HIDDEN:
                return self._report(message, usm.DECRYPTION_ERRORS, engine_time)
            raise
        return Opened(message=message, keys=keys, context=scoped.context, pdu=pdu)

    def seal(self, opened: Opened, response_pdu: bytes, engine_time: int) -> bytes:
        """A whole message that answers `opened`, at the same security level."""
        return usm.seal(
            opened.keys,
            usm.scoped(self.engine_id, opened.context, response_pdu),
            msg_id=opened.message.msg_id,
            flags=opened.message.flags & (usm.AUTHENTIC | usm.HIDDEN),
            engine_id=self.engine_id,
            boots=self.boots,
            time=engine_time,
            user=opened.message.user,
        )

    def _report(self, message: UsmMessage, counter: bytes, engine_time: int, keys: Keys | None = None) -> bytes:
        """A report; signed only when the request was authentic (RFC 3414, 3.2 step 7)."""
        count = self._counters.get(counter, 0) + 1
        self._counters[counter] = count
        binding = ber.varbind(counter, ber.integer(count, ber.COUNTER32))
        # The request id may be hidden from us, and 0 is what RFC 3412 (7.1, 3c) says for that.
        return usm.seal(
            keys,
            usm.scoped(self.engine_id, b"", ber.pdu(ber.REPORT, 0, binding)),
            msg_id=message.msg_id,
            flags=usm.AUTHENTIC if keys is not None else 0,
            engine_id=self.engine_id,
            boots=self.boots,
            time=engine_time,
            user=message.user,
        )
