"""What a table proposes: which sites and devices are new, which differ, which are as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devices.errors import Complaint
from devices.inventory import columns, schema
from devices.inventory.dump import Plain, plain_device, plain_site
from devices.inventory.layers import Notes, read_layer
from devices.inventory.sheets import Row, Sheet
from devices.inventory.text import Entries, Node, Word
from devices.inventory.words import slug
from devices.model import Device, Inventory, Site

Entry = dict[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One site or device of the table beside the one that is there. `before` is empty for a new one."""

    what: str
    id: str
    row: int
    entry: Entry
    site: str | None = None
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Nothing of this id is in the inventory."""
        return not self.before and bool(self.after)

    @property
    def is_same(self) -> bool:
        """The inventory says all of it already."""
        return not self.after

    @property
    def key(self) -> tuple[str, str]:
        """Sites and devices may share an id."""
        return (self.what, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The whole table, sites before devices, in the order of its rows."""

    changes: tuple[Change, ...]
    complaints: tuple[Complaint, ...]


def propose(
    sheet: Sheet, mapping: Mapping[str, int], constants: Mapping[str, str], inventory: Inventory | None
) -> Proposal:
    """Compare a table with the inventory; nothing is changed.

    Args:
        sheet: the table.
        mapping: field -> column.
        constants: field -> value for rows where its cell is empty or missing.
        inventory: what is there; None: nothing yet.
    """
    reader = _Reader(sheet, mapping, constants, inventory)
    for row in sheet.rows:
        reader.take(row)
    changes = (*reader.sites.values(), *reader.devices.values())
    return Proposal(changes=changes, complaints=tuple(sorted(reader.notes.complaints)))


class _Reader:
    """Goes through the rows; several rows may speak of one site."""

    def __init__(
        self, sheet: Sheet, mapping: Mapping[str, int], constants: Mapping[str, str], inventory: Inventory | None
    ) -> None:
        self.notes = Notes()
        self.sites: dict[str, Change] = {}
        self.devices: dict[str, Change] = {}
        self._sheet = sheet
        self._mapping = mapping
        self._constants = constants
        sites: Sequence[Site] = list(inventory.sites.values()) if inventory else ()
        self._old_devices: Mapping[str, Device] = {d.id: d for d in inventory.devices.values()} if inventory else {}
        self._old_sites: Mapping[str, Site] = {site.id: site for site in sites}
        self._by_name = {(site.name.casefold(), site.area): site.id for site in sites}
        self._by_host: dict[tuple[str, str], list[Device]] = {}
        for device in self._old_devices.values():
            self._by_host.setdefault((device.target.host, str(device.target.port)), []).append(device)
        self._new_ids: dict[tuple[str, str], str] = {}

    def take(self, row: Row) -> None:
        """One row: a site, a device of it, or both."""
        site_id = self._site(row)
        if self._cell(row, "host") or self._cell(row, "device.id"):
            self._device(row, site_id)

    def _site(self, row: Row) -> str | None:
        values = self._values(row, columns.SITE_FIELDS)
        site_id = self._site_id(values)
        if site_id is None:
            if not self._cell(row, "device.id"):
                self._complain(row, "site.id", "expected an id or a name of the site; found neither")
            return None
        entry: Entry = {"id": site_id, **{_key(name): value for name, value in values.items() if name != "site.id"}}
        self._check(entry, row, "site")
        before = self.sites.get(site_id)
        if before is None:
            old = self._old_sites.get(site_id)
            if old is None:
                self._check_complete(row, entry)
            if old is not None or len(entry) > 1:
                self.sites[site_id] = _change("site", row, entry, _flat(plain_site(old)) if old else {})
        else:
            self._check_agrees(before, entry, row)
        return site_id

    def _device(self, row: Row, site_id: str | None) -> None:
        values = self._values(row, [name for name in columns.FIELDS if name not in columns.SITE_FIELDS])
        device_id = values.get("device.id") or self._device_id(values, site_id)
        entry: Entry = {"id": device_id}
        for name, value in values.items():
            if name in ("snmp.credential", "ssh.credential", "ssh.username"):
                outer, _, inner = name.partition(".")
                under = entry.get(outer)
                entry[outer] = {**(under if isinstance(under, dict) else {}), inner: value}
            elif name == "tags":
                entry["tags"] = [tag.strip() for tag in value.split(",") if tag.strip()]
            elif name != "device.id":
                entry[_key(name)] = value
        self._check(entry, row, "device")
        if (first := self.devices.get(device_id)) is not None:
            self._complain(row, "device.id", f"device {device_id!r} is in row {first.row} already")
            return
        old = self._old_devices.get(device_id)
        before = _flat(plain_device(old)) | {"site": str(old.site)} if old else {}
        site = site_id or (str(old.site) if old else None)
        self.devices[device_id] = _change("device", row, entry, before, site=site)

    def _values(self, row: Row, names: Sequence[str]) -> dict[str, str]:
        return {name: value for name in names if (value := self._cell(row, name))}

    def _cell(self, row: Row, name: str) -> str:
        column = self._mapping.get(name)
        cell = row.cells[column] if column is not None and column < len(row.cells) else ""
        cell = cell or self._constants.get(name, "")
        return columns.meant(name, cell) if cell not in ("", "-") else ""

    def _site_id(self, values: Mapping[str, str]) -> str | None:
        if given := values.get("site.id"):
            return given
        name = values.get("site.name")
        if name is None:
            return None
        area = values.get("area", "")
        known = self._by_name.get((name.casefold(), area))
        return known or self._fresh(("site", f"{name}|{area}"), slug(name) or "site", {*self._old_sites})

    def _device_id(self, values: Mapping[str, str], site_id: str | None) -> str:
        port = values.get("port", "161")
        here = [
            device.id
            for device in self._by_host.get((values.get("host", ""), port), ())
            if device.target.domain == values.get("domain", device.target.domain)
        ]
        if len(here) == 1:
            return here[0]
        wish = slug(values.get("device.name", "")) or f"{site_id or 'device'}-{slug(values.get('role', ''))}".rstrip(
            "-"
        )
        host = f"{values.get('domain')}|{values.get('host')}|{port}"
        return self._fresh(("device", host), wish[:58], {*self._old_devices, *self.devices})

    def _fresh(self, subject: tuple[str, str], wish: str, taken: set[str]) -> str:
        """An id for something that has none: the same for the same subject, with a number where it is taken."""
        if (known := self._new_ids.get(subject)) is not None:
            return known
        taken = taken | {given for (what, _), given in self._new_ids.items() if what == subject[0]}
        number, made = 2, wish
        while made in taken:
            number, made = number + 1, f"{wish[:58]}-{number}"
        self._new_ids[subject] = made
        return made

    def _check(self, entry: Entry, row: Row, what: str) -> None:
        """Every value by the schema of the inventory, with the row as its line."""
        fields = schema.SITE if what == "site" else schema.DEVICE
        read_layer(_node(entry, row.number), fields, path=self._sheet.path, notes=self.notes)

    def _check_complete(self, row: Row, entry: Entry) -> None:
        for key in ("name", "area", "lat", "lon", "kind"):
            if key not in entry:
                self._complain(row, key, f"a new site needs `{key}`: map a column to it, or --set {key}=VALUE for all")

    def _check_agrees(self, first: Change, entry: Entry, row: Row) -> None:
        for key, value in entry.items():
            if first.entry.get(key, value) != value:
                said = f"{first.entry[key]!r} in row {first.row}"
                self._complain(row, key, f"site {first.id!r} has {said} and {value!r} here")

    def _complain(self, row: Row, key: str, message: str) -> None:
        complaint = Complaint(path=self._sheet.path, line=row.number, key=key, message=message)
        self.notes.complaints[complaint] = None


def _change(what: str, row: Row, entry: Entry, old: Mapping[str, str], *, site: str | None = None) -> Change:
    """The entry with what of it differs from what is there."""
    said = _flat(entry) | ({"site": site} if site else {})
    after = {key: value for key, value in said.items() if _differs(old.get(key), value)}
    before = {key: old.get(key, "") for key in after} if old else {}
    return Change(what=what, id=str(entry["id"]), row=row.number, entry=entry, site=site, before=before, after=after)


def _differs(old: str | None, new: str) -> bool:
    if old is None or old == new:
        return old is None
    try:
        return float(old) != float(new)
    except ValueError:
        return True


def _flat(entry: Mapping[str, Plain], prefix: str = "") -> dict[str, str]:
    """Nested keys with dots, lists with commas."""
    flat: dict[str, str] = {}
    for key, value in entry.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value if isinstance(value, str) else ", ".join(map(str, value))
    return flat


def _key(name: str) -> str:
    return name.removeprefix("site.").removeprefix("device.")


def _node(tree: Plain, line: int) -> Node:
    if isinstance(tree, dict):
        return Entries({key: _node(value, line) for key, value in tree.items()}, dict.fromkeys(tree, line), line)
    return Word(tree if isinstance(tree, str) else ", ".join(map(str, tree)), line)
