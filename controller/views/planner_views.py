"""The planner's pages as one object, beside `Views`."""

from __future__ import annotations

from controller.coverage.model import LiveCoverage
from controller.views.fleet import Fleet
from controller.views.planner import PlannerFilter, PlannerPage, PlanShown, planner_page, shown
from controller.views.planner_compare import ComparePage, ScenarioPage, compare_page, scenario_page
from controller.views.planner_figure import FigurePage, figure_page
from controller.views.planner_scenarios import Scenario, Scenarios, compose
from controller.views.planner_sources import PlanAsk, Planner, PlanRefused, ProofState


class PlannerViews:
    """Queries behind `/rencana`. Thread-safe where its planner is.

    Args:
        planner: where coverage, plans and proofs come from.
        scenarios: where plans are saved.
        approximate: outlines are Voronoi cells, not boundaries.
    """

    def __init__(self, planner: Planner, scenarios: Scenarios, *, approximate: bool = True) -> None:
        self.planner, self.scenarios, self.approximate = planner, scenarios, approximate

    def page(self, fleet: Fleet, wanted: PlannerFilter, now: float) -> PlannerPage:
        """`/rencana`."""
        return planner_page(fleet, self.planner, wanted, now, approximate=self.approximate)

    def figure(self, fleet: Fleet, wanted: PlannerFilter, figure: str, now: float) -> FigurePage | None:
        """`/rencana/angka`."""
        return figure_page(fleet, self.planner, wanted, figure, now)

    def coverage(self, wanted: PlannerFilter, now: float) -> LiveCoverage | None:
        """What is covered."""
        return self.planner.coverage(wanted.profile, wanted.radius_km, now)

    def shown(self, ask: PlanAsk, now: float, *, start: bool = False) -> PlanShown | None:
        """A plan with its proof; None before there is an inventory."""
        found = self.planner.coverage(ask.profile, ask.radius_km, now)
        return None if found is None else shown(self.planner, ask, found, now, start=start)

    def save(self, ask: PlanAsk, name: str, now: float) -> Scenario:
        """Keep a plan as it is now.

        Raises:
            PlanRefused: there is no plan.
            TooMany: there is no room for another.
            OSError: the disk refuses.
        """
        found = self.shown(ask, now)
        if found is None or found.plan is None:
            raise PlanRefused(found.refused or "unready" if found else "unready", "there is no plan to save")
        scenario = compose(
            self.planner, ask, found.plan, name=name, now=now, is_bounded=found.proof.state is ProofState.DONE
        )
        self.scenarios.save(scenario)
        return scenario

    def scenario(self, fleet: Fleet, scenario_id: str) -> ScenarioPage | None:
        """`/rencana/<id>`."""
        found = self.scenarios.find(scenario_id)
        if found is None:
            return None
        return scenario_page(fleet, self.planner, self.scenarios, found, approximate=self.approximate)

    def compare(self, fleet: Fleet, first: str, second: str) -> ComparePage | None:
        """`/rencana/bandingkan`."""
        a, b = self.scenarios.find(first), self.scenarios.find(second)
        if a is None or b is None:
            return None
        return compare_page(fleet, self.planner, a, b, approximate=self.approximate)
