"""Which simulated dialect has which name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator.shells.ios import IosRouter
from simulator.shells.router import Box, Handle, Router
from simulator.shells.routeros import RouterosRouter
from simulator.shells.ruijie import RuijieRouter
from simulator.shells.vrp import VrpRouter

_DIALECTS: Final[dict[str, type[Router]]] = {
    "ios": IosRouter,
    "routeros": RouterosRouter,
    "ruijie": RuijieRouter,
    "vrp": VrpRouter,
}


def build(box: Box, *, later: Callable[[float, Callable[[], None]], Handle]) -> Router:
    """A device of the box's dialect.

    Raises:
        KeyError: the dialect is unknown.
    """
    return _DIALECTS[box.dialect](box, later=later)
