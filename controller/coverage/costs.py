"""What a step costs, by the link that feeds the site: assumptions that a planner replaces with figures of a tender."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from controller.coverage.errors import BadInput
from controller.coverage.model import Remedy
from devices.model import Backhaul

SHIPPED = Path(__file__).resolve().parent / "costs.toml"
Costs = Mapping[Remedy, Mapping[str, float]]
_PRICED = (Remedy.BUILD, Remedy.REPAIR, Remedy.UPGRADE)


def load(path: Path = SHIPPED) -> Costs:
    """Rupiah by remedy and backhaul; what a file leaves out keeps its shipped figure.

    Raises:
        BadInput: the file is not TOML, or says something that is no cost.
    """
    shipped = _read(SHIPPED)
    given = shipped if path == SHIPPED else _read(path)
    return {remedy: {**shipped[remedy], **given.get(remedy, {})} for remedy in _PRICED}


def _read(path: Path) -> dict[Remedy, dict[str, float]]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise BadInput(f"cannot be read ({err.strerror or err})", path=path.name) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInput(f"is not TOML ({err})", path=path.name) from err
    links = [b.value for b in Backhaul]
    found: dict[Remedy, dict[str, float]] = {}
    for name, table in said.items():
        if name not in {r.value for r in _PRICED} or not isinstance(table, dict):
            known = ", ".join(r.value for r in _PRICED)
            raise BadInput(f"is no section of costs; there are {known}", path=path.name, column=name)
        for link, cost in table.items():
            if link not in links:
                raise BadInput(f"is no backhaul; there are {', '.join(links)}", path=path.name, column=f"{name}.{link}")
            if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 < cost < float("inf"):
                raise BadInput(f"is {cost!r}, rupiah above 0 were expected", path=path.name, column=f"{name}.{link}")
        found[Remedy(name)] = {link: float(cost) for link, cost in table.items()}
    return found
