"""The main file and those it includes."""

from __future__ import annotations

import fnmatch
import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.inventory import schema
from devices.inventory.layers import Layer, Notes, Where, read_layer, shape
from devices.inventory.text import MAX_BYTES, Entries, Items, Node, Word, parse

MAX_FILES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of the inventory: its text as read and its sections."""

    path: str
    real: Path
    text: str
    layer: Layer


@dataclass(slots=True)
class Sources:
    """The files read so far, and every (folder, pattern) that names files: those to watch."""

    files: list[Source] = field(default_factory=list)
    patterns: list[tuple[str, str]] = field(default_factory=list)
    overlay: Mapping[Path, str] = field(default_factory=dict)


def read_all(path: Path, notes: Notes, overlay: Mapping[Path, str]) -> Sources:
    """The main file and everything it includes, in include order; each file once.

    A file that cannot be read is complained of and left out. `overlay` holds texts, by resolved path, that are read
    as if they stood in those files.
    """
    sources = Sources(overlay={name.resolve(): text for name, text in overlay.items()})
    _follow(path, None, notes, sources, ())
    return sources


def _follow(path: Path, said: Where | None, notes: Notes, sources: Sources, trail: tuple[Path, ...]) -> None:
    here = path.resolve()
    if said is not None and here in trail:
        notes.complain(said, "include goes round in a circle: " + " -> ".join(p.name for p in (*trail, here)))
        return
    if len(sources.files) >= MAX_FILES:
        notes.complain(said or Where(str(path), 1), f"more than {MAX_FILES} files are included")
        return
    if any(source.real == here for source in sources.files):
        return
    text = sources.overlay[here] if here in sources.overlay else _text(path, said, notes)
    if text is None:
        return
    tree, complaints = parse(text, str(path))
    for complaint in complaints:
        notes.complaints[complaint] = None
    root = said is None
    layer = read_layer(
        tree or Word("", 1, empty=True),
        schema.ROOT if root else schema.PARTS,
        path=str(path),
        notes=notes,
        hints={} if root else schema.ROOT_ONLY,
    )
    sources.files.append(Source(path=str(path), real=here, text=text, layer=layer))
    for pattern in _patterns(layer, notes):
        sources.patterns.append((str(path.parent), pattern.text))
        for found in _matches(path.parent, pattern, sources.overlay, layer.where("include"), notes):
            _follow(found, Where(str(path), pattern.line, "include"), notes, sources, (*trail, here))


def _text(path: Path, said: Where | None, notes: Notes) -> str | None:
    where = said or Where(str(path), 1)
    try:
        if path.stat().st_size > MAX_BYTES:
            notes.complain(where, f"{path} is larger than {MAX_BYTES // 2**20} MB")
            return None
        raw = path.read_bytes()
    except OSError as error:
        notes.complain(where, f"cannot read {path}: {error.strerror}")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        notes.complain(Where(str(path), line), "not UTF-8 text; save the file as UTF-8")
        return None


def _patterns(layer: Layer, notes: Notes) -> Iterator[Word]:
    node: Node | None = layer.values.get("include")
    items = node.items if isinstance(node, Items) else [node] if isinstance(node, Word) and not node.empty else []
    if isinstance(node, Entries):
        notes.complain(layer.where("include"), f"expected a list of files, found {shape(node)}")
    for item in items:
        if isinstance(item, Word) and item.text:
            yield item
        else:
            notes.complain(Where(layer.path, item.line, "include"), f"expected a file, found {shape(item)}")


def _matches(folder: Path, pattern: Word, overlay: Mapping[Path, str], where: Where, notes: Notes) -> list[Path]:
    """Files of a pattern in order of their names; a plain name is itself, and its absence is said when it is read."""
    if not glob.has_magic(pattern.text):
        return [folder / pattern.text]
    found = {folder / name for name in glob.glob(pattern.text, root_dir=folder, recursive=True)}
    real = {path.resolve() for path in found}
    found |= {path for path in overlay if path not in real and names(folder, pattern.text, path)}
    if not found:
        notes.warn(Where(where.path, pattern.line, "include"), f"no file is like {pattern.text}")
    return sorted(path for path in found if path.is_file() or path in overlay)


def names(folder: Path, pattern: str, path: Path) -> bool:
    """True when an include of this pattern in a file of `folder` names `path`; one level of `*` only."""
    return path.resolve().parent == (folder / pattern).parent.resolve() and fnmatch.fnmatch(
        path.name, Path(pattern).name
    )
