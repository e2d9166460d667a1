"""Writing imported entries into a file of their own, and naming it in `include:` without touching a word of a person.

Nothing is written here: `plan` gives the texts as they would be, `devices.inventory.read` judges them as an overlay,
and `put` replaces the files, each atomically and with a copy of what it was.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devices.inventory.dump import Plain, as_yaml
from devices.inventory.files import names
from devices.inventory.proposal import Change
from devices.inventory.text import Entries, Items, Node, Word, parse

_HEAD = """\
# Written by `merata inventory import`; the next import of this name writes it again.
# Write what you change by hand in a file of your own.
"""


class WriteError(Exception):
    """The files cannot be brought together; one sentence with what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The texts to put in place; `included` when the main file gets a new line."""

    texts: Mapping[Path, str]
    written: tuple[Change, ...]
    by_hand: tuple[Change, ...]
    included: bool


def plan(
    main: Path,
    into: Path,
    changes: Iterable[Change],
    *,
    patterns: Iterable[tuple[str, str]],
    here: frozenset[tuple[str, str]],
) -> Plan:
    """The files as they would be.

    Args:
        main: the main inventory file.
        into: the file of this import.
        changes: what the table proposes.
        patterns: the includes that are there, as (folder, pattern).
        here: keys of the entries that `into` holds now; entries of other files are left to people.

    Raises:
        WriteError: the main file's `include:` is written in a form that is not extended by a line.
    """
    changes = [change for change in changes if not change.is_same]
    written = tuple(c for c in changes if c.is_new or c.key in here)
    by_hand = tuple(c for c in changes if c not in written)
    if not written:
        return Plan(texts={}, written=(), by_hand=by_hand, included=False)
    texts = {into: _HEAD + as_yaml(_merged(_entries(into), written))}
    named = any(names(Path(folder), pattern, into) for folder, pattern in patterns)
    if not named:
        texts[main] = with_include(main.read_text(encoding="utf-8"), os.path.relpath(into, main.parent))
    return Plan(texts=texts, written=written, by_hand=by_hand, included=not named)


def with_include(text: str, name: str) -> str:
    """The text of a main file with one more include; every other character stays.

    Raises:
        WriteError: `include:` is neither absent nor a list with one `- file` a line.
    """
    tree, _ = parse(text, "")
    node = tree.nodes.get("include") if isinstance(tree, Entries) else None
    lines = text.splitlines(keepends=True)
    if node is None:
        end = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{end}\ninclude:\n  - {name}\n"
    if isinstance(node, Items) and node.items:
        last = lines[node.items[-1].line - 1]
        if last.lstrip().startswith("- "):
            indent = last[: len(last) - len(last.lstrip())]
            if not last.endswith("\n"):
                lines[node.items[-1].line - 1] = last + "\n"
            lines.insert(node.items[-1].line, f"{indent}- {name}\n")
            return "".join(lines)
    raise WriteError(f"`include:` of the main file is not a list with one `- file` a line: add {name} to it yourself")


def put(texts: Mapping[Path, str], *, now: datetime) -> list[Path]:
    """Replace the files.

    Args:
        texts: path -> new text; written in this order, so the file that includes comes last.
        now: names the copies.

    Returns:
        The copies made of files that were there.
    """
    copies = []
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            copy = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}.bak")
            _replace(copy, path.read_bytes(), like=path)
            copies.append(copy)
        _replace(path, text.encode(), like=path)
    return copies


def _merged(there: dict[str, list[Plain]], written: Iterable[Change]) -> dict[str, Plain]:
    """Entries of the file, changed or added to."""
    sites = {str(site["id"]): site for site in there["sites"] if isinstance(site, dict)}
    devices = {str(device["id"]): device for device in there["devices"] if isinstance(device, dict)}
    for change in written:
        if change.what == "site":
            sites[change.id] = {**sites.get(change.id, {}), **change.entry}
        else:
            old = devices.get(change.id, {})
            site: dict[str, Plain] = {"site": change.site} if change.site else {}
            devices[change.id] = {"id": change.id, **site, **_over(old, change.entry)}
    tree: dict[str, Plain] = {}
    if sites:
        tree["sites"] = list(sites.values())
    if devices:
        tree["devices"] = list(devices.values())
    return tree


def _over(old: dict[str, Plain], new: dict[str, Plain]) -> dict[str, Plain]:
    """Nested mappings key by key."""
    merged = dict(old)
    for key, value in new.items():
        below = merged.get(key)
        merged[key] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _entries(into: Path) -> dict[str, list[Plain]]:
    """Sites and devices that the file of this import holds now."""
    there: dict[str, list[Plain]] = {"sites": [], "devices": []}
    if not into.exists():
        return there
    tree, complaints = parse(into.read_text(encoding="utf-8"), str(into))
    if complaints or not isinstance(tree, Entries):
        raise WriteError(f"{into} is there and is not a file of an import: choose another --name")
    for section in there:
        node = tree.nodes.get(section)
        if isinstance(node, Items):
            there[section] = [_plain(item) for item in node.items]
    return there


def _plain(node: Node) -> Plain:
    if isinstance(node, Word):
        return node.text
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.nodes.items()}


def _replace(path: Path, data: bytes, *, like: Path) -> None:
    """Write beside and rename; the mode of the file that was there is kept."""
    mode = stat.S_IMODE(like.stat().st_mode) if like.exists() else 0o640
    fresh = path.with_name(f".{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(handle, "wb") as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
    fresh.chmod(mode)
    fresh.replace(path)
