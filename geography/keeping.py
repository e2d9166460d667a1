"""Files of arrays that are whole or not there: written beside, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def fingerprint(*facts: object) -> str:
    """A short hash of anything that prints the same when it is the same."""
    digest = hashlib.sha256()
    for fact in facts:
        members: Iterable[object] = fact if isinstance(fact, Iterable) and not isinstance(fact, str) else (fact,)
        for member in members:
            digest.update(repr(member).encode())
            digest.update(b"\0")
        digest.update(b"\1")
    return digest.hexdigest()[:16]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it there.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], said: Mapping[str, Any]) -> None:
    """Keep arrays with what is said of them; older files of the same kind (name before the last dash) are let go.

    A full disk or a folder that cannot be written is no error: the result is made anew next time.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                text = np.array(json.dumps(said, ensure_ascii=False))
                np.savez_compressed(file, **arrays, said=text)  # type: ignore[arg-type]  # arrays are not allow_pickle
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for old in path.parent.glob(path.name.rsplit("-", 1)[0] + "-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:
        return


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Arrays and what was said of them; None when there is nothing usable."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        said: dict[str, Any] = json.loads(str(arrays.pop("said")))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return arrays, said
