"""Whether somebody imported geography, told from folders alone: the controller asks often and needs no arrays."""

from __future__ import annotations

from merata.settings import StatePaths

Mark = tuple[tuple[str, int], ...]


def mark(paths: StatePaths) -> Mark:
    """`<key>/<version>` of every layer that is whole, with when it was made; another one after each import."""
    try:
        found = [one for one in paths.geo.glob("*/[0-9]*") if one.is_dir()]
        return tuple(sorted((f"{one.parent.name}/{one.name}", one.stat().st_mtime_ns) for one in found))
    except OSError:  # one was taken away meanwhile: the next look sees what is left
        return ()
