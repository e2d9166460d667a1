"""Who hangs on whom, and which devices make a site: drawn once for each accepted inventory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devices.model import Device, DeviceId, Inventory, Role, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDevices:
    """Devices of one site by what their failure means.

    gateways: through them the site reaches the internet: its routers that hang on nothing at the same site; where there
        is no router, whatever stands at the top. access_points: what people connect to. others: the rest (cameras are
        watched, but a dark camera does not disturb the Wi-Fi).
    """

    gateways: tuple[DeviceId, ...]
    access_points: tuple[DeviceId, ...]
    others: tuple[DeviceId, ...]
    cameras: tuple[DeviceId, ...]

    def __iter__(self) -> Iterator[DeviceId]:
        """Every device of the site."""
        yield from (*self.gateways, *self.access_points, *self.others, *self.cameras)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """`order` has parents before children; `children` are direct ones; `sites` only those with devices."""

    order: tuple[DeviceId, ...]
    parent: Mapping[DeviceId, DeviceId]
    children: Mapping[DeviceId, tuple[DeviceId, ...]]
    sites: Mapping[SiteId, SiteDevices]

    def above(self, device: DeviceId) -> Iterator[DeviceId]:
        """The devices between this one and the internet, nearest first."""
        seen = {device}
        at = self.parent.get(device)
        while at is not None and at not in seen:
            seen.add(at)
            yield at
            at = self.parent.get(at)


def draw(inventory: Inventory) -> Tree:
    """The tree of an inventory. A parent that is not owned is no parent; cycles are refused by the inventory."""
    devices = inventory.devices
    parent = {d.id: d.parent for d in devices.values() if d.parent is not None and d.parent in devices}
    below: dict[DeviceId, list[DeviceId]] = {}
    for child, up in sorted(parent.items()):
        below.setdefault(up, []).append(child)
    order: list[DeviceId] = []
    waiting = sorted((d for d in devices if d not in parent), reverse=True)
    while waiting:
        device = waiting.pop()
        order.append(device)
        waiting.extend(reversed(below.get(device, ())))
    by_site: dict[SiteId, list[Device]] = {}
    for device_id in sorted(devices):
        by_site.setdefault(devices[device_id].site, []).append(devices[device_id])
    return Tree(
        order=tuple(order),
        parent=parent,
        children={d: tuple(c) for d, c in below.items()},
        sites={site: _sort_out(members, parent, inventory) for site, members in by_site.items()},
    )


def _sort_out(members: list[Device], parent: Mapping[DeviceId, DeviceId], inventory: Inventory) -> SiteDevices:
    here = members[0].site

    def on_top(device: Device) -> bool:
        up = parent.get(device.id)
        return up is None or inventory.devices[up].site != here

    wired = [d for d in members if d.role is not Role.CAMERA] or members
    top = [d for d in wired if on_top(d)]
    gateways = [d for d in top if d.role is Role.ROUTER]
    aps = [d for d in wired if d.role is Role.AP and d not in gateways]
    if not gateways:
        # A lone switch or controller on top leads to the internet; access points side by side are each a way.
        gateways = [d for d in top if d.role is not Role.AP] or ([] if aps else top)
    taken = {d.id for d in (*gateways, *aps)}
    return SiteDevices(
        gateways=tuple(d.id for d in gateways),
        access_points=tuple(d.id for d in aps),
        others=tuple(d.id for d in wired if d.id not in taken),
        cameras=tuple(d.id for d in members if d not in wired),
    )
