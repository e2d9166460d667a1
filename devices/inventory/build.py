"""One site, one device: layers laid over one another, required keys asked for, names of others looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.inventory.layers import BAD, Layer, Notes, Stack, unknown
from devices.model import (
    Credential,
    Device,
    DeviceId,
    Domain,
    Role,
    Site,
    SiteId,
    SnmpSettings,
    SnmpVersion,
    SshSettings,
    Target,
)

_SITE_KEYS = ("name", "area", "lat", "lon", "kind")
_SITE_OPTIONS = (
    "backhaul", "provider", "plan_down_mbps", "plan_up_mbps", "capacity_clients", "programme", "opening_hours",
    "since", "until",
)  # fmt: skip
_SNMP_OPTIONS = ("port", "timeout_ms", "retries", "bulk", "max_oids", "max_repetitions")


@dataclass(slots=True, kw_only=True)
class Known:
    """What entries may name, and the layers under them."""

    defaults: Layer
    groups: Mapping[str, Layer]
    credentials: Mapping[str, Credential]
    domains: Mapping[str, Domain]
    known_area: Callable[[str], bool] | None
    used_groups: set[str] = field(default_factory=set)
    _under: dict[tuple[str, tuple[str, ...]], list[Layer]] = field(default_factory=dict)

    def site_stack(self, layer: Layer, notes: Notes) -> Stack:
        """Defaults < groups of the site < the site."""
        return Stack([*self._layers("site", self._groups_of(layer, notes)), layer])

    def device_stack(self, layer: Layer, holder: str | None, sites: Mapping[str, Layer], notes: Notes) -> Stack:
        """Defaults < groups of its site < groups of the device < the device."""
        site = sites.get(holder or _text(layer.values.get("site")))
        of_site = _names(site.values.get("groups")) if site is not None else ()
        own = self._groups_of(layer, notes)
        return Stack([*self._layers("device", tuple(g for g in of_site if g in self.groups) + own), layer])

    def _groups_of(self, layer: Layer, notes: Notes) -> tuple[str, ...]:
        names = _names(layer.values.get("groups"))
        self.used_groups.update(names)
        for name in names:
            if name not in self.groups:
                notes.complain(layer.where("groups"), unknown("group", name, self.groups))
        return tuple(name for name in names if name in self.groups)

    def _layers(self, kind: str, groups: tuple[str, ...]) -> list[Layer]:
        """The shared layers of a kind, remembered since thousands of entries have the same ones."""
        if (found := self._under.get((kind, groups))) is None:
            holders = [self.defaults, *(self.groups[name] for name in groups)]
            found = [inner for holder in holders if isinstance(inner := holder.values.get(kind), Layer)]
            self._under[kind, groups] = found
        return found


def build_site(layer: Layer, site_id: str, known: Known, notes: Notes) -> Site | None:
    """The site, or None after complaints."""
    stack = known.site_stack(layer, notes)
    required = _required(stack, _SITE_KEYS, "a site", notes)
    _check_point(layer, required, notes)
    area = required["area"]
    if known.known_area is not None and isinstance(area, str) and not known.known_area(area):
        notes.complain(layer.where("area"), f"no village or district has the code {area}")
    options = {key: stack.get(key) for key in _SITE_OPTIONS}
    _check_dates(stack, options, notes)
    if None in required.values() or BAD in required.values() or BAD in options.values():
        return None
    return Site(id=SiteId(site_id), **required, **options)


def build_device(
    stack: Stack,
    layer: Layer,
    known: Known,
    notes: Notes,
    *,
    device_id: str,
    holder: str | None,
    sites: Mapping[str, Layer],
) -> Device | None:
    """The device, or None after complaints. `holder` is the site it is written under."""
    site = _site_of(layer, holder, sites, notes)
    required = _required(stack, ("host", "role"), "a device", notes)
    domain = _domain(stack, layer, known, notes)
    snmp, snmp_good = _snmp(stack, known, notes)
    ssh, ssh_good = _ssh(stack, known, notes)
    port = _port(stack, snmp, notes)
    options = {key: stack.get(key) for key in ("parent", "service_check", "uplink", "since", "until")}
    _check_dates(stack, options, notes)
    plain = {
        "name": stack.get("name", device_id),
        "platform": stack.get("platform", "auto"),
        "poll_class": stack.get("poll_class", "standard"),
        "ping": stack.get("ping", True),
        "tags": stack.get("tags", ()),
    }
    values = [site, domain, port, *required.values()]
    if None in values or BAD in [*values, *plain.values(), *options.values()] or not (snmp_good and ssh_good):
        return None
    role: Role = required["role"]
    parent = options.pop("parent")
    return Device(
        id=DeviceId(device_id),
        site=SiteId(_text(site)),
        target=Target(domain=_text(domain), host=required["host"], port=port or 161),
        role=role,
        parent=DeviceId(parent) if parent is not None else None,
        snmp=snmp,
        ssh=ssh,
        **plain,
        **options,
    )


def _required(stack: Stack, keys: tuple[str, ...], what: str, notes: Notes) -> dict[str, Any]:
    found = {key: stack.get(key) for key in keys}
    for key, value in found.items():
        if value is None:
            notes.complain(stack.where(key), f"{what} needs `{key}`")
    return found


def _check_point(layer: Layer, site: Mapping[str, Any], notes: Notes) -> None:
    """What single coordinates cannot tell: swapped, or never filled in."""
    lat, lon = site["lat"], site["lon"]
    if isinstance(lat, float) and isinstance(lon, float):
        if lat == 0 and lon == 0:
            notes.complain(layer.where("lat"), "0, 0 lies in the Gulf of Guinea; expected where the site is")
        elif not (-11.5 <= lat <= 6.5 and 94.5 <= lon <= 141.5):
            notes.warn(layer.where("lat"), f"{lat:g}, {lon:g} is outside Indonesia")
    elif lat is BAD and isinstance(lon, float) and abs(lon) <= 12:
        notes.complain(layer.where("lat"), f"`lat` is out of range and `lon` is {lon:g}: are they swapped?")


def _check_dates(stack: Stack, options: dict[str, Any], notes: Notes) -> None:
    since, until = options["since"], options["until"]
    if since is None or until is None or BAD in (since, until):
        return
    if since > until:
        notes.complain(stack.where("until"), f"expected a day not before since ({since}), found {until}")


def _site_of(layer: Layer, holder: str | None, sites: Mapping[str, Layer], notes: Notes) -> Any:
    named = layer.values.get("site")
    if holder is not None:
        if isinstance(named, str) and named != holder:
            notes.complain(layer.where("site"), f"written under site {holder!r} but names {named!r}: leave `site` out")
        return holder
    if named is None:
        notes.complain(layer.where("site"), "a device needs `site`, or a place in the `devices:` of its site")
    elif isinstance(named, str) and named not in sites:
        notes.complain(layer.where("site"), unknown("site", named, sites))
        return BAD
    return named


def _domain(stack: Stack, layer: Layer, known: Known, notes: Notes) -> Any:
    domain = stack.get("domain")
    if domain is None and len(known.domains) == 1:
        return next(iter(known.domains))
    if domain is None:
        notes.complain(layer.where("domain"), "say which of the domains: " + ", ".join(known.domains))
    elif isinstance(domain, str) and domain not in known.domains:
        notes.complain(stack.where("domain"), unknown("domain", domain, known.domains))
        return BAD
    return domain


def _port(stack: Stack, snmp: SnmpSettings | None, notes: Notes) -> Any:
    port = stack.get("port")
    if snmp is None or port is None or port is BAD:
        return port if port is not None else (snmp.port if snmp else 161)
    if port != snmp.port:
        notes.complain(stack.where("port"), f"port {port} and snmp.port {snmp.port} disagree: write one of them")
    return port


def _snmp(stack: Stack, known: Known, notes: Notes) -> tuple[SnmpSettings | None, bool]:
    """Settings, and whether they may be used; (None, True) where SNMP is not asked."""
    inner = stack.under("snmp")
    if inner is None:
        return None, stack.get("snmp") is not BAD
    name = inner.get("credential")
    if name is None:
        notes.complain(inner.where("credential"), "snmp needs `credential`, the name of an entry of `credentials:`")
        return None, False
    if name is BAD or inner.is_bad(("version", *_SNMP_OPTIONS)):
        return None, False
    credential = known.credentials.get(name)
    if credential is None:
        notes.complain(inner.where("credential"), unknown("credential", name, known.credentials))
        return None, False
    spoken = SnmpVersion.V2C if credential.community else SnmpVersion.V3 if credential.username else None
    if spoken is None or inner.get("version", spoken) is not spoken:
        needs = "an SNMP credential (community, or username)" if spoken is None else f"version {spoken.value!r}"
        notes.complain(
            inner.where("version" if spoken else "credential"), f"credential {name!r} fits not: expected {needs}"
        )
        return None, False
    values = {key: inner.get(key) for key in _SNMP_OPTIONS}
    if values["port"] is None and isinstance(port := stack.get("port"), int):
        values["port"] = port
    given = {key: value for key, value in values.items() if value is not None}
    return SnmpSettings(version=spoken, credential=name, **given), True


def _ssh(stack: Stack, known: Known, notes: Notes) -> tuple[SshSettings | None, bool]:
    inner = stack.under("ssh")
    if inner is None:
        return None, stack.get("ssh") is not BAD
    if inner.is_bad(("credential", "username", "port", "configure")):
        return None, False
    name = inner.get("credential")
    credential = known.credentials.get(name) if name is not None else None
    if name is None:
        notes.complain(inner.where("credential"), "ssh needs `credential`, the name of an entry of `credentials:`")
    elif credential is None:
        notes.complain(inner.where("credential"), unknown("credential", name, known.credentials))
    elif not (credential.password or credential.key):
        notes.complain(
            inner.where("credential"), f"credential {name!r} is for SNMP: expected one with `key` or `password`"
        )
    username = inner.get("username") or (credential.username if credential is not None else None)
    if username is None:
        notes.complain(inner.where("username"), "ssh needs `username`, here or in the credential")
        return None, False
    if name is None or credential is None or not (credential.password or credential.key):
        return None, False
    options = {"port": inner.get("port", 22), "configure": inner.get("configure", True)}
    return SshSettings(credential=name, username=username, **options), True


def _names(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
