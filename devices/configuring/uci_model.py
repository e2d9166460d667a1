"""UCI configuration as a value: read from `uci export`, changed by `uci` commands, written again.

The order of options inside a section means nothing to UCI and moves between its versions, so the text is written with
options sorted; the order of sections and of a list's values means something and stays.

Source: OpenWrt's documentation, "The UCI system", and libuci's list.c for what a command does to what stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Value: TypeAlias = "str | list[str]"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLACE: Final = re.compile(r"@([A-Za-z0-9_-]+)\[(-?\d+)\]")
#: What leaves the configuration as it is: services that are told to look at it again.
_RELOADS: Final = re.compile(
    r"reload_config|wifi(?: (?:reload|up))?|(?:/etc/init\.d/|service )[A-Za-z0-9_-]+ (?:reload|restart|start|stop)|sync"
)


class NotUnderstood(Exception):
    """A line or a text that this model does not speak; says which."""


@dataclass(slots=True)
class Section:
    """One section; `name` is None where it is anonymous."""

    type: str
    name: str | None
    options: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Uci:
    """All packages, each with its sections in order."""

    packages: dict[str, list[Section]] = field(default_factory=dict)

    def find(self, package: str, reference: str) -> Section | None:
        """The section of a name or of `@type[index]`."""
        sections = self.packages.get(package, [])
        if place := _PLACE.fullmatch(reference):
            same = [s for s in sections if s.type == place[1]]
            index = int(place[2])
            return same[index] if -len(same) <= index < len(same) else None
        return next((s for s in sections if s.name == reference), None)

    def text(self) -> str:
        """As `uci export` writes it, packages and options sorted."""
        return "".join(self._written())

    def _written(self) -> Iterator[str]:
        for package in sorted(self.packages):
            yield f"package {package}\n"
            for section in self.packages[package]:
                yield f"\nconfig {section.type}" + (f" {quoted(section.name)}\n" if section.name else "\n")
                for name, value in sorted(section.options.items()):
                    if isinstance(value, str):
                        yield f"\toption {name} {quoted(value)}\n"
                    else:
                        yield from (f"\tlist {name} {quoted(v)}\n" for v in value)
            yield "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One `uci` command: `set network.lan.ipaddr=...` is verb, package, section, option, value."""

    verb: str
    package: str = ""
    section: str = ""
    option: str = ""
    value: str | None = None
    may_fail: bool = False

    @property
    def key(self) -> str:
        """What it touches, as a dotted path."""
        return ".".join(part for part in (self.package, self.section, self.option) if part)


def parse(text: str) -> Uci:
    """What `uci export` printed.

    Raises:
        NotUnderstood: it is no such text.
    """
    found, package, section = Uci(), "", None
    for words in _statements(text):
        match words:
            case ["package", name]:
                package, section = name, None
                found.packages.setdefault(name, [])
            case ["config", kind, *rest] if len(rest) <= 1:
                section = Section(kind, rest[0] if rest and rest[0] else None)
                found.packages.setdefault(package, []).append(section)
            case ["option", name, value] if section is not None:
                section.options[name] = value
            case ["list", name, value] if section is not None:
                standing = section.options.setdefault(name, [])
                if isinstance(standing, str):
                    raise NotUnderstood(f"{name} is both an option and a list")
                standing.append(value)
            case _:
                raise NotUnderstood(f"not a line of UCI: {words[0]}")
    return found


def _statements(text: str) -> Iterator[list[str]]:
    """Words of each line; a quoted value may hold line ends."""
    words: list[str] = []
    word: str | None = None
    i = 0
    while i <= len(text):
        c = text[i] if i < len(text) else "\n"
        if c in " \t\n":
            if word is not None:
                words.append(word)
                word = None
            if c == "\n" and words:
                yield words
                words = []
        elif c == "#" and word is None:
            i = text.find("\n", i) if "\n" in text[i:] else len(text)
            continue
        elif c in "'\"":
            end = _closing(text, i)
            word = (word or "") + _unquoted(text[i:end])
            i = end
            continue
        elif c == "\\" and i + 1 < len(text):
            word = (word or "") + text[i + 1]
            i += 1
        else:
            word = (word or "") + c
        i += 1


def _closing(text: str, i: int) -> int:
    mark, i = text[i], i + 1
    while i < len(text):
        if text[i] == "\\" and mark == '"':
            i += 1
        elif text[i] == mark:
            return i + 1
        i += 1
    raise NotUnderstood("a quoted value does not end")


def _unquoted(word: str) -> str:
    return word[1:-1] if word[0] == "'" else re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.S)


def quoted(value: str) -> str:
    """A value as `uci export` writes it, which is also a word of the shell."""
    return "'" + value.replace("'", "'\\''") + "'"


def command_of(words: Sequence[str], *, may_fail: bool = False) -> Command | None:
    """A `uci` command, or None for words that change no configuration.

    Args:
        words: of one simple shell command, quotes undone.
        may_fail: `|| true` stood behind it.

    Raises:
        NotUnderstood: these words may change something in a way that is not modelled.
    """
    if not words or _RELOADS.fullmatch(" ".join(words)):
        return None
    if words[0] not in ("uci", "/sbin/uci"):
        raise NotUnderstood(words[0])
    rest = [w for w in words[1:] if w != "-q"]
    match rest:
        case ["commit"]:
            return Command(verb="commit")
        case ["commit", package] if _NAME.fullmatch(package):
            return Command(verb="commit", package=package)
        case ["add", package, kind] if _NAME.fullmatch(package) and _NAME.fullmatch(kind):
            return Command(verb="add", package=package, value=kind)
        case ["set" | "add_list" | "del_list" | "rename" | "reorder" as verb, told] if "=" in told:
            place, _, value = told.partition("=")
            return _placed(verb, place, value, may_fail)
        case ["delete" | "del", told]:
            return _placed("delete", told, None, may_fail)
        case _:
            raise NotUnderstood("uci " + " ".join(rest[:1]))


def _placed(verb: str, place: str, value: str | None, may_fail: bool) -> Command:
    found = re.fullmatch(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+|@[A-Za-z0-9_-]+\[-?\d+\])(?:\.([A-Za-z0-9_-]+))?", place)
    if found is None or re.fullmatch(r"cfg[0-9a-f]{6}", found[2]):
        raise NotUnderstood(place)  # a generated name says nothing of which section it will be
    return Command(verb=verb, package=found[1], section=found[2], option=found[3] or "", value=value, may_fail=may_fail)


def apply(uci: Uci, command: Command) -> None:
    """Change the configuration as the command does.

    Raises:
        NotUnderstood: the device would refuse it.
    """
    try:
        _apply(uci, command)
    except NotUnderstood:
        if not command.may_fail:
            raise


def _apply(uci: Uci, command: Command) -> None:
    if command.verb == "commit":
        return
    if command.package not in uci.packages:
        raise NotUnderstood(f"package {command.package} is not there")
    if command.verb == "add":
        uci.packages[command.package].append(Section(command.value or "", None))
        return
    section = uci.find(command.package, command.section)
    if section is None:
        if command.verb == "set" and not command.option and command.value and _NAME.fullmatch(command.section):
            uci.packages[command.package].append(Section(command.value, command.section))
            return
        raise NotUnderstood(f"section {command.key} is not there")
    if command.option:
        _on_option(section, command)
    else:
        _on_section(uci.packages[command.package], section, command)


def _on_section(sections: list[Section], section: Section, command: Command) -> None:
    match command.verb:
        case "set" if command.value:
            section.type = command.value
        case "delete" if command.value is None:
            sections[:] = [s for s in sections if s is not section]
        case "rename" if command.value and _NAME.fullmatch(command.value):
            section.name = command.value
        case "reorder" if command.value and command.value.isdecimal():
            sections[:] = [s for s in sections if s is not section]
            sections.insert(int(command.value), section)
        case _:
            raise NotUnderstood(f"uci {command.verb}")


def _on_option(section: Section, command: Command) -> None:
    name, value, standing = command.option, command.value, section.options.get(command.option)
    match command.verb:
        case "set" if value is not None:
            if value:
                section.options[name] = value
            else:
                section.options.pop(name, None)
        case "add_list" if value is not None:
            before = [standing] if isinstance(standing, str) else list(standing or [])
            section.options[name] = [*before, value]
        case "del_list":
            if isinstance(standing, list):
                left = [v for v in standing if v != value]
                section.options[name] = left
                if not left:
                    del section.options[name]
        case "delete":
            if standing is None:
                raise NotUnderstood(f"{command.key} is not there")
            del section.options[name]
        case "rename" if value and _NAME.fullmatch(value) and standing is not None:
            section.options[value] = section.options.pop(name)
        case _:
            raise NotUnderstood(f"uci {command.verb}")


def is_said(uci: Uci, command: Command) -> bool:
    """Whether what a command means is found in a configuration."""
    if command.verb in ("commit", "reorder"):
        return True
    if command.verb == "delete" and not command.option and _PLACE.fullmatch(command.section):
        return True  # the next of its type has taken the place
    if command.verb == "add":
        return any(s.type == command.value for s in uci.packages.get(command.package, []))
    if command.verb == "rename":
        renamed = Command(verb="", package=command.package, section=command.value or "")
        target = (
            uci.find(command.package, command.section) if command.option else uci.find(renamed.package, renamed.section)
        )
        return target is not None and (not command.option or command.value in target.options)
    section = uci.find(command.package, command.section)
    if section is None:
        return command.verb in ("delete", "del_list")
    if not command.option:
        return command.verb != "delete" and (command.verb != "set" or section.type == command.value)
    standing = section.options.get(command.option)
    match command.verb:
        case "set":
            return (standing or "") == command.value
        case "add_list":
            return command.value in ([standing] if isinstance(standing, str) else standing or [])
        case "del_list":
            return not isinstance(standing, list) or command.value not in standing
        case _:
            return standing is None
