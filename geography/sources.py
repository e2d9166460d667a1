"""Where the people of units come from, as a sentence for print: from the data, not from the program."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from geography.units import DATA, Basis, Level, Units


def official(units: Units, folder: Path = DATA) -> Mapping[str, str]:
    """The source of the official totals of regencies with their years, by language (`id`, `en`).

    Raises:
        OSError: `sources.toml` is missing.
        KeyError: it does not name the official source.
    """
    known = [u for u in units.level(Level.REGENCY) if u.basis is Basis.OFFICIAL]
    years = sorted({u.population_year for u in known})
    told = ", ".join(map(str, years))
    every = len(known) == len(units.level(Level.REGENCY))
    rest = {"id": "; sebagian dari tabel yang diimpor", "en": "; some from an imported table"}
    return {lang: f"{name} {told}{'' if every else rest[lang]}" for lang, name in _names(folder).items()}


@cache
def _names(folder: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = tomllib.loads((folder / "sources.toml").read_text(encoding="utf-8"))["official"]
    return found
