"""The configuration of a RouterOS device: items and settings by menu, changed with checks, shown by export."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final

from simulator.shells.routeros_menus import MENUS, Menu
from simulator.shells.routeros_words import Wrong, quoted, seconds

Item = dict[str, str]
#: What a built-in item was called at first, whatever it is called now.
_BORN: Final = "default-of"
_UNSHOWN: Final = ("default", "default-name", _BORN)
_WIDTH: Final = 80  # /export breaks lines here whatever the terminal


class Tree:
    """Everything that a backup holds."""

    def __init__(self) -> None:
        """As after a reset without default configuration."""
        self.items: dict[str, list[Item]] = {
            path: [self._born(menu, {**preset, _BORN: _preset_name(preset)}) for preset in menu.presets]
            for path, menu in MENUS.items()
            if not menu.is_settings
        }
        self.settings: dict[str, Item] = {path: dict(m.defaults) for path, m in MENUS.items() if m.is_settings}
        self._next = 1

    def copy(self) -> Tree:
        """The same, sharing nothing."""
        twin = Tree.__new__(Tree)
        twin.items = {path: [dict(i) for i in items] for path, items in self.items.items()}
        twin.settings = {path: dict(s) for path, s in self.settings.items()}
        twin._next = self._next
        return twin

    @staticmethod
    def _born(menu: Menu, item: Item) -> Item:
        return {**menu.defaults, **item}

    def add(self, path: str, given: Item, *, before: int | None = None) -> Item:
        """A new item.

        Raises:
            Wrong: a property is missing or not taken, or the item stands already.
        """
        menu = MENUS[path]
        if menu.is_fixed:
            raise Wrong("bad command name add (line 1 column 1)")
        if missing := [r for r in menu.required if r not in given]:
            raise Wrong(f"failure: missing value(s) of argument(s) {' '.join(missing)}")
        self._check(path, given, among=None)
        item = self._born(menu, given)
        if "name" in menu.properties and "name" not in item and "name" in menu.unique:
            self._next += 1
            item["name"] = f"{path.rsplit(maxsplit=1)[-1]}{self._next}"
        if path == "ip address":
            item.setdefault("network", _network(item["address"]))
        items = self.items[path]
        items.insert(len(items) if before is None else before, item)
        return item

    def set(self, path: str, items: list[Item], given: Item) -> None:
        """Change items, or the settings of a menu."""
        self._check(path, given, among=items)
        for item in items:
            old = item.get("name")
            item.update(given)
            if path == "ip address" and "address" in given and "network" not in given:
                item["network"] = _network(given["address"])
            if old and given.get("name", old) != old:
                self._renamed(path, old, given["name"])
            for name in MENUS[path].unset & given.keys():
                item.pop(name)

    def remove(self, path: str, items: list[Item]) -> None:
        """Take items away.

        Raises:
            Wrong: one of them cannot go.
        """
        if MENUS[path].is_fixed or any("default" in i or "default-name" in i for i in items):
            raise Wrong("failure: can not remove default item")
        for item in items:
            if name := item.get("name"):
                self._in_use(path, name)
        self.items[path] = [i for i in self.items[path] if not any(i is x for x in items)]

    def _in_use(self, path: str, name: str) -> None:
        for other, menu in MENUS.items():
            for prop, menus in menu.refers.items():
                holds = any(i.get(prop) == name for i in self.items.get(other, []))
                if path in menus and path.startswith("interface wifi") and holds:
                    raise Wrong(f"failure: item is used by {other}")

    def _renamed(self, path: str, old: str, new: str) -> None:
        for other, menu in MENUS.items():
            for prop, menus in menu.refers.items():
                if path in menus:
                    for item in self.items.get(other, []):
                        if item.get(prop) == old:
                            item[prop] = new

    def _check(self, path: str, given: Item, *, among: list[Item] | None) -> None:
        menu = MENUS[path]
        for name, value in given.items():
            if name not in menu.properties:
                raise Wrong("expected end of command (line 1 column 1)")
            menus = menu.refers.get(name)
            if menus and not any(i.get("name") == value for m in menus for i in self.items[m]):
                raise Wrong(f"input does not match any value of {name}")
            if not _fits(path, name, value):
                raise Wrong(f"invalid value for argument {name}")
        for name in menu.unique:
            if name in given and any(
                i.get(name) == given[name] and (among is None or not any(i is x for x in among))
                for i in self.items[path]
            ):
                raise Wrong("failure: already have such address" if name == "address" else
                            f"failure: already have {path.rsplit(maxsplit=1)[-1]} with such {name}")  # fmt: skip
        if among is not None and len(among) > 1 and any(n in given for n in menu.unique):
            raise Wrong("failure: can not set the same value for several items")

    # showing

    def export(self, *, under: str = "", terse: bool = False, sensitive: bool = False) -> Iterator[str]:
        """The lines of `/export` after its header."""
        for path in MENUS:
            if not MENUS[path].is_exported or not (path == under or path.startswith(f"{under} ") or not under):
                continue
            commands = list(self._commands(path, sensitive))
            if terse:
                yield from (f"/{path} {c}" for c in commands)
            elif commands:
                yield f"/{path}"
                for command in commands:
                    yield from _wrapped(command)

    def _commands(self, path: str, sensitive: bool) -> Iterator[str]:
        menu = MENUS[path]
        if menu.is_settings:
            if changed := self._shown(menu, self.settings[path], sensitive):
                yield f"set {changed}"
            return
        for item in self.items[path]:
            preset = next((p for p in menu.presets if _same_preset(p, item)), None)
            if preset is None:
                yield f"add {self._shown(menu, item, sensitive)}"
                continue
            changed = self._shown(menu, {k: v for k, v in item.items() if preset.get(k) != v}, sensitive)
            if not changed:
                continue
            if menu.is_fixed and "default-name" in item and path == "ip service":
                yield f"set {item['name']} {changed}"
            else:
                key = "default-name" if "default-name" in item else "default"
                yield f"set [ find {key}={item[key]} ] {changed}"

    @staticmethod
    def _shown(menu: Menu, item: Item, sensitive: bool) -> str:
        return " ".join(
            f"{name}={quoted(value)}"
            for name, value in sorted(item.items())
            if menu.defaults.get(name) != value
            and name not in _UNSHOWN
            and (sensitive or name not in menu.hidden)
            and (value or name in menu.defaults)
        )


def select(items: list[Item], tests: list[tuple[str, str, str]]) -> list[Item]:
    """Items that fit all of `name operator value`."""
    return [i for i in items if all(_OPERATORS[op](i.get(name, _absent(name)), value) for name, op, value in tests)]


def _absent(name: str) -> str:
    return "no" if name in ("dynamic", "invalid", "default") else ""


_OPERATORS: Final[dict[str, Callable[[str, str], bool]]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "~": lambda a, b: re.search(b, a) is not None,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _preset_name(preset: Item) -> str:
    return preset.get("default-name", preset["name"])


def _same_preset(preset: Item, item: Item) -> bool:
    return item.get(_BORN) == _preset_name(preset)


def _network(address: str) -> str:
    return str(ipaddress.ip_interface(address).network.network_address)


def _fits(path: str, name: str, value: str) -> bool:
    """Whether a value has the form that the property wants, for those that are often wrong."""
    if name == "disabled":
        return value in ("yes", "no")
    if path == "ip address" and name == "address":
        try:
            return bool(ipaddress.IPv4Interface(value))
        except ValueError:
            return False
    if name in ("vlan-id", "port", "distance"):
        return value.isdecimal()
    if name == "interval":
        return seconds(value) is not None
    if name in ("passphrase", "wpa2-pre-shared-key", "wpa-pre-shared-key", "security.passphrase"):
        return not value or 8 <= len(value) <= 64
    if path == "ip dns" and name == "servers":
        try:
            return all(ipaddress.ip_address(v) for v in value.split(",") if v)
        except ValueError:
            return False
    if name == "max-limit" and path == "queue simple":
        return re.fullmatch(r"\d+[kMG]?/\d+[kMG]?", value) is not None
    if path == "system clock" and name == "time-zone-name":
        return value == "manual" or re.fullmatch(r"[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)*", value) is not None
    return True


def _wrapped(command: str) -> Iterator[str]:
    """A line broken as `/export` breaks it: a backslash at the end, four spaces before the rest."""
    indent = ""
    while len(indent) + len(command) > _WIDTH:
        room = _WIDTH - len(indent) - 1
        cut = command.rfind(" ", 0, room)
        at = cut + 1 if cut > 0 else room
        while command[at - 1] == "\\":
            at -= 1  # an escape stays whole
        yield f"{indent}{command[:at]}\\"
        command, indent = command[at:], "    "
    yield indent + command
