"""The inventory as one flat table, for people who work with spreadsheets; `merata inventory import` reads it again."""

from __future__ import annotations

import csv
import io

from devices.inventory.columns import FIELDS, SITE_FIELDS
from devices.inventory.dump import Plain, plain_device, plain_site
from devices.model import Inventory


def as_csv(inventory: Inventory) -> str:
    """One row a device with its site's columns; a site without a device has one row of its own.

    Keys that a table cannot hold (timeouts, groups) stay with the YAML form.
    """
    under: dict[str, list[dict[str, Plain]]] = {}
    for device in inventory.devices.values():
        entry = plain_device(device)
        if device.target.port != 161:
            entry["port"] = str(device.target.port)
        under.setdefault(device.site, []).append(entry)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for site in inventory.sites.values():
        columns = [_cell(plain_site(site), name) for name in SITE_FIELDS]
        for device_entry in under.get(site.id, [{}]):
            writer.writerow([*columns, *(_cell(device_entry, name) for name in list(FIELDS)[len(SITE_FIELDS) :])])
    return out.getvalue()


def _cell(entry: dict[str, Plain], name: str) -> str:
    value: Plain | None = entry
    for key in name.removeprefix("site.").removeprefix("device.").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict):
        return ""
    return value if isinstance(value, str) else ", ".join(map(str, value))
