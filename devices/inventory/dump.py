"""An inventory as YAML that reads back as itself: everything resolved, devices under their sites."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import yaml
from yaml.cyaml import CSafeDumper

from devices.inventory.hours import written
from devices.model import Anchor, Credential, Device, Domain, Inventory, OpeningHours, Site, SnmpSettings, SshSettings

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_SITE = (
    "id", "name", "area", "lat", "lon", "kind", "backhaul", "provider", "plan_down_mbps", "plan_up_mbps",
    "capacity_clients", "programme", "opening_hours", "since", "until",
)  # fmt: skip
_DEVICE = (
    "id",
    "name",
    "platform",
    "role",
    "parent",
    "poll_class",
    "ping",
    "service_check",
    "uplink",
    "since",
    "until",
)
_SNMP = ("version", "credential", "port", "timeout_ms", "retries", "bulk", "max_oids", "max_repetitions")
_ANCHOR = ("domain", "host", "how")
_DOMAIN = ("source_address", "interface", "netns")
_CREDENTIAL = ("community", "username", "auth", "auth_password", "priv", "priv_password", "password", "key")


def dump(inventory: Inventory) -> str:
    """The whole inventory as one YAML text; `load` of it gives the same sites, devices and names of secrets."""
    return as_yaml(plain(inventory))


def plain(inventory: Inventory) -> dict[str, Plain]:
    """The inventory as mappings, lists and texts, for YAML or JSON."""
    tree: dict[str, Plain] = {"timezone": inventory.timezone}
    if inventory.simulated:
        tree["simulated"] = "yes"
    if inventory.anchors:
        tree["observers"] = [_keys(anchor, _ANCHOR) for anchor in inventory.anchors]
    tree["domains"] = {name: _keys(domain, _DOMAIN) for name, domain in inventory.domains.items()}
    if inventory.credentials:
        tree["credentials"] = {name: _keys(entry, _CREDENTIAL) for name, entry in inventory.credentials.items()}
    tree["sites"] = plain_sites(inventory)
    return tree


def plain_sites(inventory: Inventory) -> list[Plain]:
    """Sites with their devices under them."""
    under: dict[str, list[Plain]] = {}
    for device in inventory.devices.values():
        under.setdefault(device.site, []).append(plain_device(device))
    sites: list[Plain] = []
    for site in inventory.sites.values():
        entry: dict[str, Plain] = plain_site(site)
        if devices := under.get(site.id):
            entry["devices"] = devices
        sites.append(entry)
    return sites


def plain_site(site: Site) -> dict[str, Plain]:
    """One site without its devices."""
    return _keys(site, _SITE)


def plain_device(device: Device) -> dict[str, Plain]:
    """One device without its site."""
    entry = _keys(device, _DEVICE)
    entry["domain"] = device.target.domain
    entry["host"] = device.target.host
    if device.snmp is None and device.target.port != 161:
        entry["port"] = str(device.target.port)
    if device.snmp is not None:
        entry["snmp"] = _keys(device.snmp, _SNMP)
    if device.ssh is not None:
        entry["ssh"] = _keys(device.ssh, ("credential", "username", "port", "configure"))
    if device.tags:
        entry["tags"] = list(device.tags)
    return entry


def as_yaml(tree: Plain) -> str:
    """Mappings, lists and texts as YAML; every scalar is a text and quoted only where it must be."""
    text: str = yaml.dump(
        tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=10_000
    )
    return text


_DEFAULTS: dict[str, Any] = {
    "poll_class": "standard",
    "ping": True,
    "timeout_ms": 2000,
    "retries": 2,
    "how": "ping",
    "configure": True,
}


def _keys(
    entry: Site | Device | SnmpSettings | SshSettings | Anchor | Domain | Credential, keys: tuple[str, ...]
) -> dict[str, Plain]:
    """Those keys that are known and not what is taken anyway."""
    found: dict[str, Plain] = {}
    for key in keys:
        value = getattr(entry, key)
        if value is not None and value != _DEFAULTS.get(key):
            found[key] = _word(value)
    return found


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, date):
        return value.isoformat()
    return written(value) if isinstance(value, OpeningHours) else str(value)


def _decimal(value: float) -> str:
    """Shortest digits that read back as the same number, never with an exponent."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


class _Dumper(CSafeDumper):
    """Only texts, lists and mappings; nothing looks like a number, so nothing needs quotes for that."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 # as the base declares it

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Equal values are written again: aliases are not read."""
        return True
