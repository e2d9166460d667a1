"""Questions under way: which id waits for which device, when to ask again, when to give up.

One timer for all of them (a wheel of 25 ms steps): a timer for each request would cost more than the request. Each
transmission has an id of its own, so that a round-trip time is always measured against the datagram that was answered.
"""

from __future__ import annotations

import asyncio
import os
from array import array
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from devices.errors import DeviceError, UnexpectedReply, Unreachable
from devices.transport.snmp import ber
from devices.transport.snmp.peer import CLOCK_STEP_S, Peer
from devices.transport.snmp.question import Question
from devices.transport.snmp.statistics import Statistics

#: error-status, error-index, object identifiers (contents octets), values.
Answer: TypeAlias = tuple[int, int, list[bytes], list[ber.Read]]
_REMEMBERED_LATE: Final = 8192


class Security(Protocol):
    """How messages to and from one device are wrapped."""

    @property
    def version(self) -> int:
        """Version of its messages."""
        ...

    @property
    def ready(self) -> bool:
        """False until enough is known of the device to ask it (v3: its engine)."""
        ...

    def seal(self, ident: int, question: Question, now: float) -> bytes:
        """A whole message. `ident` is request id and message id."""
        ...

    def open(self, data: bytes, at: int, ident: int, exchange: Exchange) -> Answer | None:
        """The answer in a message that carries `ident`, or None when it was dealt with in another way (and counted).

        Raises:
            BerError: malformed.
        """
        ...

    def gave_up(self) -> None:
        """A question stayed without an answer."""
        ...


class Exchange:
    """One question to one device until it is answered or given up."""

    __slots__ = (
        "complaint",
        "due",
        "first",
        "first_at",
        "future",
        "garbage",
        "give_up",
        "last",
        "last_at",
        "live",
        "others",
        "patience",
        "peer",
        "question",
        "resyncs",
        "security",
        "started",
        "timeout_s",
        "tries",
        "tries_left",
    )
    # Set by `Exchanges.start`; all times are of the event loop, seconds.
    due: float  # when to look again
    first: int  # id of the first transmission ...
    first_at: float  # ... and when it went out
    give_up: float
    last: int  # id of the last transmission
    last_at: float
    patience: float  # retransmission timeout, doubled each time
    timeout_s: float  # as configured for one try
    tries_left: int

    def __init__(
        self, peer: Peer, security: Security, question: Question, future: asyncio.Future[Answer], now: float
    ) -> None:
        self.peer = peer
        self.security = security
        self.question = question
        self.future = future
        self.started = now
        self.garbage = peer.garbage
        self.live = True
        self.complaint: DeviceError | None = None
        self.others: list[int] | None = None
        self.tries = 0
        self.resyncs = 0  # v3: how often the clock was set on behalf of this question


class Exchanges:
    """All questions under way in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, drain: Callable[[], None], statistics: Statistics) -> None:
        self._loop = loop
        self._drain = drain
        self._waiting: dict[int, Exchange] = {}
        self._wheel: dict[int, list[Exchange]] = {}
        self._turned = 0
        self._ticking = False
        self._ids: list[int] = []
        self._late: dict[int, None] = {}
        self._statistics = statistics

    def __len__(self) -> int:
        return len(self._waiting)

    def find(self, ident: int) -> Exchange | None:
        """The exchange that waits for this id."""
        return self._waiting.get(ident)

    def is_late(self, ident: int) -> bool:
        """True for an id that was in use until lately."""
        return ident in self._late

    def start(self, exchange: Exchange, *, timeout_s: float, tries: int, give_up: float) -> None:
        """Send the first datagram and watch over the rest."""
        now = exchange.started
        exchange.give_up = give_up
        exchange.timeout_s = timeout_s
        exchange.tries_left = tries
        # At least one repetition fits before giving up, however slow the device was measured to be.
        exchange.patience = exchange.peer.rto_s(timeout_s, (give_up - now) / (2 if tries > 1 else 1))
        self.send(exchange, now)

    def send(self, exchange: Exchange, now: float) -> None:
        """(Re)transmit with a fresh id, and look again when patience has run out."""
        ident = self._ids.pop() if self._ids else self._fresh_id()
        if ident in self._waiting:
            ident = self._fresh_id()
        if exchange.tries == 0:
            exchange.first = ident
            exchange.first_at = now
        else:
            if exchange.others is None:
                exchange.others = []
            exchange.others.append(ident)
        exchange.last = ident
        exchange.last_at = now
        exchange.tries += 1
        exchange.tries_left -= 1
        self._waiting[ident] = exchange
        exchange.peer.endpoint.send(exchange.security.seal(ident, exchange.question, now), exchange.peer.address)
        due = exchange.give_up
        if exchange.tries_left > 0 and now + exchange.patience < due:
            due = now + exchange.patience
        exchange.due = due
        self._watch(exchange)

    def answered(self, exchange: Exchange, ident: int, answer: Answer) -> None:
        """Finish with an answer to the transmission `ident`."""
        peer = exchange.peer
        if ident == exchange.last:
            peer.measured(self._loop.time() - exchange.last_at)
        elif ident == exchange.first:
            peer.measured(self._loop.time() - exchange.first_at)
        peer.silences = 0
        self.retire(exchange)
        if exchange.others:
            self.remember_late(exchange)
        if not exchange.future.done():
            exchange.future.set_result(answer)

    def fail(self, exchange: Exchange, error: DeviceError) -> None:
        """Finish with an error."""
        self.retire(exchange)
        if not exchange.future.done():
            exchange.future.set_exception(error)

    def retire(self, exchange: Exchange) -> None:
        """Wait no longer; answers that still come are late."""
        if not exchange.live:
            return
        exchange.live = False
        waiting = self._waiting
        waiting.pop(exchange.first, None)
        if exchange.others:
            for ident in exchange.others:
                waiting.pop(ident, None)

    def remember_late(self, exchange: Exchange) -> None:
        """Keep the ids of an exchange that was given up or repeated, to tell late answers from foreign ones."""
        late = self._late
        late[exchange.first] = None
        for ident in exchange.others or ():
            late[ident] = None
        while len(late) > _REMEMBERED_LATE:
            del late[next(iter(late))]

    def again(self, exchange: Exchange) -> None:
        """Ask again at once with what was just learnt; this is not one of the counted tries."""
        if exchange.live:
            exchange.tries_left += 1
            self.send(exchange, self._loop.time())

    def hasten(self, exchange: Exchange) -> None:
        """Do not ask again, and wait one timeout more at most."""
        give_up = self._loop.time() + exchange.timeout_s
        if exchange.live and (give_up < exchange.give_up or exchange.tries_left > 0):
            exchange.give_up = exchange.due = min(give_up, exchange.give_up)
            exchange.tries_left = 0
            self._watch(exchange)

    def abandon(self) -> None:
        """Cancel everything under way (the client is being closed)."""
        for exchange in list(self._waiting.values()):
            self.retire(exchange)
            exchange.future.cancel()
        self._wheel.clear()

    def _fresh_id(self) -> int:
        """An unpredictable id of exactly four octets that is not in use."""
        while True:
            if not self._ids:
                self._ids = [raw & 0x7FFFFFFF | 0x01000000 for raw in array("I", os.urandom(4096))]
            ident = self._ids.pop()
            if ident not in self._waiting:
                return ident

    def _watch(self, exchange: Exchange) -> None:
        step = int(exchange.due / CLOCK_STEP_S) + 1
        if self._ticking and step <= self._turned:
            step = self._turned + 1
        slot = self._wheel.get(step)
        if slot is None:
            self._wheel[step] = [exchange]
        else:
            slot.append(exchange)
        if not self._ticking:
            self._ticking = True
            self._turned = min(step, int(self._loop.time() / CLOCK_STEP_S))
            self._loop.call_later(CLOCK_STEP_S, self._tick)

    def _tick(self) -> None:
        # What already waits in the socket is not late: the loop was busy, not the device silent.
        self._drain()
        now = self._loop.time()
        reached = int(now / CLOCK_STEP_S)
        for step in range(self._turned + 1, reached + 1):
            for exchange in self._wheel.pop(step, ()):
                if exchange.live and exchange.due <= now:
                    self._overdue(exchange, now)
        self._turned = reached
        if self._wheel:
            self._loop.call_later(CLOCK_STEP_S, self._tick)
        else:
            self._ticking = False

    def _overdue(self, exchange: Exchange, now: float) -> None:
        if exchange.future.done():  # cancelled
            self.retire(exchange)
        elif exchange.tries_left > 0 and now < exchange.give_up:
            exchange.patience *= 2  # RFC 6298, 5.5
            self._statistics.retransmitted += 1
            self.send(exchange, now)
        else:
            self._statistics.timeouts += 1
            exchange.peer.silences += 1
            exchange.security.gave_up()
            self.remember_late(exchange)
            self.fail(exchange, self._verdict(exchange, now))

    def _verdict(self, exchange: Exchange, now: float) -> DeviceError:
        peer, elapsed = exchange.peer, now - exchange.started
        if exchange.complaint is not None:
            exchange.complaint.elapsed_s = elapsed
            return exchange.complaint
        if unread := peer.garbage - exchange.garbage:
            text = f"{peer.name} sent {unread} datagrams that are not SNMP and no answer in {elapsed:.1f} s"
            return UnexpectedReply(text, target=peer.name, elapsed_s=elapsed)
        asked = "a request" if exchange.tries == 1 else f"{exchange.tries} requests"
        text = f"{peer.name} did not answer {asked} within {elapsed:.1f} s"
        return Unreachable(text, target=peer.name, elapsed_s=elapsed)
