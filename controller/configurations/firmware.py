"""Firmware against a wanted list: which devices run what they should, which do not, which never told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.changes.versions import order
from devices.errors import Complaint, InventoryError
from devices.facts import Identity
from devices.inventory.text import Entries, Items, Word, parse

_KEYS: Final = ("platform", "model", "wanted", "refused", "why")
_CONDITION: Final = re.compile(r"(>=|<=|=|<|>)?\s*([\w.\-+]+)")


class Standing(StrEnum):
    """How a device stands to the list."""

    WANTED = "wanted"
    OTHER = "other"  # neither wanted nor refused by name
    REFUSED = "refused"
    UNTOLD = "untold"  # the device never told its version
    UNLISTED = "unlisted"  # no entry is about its platform and model


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`>=7.12`."""

    sign: str
    version: str

    def holds(self, told: str) -> bool:
        """Whether a version is as asked."""
        ours, theirs = order(told), order(self.version)
        match self.sign:
            case ">=":
                return ours >= theirs
            case "<=":
                return ours <= theirs
            case "<":
                return ours < theirs
            case ">":
                return ours > theirs
            case _:
                return ours == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is wanted of a platform, or of its models that match: all of `wanted` must hold, none of `refused`."""

    platform: str
    model: re.Pattern[str] | None = None
    wanted: tuple[Condition, ...] = ()
    refused: tuple[Condition, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One device's firmware. `wanted` as the list writes it."""

    device: str
    platform: str
    model: str | None
    version: str | None
    standing: Standing
    wanted: str = ""
    why: str = ""


def report(entries: Sequence[Entry], platforms: Mapping[str, str], identities: Mapping[str, Identity]) -> list[Running]:
    """Hold the fleet against the list; the first entry that is about a device counts.

    Args:
        entries: of `load`.
        platforms: device id to platform as the inventory says, `auto` where it does not.
        identities: what devices said they are, by id.
    """
    found = []
    for device, said in sorted(platforms.items()):
        told = identities.get(device)
        platform = (told.platform if told and told.platform else said) or said
        model, version = (told.model, told.version) if told else (None, None)
        entry = next((e for e in entries if _is_about(e, platform, model)), None)
        found.append(
            Running(
                device=device,
                platform=platform,
                model=model,
                version=version,
                standing=_standing(entry, version),
                wanted=" ".join(f"{c.sign}{c.version}" for c in entry.wanted) if entry else "",
                why=entry.why if entry else "",
            )
        )
    return found


def _is_about(entry: Entry, platform: str, model: str | None) -> bool:
    return entry.platform == platform and (entry.model is None or bool(model and entry.model.search(model)))


def _standing(entry: Entry | None, version: str | None) -> Standing:
    if entry is None:
        return Standing.UNLISTED
    if not version:
        return Standing.UNTOLD
    if any(condition.holds(version) for condition in entry.refused):
        return Standing.REFUSED
    return Standing.WANTED if all(condition.holds(version) for condition in entry.wanted) else Standing.OTHER


def load(text: str, path: str) -> list[Entry]:
    """Read a wanted list: YAML, `firmware:` with a list of entries.

    Raises:
        InventoryError: every complaint at once, with line and key.
    """
    tree, complaints = parse(text, path)

    def complain(line: int, key: str, message: str) -> None:
        complaints.append(Complaint(path=path, line=line, key=key, message=message))

    listed = tree.nodes.get("firmware") if isinstance(tree, Entries) else None
    if not complaints and not isinstance(listed, Items):
        complain(1, "firmware", "a list of entries was expected")
    entries = []
    for node in listed.items if isinstance(listed, Items) else ():
        if isinstance(node, Entries):
            entries.append(_entry(node, complain))
        else:
            complain(node.line, "firmware", "each entry is a mapping with `platform` and `wanted`")
    if complaints:
        raise InventoryError(sorted(complaints))
    return entries


def _entry(node: Entries, complain: Callable[[int, str, str], None]) -> Entry:
    said: dict[str, str] = {}
    for key, value in node.nodes.items():
        if key not in _KEYS:
            complain(node.lines[key], key, f"is no key of an entry; there are {', '.join(_KEYS)}")
        elif isinstance(value, Word):
            said[key] = value.text.strip()
        else:
            complain(node.lines[key], key, "text was expected")
    if not said.get("platform"):
        complain(node.line, "platform", "the name of a platform was expected")
    if not said.get("wanted") and not said.get("refused"):
        complain(node.line, "wanted", "a version such as `>=7.12`, or several, was expected")
    model = None
    if "model" in said:
        try:
            model = re.compile(said["model"], re.I)
        except re.error as error:
            complain(node.lines["model"], "model", f"{said['model']!r} is no regular expression: {error}")
    return Entry(
        platform=said.get("platform", ""),
        model=model,
        wanted=_conditions(node, said, "wanted", complain),
        refused=_conditions(node, said, "refused", complain),
        why=said.get("why", ""),
    )


def _conditions(
    node: Entries, said: Mapping[str, str], key: str, complain: Callable[[int, str, str], None]
) -> tuple[Condition, ...]:
    """`>=7.12, <8` as conditions."""
    found = []
    for written in filter(None, (part.strip() for part in said.get(key, "").split(","))):
        match = _CONDITION.fullmatch(written)
        if match is None:
            complain(node.lines[key], key, f"{written!r} is no version such as `7.12` or `>=23.05.3`")
        else:
            found.append(Condition(sign=match[1] or "=", version=match[2]))
    return tuple(found)


def counted(running: Sequence[Running]) -> list[tuple[str, str, str, int, Standing]]:
    """Platform, model, version, how many, standing: one row a kind, the worst standing first."""
    worst = (Standing.REFUSED, Standing.OTHER, Standing.UNTOLD, Standing.WANTED, Standing.UNLISTED)
    kinds: dict[tuple[str, str, str, Standing], int] = {}
    for one in running:
        key = (one.platform, one.model or "", one.version or "", one.standing)
        kinds[key] = kinds.get(key, 0) + 1
    rows = [
        (platform, model, version, count, standing) for (platform, model, version, standing), count in kinds.items()
    ]
    return sorted(rows, key=lambda row: (worst.index(row[4]), row[0], row[1], order(row[2])))
