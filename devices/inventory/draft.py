"""From files to an Inventory, or to every reason why not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devices.errors import Complaint, InventoryError
from devices.inventory import schema
from devices.inventory.build import Known, build_device, build_site
from devices.inventory.checks import Places, check_network, check_platforms, check_sites
from devices.inventory.credentials import read_credential
from devices.inventory.dump import Plain
from devices.inventory.files import Source, read_all
from devices.inventory.layers import BAD, Layer, Notes, Stack, Where, read_layer, shape, unknown
from devices.inventory.text import Entries, Items, Node, Word
from devices.inventory.words import Unfit, identifier
from devices.model import Anchor, Credential, Device, DeviceId, Domain, Inventory, Site, SiteId
from devices.platforms.recognise import platforms


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What reading gave: an inventory or complaints, besides warnings and the text of every file as it was read.

    `patterns` are the (folder, pattern) of every include: a new file that one of them names belongs to the inventory.
    `site_lines` and `device_lines` say where each entry is written.
    """

    inventory: Inventory | None
    complaints: tuple[Complaint, ...]
    warnings: tuple[Complaint, ...]
    texts: Mapping[str, str]
    patterns: tuple[tuple[str, str], ...]
    site_lines: Mapping[str, Where]
    device_lines: Mapping[str, Where]


def load(path: Path, *, known_area: Callable[[str], bool] | None = None) -> Inventory:
    """Read an inventory and everything it includes.

    Args:
        path: the main file.
        known_area: tells whether a Kemendagri code exists; None: only its form is checked.

    Raises:
        InventoryError: it is refused; holds every complaint with file, line, key and what was expected.
    """
    draft = read(path, known_area=known_area)
    if draft.inventory is None:
        raise InventoryError(list(draft.complaints))
    return draft.inventory


def read(
    path: Path, *, known_area: Callable[[str], bool] | None = None, overlay: Mapping[Path, str] | None = None
) -> Draft:
    """As `load`, and the warnings and texts too; never raises for what a person wrote.

    `overlay` holds texts that are read as if they stood in those files: what would be if they did.
    """
    notes = Notes()
    sources = read_all(path, notes, overlay or {})
    assembly = _Assembly(sources.files, notes, known_area, platforms()) if sources.files else None
    inventory = assembly.inventory() if assembly is not None else None
    places = assembly.places if assembly is not None else Places()
    complaints = tuple(sorted(notes.complaints))
    return Draft(
        inventory=None if complaints else inventory,
        complaints=complaints,
        warnings=tuple(sorted(notes.warnings)),
        texts={source.path: source.text for source in sources.files},
        patterns=tuple(sources.patterns),
        site_lines={name: layer.where("id") for name, layer in places.sites.items()},
        device_lines={name: layer.where("id") for name, layer in places.devices.items()},
    )


def load_plain(tree: Plain, *, version: str, files: tuple[str, ...] = ()) -> Inventory:
    """The inventory that `plain` took apart.

    It was accepted before: areas and platforms are not asked for again, since those of its time may be gone.

    Raises:
        InventoryError: the tree was not made by `plain`.
    """
    notes = Notes()
    layer = read_layer(_node(tree), schema.ROOT, path="(kept)", notes=notes)
    source = Source(path="(kept)", real=Path("(kept)"), text="", layer=layer)
    inventory = _Assembly([source], notes, None, None).inventory()
    if inventory is None or notes.complaints:
        raise InventoryError(sorted(notes.complaints))
    return replace(inventory, version=version, files=files)


def _node(tree: Plain) -> Node:
    """Mappings, lists and texts as if they had been written."""
    if isinstance(tree, str):
        return Word(tree, 1)
    if isinstance(tree, list):
        return Items([_node(item) for item in tree], 1)
    return Entries({key: _node(value) for key, value in tree.items()}, dict.fromkeys(tree, 1), 1)


class _Assembly:
    """Joins the sections of all files."""

    def __init__(
        self,
        sources: Sequence[Source],
        notes: Notes,
        known_area: Callable[[str], bool] | None,
        known_platforms: Collection[str] | None,
    ) -> None:
        self._sources = sources
        self._notes = notes
        self._known_area = known_area
        self._known_platforms = known_platforms
        self._root = sources[0].layer
        self.places = Places()

    def inventory(self) -> Inventory | None:
        """The whole; only to be used when nothing was complained of."""
        credentials = self._credentials()
        domains = self._domains()
        anchors = self._anchors(domains, credentials)
        groups = self._named("groups", schema.LAYERS)
        defaults = self._defaults()
        known = Known(
            defaults=defaults, groups=groups, credentials=credentials, domains=domains, known_area=self._known_area
        )
        sites, devices = self._read_places(known)
        check_sites(self.places, self._notes)
        check_network(self.places, self._notes)
        if self._known_platforms is not None:
            check_platforms(self.places, self._known_platforms, self._notes)
        self._say_unused(known)
        return Inventory(
            version=self._version(),
            sites=sites,
            devices=devices,
            domains=domains,
            credentials=credentials,
            anchors=anchors,
            timezone=self._scalar("timezone", "Asia/Pontianak"),
            simulated=self._scalar("simulated", False),
            files=tuple(source.path for source in self._sources),
        )

    def _version(self) -> str:
        digest = hashlib.sha256()
        for source in self._sources:
            data = source.text.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()

    def _scalar(self, key: str, default: Any) -> Any:
        value = self._root.values.get(key, default)
        return default if value is BAD else value

    def _named(self, section: str, fields: Mapping[str, Any]) -> dict[str, Layer]:
        """A section of named mappings, from all files."""
        found: dict[str, Layer] = {}
        for source in self._sources:
            node: Node | None = source.layer.values.get(section)
            if node is None or (isinstance(node, Word) and node.empty):
                continue
            where = source.layer.where(section)
            if not isinstance(node, Entries):
                self._notes.complain(where, f"expected names with keys and values, found {shape(node)}")
                continue
            for name, entry in node.nodes.items():
                here = Where(source.path, node.lines[name], f"{section}.{name}")
                try:
                    identifier(name)
                except Unfit as wrong:
                    self._notes.complain(here, f"expected {wrong}; found {name!r}")
                if name in found:
                    self._notes.complain(here, f"defined twice; the first is in {_place(found[name])}")
                    continue
                layer = read_layer(entry, fields, path=source.path, notes=self._notes, prefix=f"{section}.{name}.")
                layer.line = node.lines[name]
                found[name] = layer
        return found

    def _defaults(self) -> Layer:
        node = self._root.values.get("defaults") or Word("", self._root.line, empty=True)
        return read_layer(node, schema.LAYERS, path=self._root.path, notes=self._notes, prefix="defaults.")

    def _credentials(self) -> dict[str, Credential]:
        layers = self._named("credentials", schema.CREDENTIAL)
        return {name: read_credential(name, layer, self._notes) for name, layer in layers.items()}

    def _domains(self) -> dict[str, Domain]:
        layers = self._named("domains", schema.DOMAIN)
        if not layers:
            return {"default": Domain(name="default")}
        return {
            name: Domain(name=name, **{key: Stack([layer]).get(key) for key in schema.DOMAIN})
            for name, layer in layers.items()
        }

    def _anchors(self, domains: Mapping[str, Domain], credentials: Mapping[str, Credential]) -> tuple[Anchor, ...]:
        anchors = []
        for layer in self._listed(self._root, "observers", schema.ANCHOR, {}):
            host = layer.values.get("host")
            if host is None:
                self._notes.complain(layer.where("host"), "an observer needs `host`")
            domain = layer.values.get("domain", next(iter(domains)) if len(domains) == 1 else None)
            if domain is None:
                self._notes.complain(layer.where("domain"), "say which of the domains: " + ", ".join(domains))
            elif domain is not BAD and domain not in domains:
                self._notes.complain(layer.where("domain"), unknown("domain", domain, domains))
            how = layer.values.get("how", "ping")
            if isinstance(how, str) and how.startswith("snmp:") and how[5:] not in credentials:
                self._notes.complain(layer.where("how"), unknown("credential", how[5:], credentials))
            anchors.append(Anchor(domain=domain, host=host, how=how))  # type: ignore[arg-type] # unused after a complaint
        return tuple(anchors)

    def _listed(
        self, parent: Layer, section: str, fields: Mapping[str, Any], hints: Mapping[str, str]
    ) -> Iterator[Layer]:
        """The mappings of a list section."""
        node: Node | None = parent.values.get(section)
        if node is None or (isinstance(node, Word) and node.empty):
            return
        if not isinstance(node, Items):
            self._notes.complain(parent.where(section), f"expected a list (`- id: ...`), found {shape(node)}")
            return
        for item in node.items:
            if not isinstance(item, Entries):
                where = Where(parent.path, item.line, section)
                self._notes.complain(where, f"expected keys and values, found {shape(item)}")
                continue
            yield read_layer(item, fields, path=parent.path, notes=self._notes, hints=hints)

    def _read_places(self, known: Known) -> tuple[dict[SiteId, Site], dict[DeviceId, Device]]:
        """Sites and devices of all files; first all sites, since a device may name one of a later file."""
        places = self.places
        sites: dict[SiteId, Site] = {}
        nested: list[tuple[Layer, str | None]] = []
        for source in self._sources:
            for layer in self._listed(source.layer, "sites", schema.SITE, schema.SITE_HINTS):
                site_id = self._claim(layer, places.sites, "site")
                site = build_site(layer, site_id, known, self._notes)
                nested += [(d, site_id) for d in self._listed(layer, "devices", schema.DEVICE, schema.DEVICE_HINTS)]
                if site is not None and site_id in places.sites:
                    sites[site.id] = site
                    places.built_sites[site.id] = site
            free = self._listed(source.layer, "devices", schema.DEVICE, schema.DEVICE_HINTS)
            nested += [(layer, None) for layer in free]
        devices: dict[DeviceId, Device] = {}
        for layer, holder in nested:
            device_id = self._claim(layer, places.devices, "device")
            stack = known.device_stack(layer, holder, places.sites, self._notes)
            device = build_device(
                stack, layer, known, self._notes, device_id=device_id, holder=holder, sites=places.sites
            )
            if device_id not in places.stacks and device_id in places.devices:
                places.stacks[device_id] = stack
            if device is not None and device_id in places.stacks:
                devices[device.id] = device
                places.built_devices[device.id] = device
        return sites, devices

    def _claim(self, layer: Layer, taken: dict[str, Layer], what: str) -> str:
        """The id of an entry, made its own; a made-up one where it is missing or wrong."""
        found = layer.values.get("id")
        if found is None:
            self._notes.complain(layer.where("id"), f"a {what} needs `id`")
        elif isinstance(found, str) and found in taken:
            self._notes.complain(
                layer.where("id"), f"{what} id {found!r} given twice; the first is in {_place(taken[found])}"
            )
        elif isinstance(found, str):
            taken[found] = layer
            return found
        return f"?{layer.path}:{layer.line}"

    def _say_unused(self, known: Known) -> None:
        for name, layer in known.groups.items():
            if name not in known.used_groups:
                self._notes.warn(Where(layer.path, layer.line, f"groups.{name}"), "no site or device is in this group")


def _place(layer: Layer) -> str:
    return f"{layer.path}:{layer.line}"
