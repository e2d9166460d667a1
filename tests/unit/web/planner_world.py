"""A planner over the small province: the real join, real villages and people, an invented and seeded fate of sites."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from controller.coverage.ledger import Ledger
from controller.coverage.measured import Fleet
from controller.coverage.model import Inputs, LedgerMonth, Rules, SiteWorth, ThresholdProfile, Verdict
from controller.coverage.planner import Planner, Worths
from controller.views.planner_scenarios import Scenarios
from controller.views.planner_sources import PlanAsk
from controller.views.planner_views import PlannerViews
from devices.model import Inventory, Site
from geography.grid import DemandGrid, build
from geography.people import share_people
from geography.units import load
from merata.planning_pages import PagesPlanner
from tests.unit.web.world import DAY, NOW, inventory

HOUR = 3600.0
FATE = {Verdict.EFFECTIVE: 62, Verdict.DOWN: 14, Verdict.SLOW: 9, Verdict.FULL: 5, Verdict.UNMEASURED: 10}
REASONS = {
    Verdict.DOWN: "availability",
    Verdict.SLOW: "active_test",
    Verdict.FULL: "clients",
    Verdict.UNMEASURED: "observed",
}


class _NoHistory:
    """Never asked: the worth of the sites is invented."""

    def intervals(self, *_: object, **__: object) -> list[object]:
        raise AssertionError

    def hours(self, *_: object, **__: object) -> object:
        raise AssertionError


class InventedPlanner(Planner):
    """The live planner whose sites are judged by a seed."""

    def __init__(self, stock: Inventory, grid: DemandGrid) -> None:
        self.stock = stock
        super().__init__(
            fleet=lambda: Fleet(inventory=stock, members={}),
            history=_NoHistory(),  # type: ignore[arg-type]
            grid=lambda: grid,
            units=load(),
            people=lambda f: share_people((s.id, s.area) for s in f.inventory.sites.values() if s.kind.serves_public),
        )

    def worths(
        self,
        profile: ThresholdProfile,
        rules: Rules,
        *,
        now: float,
        fleet: Fleet | None = None,
        start: float | None = None,
    ) -> Worths:
        end = now - now % HOUR
        grid = self.grid()
        inputs = Inputs(
            hash=f"{int(end):x}{profile.id}".ljust(20, "0")[:20],
            start=end - 30 * DAY,
            end=end,
            inventory=self.stock.version,
            demand=grid.inputs,
            demand_kind=f"hexagons at resolution {grid.resolution}",
            profile=profile,
            rules=rules,
            notes=("straight line: optimistic where rivers or roads lie between", *grid.notes),
        )
        heads = share_people((s.id, s.area) for s in self.stock.sites.values() if s.kind.serves_public)
        return Worths(inputs=inputs, sites=tuple(_worth(s, heads.get(s.id)) for s in self.stock.sites.values()))


def _worth(site: Site, people: int | None) -> SiteWorth:
    rng = random.Random(site.id)
    verdict = rng.choices(list(FATE), list(FATE.values()))[0] if site.kind.serves_public else Verdict.NOT_PUBLIC
    available = {Verdict.DOWN: 0.81, Verdict.UNMEASURED: None}.get(verdict, 0.985)
    speed = {Verdict.SLOW: 1.6e6, Verdict.UNMEASURED: None}.get(verdict, 8.2e6)
    return SiteWorth(
        site=site.id,
        name=site.name,
        area=site.area,
        lat=site.lat,
        lon=site.lon,
        kind=site.kind.value,
        backhaul=site.backhaul.value if site.backhaul else None,
        programme=site.programme,
        observed_ratio=0.41 if verdict is Verdict.UNMEASURED else 0.97,
        availability_ratio=available,
        speed_bps=speed,
        speed_how=None if speed is None else "active test, median of 12, newest 2026-11-20T13:00Z",
        plan_down_bps=(site.plan_down_mbps or 0) * 1e6 or None,
        busy_down_bps=3.1e6,
        capacity_clients=site.capacity_clients,
        busy_clients=61.0 if verdict is Verdict.FULL else 22.0,
        is_saturated=False,
        is_full=verdict is Verdict.FULL,
        verdict=verdict,
        reason=REASONS.get(verdict, "role" if verdict is Verdict.NOT_PUBLIC else None),
        worth_ratio=0.0 if available is None else available,
        down_s=DAY * 3 if verdict is Verdict.DOWN else 3600.0,
        people=people,
    )


@cache
def grid_of(resolution: int) -> DemandGrid:
    folder = Path(tempfile.gettempdir()) / "merata-tests-grid"
    return build(load(), resolution=resolution, cache=folder)


def no_proof(_ask: PlanAsk, _forbidden: Sequence[str], _at: float) -> list[str]:
    return [sys.executable, "-c", "raise SystemExit('no proofs in this world')"]


def planner_of(
    folder: Path | None = None, *, count: int = 300, resolution: int = 6, command: object = no_proof
) -> PagesPlanner:
    home = folder or Path(tempfile.mkdtemp(prefix="merata-planner-"))
    return PagesPlanner(
        InventedPlanner(inventory(count), grid_of(resolution)),
        ledger=kept_ledger(home),
        cache=Path(tempfile.gettempdir()) / "merata-tests-grid",
        proofs=home / "proofs",
        command=command,  # type: ignore[arg-type]
    )


def kept_ledger(home: Path) -> Ledger:
    """One closed month, a little less even than now."""
    kept = Ledger(home)
    for radius in (0.15, 1.0, 5.0):
        kept.close(
            LedgerMonth(
                month="2026-10",
                profile="bakti",
                radius_km=radius,
                people=5_695_500.0,
                nominal=2.1e6,
                effective=1.2e6,
                unknown=2e5,
                expected=1.4e6,
                gini=0.47,
                gini_villages=0.7,
                theil=0.5,
                theil_between=0.1,
                theil_within=0.4,
                worst_regency="61.10",
                worst_ratio=0.05,
                person_hours_lost=1.2e6,
                observed_ratio=0.93,
                inputs="0" * 20,
                is_closed=True,
            ),
            now=NOW - 20 * DAY,
        )
    return kept


def planner_world(folder: Path, **more: object) -> PlannerViews:
    """The pages' planner with scenarios kept in a folder."""
    return PlannerViews(planner_of(folder, **more), Scenarios(folder / "scenarios"))  # type: ignore[arg-type]
