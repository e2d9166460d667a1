"""What the poller remembers of each device between cycles; the learned part survives a restart."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.polling.lanes import LaneMemory

log = logging.getLogger(__name__)

FORMAT = 1


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

    def save(self, path: Path, encode: Callable[[Any], Any]) -> None:
        """Write what was learned, at once or not at all. It is a cache: losing it costs one longer first cycle."""
        learned = {d: encode(m.learned) for d, m in self._devices.items() if m.learned is not None}
        _replace(path, json.dumps({"format": FORMAT, "learned": learned}, separators=(",", ":")))

    def load(self, path: Path, decode: Callable[[Any], Any]) -> int:
        """Read what was learned (gives of how many devices); a file that does not fit is made anew."""
        try:
            kept = json.loads(path.read_text())
            if kept["format"] != FORMAT:
                return 0
            found = {d: decode(v) for d, v in kept["learned"].items()}
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s is not usable and is made anew: %s", path.name, error)
            return 0
        for device, learned in found.items():
            self.of(device).learned = learned
        return len(found)


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    with open(draft, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(text)
    os.replace(draft, path)
