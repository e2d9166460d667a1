"""What the poller remembers of each device between cycles; the learned part survives a restart."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.polling.lanes import LaneMemory
from devices.model import Device, DeviceId

log = logging.getLogger(__name__)

#: 2: with the time a device said what it is.
FORMAT = 2


@dataclass(slots=True)
class DeviceMemory:
    """One device: its lane, what its collector learned (opaque here), whether it answered when last observed."""

    lane: LaneMemory = field(default_factory=LaneMemory)
    learned: Any = None
    answered: bool = False


class Memory:
    """All devices by id."""

    def __init__(self) -> None:
        self._devices: dict[str, DeviceMemory] = {}

    def of(self, device: str) -> DeviceMemory:
        """The memory of one device, made when it is new."""
        found = self._devices.get(device)
        if found is None:
            found = self._devices[device] = DeviceMemory()
        return found

    def keep_only(self, devices: Iterable[str]) -> None:
        """Forget devices that are no longer owned."""
        owned = set(devices)
        for gone in self._devices.keys() - owned:
            del self._devices[gone]

    def forget(self, device: str) -> None:
        """Learn a device again: the inventory says something else about it."""
        if device in self._devices:
            self._devices[device].learned = None

    def save(self, path: Path, devices: Mapping[DeviceId, Device], encode: Callable[[Device, Any], Any]) -> None:
        """Write what was learned, at once or not at all. It is a cache: losing it costs one longer first cycle."""
        learned = {
            name: encode(device, memory.learned)
            for name, device in devices.items()
            if (memory := self._devices.get(name)) is not None and memory.learned is not None
        }
        _replace(path, json.dumps({"format": FORMAT, "learned": learned}, separators=(",", ":")))

    def load(self, path: Path, devices: Mapping[DeviceId, Device], decode: Callable[[Device, Any], Any]) -> int:
        """Read what was learned (gives of how many devices); what does not fit is learned anew."""
        try:
            kept = json.loads(path.read_text())
            if kept["format"] != FORMAT:
                return 0
            learned = dict(kept["learned"])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s is not usable and is made anew: %s", path.name, error)
            return 0
        found = 0
        for name, device in devices.items():
            try:
                known = decode(device, learned[name]) if name in learned else None
            except (KeyError, TypeError, IndexError, ValueError):
                continue
            if known is not None:
                self.of(name).learned = known
                found += 1
        return found


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    with open(draft, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(text)
    os.replace(draft, path)
