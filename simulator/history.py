"""The story told backwards: what thirty days of polling would have seen, as columns and spans.

Plain arrays and tuples only; `merata.demo_history` turns them into rows of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator import platforms
from simulator.province import SimDevice
from simulator.story import Segment, Story

#: A trouble shorter than this is over before two polls have missed: it shows as a restart, not as an outage.
SHORTEST_S = 120.0
#: Firmware that has no radio to count clients of, and firmware that tells a temperature.
_NO_RADIO = ("routeros-plain", "linux")
_THERMOMETER = ("routeros", "airos")
#: Firmware that tells its storage.
_DISK = ("routeros", "linux")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Polls of one device in order of time; figures of polls that were not answered mean nothing.

    `served` None: the service question is not asked; `clients`, `temperature_c`, `disk_ratio` None: not told.
    """

    device: str
    port: str
    speed_bps: int
    interval_s: int
    slots: NDArray[np.int64]
    at: NDArray[np.float64]
    answered: NDArray[np.bool_]
    served: NDArray[np.bool_] | None
    octets_in: NDArray[np.int64]
    octets_out: NDArray[np.int64]
    errors_in: NDArray[np.int64]
    uptime_s: NDArray[np.float64]
    rtt_ms: NDArray[np.float64]
    clients: NDArray[np.int64] | None
    cpu_ratio: NDArray[np.float64]
    memory_ratio: NDArray[np.float64]
    temperature_c: NDArray[np.float64] | None
    disk_ratio: NDArray[np.float64] | None
    box: tuple[str | None, str]  # serial, first hardware address


def slots(story: Story, start: float, end: float, step_s: int) -> NDArray[np.int64]:
    """Slots of [start, end) in which the observer saw anything: holes are left out."""
    first = int(-(-start // step_s) * step_s)
    found = np.arange(first, int(end), step_s, dtype=np.int64)
    for blind_from, blind_to in story.blind:
        found = found[(found + step_s <= blind_from) | (found >= blind_to)]
    return found


def samples(story: Story, device: SimDevice, when: NDArray[np.int64], step_s: int) -> Samples:
    """What polling a device in these slots saw. Each device is polled at its own moment of the interval."""
    offset = device.index * 7.3 % (step_s * 0.8)
    at = (when + offset).astype(np.float64)
    seen = story.over(device, at)
    answered = seen["reachable"]
    told = not device.platform.startswith(_NO_RADIO) and (device.share > 0 or device.platform != "routeros-wifi")
    warm = device.platform.startswith(_THERMOMETER)
    stores = device.platform.startswith(_DISK)
    hottest = 4.0 if device.platform.startswith("routeros") else 0.0  # the second sensor, at the processor
    return Samples(
        device=device.id,
        port=platforms.WAN[device.platform],
        speed_bps=100_000_000 if device.platform.startswith("airos") else 1_000_000_000,
        interval_s=step_s,
        slots=when,
        at=at,
        answered=answered,
        served=seen["service_ok"] if device.is_gateway else None,
        octets_in=seen["octets_in"],
        octets_out=seen["octets_out"],
        errors_in=seen["errors_in"],
        uptime_s=np.floor(seen["uptime_s"] * 100) / 100,
        rtt_ms=np.round(seen["delay_s"] * 1000 + 1.5, 2),
        clients=seen["clients"] if told else None,
        cpu_ratio=np.round(seen["cpu_percent"]) / 100,
        memory_ratio=np.asarray(np.round(seen["memory_ratio"], 4), dtype=np.float64),
        temperature_c=np.round(seen["temperature_c"] + hottest, 1) if warm else None,
        disk_ratio=np.asarray(np.round(seen["disk_ratio"], 4), dtype=np.float64) if stores else None,
        box=platforms.box(device.platform, story.traits(device)),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on a device is `state` (up, degraded, down, unknown) because of `cause`.

    `serves`: does the service question get its answer; None: not asked. `crowded`: more people hang on its site than it
    was made for.
    """

    at: float
    device: str
    state: str
    cause: str | None
    serves: bool | None
    crowded: bool


def changes(story: Story, start: float, end: float) -> Iterator[Change]:
    """Every change of every device in [start, end), in order of time; the states at `start` come first."""
    found: list[Change] = []
    for device in story.province.devices.values():
        found += _changes(story, device, start, end)
    yield from sorted(found, key=lambda c: c.at)


def _changes(story: Story, device: SimDevice, start: float, end: float) -> Iterator[Change]:
    before: tuple[str, str | None, bool | None, bool] | None = None
    cause_before: tuple[str, str | None] = ("up", None)
    for seg in story.segments(device):
        until = min(seg.end, end)
        if until <= start or seg.start >= end:
            continue
        state, cause = _verdict(seg, device)
        brief = seg.end - seg.start < SHORTEST_S and state in ("down", "unknown")
        if brief:
            state, cause = cause_before
        cause_before = (state, cause)
        serves = (state in ("up", "degraded") and cause != "no_service") if device.is_gateway else None
        found = (state, cause, serves, "full" in seg.mishaps)
        if found != before:
            before = found
            yield Change(max(seg.start, start), device.id, *found)


#: What the figures of a mishap are called; the first that fits is told.
_CAUSES: Mapping[str, str] = {"no_service": "no_service", "lossy": "slow", "hot": "hot", "disk": "disk"}


def _verdict(seg: Segment, device: SimDevice) -> tuple[str, str | None]:
    if not seg.running:
        # Without power the gateway is dark too, and whoever stands behind it cannot be told from here.
        return ("unknown", "parent_down") if seg.cause == "power" and not device.is_gateway else ("down", "silent")
    if not seg.reachable:
        return ("unknown", "parent_down") if seg.cause == "parent" else ("down", "silent")
    for mishap, cause in _CAUSES.items():
        if mishap in seg.mishaps:
            blind_to_heat = mishap == "hot" and not device.platform.startswith(_THERMOMETER)
            return "degraded", "busy" if blind_to_heat else cause
    return "up", None


def facts(story: Story) -> dict[str, Any]:
    """What a store that holds this history should say of itself."""
    return {"simulated": True, "seed": story.province.seed, "origins": list(story.origins)}
