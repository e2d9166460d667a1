"""A device with all that a change may ask of it: its site, its areas, what it said it is, whether it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from devices.facts import Identity
from devices.model import Device, Inventory, Site
from geography.units import Level, Units

#: Dotted parts of an area code down to each level.
_DEPTH = {Level.PROVINCE: 1, Level.REGENCY: 2, Level.DISTRICT: 3, Level.VILLAGE: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One device as `where` tests it and templates see it."""

    device: Device
    site: Site
    platform: str  # the inventory's; where that says auto, what the device was recognised as
    dialect: str | None = None  # name of its configuration language; None: we speak none
    names: Mapping[Level, str] = field(default_factory=dict)  # of its areas, where they are known
    model: str | None = None
    version: str | None = None
    serial: str | None = None
    state: str | None = None  # up, degraded, down, unknown; None: nobody asked

    def code(self, level: Level) -> str | None:
        """The dotted code of its area of a level; None for the village of a site that names only its district."""
        parts = self.site.area.split(".")
        depth = _DEPTH[level]
        return ".".join(parts[:depth]) if len(parts) >= depth else None


def subjects(
    inventory: Inventory,
    *,
    units: Units,
    dialect: Callable[[str], str | None],
    identities: Mapping[str, Identity] | None = None,
    states: Mapping[str, str] | None = None,
    today: date | None = None,
) -> list[Subject]:
    """Every device in service, by id.

    Args:
        inventory: what we own.
        units: for the names of areas.
        dialect: platform to the name of its dialect.
        identities: what devices last said they are, by id.
        states: state of the device by id; None: not asked, `state` then cannot be tested.
        today: civil day; devices whose dates exclude it are left out. None: all.
    """
    told = identities or {}
    return [
        _subject(device, inventory.sites[device.site], units, dialect, told.get(device.id), states)
        for device in sorted(inventory.devices.values(), key=lambda d: d.id)
        if today is None or ((device.since or today) <= today <= (device.until or today))
    ]


def _subject(
    device: Device,
    site: Site,
    units: Units,
    dialect: Callable[[str], str | None],
    told: Identity | None,
    states: Mapping[str, str] | None,
) -> Subject:
    platform = told.platform if device.platform == "auto" and told is not None else device.platform
    found = {level: units.ancestor(site.area, level) for level in Level}
    return Subject(
        device=device,
        site=site,
        platform=platform,
        dialect=dialect(platform),
        names={level: unit.name for level, unit in found.items() if unit is not None},
        model=told.model if told else None,
        version=told.version if told else None,
        serial=told.serial if told else None,
        state=None if states is None else states.get(device.id, "unknown"),
    )


def facts(subject: Subject) -> dict[str, dict[str, Any]]:
    """What templates see as `device`, `site` and `area`; None is "not told"."""
    device, site = subject.device, subject.site
    return {
        "device": {
            "id": str(device.id),
            "name": device.name,
            "role": device.role.value,
            "platform": subject.platform,
            "host": device.target.host,
            "uplink": device.uplink,
            "parent": device.parent,
            "tags": device.tags,
            "model": subject.model,
            "version": subject.version,
            "serial": subject.serial,
        },
        "site": {
            "id": str(site.id),
            "name": site.name,
            "kind": site.kind.value,
            "backhaul": site.backhaul.value if site.backhaul else None,
            "provider": site.provider,
            "programme": site.programme,
            "plan_down_mbps": site.plan_down_mbps,
            "plan_up_mbps": site.plan_up_mbps,
            "capacity_clients": site.capacity_clients,
            "lat": site.lat,
            "lon": site.lon,
        },
        "area": {
            "code": site.area,
            **{level.value: subject.names.get(level) for level in Level},
            **{f"{level.value}_code": subject.code(level) for level in Level},
        },
    }


#: The names that templates may use of each, for lint.
FACTS: Mapping[str, frozenset[str]] = {
    "device": frozenset(
        {"id", "name", "role", "platform", "host", "uplink", "parent", "tags", "model", "version", "serial"}
    ),
    "site": frozenset(
        {
            "id",
            "name",
            "kind",
            "backhaul",
            "provider",
            "programme",
            "plan_down_mbps",
            "plan_up_mbps",
            "capacity_clients",
            "lat",
            "lon",
        }
    ),
    "area": frozenset({"code", *(level.value for level in Level), *(f"{level.value}_code" for level in Level)}),
}
