"""What the controller leaves for others to read: run/status.json, replaced as a whole after each cycle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(path: Path, status: Mapping[str, Any]) -> None:
    """Replace the file at once; a reader sees the old one or the new one."""
    draft = path.with_suffix(".new")
    with open(draft, "w", opener=lambda p, flags: os.open(p, flags, 0o640)) as file:
        json.dump(status, file, separators=(",", ":"))
    os.replace(draft, path)


def read(path: Path) -> dict[str, Any] | None:
    """The last status; None when no controller ever ran here."""
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
