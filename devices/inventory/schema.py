"""The keys of an inventory and how each is read."""

from __future__ import annotations

from collections.abc import Mapping

from devices.inventory import words
from devices.inventory.hours import opening_hours
from devices.inventory.layers import Field
from devices.model import Backhaul, Role, SiteKind, SnmpVersion


def _must(read: object) -> Field:
    return Field(read=read, clearable=False)  # type: ignore[arg-type] # a reader; spelt once to keep the tables narrow


_PORT = words.whole(1, 65535)
_NAMES = Field(read=words.identifier, many=True)

SNMP: Mapping[str, Field] = {
    "version": _must(words.one_of(SnmpVersion)),
    "credential": _must(words.identifier),
    "port": _must(_PORT),
    "timeout_ms": _must(words.whole(50, 60_000)),
    "retries": _must(words.whole(0, 10)),
    "bulk": Field(read=words.truth),
    "max_oids": Field(read=words.whole(1, 200)),
    "max_repetitions": Field(read=words.whole(1, 200)),
}
SSH: Mapping[str, Field] = {
    "credential": _must(words.identifier),
    "username": _must(words.text),
    "port": _must(_PORT),
    "configure": _must(words.truth),
}
#: What a device may take from defaults and groups.
DEVICE_SHARED: Mapping[str, Field] = {
    "domain": _must(words.identifier),
    "role": _must(words.one_of(Role)),
    "platform": _must(words.identifier),
    "parent": Field(read=words.identifier),
    "poll_class": _must(words.identifier),
    "ping": _must(words.truth),
    "port": _must(_PORT),
    "snmp": Field(fields=SNMP),
    "ssh": Field(fields=SSH),
    "service_check": Field(read=words.service),
    "uplink": Field(read=words.text),
    "tags": Field(read=words.identifier, many=True),
    "since": Field(read=words.day),
    "until": Field(read=words.day),
}
DEVICE: Mapping[str, Field] = {
    "id": _must(words.identifier),
    "site": _must(words.identifier),
    "name": _must(words.text),
    "host": _must(words.host),
    "groups": _NAMES,
    **DEVICE_SHARED,
}
#: What a site may take from defaults and groups.
SITE_SHARED: Mapping[str, Field] = {
    "kind": _must(words.one_of(SiteKind)),
    "backhaul": Field(read=words.one_of(Backhaul)),
    "provider": Field(read=words.text),
    "plan_down_mbps": Field(read=words.positive),
    "plan_up_mbps": Field(read=words.positive),
    "capacity_clients": Field(read=words.whole(1, 1_000_000)),
    "programme": Field(read=words.text),
    "opening_hours": Field(read=opening_hours),
    "since": Field(read=words.day),
    "until": Field(read=words.day),
}
SITE: Mapping[str, Field] = {
    "id": _must(words.identifier),
    "name": _must(words.text),
    "area": _must(words.area),
    "lat": _must(words.degrees(90)),
    "lon": _must(words.degrees(180)),
    "groups": _NAMES,
    "devices": Field(),
    **SITE_SHARED,
}
LAYERS: Mapping[str, Field] = {"site": Field(fields=SITE_SHARED), "device": Field(fields=DEVICE_SHARED)}

CREDENTIAL: Mapping[str, Field] = {
    "community": _must(words.reference("env", "file")),
    "username": _must(words.text),
    "auth": _must(words.choice("md5", "sha1", "sha224", "sha256", "sha384", "sha512")),
    "auth_password": _must(words.reference("env", "file")),
    "priv": _must(words.choice("aes128", "aes192", "aes256", "aes192c", "aes256c")),
    "priv_password": _must(words.reference("env", "file")),
    "password": _must(words.reference("env", "file")),
    "key": _must(words.reference("key", "agent")),
}
DOMAIN: Mapping[str, Field] = {
    "source_address": Field(read=words.host),
    "interface": Field(read=words.text),
    "netns": Field(read=words.text),
}
ANCHOR: Mapping[str, Field] = {
    "domain": _must(words.identifier),
    "host": _must(words.host),
    "how": _must(words.how),
}

#: Sections that an included file may hold.
PARTS: Mapping[str, Field] = {
    "include": Field(),
    "domains": Field(),
    "credentials": Field(),
    "groups": Field(),
    "sites": Field(),
    "devices": Field(),
}
ROOT: Mapping[str, Field] = {
    "timezone": _must(words.timezone),
    "simulated": _must(words.truth),
    "observers": Field(),
    "defaults": Field(),
    **PARTS,
}
#: Said of root keys that stand in an included file.
ROOT_ONLY: Mapping[str, str] = {
    key: f"`{key}` belongs in the main inventory file, not in an included one" for key in ROOT.keys() - PARTS.keys()
}
#: Said of keys that people write in the wrong place.
_ELSEWHERE = "secrets are not written here: name an entry of `credentials:` in `credential:`"
DEVICE_HINTS: Mapping[str, str] = {
    "community": _ELSEWHERE,
    "password": _ELSEWHERE,
    "address": "unknown key 'address': write the address as `host`",
    "ip": "unknown key 'ip': write the address as `host`",
    "target": "unknown key 'target': write `host`, `domain` and, where it is not 161, `port`",
}
SITE_HINTS: Mapping[str, str] = {
    "latitude": "unknown key 'latitude': did you mean 'lat'?",
    "longitude": "unknown key 'longitude': did you mean 'lon'?",
    "village": "unknown key 'village': write its Kemendagri code as `area`",
}
