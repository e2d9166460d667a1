"""The planner's pages as one object, beside `Views`."""

from __future__ import annotations

from controller.coverage.cells import Hexagons
from controller.coverage.model import LiveCoverage
from controller.views.fleet import Fleet
from controller.views.planner import PlannerFilter, PlannerPage, PlanShown, planner_page, shown
from controller.views.planner_compare import ComparePage, ScenarioPage, compare_page, scenario_page
from controller.views.planner_figure import FigurePage, figure_page
from controller.views.planner_place import PickedCell, PlacePage, picked_cell, place_page
from controller.views.planner_scenarios import PlanChanged, Scenario, Scenarios, compose
from controller.views.planner_sources import PlanAsk, Planner, PlanRefused, ProofState


class PlannerViews:
    """Queries behind `/rencana`. Thread-safe where its planner is.

    Args:
        planner: where coverage, plans and proofs come from.
        scenarios: where plans are saved.
    """

    def __init__(self, planner: Planner, scenarios: Scenarios) -> None:
        self.planner, self.scenarios = planner, scenarios

    @property
    def approximate(self) -> bool:
        """Outlines are Voronoi cells, not boundaries."""
        return self.planner.is_approximate

    def page(self, fleet: Fleet, wanted: PlannerFilter, now: float) -> PlannerPage:
        """`/rencana`."""
        return planner_page(fleet, self.planner, wanted, now, approximate=self.approximate)

    def figure(self, fleet: Fleet, wanted: PlannerFilter, figure: str, now: float) -> FigurePage | None:
        """`/rencana/angka`."""
        return figure_page(fleet, self.planner, wanted, figure, now)

    def place(
        self, fleet: Fleet, wanted: PlannerFilter, place: str, now: float, *, kept: Scenario | None = None
    ) -> PlacePage | None:
        """`/rencana/tempat/<place>`; kept: of a saved plan."""
        return place_page(fleet, self.planner, wanted, place, now, kept=kept)

    def cell(self, wanted: PlannerFilter, now: float, *, lat: float, lon: float, resolution: int) -> PickedCell | None:
        """The hexagon that was chosen on the map."""
        if resolution not in self.planner.resolutions:
            return None
        return picked_cell(self.planner, wanted, now, lat=lat, lon=lon, resolution=resolution)

    def hexagons(self, wanted: PlannerFilter, resolution: int, now: float) -> Hexagons | None:
        """What the map shows when it is zoomed: as today, or as the plan would leave it."""
        ask = wanted.ask if wanted.is_after else None
        return self.planner.hexagons(wanted.profile, wanted.radius_km, now, resolution=resolution, ask=ask)

    def inputs(self, wanted: PlannerFilter, now: float) -> str:
        """Hash of what the figures stand on; empty before there are any."""
        found = self.planner.coverage(wanted.profile, wanted.radius_km, now)
        return found.inputs.hash if found else ""

    def coverage(self, wanted: PlannerFilter, now: float) -> LiveCoverage | None:
        """What is covered."""
        return self.planner.coverage(wanted.profile, wanted.radius_km, now)

    def shown(self, ask: PlanAsk, now: float, *, start: bool = False) -> PlanShown | None:
        """A plan with its proof; None before there is an inventory."""
        found = self.planner.coverage(ask.profile, ask.radius_km, now)
        return None if found is None else shown(self.planner, ask, found, now, start=start)

    def save(self, ask: PlanAsk, name: str, now: float, *, seen: str = "") -> Scenario:
        """Keep a plan as it is now.

        Args:
            ask: the question.
            name: what people call it.
            now: epoch s.
            seen: key of the plan that was looked at; "" where nobody looked.

        Raises:
            PlanChanged: what it stands on is not what was looked at.
            PlanRefused: there is no plan.
            TooMany: there is no room for another.
            OSError: the disk refuses.
        """
        found = self.shown(ask, now)
        if found is None or found.plan is None:
            raise PlanRefused(found.refused or "unready" if found else "unready", "there is no plan to save")
        if seen and seen != found.key:
            raise PlanChanged("the plan was made anew on other data since it was looked at")
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
