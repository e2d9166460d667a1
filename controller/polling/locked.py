"""Nothing is asked over SSH of a device that somebody holds: a router's few terminals are the changer's then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from collectors.asks import ShellAsk
from devices.model import Device
from measurements.errors import StoreError

log = logging.getLogger(__name__)


def unless_locked(ask: ShellAsk, locked: Callable[[str], bool]) -> ShellAsk:
    """The same question, which a locked device is not asked: its answer is None then.

    Args:
        ask: the question.
        locked: True while somebody holds that device; may block, and may raise a StoreError: then it is not asked.
    """

    async def polite(device: Device) -> int | None:
        try:
            if await asyncio.to_thread(locked, device.id):
                return None
        except StoreError as error:
            log.warning("whether %s is being changed is not known, its shell is left alone: %s", device.id, error)
            return None
        return await ask(device)

    return polite
