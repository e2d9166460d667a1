"""One session with one device, in which nobody else has it in hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from devices.configuring.dialect import Dialect
from devices.errors import DeviceError, NotSupported
from devices.model import Device
from devices.transport.session import Session, Sessions

#: A lock outlives its session by this, so that it never falls while the session still speaks.
_GRACE_S: Final = 10.0


class Locks(Protocol):
    """One hand on a device."""

    def held(self, device: str, *, by: str, until: float) -> AbstractContextManager[bool]:
        """Hold a device for the time of a block; False in it when somebody else does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How devices are reached. session_s: bound of one session. now: epoch s."""

    sessions: Sessions
    dialect_of: Callable[[str], Dialect | None]
    locks: Locks
    now: Callable[[], float]
    session_s: float

    @contextmanager
    def alone_with(self, device: Device, purpose: str) -> Iterator[tuple[Session, Dialect]]:
        """A terminal with the device's lock held; it is left in order, or cut when the block fails.

        Raises:
            NotSupported: there are no ssh settings, or its language is not spoken.
            DeviceError: somebody else has it in hand, or no session came about.
        """
        dialect = self.dialect_of(device.platform)
        if device.ssh is None:
            raise NotSupported(f"{device.id!r} has no ssh settings", target=device.target.host)
        if dialect is None:
            raise NotSupported(
                f"{device.id!r} is of platform {device.platform!r}, not yet spoken", target=device.target.host
            )
        with self.locks.held(device.id, by=purpose, until=self.now() + self.session_s + _GRACE_S) as ours:
            if not ours:
                raise DeviceError(f"{device.id!r} is being changed or asked by another job", target=device.target.host)
            session = self.sessions.open(device, deadline_s=self.session_s)
            try:
                yield session, dialect
            except BaseException:
                session.cut()
                raise
            session.close()
