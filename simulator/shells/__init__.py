"""Routers that do not exist, behind real SSH: stateful shells of RouterOS, IOS, VRP and Ruijie.

    with serve([Box(dialect="ios", host="127.4.0.1")]) as shells:
        router = shells.router("127.4.0.1")   # router.port, router.running(), router.faults ...

They follow the makers' documents and were never compared with a device: see docs/explanation/simulation.md.
"""

from simulator.shells.router import Box, Faults, Loss, Router
from simulator.shells.server import Shells, serve

__all__ = ["Box", "Faults", "Loss", "Router", "Shells", "serve"]
