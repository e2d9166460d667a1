"""Proves a plan of the invented province: `python -m tests.unit.web.planner_proof QUESTION`, as `merata plan site`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from controller.coverage import costs, profiles, siting
from controller.coverage.model import Rules
from controller.views.planner_sources import PlanAsk
from planning.siting import Limit
from tests.unit.web.planner_world import InventedPlanner, grid_of
from tests.unit.web.world import inventory


def command(count: int, resolution: int) -> object:
    """The command line of a question, for `planner_world`."""

    def line(ask: PlanAsk, forbidden: Sequence[str], at: float) -> list[str]:
        told = {
            "sites": count,
            "resolution": resolution,
            "radius_km": ask.radius_km,
            "count": ask.count,
            "budget": ask.budget,
            "aversion": ask.aversion,
            "aim": ask.aim,
            "area": ask.area,
            "locked": ask.locked,
            "forbidden": list(forbidden),
            "at": at,
        }
        return [sys.executable, "-m", "tests.unit.web.planner_proof", json.dumps(told)]

    return line


def main(text: str) -> None:
    told = json.loads(text)
    planner = InventedPlanner(inventory(told["sites"]), grid_of(told["resolution"]))
    ground = planner.ground(
        profiles.named("bakti"), Rules(), radius_km=told["radius_km"], now=told["at"], area=told["area"]
    )
    stop = told["aversion"]
    ask = siting.Ask(
        limit=Limit(count=told["count"], budget=told["budget"]),
        objective="maxmin" if stop == "max-min" else told["aim"],
        aversion=0.0 if stop == "max-min" else float(stop),
        locked=tuple(told["locked"]),
        forbidden=tuple(told["forbidden"]),
        time_limit_s=20.0,
    )
    print(json.dumps({"schema": "plan.live_site/1", **asdict(siting.plan(ground, ask, costs.load()))}))


if __name__ == "__main__":
    main(sys.argv[1])
