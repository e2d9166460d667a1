"""What was imported: layers in the state directory, each with its source, licence, date and versions.

    <state>/geo/<key>/<version>/layer.json   what it is and where it came from
                                data.npz     the layer itself, in arrays

A version is made beside and renamed into its place, so it is whole or not there; older versions stay. The newest of a
key is the one in use. Keys: `boundaries-village`, `population`, `points-school` and the like.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geography.errors import GeographyError
from geography.units import Level

SCHEMA = "merata.layer/1"
_BLOCK = 1 << 20
#: Points that say nothing of where people live.
_NO_SIGNS = ("points-candidate", "points-other_programme")
#: Which import answers for a level: the one of that level, else one that was joined up from narrower units.
_NARROWER = {
    Level.PROVINCE: (Level.PROVINCE, Level.VILLAGE, Level.DISTRICT, Level.REGENCY),
    Level.REGENCY: (Level.REGENCY, Level.VILLAGE, Level.DISTRICT),
    Level.DISTRICT: (Level.DISTRICT, Level.VILLAGE),
    Level.VILLAGE: (Level.VILLAGE,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One version of one import.

    Attributes:
        key: which layer it is.
        version: from 1 on.
        file: name of the file it was made from, without its folder.
        sha256: of that file.
        source, licence, date: as the importer said; None: not said.
        imported_at: ISO 8601, UTC.
        facts: what the import found, for people to read.
    """

    key: str
    version: int
    file: str
    sha256: str
    source: str | None
    licence: str | None
    date: str | None
    imported_at: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A layer that is ready to be kept."""

    key: str
    path: Path
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


class Layers:
    """The imported layers of a state directory; without a folder, none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keys(self) -> list[str]:
        """Keys of the layers there are."""
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(p.name for p in self._folder.iterdir() if not p.name.startswith(".") and self._versions(p.name))

    def current(self, key: str) -> Layer | None:
        """The newest version of a layer.

        Raises:
            GeographyError: what is kept cannot be read.
        """
        versions = self._versions(key)
        return self._read(key, versions[-1]) if versions else None

    def history(self, key: str) -> list[Layer]:
        """All versions, oldest first."""
        return [self._read(key, version) for version in self._versions(key)]

    def arrays(self, layer: Layer) -> dict[str, NDArray[Any]]:
        """The data of a version.

        Raises:
            GeographyError: what is kept cannot be read.
        """
        path = self._place(layer.key, layer.version) / "data.npz"
        try:
            with np.load(path, allow_pickle=False) as kept:
                return {name: kept[name] for name in kept.files}
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise GeographyError(f"{path} cannot be read: import the layer again") from error

    @property
    def fingerprint(self) -> str:
        """Changes whenever boundaries, population or the signs of where people live do."""
        found = [layer for key in self.keys() if not key.startswith(_NO_SIGNS) and (layer := self.current(key))]
        return ";".join(f"{one.key}={one.version}:{one.sha256}" for one in found)

    def boundaries_layer(self, level: Level) -> Layer | None:
        """The import that answers for a level."""
        found = (self.current(boundaries_key(narrow)) for narrow in _NARROWER[level])
        return next((layer for layer in found if layer is not None), None)

    def boundaries(self, level: Level) -> dict[str, BaseGeometry] | None:
        """Imported polygons of (lon, lat) degrees by code; None where no import answers for that level."""
        layer = self.boundaries_layer(level)
        if layer is None or self._folder is None:
            return None
        return dict(_shapes(str(self._folder), layer.key, layer.version, layer.sha256, level))

    # --- keeping ---

    def add(
        self, draft: Draft, *, imported_at: str, source: str | None, licence: str | None, date: str | None
    ) -> Layer:
        """Keep a new version: made beside, renamed into its place.

        Raises:
            OSError: it cannot be written; nothing is left behind.
            GeographyError: there is no folder to keep it in.
        """
        if self._folder is None:
            raise GeographyError("there is no state directory to keep the layer in")
        home = self._folder / draft.key
        home.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self._folder, prefix=".part-"))
        try:
            np.savez_compressed(made / "data.npz", **draft.arrays)  # type: ignore[arg-type]  # no array is allow_pickle
            while True:
                version = (self._versions(draft.key) or [0])[-1] + 1
                layer = Layer(
                    key=draft.key, version=version, file=draft.path.name, sha256=sha256(draft.path), source=source,
                    licence=licence, date=date, imported_at=imported_at, facts=draft.facts,
                )  # fmt: skip
                text = json.dumps({"schema": SCHEMA} | dataclasses.asdict(layer), ensure_ascii=False, indent=1)
                (made / "layer.json").write_text(text + "\n", encoding="utf-8")
                _sync(made)
                try:
                    os.rename(made, self._place(draft.key, version))
                except OSError:
                    if not self._place(draft.key, version).exists():
                        raise
                    continue  # somebody imported at the same moment
                return layer
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def forget(self, key: str) -> Layer | None:
        """Take the newest version away; the one before it is in use again. Returns what was taken, None for nothing.

        Raises:
            OSError: it cannot be taken away.
            GeographyError: what is kept cannot be read.
        """
        layer = self.current(key)
        if layer is None or self._folder is None:
            return None
        aside = Path(tempfile.mkdtemp(dir=self._folder, prefix=".part-"))
        os.rename(self._place(key, layer.version), aside / "gone")
        shutil.rmtree(aside, ignore_errors=True)
        return layer

    def _place(self, key: str, version: int) -> Path:
        return (self._folder or Path()) / key / f"{version:04d}"

    def _versions(self, key: str) -> list[int]:
        home = (self._folder or Path()) / key
        if self._folder is None or not home.is_dir():
            return []
        return sorted(int(p.name) for p in home.iterdir() if p.name.isdigit() and (p / "layer.json").is_file())

    def _read(self, key: str, version: int) -> Layer:
        path = self._place(key, version) / "layer.json"
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            if said.pop("schema") != SCHEMA:
                raise GeographyError(f"{path} was written by another version of the program")
            return Layer(**said)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GeographyError(f"{path} cannot be read: import the layer again") from error


def boundaries_key(level: Level) -> str:
    """Key of the boundaries that were imported at a level."""
    return f"boundaries-{level.value}"


def sha256(path: Path) -> str:
    """Hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def pack_shapes(shapes: Mapping[str, BaseGeometry]) -> dict[str, NDArray[Any]]:
    """Shapes by code as arrays: codes, and WKB end to end."""
    codes = sorted(shapes)
    parts = [shapely.to_wkb(shapes[code]) for code in codes]
    return {
        "code": np.array(codes, dtype=np.str_),
        "size": np.array([len(part) for part in parts], dtype=np.int64),
        "wkb": np.frombuffer(b"".join(parts), dtype=np.uint8),
    }


@cache
def _shapes(
    folder: str,
    key: str,
    version: int,
    sha256_of_file: str,  # noqa: ARG001  # part of what is remembered: a number may be given again after `forget`
    level: Level,
) -> tuple[tuple[str, BaseGeometry], ...]:
    """Read once a process: a version of a file never changes."""
    layers = Layers(Path(folder))
    arrays = layers.arrays(layers._read(key, version))
    raw, ends = arrays["wkb"].tobytes(), np.cumsum(arrays["size"]).tolist()
    dots = {Level.PROVINCE: 0, Level.REGENCY: 1, Level.DISTRICT: 2, Level.VILLAGE: 3}[level]
    found = zip(arrays["code"].tolist(), [0, *ends[:-1]], ends, strict=True)
    return tuple((code, shapely.from_wkb(raw[start:end])) for code, start, end in found if code.count(".") == dots)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
