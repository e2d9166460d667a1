"""From the spool to InfluxDB: one thread, oldest lines first, nothing forgotten before the server has it.

204 forget · no connection, 408, 429, 5xx wait 1-60 s with jitter (Retry-After honoured) · 401, 403, 404 and other
refusals keep, wait and raise an alarm; only that bucket waits · 413 halve · 400, 422 halve until the lines the server
will never take are alone; they go to `dead`. The halving matters: 1.x stores the good points of a bad batch, 2.x
refuses a whole batch for one line that does not parse, and re-sending what is stored already changes nothing.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from measurements.errors import StoreError
from measurements.influx.connection import Answer, Verdict
from measurements.spool import Batch, Spool

_LOG = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
BATCH_LINES = 10_000
REJECTED_REQUESTS = 64  # requests spent on finding the bad lines of one batch; the rest goes to `dead` as it is


class Receiver(Protocol):
    """Takes lines and says what became of them; `connection.Connection` or a fake."""

    def write(self, bucket: str, lines: Sequence[str]) -> Answer:
        """Send lines; never raises for what the server or the line does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """A back-off. A clock that was set back must not turn seconds into hours: before `since` nothing is waited for."""

    since: float
    seconds: float

    def left(self, now: float) -> float:
        return max(0.0, self.since + self.seconds - now) if now >= self.since else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStatus:
    """What the sender knows: alarms in one sentence each, the last success (epoch s), seconds it still waits."""

    alarms: tuple[str, ...]
    last_sent_at: float | None
    waiting_s: float
    failures: int


class Sender:
    """Decides what to send and when; `step` is driven by a thread or by a test."""

    def __init__(
        self, spool: Spool, receiver: Receiver, *, clock: Callable[[], float], rng: random.Random,
        batch_lines: int = BATCH_LINES,
    ) -> None:  # fmt: skip
        self._spool = spool
        self._receiver = receiver
        self._clock = clock
        self._rng = rng
        self._most_lines = batch_lines
        self._lines = batch_lines
        self._failures = 0
        self._wait = _Wait(since=0.0, seconds=0.0)
        self._refused: dict[str, tuple[_Wait, int, str]] = {}  # bucket -> wait, failures, why
        self._outage: str | None = None
        self._last_sent: float | None = None
        self._expired_at = 0.0
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Send from a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, name="influx-sender", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Ask the thread to end and wait for it; what was not sent stays in the spool."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def wake(self) -> None:
        """Something was put into the spool."""
        self._wake.set()

    def status(self) -> SenderStatus:
        """What is wrong, if anything, and since when nothing went out."""
        alarms = [why for _, _, why in self._refused.values()]
        if self._outage is not None:
            alarms.insert(0, self._outage)
        return SenderStatus(
            alarms=tuple(dict.fromkeys(alarms)),
            last_sent_at=self._last_sent,
            waiting_s=self._wait.left(self._clock()),
            failures=self._failures,
        )

    def step(self) -> float:
        """Send one batch if it is time; gives the seconds to wait before the next step (0: at once)."""
        now = self._clock()
        if left := self._wait.left(now):
            return left
        if not 0 <= now - self._expired_at <= 60:
            self._spool.expire(now)
            self._expired_at = now
        waiting = {bucket: left for bucket, (wait, _, _) in self._refused.items() if (left := wait.left(now))}
        batch = self._spool.oldest(self._lines, without=list(waiting))
        if batch is None:
            self._spool.shrink()
            return min([FIRST_WAIT_S, *waiting.values()])
        return self._deliver(batch)

    def _deliver(self, batch: Batch) -> float:
        attempt = Delivery(self._receiver, batch.bucket)
        stopped = None
        for first in range(0, len(batch.lines), self._lines):  # a row may hold more than the server takes at once
            stopped = stopped or attempt.send(batch.lines[first : first + self._lines])
        now = self._clock()
        if attempt.largest is not None:
            self._lines = max(1, min(self._lines, attempt.largest))
        if stopped is None:
            self._spool.sent(batch, dead=attempt.dead, now=now)
            self._lines = min(self._most_lines, self._lines + self._lines // 100 + 1)
            self._failures, self._outage, self._last_sent = 0, None, now
            self._refused.pop(batch.bucket, None)
            return 0.0
        if stopped.verdict is Verdict.REFUSED:
            failures = self._refused[batch.bucket][1] + 1 if batch.bucket in self._refused else 1
            wait = _Wait(since=now, seconds=self._backoff(failures))
            self._refused[batch.bucket] = (wait, failures, f"{batch.bucket}: {stopped.message}")
            _LOG.warning("InfluxDB takes nothing for %s: %s", batch.bucket, stopped.message)
            return 0.0
        self._failures += 1
        self._wait = _Wait(since=now, seconds=max(self._backoff(self._failures), stopped.retry_after_s or 0.0))
        self._outage = stopped.message
        if self._failures == 1:
            _LOG.warning("InfluxDB is out, lines are kept in the spool: %s", stopped.message)
        return self._wait.seconds

    def _backoff(self, failures: int) -> float:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 10))
        return max(FIRST_WAIT_S, longest * self._rng.uniform(0.5, 1.0))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                wait = self.step()
            except StoreError as err:  # the spool's disk is full or gone: what is in it stays, we try again
                _LOG.error("the sender waits: %s", err)
                wait = LONGEST_WAIT_S
            except Exception:  # the thread must outlive a surprise: it is the only way out for the data
                _LOG.exception("the sender met something unforeseen and goes on")
                wait = LONGEST_WAIT_S
            if wait > 0:
                self._pause(wait)

    def _pause(self, wait: float) -> None:
        if wait <= FIRST_WAIT_S:
            self._wake.wait(wait)  # a new batch need not wait for the end of an idle second
        else:
            self._stop.wait(wait)  # but never shortens a back-off


class Delivery:
    """One batch and the pieces it is cut into.

    `dead`: lines the server will never take, with its reason. `largest`: lines of the piece that fitted after a 413.
    """

    def __init__(self, receiver: Receiver, bucket: str) -> None:
        self._receiver = receiver
        self._bucket = bucket
        self._budget = REJECTED_REQUESTS
        self.dead: dict[str, str] = {}
        self.largest: int | None = None

    def send(self, lines: Sequence[str]) -> Answer | None:
        """None when the server has every line it will ever take; else the answer that stopped us."""
        answer = self._receiver.write(self._bucket, lines)
        if answer.verdict is Verdict.STORED:
            return None
        if answer.verdict in (Verdict.LATER, Verdict.REFUSED):
            return answer
        too_large = answer.verdict is Verdict.TOO_LARGE
        if not too_large:
            self._budget -= 1
        if len(lines) == 1 or (not too_large and self._budget <= 0):
            self.dead["\n".join(lines)] = answer.message
            return None
        half = len(lines) // 2
        if too_large:
            self.largest = half
        return self.send(lines[:half]) or self.send(lines[half:])
