"""What the client believes of one v3 engine, and when it changes its mind.

Engine id, boots and time first come from a report that nobody signed; they are a guess until the first authentic
message. From then on only authentic messages change them. An authentic message that carries the unpredictable id of a
question still waiting cannot be a replay, so its clock is taken even if it goes backwards: cheap agents forget their
boots. An engine id really changes when a box is exchanged. Since any liar can claim that, the old engine is forgotten
only after `SILENCES_BEFORE_REDISCOVERY` questions in a row without an authentic answer; this is counted and noted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from devices.errors import AuthenticationFailed, DeviceError, UnexpectedReply
from devices.transport.snmp import ber, usm
from devices.transport.snmp.api import UsmUser
from devices.transport.snmp.community import read_answer
from devices.transport.snmp.exchange import Answer, Exchange, Exchanges
from devices.transport.snmp.keys import Keys, check
from devices.transport.snmp.question import ID_OCTETS, Question
from devices.transport.snmp.statistics import Statistics

SILENCES_BEFORE_REDISCOVERY: Final = 3
_RESYNCS_A_QUESTION: Final = 2
_DISCOVERIES_A_QUESTION: Final = 2

_WHY: Final = {
    usm.UNSUPPORTED_SEC_LEVELS: "does not offer this security level to the user",
    usm.UNKNOWN_USER_NAMES: "does not know the user",
    usm.WRONG_DIGESTS: "says that the authentication password or algorithm is wrong",
    usm.DECRYPTION_ERRORS: "says that the privacy password or algorithm is wrong",
}


class Noting(Protocol):
    """Takes down something odd about a device."""

    def __call__(self, target: str, what: str) -> None:
        """`what` happened at `target`."""
        ...


class UsmSecurity:
    """Wraps questions to one engine for one user.

    Raises:
        NotSupported: the user's settings ask for DES or are incomplete.
    """

    version: int = ber.VERSION_3
    __slots__ = (
        "_boots",
        "_clock",
        "_contexts",
        "_encoded_for",
        "_engine_tlv",
        "_exchanges",
        "_flags",
        "_keys",
        "_latest",
        "_note",
        "_now",
        "_parameters",
        "_silences",
        "_statistics",
        "_trusted",
        "_user",
        "_user_tlv",
        "_was",
        "engine_id",
        "probe",
    )

    def __init__(
        self,
        user: UsmUser,
        *,
        exchanges: Exchanges,
        now: Callable[[], float],
        statistics: Statistics,
        note: Noting,
    ) -> None:
        check(user)
        self._user = user
        self._exchanges = exchanges
        self._now = now
        self._statistics = statistics
        self._note = note
        self._flags = usm.REPORTABLE | (user.auth is not None) | 2 * (user.priv is not None)
        self._user_tlv = ber.tlv(ber.OCTET_STRING, user.name)
        self._was = b""  # engine that answered before a rediscovery
        self.probe = Probe(self, statistics)
        self.engine_id = b""
        self._forget()

    def _forget(self) -> None:
        self._was = self.engine_id or self._was
        self.engine_id = b""
        self._trusted = False
        self._silences = 0
        self._boots = 0
        self._clock = 0.0  # engine time minus our time
        self._latest = 0
        self._encoded_for = -1
        self._parameters = b""
        self._keys: Keys | None = None

    @property
    def ready(self) -> bool:
        """True when an engine is known, so that it can be asked."""
        return bool(self.engine_id)

    def learn(self, target: str, engine_id: bytes, boots: int, time: int) -> None:
        """Take the engine that an unsigned report speaks of, as a guess.

        Raises:
            BerError: the engine id is empty or too long.
        """
        if not 1 <= len(engine_id) <= 32:
            raise ber.BerError(f"engine id of {len(engine_id)} octets")
        if self._was and engine_id != self._was:
            self._note(target, "another SNMPv3 engine answers: exchanged, or somebody lies")
        self._statistics.discoveries += 1
        self.engine_id = engine_id
        self._engine_tlv = ber.tlv(ber.OCTET_STRING, engine_id)
        self._contexts = self._engine_tlv + ber.tlv(ber.OCTET_STRING, self._user.context)
        self._keys = Keys(self._user, engine_id)
        self._set_clock(boots, time)

    def gave_up(self) -> None:
        """A question stayed without an answer; after some in a row the engine is looked for anew."""
        self._silences += 1
        if self._silences >= SILENCES_BEFORE_REDISCOVERY and self.engine_id:
            self._statistics.rediscoveries += 1
            self._forget()

    def _set_clock(self, boots: int, time: int) -> None:
        self._boots = boots
        self._latest = time
        self._encoded_for = -1
        self._clock = time - self._now()

    # --- out --------------------------------------------------------------------------------------------------------

    def seal(self, ident: int, question: Question, now: float) -> bytes:
        """A whole message; `usm.seal` with what does not change already encoded."""
        keys = self._keys
        assert keys is not None  # noqa: S101 - asked only when ready
        time = max(0, min(int(now + self._clock), usm.MAX_BOOTS))
        if time != self._encoded_for:
            self._encode_parameters(keys, time)
        identity = ident.to_bytes(ID_OCTETS, "big")
        pdu = self._contexts + question.head + identity + question.tail
        plain = b"\x30" + ber.length(len(pdu)) + pdu
        tail = b"\x04\x00" + plain
        if self._flags & usm.HIDDEN:
            hidden, salt = keys.encrypt(plain, self._boots, time)
            tail = b"\x04\x08" + salt + b"\x04" + ber.length(len(hidden)) + hidden
        digest_octets = keys.digest_octets
        head = b"\x02\x01\x03\x30\x11\x02\x04" + identity + self._parameters
        head = b"\x30" + ber.length(len(head) + digest_octets + len(tail)) + head
        if not digest_octets:
            return head + tail
        return head + keys.digest(head + bytes(digest_octets) + tail) + tail

    def _encode_parameters(self, keys: Keys, time: int) -> None:
        """All between message id and digest, which stays the same for a second."""
        before = self._engine_tlv + ber.integer(self._boots) + ber.integer(time) + self._user_tlv
        # Digest and salt (with its two octets of header) follow `before`.
        size = len(before) + 2 + keys.digest_octets + (10 if self._flags & usm.HIDDEN else 2)
        inner = b"\x30" + ber.length(size) + before + bytes((ber.OCTET_STRING, keys.digest_octets))
        whole = size + len(ber.length(size)) + 1
        # msgMaxSize 65507, msgFlags, msgSecurityModel 3
        flags = b"\x02\x03\x00\xff\xe3\x04\x01%c\x02\x01\x03" % self._flags
        self._parameters = flags + b"\x04" + ber.length(whole) + inner
        self._encoded_for = time

    # --- in ---------------------------------------------------------------------------------------------------------

    def open(self, data: bytes, at: int, ident: int, exchange: Exchange) -> Answer | None:
        """The authentic answer in a message whose version ended at `at`."""
        keys = self._keys
        if keys is None:  # asked before the engine was forgotten
            self._statistics.late += 1
            return None
        message = usm.read(data, at)
        level = message.flags & (usm.AUTHENTIC | usm.HIDDEN)
        if level & usm.AUTHENTIC:
            if message.engine_id != self.engine_id or message.user != self._user.name:
                self._statistics.wrong_engine += 1
                return None
            if not usm.is_authentic(keys, data, message):
                self._statistics.wrong_digest += 1
                return None
        elif level & usm.HIDDEN:
            self._statistics.unauthenticated += 1
            return None
        try:
            scoped = usm.open_scoped(keys, data, message)
            if scoped.plain[scoped.pdu_at] == ber.REPORT:
                self._report(ber.read_pdu(scoped.plain, scoped.pdu_at), message, exchange)
                return None
            if level != keys.level:
                self._statistics.unauthenticated += 1
                return None
            answer = read_answer(scoped.plain, scoped.pdu_at, self._statistics, ident, exchange.question)
        except (ber.BerError, IndexError):
            if level & usm.HIDDEN:
                self._statistics.undecryptable += 1
                return None
            raise
        if message.engine_id != self.engine_id:
            self._statistics.wrong_engine += 1
            return None
        if answer is not None:
            self._silences = 0
            self._trusted = True
            if message.boots > self._boots or (message.boots == self._boots and message.time > self._latest):
                self._set_clock(message.boots, message.time)
        return answer

    def _report(self, report: ber.Pdu, message: usm.UsmMessage, exchange: Exchange) -> None:
        """An engine says why it does not answer. `message` is authentic where its flags say so."""
        kind = report.oids[0] if report.oids else b""
        if message.flags & usm.AUTHENTIC:
            if kind == usm.NOT_IN_TIME_WINDOWS and exchange.resyncs < _RESYNCS_A_QUESTION:
                exchange.resyncs += 1
                self._trusted = True
                self._statistics.time_resyncs += 1
                self._set_clock(message.boots, message.time)
                self._exchanges.again(exchange)
            else:
                self._refuse(exchange, self._complaint(kind, exchange))
            return
        if self._trusted:
            # Anybody could have sent this. It changes no belief; but if no authentic answer follows, it is the likely
            # reason, and there is no use in asking again and again.
            self._statistics.unauthenticated_reports += 1
            if kind in _WHY or kind == usm.UNKNOWN_ENGINE_IDS:
                exchange.complaint = self._complaint(kind, exchange)
                self._exchanges.hasten(exchange)
            return
        if kind == usm.UNKNOWN_ENGINE_IDS and exchange.resyncs < _DISCOVERIES_A_QUESTION:
            exchange.resyncs += 1
            self.learn(exchange.peer.name, message.engine_id, message.boots, message.time)
            self._exchanges.again(exchange)
        elif kind in _WHY or kind == usm.UNKNOWN_ENGINE_IDS:
            self._refuse(exchange, self._complaint(kind, exchange))
        else:
            self._statistics.unauthenticated_reports += 1

    def _refuse(self, exchange: Exchange, error: DeviceError) -> None:
        self.gave_up()
        self._exchanges.fail(exchange, error)

    def _complaint(self, kind: bytes, exchange: Exchange) -> DeviceError:
        name = exchange.peer.name
        if kind in _WHY:
            self._statistics.authentication_failures += 1
            return AuthenticationFailed(f"{name} {_WHY[kind]}", target=name)
        if kind == usm.UNKNOWN_ENGINE_IDS:
            return UnexpectedReply(f"{name} says that it is another SNMPv3 engine than before", target=name)
        if kind == usm.NOT_IN_TIME_WINDOWS:
            return UnexpectedReply(f"{name} rejects its own clock", target=name)
        return UnexpectedReply(f"{name} sent a report that is not understood", target=name)


class Probe:
    """Asks an unknown engine for its id (RFC 3414, section 4)."""

    version: int = ber.VERSION_3
    ready: bool = True
    __slots__ = ("_owner", "_statistics")

    def __init__(self, owner: UsmSecurity, statistics: Statistics) -> None:
        self._owner = owner
        self._statistics = statistics

    def seal(self, ident: int, question: Question, now: float) -> bytes:  # noqa: ARG002 - clocks come later
        """An unsigned question of nobody to an engine without a name."""
        pdu = question.head + ident.to_bytes(ID_OCTETS, "big") + question.tail
        return usm.seal(None, usm.scoped(b"", b"", pdu), msg_id=ident, flags=usm.REPORTABLE, engine_id=b"")

    def open(self, data: bytes, at: int, ident: int, exchange: Exchange) -> Answer | None:  # noqa: ARG002
        """An empty answer once the report has been taken."""
        message = usm.read(data, at)
        if message.flags & (usm.AUTHENTIC | usm.HIDDEN):
            self._statistics.wrong_engine += 1
            return None
        scoped = usm.open_scoped(_NO_KEYS, data, message)
        report = ber.read_pdu(scoped.plain, scoped.pdu_at)
        if report.tag != ber.REPORT or not report.oids:
            self._statistics.unexpected_pdu += 1
            return None
        self._owner.learn(exchange.peer.name, message.engine_id, message.boots, message.time)
        return 0, 0, [], []

    def gave_up(self) -> None:
        """Nothing is believed yet, so nothing is forgotten."""


_NO_KEYS: Final = Keys(UsmUser(name=b""), b"")
