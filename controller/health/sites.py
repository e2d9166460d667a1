"""The state of a site from its devices: the one place where that is decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.health.tree import SiteDevices
from devices.model import DeviceId
from measurements.intervals import State


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one device. `since` is when that began; `failed` covers silence behind a dead parent."""

    state: State
    cause: str | None
    since: float

    @property
    def failed(self) -> bool:
        """Nobody is served through it."""
        return self.state is State.DOWN or self.cause == "parent_down"


@dataclass(frozen=True, slots=True)
class SiteVerdict:
    """The state of a site, why, since when its devices make it so, and which of them."""

    state: State
    cause: str | None
    since: float
    devices: tuple[DeviceId, ...] = ()


def judge(site: SiteDevices, known: Mapping[DeviceId, Known], crowd: Sequence[str] = ()) -> SiteVerdict | None:
    """Decide one site.

    Down when all its gateways or all its access points failed; unknown when that cannot be told; degraded when some
    failed, or when what people need of it serves badly.

    Args:
        site: its devices.
        known: what is known of each; a device that was never observed is missing.
        crowd: causes of the site as a whole (`full`, `saturated`), worst first.

    Returns:
        None while nothing was ever observed.
    """
    gateways = [(d, known[d]) for d in site.gateways if d in known]
    aps = [(d, known[d]) for d in site.access_points if d in known]
    rest = [(d, known[d]) for d in site.others if d in known]
    core = gateways + aps + rest
    if not core:
        return None
    if gateways and len(gateways) == len(site.gateways) and all(k.failed for _, k in gateways):
        behind = all(k.cause == "parent_down" for _, k in gateways)
        return _said(State.DOWN, "no_uplink" if behind else "silent", gateways, latest=True)
    if aps and len(aps) == len(site.access_points) and all(k.failed for _, k in aps):
        alone = not site.gateways
        behind = all(k.cause == "parent_down" for _, k in aps)
        return _said(State.DOWN, "no_uplink" if alone and behind else "all_aps", aps, latest=True)
    if blind := _unseen(gateways) or _unseen(aps):
        return _said(State.UNKNOWN, blind[0][1].cause, blind)
    if failed := [(d, k) for d, k in core if k.failed]:
        return _said(State.DEGRADED, "some_devices", failed)
    if bad := [(d, k) for d, k in gateways if k.state is State.DEGRADED]:
        return _said(State.DEGRADED, bad[0][1].cause, bad)
    if crowd:
        return _said(State.DEGRADED, crowd[0], core, latest=True)
    if bad := [(d, k) for d, k in aps if k.state is State.DEGRADED]:
        return _said(State.DEGRADED, bad[0][1].cause, bad)
    if all(k.state is State.MAINTENANCE for _, k in gateways or core):
        return _said(State.MAINTENANCE, None, core)
    if not any(k.state in (State.UP, State.DEGRADED) for _, k in core):
        return _said(State.UNKNOWN, core[0][1].cause, core)
    return _said(State.UP, None, core, latest=True)


def _unseen(members: list[tuple[DeviceId, Known]]) -> list[tuple[DeviceId, Known]]:
    """All of them, when none can be told up or failed."""
    return members if members and all(k.state is State.UNKNOWN and not k.failed for _, k in members) else []


def _said(
    state: State, cause: str | None, members: list[tuple[DeviceId, Known]], *, latest: bool = False
) -> SiteVerdict:
    times = [k.since for _, k in members]
    since = max(times) if latest else min(times)
    named = () if state is State.UP else tuple(d for d, _ in members)
    return SiteVerdict(state, cause, since, named)
