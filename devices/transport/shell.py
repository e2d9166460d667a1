"""The port of a shell on a device: commands in, what they printed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from devices.model import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one command printed and how it ended (0: well)."""

    text: str
    code: int


class Shell(Protocol):
    """Runs commands on devices."""

    async def run(self, device: Device, commands: Sequence[str], *, deadline_s: float) -> list[Reply]:
        """Run commands one after another in one session.

        Args:
            device: with `ssh` settings.
            commands: one line each; a command that fails is a reply like any other.
            deadline_s: bound of the whole call, waiting for a free worker included.

        Returns:
            One reply a command.

        Raises:
            DeviceError: no session, or no answer in time; no reply is returned then.
        """
        ...
