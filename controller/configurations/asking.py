"""One command asked of many devices, and the answers grouped: who said the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from controller.configurations.collect import Locks
from devices.configuring.dialect import Dialect
from devices.errors import CredentialError, DeviceError, NotSupported
from devices.model import Device
from devices.transport.session import Sessions

#: A lock outlives its session by this.
_GRACE_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one device said, masked; or in `error` why it said nothing."""

    device: str
    text: str | None
    error: str | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Devices, by id, that said the same (or failed for the same reason)."""

    text: str | None
    error: str | None
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Everything a round needs. session_s: bound of one session. workers: sessions at once."""

    sessions: Sessions
    dialect_of: Callable[[str], Dialect | None]
    locks: Locks
    now: Callable[[], float]
    session_s: float = 60.0
    workers: int = 50

    def ask(
        self, devices: Sequence[Device], command: str, *, on_done: Callable[[Answer], None] = lambda _: None
    ) -> list[Answer]:
        """Ask every device; one that fails does not stop the others.

        Args:
            devices: whom.
            command: one line; whether it may be asked has been decided before.
            on_done: called in this thread as answers arrive.

        Returns:
            One answer a device, in the order of `devices`.
        """
        done: dict[str, Answer] = {}
        with ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="ask") as pool:
            waiting = {pool.submit(self._one, device, command): device for device in devices}
            try:
                for future in as_completed(waiting):
                    try:
                        answer = future.result()
                    except (DeviceError, CredentialError) as error:
                        answer = Answer(device=waiting[future].id, text=None, error=str(error))
                    done[answer.device] = answer
                    on_done(answer)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        return [done[device.id] for device in devices if device.id in done]

    def _one(self, device: Device, command: str) -> Answer:
        started = time.monotonic()
        dialect = self.dialect_of(device.platform)
        if dialect is None or device.ssh is None:
            lacks = (
                "has no ssh settings" if device.ssh is None else f"is of platform {device.platform!r}, not yet spoken"
            )
            raise NotSupported(f"{device.id!r} {lacks}", target=device.target.host)
        with self.locks.held(device.id, by="command", until=self.now() + self.session_s + _GRACE_S) as ours:
            if not ours:
                raise DeviceError(f"{device.id!r} is being changed or asked by another job", target=device.target.host)
            session = self.sessions.open(device, deadline_s=self.session_s)
            try:
                said = session.run(command)
            except BaseException:
                session.cut()
                raise
            session.close()
        return Answer(device=device.id, text=dialect.mask(said), elapsed_s=time.monotonic() - started)


def grouped(answers: Sequence[Answer]) -> list[Group]:
    """Answers that are the same but for spaces at line ends, most devices first; failures last."""
    groups: dict[tuple[str | None, str | None], list[str]] = {}
    for answer in answers:
        text = None if answer.text is None else "\n".join(line.rstrip() for line in answer.text.strip().splitlines())
        groups.setdefault((text, answer.error), []).append(answer.device)
    found = [Group(text=t, error=e, devices=tuple(sorted(d))) for (t, e), d in groups.items()]
    return sorted(found, key=lambda g: (g.error is not None, -len(g.devices), g.devices))
