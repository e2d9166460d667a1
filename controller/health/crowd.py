"""A site as a whole: more people than it was built for, an uplink at the end of its plan."""

from __future__ import annotations

from collections.abc import Mapping

from controller.health.gauges import Streaks
from controller.health.thresholds import Thresholds
from controller.health.tree import SiteDevices
from devices.model import Inventory, Role, SiteId
from measurements.store import Latest

#: Worst first.
CAUSES = ("full", "saturated")


class Crowds:
    """`full` and `saturated`, damped like any gauge."""

    def __init__(self, limits: Thresholds) -> None:
        self._limits = limits
        self._streaks: dict[SiteId, Streaks] = {}

    def recall(self, site_id: SiteId, cause: str | None) -> None:
        """What an earlier run said of a site goes on until it was within for as many polls."""
        if cause in CAUSES:
            self._streaks[site_id] = Streaks(active={cause})

    def forget(self, site_id: SiteId) -> None:
        """A site that is no longer ours."""
        self._streaks.pop(site_id, None)

    def look(
        self, site_id: SiteId, inventory: Inventory, members: SiteDevices, latest: Mapping[str, Latest]
    ) -> list[str]:
        """Take in one poll of a site; gives the causes that hold now, worst first."""
        site = inventory.sites.get(site_id)
        if site is None or (site.capacity_clients is None and site.plan_down_mbps is None):
            return []
        streaks = self._streaks.get(site_id)
        if streaks is None:
            streaks = self._streaks[site_id] = Streaks()
        found: dict[str, bool | None] = {}
        if site.capacity_clients is not None:
            clients = _clients(inventory, members, latest)
            found["full"] = None if clients is None else clients >= site.capacity_clients
        shares = [
            rate / (plan * 1e6)
            for gateway in members.gateways
            if gateway in latest
            for rate, plan in (
                (latest[gateway].fields.get("in_bps"), site.plan_down_mbps),
                (latest[gateway].fields.get("out_bps"), site.plan_up_mbps),
            )
            if rate is not None and plan
        ]
        found["saturated"] = max(shares) >= self._limits.plan_ratio if shares else None
        streaks.take(found, self._limits.for_polls)
        return [cause for cause in CAUSES if cause in streaks.active]


def _clients(inventory: Inventory, members: SiteDevices, latest: Mapping[str, Latest]) -> int | None:
    """Clients of a site: what its access points count, or what a device above them counts for all."""
    points: list[int] = []
    heads: list[int] = []
    for device_id in members:
        if device_id not in latest or (told := latest[device_id].fields.get("clients")) is None:
            continue
        device = inventory.devices[device_id]
        (points if device.role is Role.AP else heads).append(int(told))
    if not points and not heads:
        return None
    return max(sum(points), max(heads, default=0))
