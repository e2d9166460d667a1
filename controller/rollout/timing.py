"""A session that tells how long its round trips took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devices.credentials import Secret
from devices.model import Device
from devices.transport.session import Session


class Timed:
    """Passes everything on to a session and keeps the shortest time from a line to the end of its answer, in s."""

    def __init__(self, session: Session, monotonic: Callable[[], float]) -> None:
        self._session, self._monotonic = session, monotonic
        self.device: Device = session.device
        self.round_trip_s: float | None = None

    def run(self, command: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """As the session's."""
        with self._timing():
            return self._session.run(command, expect=expect, timeout_s=timeout_s)

    def say(self, secret: Secret, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """As the session's."""
        with self._timing():
            return self._session.say(secret, expect=expect, timeout_s=timeout_s)

    def press(self, keys: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """As the session's."""
        with self._timing():
            return self._session.press(keys, expect=expect, timeout_s=timeout_s)

    def put(self, path: str, content: bytes, *, mode: int = 0o600) -> None:
        """As the session's."""
        self._session.put(path, content, mode=mode)

    def renamed(self) -> None:
        """As the session's."""
        self._session.renamed()

    def close(self) -> None:
        """As the session's."""
        self._session.close()

    def cut(self) -> None:
        """As the session's."""
        self._session.cut()

    @contextmanager
    def _timing(self) -> Iterator[None]:
        began = self._monotonic()
        yield
        took = round(self._monotonic() - began, 4)
        self.round_trip_s = took if self.round_trip_s is None else min(self.round_trip_s, took)
