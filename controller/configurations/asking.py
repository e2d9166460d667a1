"""One command asked of many devices, and the answers grouped: who said the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from controller.configurations.alone import Ways
from devices.errors import CredentialError, DeviceError
from devices.model import Device

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
    """Everything a round needs. workers: sessions at once."""

    ways: Ways
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
        with self.ways.alone_with(device, "command") as (session, dialect):
            said = session.run(command)
        return Answer(device=device.id, text=dialect.mask(said), elapsed_s=time.monotonic() - started)


def grouped(answers: Sequence[Answer]) -> list[Group]:
    """Answers that are the same but for spaces at line ends, most devices first; failures last."""
    groups: dict[tuple[str | None, str | None], list[str]] = {}
    for answer in answers:
        text = None if answer.text is None else "\n".join(line.rstrip() for line in answer.text.strip().splitlines())
        groups.setdefault((text, answer.error), []).append(answer.device)
    found = [Group(text=t, error=e, devices=tuple(sorted(d))) for (t, e), d in groups.items()]
    return sorted(found, key=lambda g: (g.error is not None, -len(g.devices), g.devices))
