"""Threshold profiles: data with their source, in `profiles.toml` beside this file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from controller.coverage.errors import BadInput
from controller.coverage.model import ThresholdProfile

SHIPPED = Path(__file__).resolve().parent / "profiles.toml"
DEFAULT = "bakti"
RADII_KM = (0.15, 1.0, 5.0)  # that the ledger is kept for: in signal, a walk, a motorbike or longboat


def load(path: Path = SHIPPED) -> dict[str, ThresholdProfile]:
    """The profiles of a file by id.

    Raises:
        BadInput: the file is not TOML, a profile lacks a field, a figure is out of bounds, or an id stands twice.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise BadInput(f"cannot be read ({err.strerror or err})", path=path.name) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInput(f"is not TOML ({err})", path=path.name) from err
    found: dict[str, ThresholdProfile] = {}
    for number, entry in enumerate(said.get("profile", ()), start=1):
        profile = _profile(entry, f"{path.name}: profile {number}")
        if profile.id in found:
            raise BadInput(f"{profile.id!r} stands twice", path=path.name, column="id")
        found[profile.id] = profile
    if not found:
        raise BadInput("holds no [[profile]]", path=path.name)
    return found


def named(profile: str, path: Path = SHIPPED) -> ThresholdProfile:
    """One profile by its id.

    Raises:
        BadInput: there is none of that id; the message lists those there are.
    """
    known = load(path)
    if profile not in known:
        raise BadInput(f"{profile!r} is not known; there are {', '.join(known)}", path="--profile")
    return known[profile]


def _profile(entry: dict[str, object], where: str) -> ThresholdProfile:
    known = {"id", "name", "min_availability_ratio", "min_down_mbps", "min_kbps_per_person", "source", "source_id"}
    if strange := sorted(set(entry) - known):
        raise BadInput(
            f"is not a field of a profile; there are {', '.join(sorted(known))}", path=where, column=strange[0]
        )
    for field in ("id", "name", "source"):
        if not isinstance(entry.get(field), str) or not str(entry[field]).strip():
            raise BadInput("is empty, text was expected", path=where, column=field)
    kbps, source_id = entry.get("min_kbps_per_person"), entry.get("source_id")
    if source_id is not None and not isinstance(source_id, str):
        raise BadInput("is no text", path=where, column="source_id")
    return ThresholdProfile(
        id=str(entry["id"]),
        name=str(entry["name"]),
        min_availability_ratio=_figure(entry, "min_availability_ratio", where, high=1.0),
        min_down_bps=_figure(entry, "min_down_mbps", where, high=1e6) * 1e6,
        min_kbps_per_person=None if kbps is None else _figure(entry, "min_kbps_per_person", where, high=1e6),
        source=" ".join(str(entry["source"]).split()),
        source_id=" ".join(source_id.split()) if source_id else None,
    )


def _figure(entry: dict[str, object], field: str, where: str, *, high: float) -> float:
    value = entry.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
        raise BadInput(f"is {value!r}, a number from 0 to {high:g} was expected", path=where, column=field)
    return float(value)
