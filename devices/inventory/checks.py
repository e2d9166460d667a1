"""What only the whole can tell: parents, equal targets, equal names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from devices.inventory.layers import Layer, Notes, Stack, unknown
from devices.model import Device, DeviceId, Site, SiteId


@dataclass(slots=True)
class Places:
    """Every entry by id: as written (also those with complaints) and as built."""

    sites: dict[str, Layer] = field(default_factory=dict)
    devices: dict[str, Layer] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)
    built_sites: dict[SiteId, Site] = field(default_factory=dict)
    built_devices: dict[DeviceId, Device] = field(default_factory=dict)


def check_sites(places: Places, notes: Notes) -> None:
    """Sites of one name in one area are most likely one site."""
    seen: dict[tuple[str, str], SiteId] = {}
    for site in places.built_sites.values():
        if (first := seen.setdefault((site.area, site.name.casefold()), site.id)) != site.id:
            layer = places.sites[site.id]
            notes.warn(layer.where("name"), f"site {first!r} of the same area is also called {site.name!r}")
    holding = {device.site for device in places.built_devices.values()}
    for site_id in places.built_sites.keys() - holding:
        notes.warn(places.sites[site_id].where("id"), f"site {site_id!r} has no device")


def check_network(places: Places, notes: Notes) -> None:
    """Parents exist and make no circle; no two devices on one target or of one name in a site."""
    _check_parents(places, notes)
    _check_targets(places, notes)
    _check_names(places, notes)


def check_platforms(places: Places, known: Collection[str], notes: Notes) -> None:
    """Platforms that are named are ones that we speak."""
    for device in places.built_devices.values():
        if device.platform != "auto" and device.platform not in known:
            notes.complain(places.stacks[device.id].where("platform"), unknown("platform", device.platform, known))


def _check_parents(places: Places, notes: Notes) -> None:
    parents: dict[str, str] = {}
    for device_id, stack in places.stacks.items():
        parent = stack.get("parent")
        if not isinstance(parent, str):
            continue
        if parent == device_id:
            notes.complain(stack.where("parent"), f"device {device_id!r} is its own parent")
        elif parent not in places.devices:
            notes.complain(stack.where("parent"), unknown("device", parent, places.devices))
        else:
            parents[device_id] = parent
    for circle in _circles(parents):
        chain = " -> ".join((*circle, circle[0]))
        notes.complain(places.stacks[circle[0]].where("parent"), f"parents go round in a circle: {chain}")


def _circles(parents: Mapping[str, str]) -> list[list[str]]:
    """Each circle once, beginning with its smallest id."""
    circles: list[list[str]] = []
    done: set[str] = set()
    for start in parents:
        trail: dict[str, None] = {}
        at: str | None = start
        while at is not None and at not in done and at not in trail:
            trail[at] = None
            at = parents.get(at)
        if at is not None and at in trail:
            members = list(trail)
            circle = members[members.index(at) :]
            first = circle.index(min(circle))
            circles.append(circle[first:] + circle[:first])
        done.update(trail)
    return circles


def _check_targets(places: Places, notes: Notes) -> None:
    """One target is one device at a time; a later one may follow an earlier one's `until`."""
    by_target: dict[tuple[str, str, int], list[Device]] = {}
    for device in places.built_devices.values():
        by_target.setdefault((device.target.domain, device.target.host, device.target.port), []).append(device)
    for (domain, host, port), sharing in by_target.items():
        for before, after in ((a, b) for i, b in enumerate(sharing) for a in sharing[:i] if _meet(a, b)):
            notes.complain(
                places.stacks[after.id].where("host"),
                f"device {before.id!r} is already on {host} port {port} of domain {domain!r}",
            )
            break


def _meet(a: Device, b: Device) -> bool:
    return (a.since or date.min) <= (b.until or date.max) and (b.since or date.min) <= (a.until or date.max)


def _check_names(places: Places, notes: Notes) -> None:
    seen: dict[tuple[SiteId, str], DeviceId] = {}
    for device in places.built_devices.values():
        if (first := seen.setdefault((device.site, device.name.casefold()), device.id)) != device.id:
            where = places.stacks[device.id].where("name")
            notes.complain(where, f"device {first!r} of site {device.site!r} is also called {device.name!r}")
