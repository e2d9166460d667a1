"""Configuration of RouterOS as a value: read from an export, changed by commands, compared.

An export tells only what differs from a default, so what stands after a command can be told only in menus whose
defaults are known here; elsewhere the commands alone are shown and each is looked for. Order means something only in
the menus named in `ORDERED`; in others, lines are sorted, since versions sort differently.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from devices.configuring.routeros_words import Line, NotUnderstood, exported, line_of, unwrapped

ORDERED: Final = re.compile(
    r"ip(v6)? firewall (filter|nat|mangle|raw)|queue simple|interface bridge (filter|nat)|routing"
)
#: Never in an export: nothing can be told of them.
UNSEEN: Final = re.compile(r"user|user ssh-keys( private)?|file|certificate|password|system backup|ip ssh host-key")
#: The guard's own things, which are gone when it is.
_OWN: Final = re.compile(r"merata-")
_RATE: Final = re.compile(r"\d+[kMG]?(?:/\d+[kMG]?)*")
_RATES: Final = ("max-limit", "limit-at", "burst-limit", "burst-threshold", "total-max-limit")

_ON: Final = {"disabled": "no", "comment": ""}
#: Defaults of properties by menu, as far as adding there is predictable. None: always shown.
_ADDS: Final[dict[str, dict[str, str | None]]] = {
    "ip address": {"address": None, "interface": None, "network": None, **_ON},
    "ip dns static": {"name": None, "address": None, "type": None, "ttl": None, "regexp": None, "cname": None, **_ON},
    "ip firewall address-list": {"address": None, "list": None, **_ON},
    "ip pool": {"name": None, "ranges": None, "comment": ""},
    "system ntp client servers": {"address": None, **_ON},
    "queue simple": {
        "name": None, "target": None, "max-limit": None, "limit-at": None, "dst": None, "parent": None, **_ON
    },
}  # fmt: skip
#: Settings, and properties that may be set on items that stand.
_SETS: Final[dict[str, dict[str, str | None]]] = {
    "ip dns": {"servers": "", "allow-remote-requests": "no", "cache-size": "2048KiB"},
    "ip dhcp-server network": {"dns-server": "", "ntp-server": "", "comment": "", "domain": ""},
    "ip dhcp-client": {"use-peer-dns": "yes", "use-peer-ntp": "yes", "add-default-route": "yes", **_ON},
    "snmp": {"enabled": "no", "contact": "", "location": "", "trap-version": "1"},
    "snmp community": {"name": None, "comment": "", "disabled": "no"},
    "system identity": {"name": "MikroTik"},
    "system clock": {"time-zone-name": None, "time-zone-autodetect": "yes"},
    "system note": {"note": "", "show-at-login": "yes"},
    "system ntp client": {"enabled": "no", "servers": "", "mode": "unicast"},
    "interface wireless": {"ssid": None, "security-profile": "default", "country": None, **_ON},
    "interface wireless security-profiles": {
        "mode": "none", "authentication-types": None, "wpa-pre-shared-key": None, "wpa2-pre-shared-key": None,
        "unicast-ciphers": None, "group-ciphers": None, "comment": "",
    },
    "interface wifi": {"configuration": None, "configuration.ssid": None, "configuration.mode": None,
                       "security": None, "security.passphrase": None, "security.authentication-types": None, **_ON},
    "interface wifi configuration": {"ssid": None, "security": None, "security.passphrase": None,
                                     "security.authentication-types": None, "country": None, **_ON},
    "interface wifi security": {"passphrase": None, "authentication-types": None, **_ON},
    "interface ethernet": {"name": None, **_ON},
    "interface bridge": {"name": None, **_ON},
    "ip firewall filter": dict(_ON),
    "ip firewall nat": dict(_ON),
    "ip route": dict(_ON),
    "ip service": {"disabled": "no", "address": ""},
    "ip hotspot user profile": {"rate-limit": "", "comment": ""},
    **_ADDS,
}  # fmt: skip
_SETTINGS: Final = {"ip dns", "snmp", "system identity", "system clock", "system note", "system ntp client"}
#: Hardware and built-in items, which are in an export only where something of theirs differs.
_PRESETS: Final = {
    "interface wireless": "default-name", "interface wifi": "default-name", "interface ethernet": "default-name",
    "interface wireless security-profiles": "default", "snmp community": "default", "ip service": "name",
    "ip hotspot user profile": "default",
}  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One line of an export: an item that was added, or what differs on a built-in one (`selector`) or in settings."""

    given: dict[str, str]
    selector: str | None = None
    is_added: bool = True

    def fits(self, tests: dict[str, str], defaults: dict[str, str | None]) -> bool:
        """Whether the item has all these properties."""
        own = {**self._named(), **self.given}
        return all(own.get(name, defaults.get(name) or "") == value for name, value in tests.items())

    def _named(self) -> dict[str, str]:
        """What a built-in item is called where its name was not changed."""
        found = re.fullmatch(r"\[ find ([a-z-]+)=(.+) \]", self.selector or "")
        if found is None:
            return {"name": self.selector} if self.selector else {}
        return {found[1]: found[2], **({"name": found[2]} if found[1] == "default-name" else {})}


@dataclass(slots=True)
class Config:
    """Menus with their entries."""

    menus: dict[str, list[Entry]] = field(default_factory=dict)

    def text(self) -> str:
        """One absolute line an entry, menus sorted."""
        return "".join(f"{line}\n" for menu in sorted(self.menus) for line in self._lines(menu))

    def _lines(self, menu: str) -> list[str]:
        lines = [f"/{menu} {_said(entry)}" for entry in self.menus[menu]]
        return lines if ORDERED.match(menu) else sorted(lines)


def _said(entry: Entry) -> str:
    words = ["add" if entry.is_added else "set", entry.selector or ""]
    words += [f"{name}={exported(value)}" for name, value in sorted(entry.given.items())]
    return " ".join(w for w in words if w)


def parse(text: str) -> Config:
    """An export of either style.

    Raises:
        NotUnderstood: a line is no line of an export.
    """
    config, menu = Config(), ""
    for raw in unwrapped(text).splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("/") and not re.search(r"\b(?:add|set)\b", line):
            menu = " ".join(line.strip("/").replace("/", " ").split())
            continue
        parsed = line_of(line, menu=menu)
        entry = _entry(parsed)
        if entry is not None:
            config.menus.setdefault(parsed.menu, []).append(entry)
    return config


def _entry(line: Line) -> Entry | None:
    given = {name: canonical(name, value) for name, value in line.given.items()}
    if _OWN.match(given.get("name", "")):
        return None
    if line.verb == "add":
        return Entry(given)
    if line.verb != "set":
        raise NotUnderstood(f"{line.verb} in an export")
    selector = line.whom
    if line.tests is not None:
        selector = "[ find " + " ".join(f"{n}={exported(v)}" for n, v in line.tests.items()) + " ]"
    return Entry(given, selector=selector, is_added=False)


def canonical(name: str, value: str) -> str:
    """One of several ways to write a value: rates in the largest unit that leaves them whole."""
    if name not in _RATES or not _RATE.fullmatch(value):
        return value
    return "/".join(_rate(part) for part in value.split("/"))


def _rate(text: str) -> str:
    number = int(text.rstrip("kMG")) * {"k": 10**3, "M": 10**6, "G": 10**9}.get(text[-1], 1)
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number and number % size == 0:
            return f"{number // size}{unit}"
    return str(number)


def apply(config: Config, line: Line) -> None:
    """Change the configuration as the line does.

    Raises:
        NotUnderstood: what the export will say then cannot be told.
    """
    defaults = (_ADDS if line.verb == "add" else _SETS).get(line.menu)
    if defaults is None or any(name not in defaults for name in line.given):
        raise NotUnderstood(f"/{line.menu} {line.verb}")
    given = {name: canonical(name, value) for name, value in line.given.items()}
    entries = config.menus.setdefault(line.menu, [])
    if line.verb == "add":
        entries.append(Entry(_told({**_computed(line.menu, given), **given}, defaults)))
    elif line.verb == "remove":
        gone = _matching(config, line)
        if any(not e.is_added for e in gone):
            raise NotUnderstood("a built-in item cannot go")
        entries[:] = [e for e in entries if not any(e is g for g in gone)]
    elif line.verb in ("set", "enable", "disable"):
        if line.verb != "set":
            given = {"disabled": "yes" if line.verb == "disable" else "no"}
        for entry in _matching(config, line):
            entry.given = _told({**entry.given, **_computed(line.menu, given), **given}, defaults)
    else:
        raise NotUnderstood(line.verb)
    entries[:] = [e for e in entries if e.given]
    if not entries:
        del config.menus[line.menu]


def _told(given: dict[str, str], defaults: dict[str, str | None]) -> dict[str, str]:
    """Without what equals a default; an empty value of a property without a known default is not shown."""
    return {n: v for n, v in given.items() if v != (defaults.get(n) or "")}


def _computed(menu: str, given: dict[str, str]) -> dict[str, str]:
    if menu != "ip address" or "address" not in given or "network" in given:
        return {}
    try:
        return {"network": str(ipaddress.ip_interface(given["address"]).network.network_address)}
    except ValueError:
        raise NotUnderstood("an address without its network") from None


def _matching(config: Config, line: Line) -> list[Entry]:
    entries, defaults = config.menus[line.menu], _SETS[line.menu]
    if line.menu in _SETTINGS:
        if line.tests is not None or line.whom is not None:
            raise NotUnderstood("a selection in settings")
        if not entries:
            entries.append(Entry({}, is_added=False))
        return entries
    if line.tests is None:
        if line.whom is None or line.whom.isdecimal() or "," in line.whom or line.whom.startswith("*"):
            raise NotUnderstood("a number counts differently from time to time")
        tests = {"name": line.whom}
    else:
        tests = line.tests
    found = [e for e in entries if e.fits(tests, defaults)]
    if line.menu in _PRESETS and not found:
        found = [_preset(line.menu, tests)]
        entries.extend(found)
    elif line.menu in _PRESETS and not _is_by_name(tests) and any(tests[n] == defaults.get(n) for n in tests):
        raise NotUnderstood("built-in items that no export names may fit, too")
    if not found and line.tests is None:
        raise NotUnderstood("no such item")
    return found


def _is_by_name(tests: dict[str, str]) -> bool:
    return bool(tests.keys() & {"name", "default-name", "default"})


def _preset(menu: str, tests: dict[str, str]) -> Entry:
    """A built-in item that differs in nothing yet."""
    key = _PRESETS[menu]
    if len(tests) != 1 or not _is_by_name(tests):
        raise NotUnderstood("built-in items that no export names may fit, or none")
    ((name, value),) = tests.items()
    if key == "name":
        return Entry({}, selector=value, is_added=False)
    if key == "default" and name != "default":
        raise NotUnderstood("no such item")
    return Entry({}, selector=f"[ find {key}={exported(value)} ]", is_added=False)


def is_said(config: Config, line: Line, *, later: list[Line]) -> bool:
    """Whether what a line means is found; what cannot be told counts as found.

    Args:
        config: as it is now.
        line: the line.
        later: those that came after it, which may have decided otherwise.
    """
    if UNSEEN.fullmatch(line.menu) or not line.menu:
        return True
    entries, defaults = config.menus.get(line.menu, []), _SETS.get(line.menu, {})
    same = [x for x in later if x.menu == line.menu]
    if line.verb == "remove":
        added = any(x.verb == "add" for x in same)
        return added or line.tests is None or not line.tests or not any(e.fits(line.tests, defaults) for e in entries)
    if any(x.verb == "remove" for x in same) and line.verb == "add":
        return True
    decided = {n for x in same if x.verb == "set" for n in x.given}
    given = {n: canonical(n, v) for n, v in line.given.items() if n not in decided}
    if line.verb in ("enable", "disable"):
        given = {"disabled": "yes" if line.verb == "disable" else "no"}
        if any(x.verb in ("enable", "disable", "remove") or "disabled" in x.given for x in same):
            return True
    if line.verb == "add":
        return any(e.is_added and _agrees(e, given, defaults, strictly=True) for e in entries)
    return _is_set(line, entries, given, defaults, gone=any(x.verb == "remove" for x in same))


def _is_set(
    line: Line, entries: list[Entry], given: dict[str, str], defaults: dict[str, str | None], *, gone: bool
) -> bool:
    tests = dict(line.tests or ({"name": line.whom} if line.whom else {}))
    if (line.tests is None and line.whom is None) or not entries:
        chosen = entries
    elif line.whom is not None and (line.whom.isdecimal() or "," in line.whom):
        return True
    else:
        # What the line itself changes may no longer be as it was selected.
        chosen = [e for e in entries if e.fits({n: v for n, v in tests.items() if n not in line.given}, defaults)]
        chosen = [e for e in chosen if all(e.fits({n: v}, defaults) or e.fits({n: line.given[n]}, defaults)
                                           for n, v in tests.items() if n in line.given)]  # fmt: skip
    if gone and not chosen:
        return True
    if not chosen:
        return (
            all(defaults.get(n, "?") == v for n, v in given.items()) if line.menu in _SETS else line.tests is not None
        )
    return all(_agrees(e, given, defaults, strictly=False) for e in chosen)


def _agrees(entry: Entry, given: dict[str, str], defaults: dict[str, str | None], *, strictly: bool) -> bool:
    """No property says otherwise. One that is not shown has its default, or one that is not known here."""
    shown = 0
    for name, value in given.items():
        if name in entry.given:
            if entry.given[name] != value:
                return False
            shown += 1
        elif name in defaults and (defaults[name] or "") != value and name not in _HIDDEN:
            return False
    return shown > 0 or not strictly or not given


#: Not shown by a device that will not tell secrets.
_HIDDEN: Final = frozenset({
    "passphrase", "security.passphrase", "wpa-pre-shared-key", "wpa2-pre-shared-key", "password", "secret",
})  # fmt: skip


def back(now: Config, base: Config) -> Iterator[str]:
    """Lines that turn one configuration into another, without a restart.

    Raises:
        NotUnderstood: an order or a built-in item is in the way.
    """
    for menu in sorted({*now.menus, *base.menus}):
        have, want = now.menus.get(menu, []), base.menus.get(menu, [])
        if [_said(e) for e in have] == [_said(e) for e in want]:
            continue
        if ORDERED.match(menu) and [_said(e) for e in have if e in want] != [_said(e) for e in want if e in have]:
            raise NotUnderstood(f"the order in /{menu}")
        yield from _back_in(menu, have, want)


def _back_in(menu: str, have: list[Entry], want: list[Entry]) -> Iterator[str]:
    settled = {e.selector: e for e in want if not e.is_added}
    for entry in (e for e in have if not e.is_added):
        target = settled.pop(entry.selector, Entry({}, selector=entry.selector, is_added=False))
        if changed := _changes(menu, entry, target):
            yield f"/{menu} {_said(Entry(changed, selector=entry.selector, is_added=False))}"
    for entry in settled.values():
        yield f"/{menu} {_said(entry)}"
    gone = [e for e in have if e.is_added and e not in want]
    fresh = [e for e in want if e.is_added and e not in have]
    if fresh and ORDERED.match(menu) and want[-len(fresh) :] != fresh:
        raise NotUnderstood(f"the order in /{menu}")
    named = {e.given["name"]: e for e in fresh if "name" in e.given}
    for entry in gone:
        found = " ".join(f"{n}={exported(v)}" for n, v in sorted(_unique(entry).items()))
        same = named.get(entry.given.get("name", ""))
        if same is not None:
            changed = _changes(menu, entry, same)
            fresh.remove(same)
            yield f"/{menu} set [ find {found} ] " + " ".join(f"{n}={exported(v)}" for n, v in sorted(changed.items()))
        else:
            yield f"/{menu} remove [ find {found} ]"
    for entry in fresh:
        yield f"/{menu} {_said(entry)}"


def _changes(menu: str, entry: Entry, target: Entry) -> dict[str, str]:
    """What turns one entry into the other; what the other does not say goes back to its default."""
    changed = {n: v for n, v in target.given.items() if entry.given.get(n) != v}
    for name in entry.given.keys() - target.given.keys():
        default = _SETS.get(menu, {}).get(name)
        if default is None:
            raise NotUnderstood(f"the default of {name} in /{menu}")
        changed[name] = default
    return changed


def _unique(entry: Entry) -> dict[str, str]:
    if "name" in entry.given:
        return {"name": entry.given["name"]}
    return {n: v for n, v in entry.given.items() if n not in _HIDDEN}
