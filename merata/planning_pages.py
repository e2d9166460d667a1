"""The planner's pages joined: coverage and quick plans in this process, proofs in a niced one, scenarios kept."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from controller.coverage import costs, profiles, siting
from controller.coverage.cells import Hexagons, Spread, gather, spread
from controller.coverage.errors import BadInput, LedgerError
from controller.coverage.ledger import Ledger
from controller.coverage.model import LedgerMonth, LiveCoverage, LivePlan, Rules, ThresholdProfile
from controller.coverage.planner import Planner, Worths
from controller.views.planner import DEFAULT_COUNT, RADII
from controller.views.planner_proofs import Proofs
from controller.views.planner_scenarios import Scenarios
from controller.views.planner_sources import EXPECTED, AreaAfter, PlanAsk, PlanRefused, Proof
from controller.views.planner_views import PlannerViews
from controller.views.sources import Ring
from geography.layers import Layers
from geography.outlines import outlines
from geography.units import Level, Units
from merata.coverage_live import folder_of
from merata.coverage_live import planner as live_planner
from merata.planning_watch import WatchedPlanner, readable_layers
from merata.reading import mark_of
from merata.settings import StatePaths
from planning.errors import Infeasible
from planning.reach import sums
from planning.siting import Limit

Floats = NDArray[np.float64]

log = logging.getLogger("merata.planner")
FRESH_S = 60.0  # how long one look at the measurements serves every page
PROOF_LIMIT_S = 20.0
PLANS_KEPT = 64
SPREADS_KEPT, HEXAGONS_KEPT = 3, 9  # some 15 MB each at 200,000 hexagons
COARSER = 2  # resolutions above the grid's that the map shows
WARMING = "warming.lock"
SCENARIOS_FOLDER, PROOFS_FOLDER = "scenarios", "proofs"


def planner_views(state: Path, inventory: Path) -> PlannerViews:
    """Everything behind `/rencana`, of a state directory.

    Args:
        state: as `merata run` leaves it; may still be empty. Results, proofs and scenarios are written there.
        inventory: read itself while no controller has accepted one.
    """
    return PlannerViews(watched(state, inventory), Scenarios(state / SCENARIOS_FOLDER))


def watched(state: Path, inventory: Path) -> WatchedPlanner:
    """The planner of a state directory, made ready behind its readers and anew when somebody imports geography."""

    def command(ask: PlanAsk, forbidden: Sequence[str], at: float) -> list[str]:
        return proof_command(state, inventory, ask, forbidden, at)

    def make() -> PagesPlanner:
        return PagesPlanner(
            live_planner(state, inventory, is_pinned=True),
            ledger=Ledger(folder_of(state)),
            cache=state / "cache" if state.is_dir() else None,
            proofs=folder_of(state) / PROOFS_FOLDER,
            layers=readable_layers(state),
            command=command,
        )

    return WatchedPlanner(make, mark=lambda: mark_of(StatePaths(root=state)), turns=state / "cache" / WARMING)


def proof_command(state: Path, inventory: Path, ask: PlanAsk, forbidden: Sequence[str], at: float) -> list[str]:
    """The command that proves a plan; anybody may run it by hand."""
    line = [sys.executable, "-m", "merata", "--state", str(state), "--inventory", str(inventory), "plan", "site"]
    line += ["--live", "--json", "--profile", ask.profile, "--radius-km", f"{ask.radius_km:g}"]
    line += ["--time-limit", f"{PROOF_LIMIT_S:g}", "--at", datetime.fromtimestamp(at, UTC).isoformat()]
    line += ["--count", str(ask.count)] if ask.budget is None else ["--budget", f"{ask.budget:.0f}"]
    if ask.is_expected:
        line += ["--objective", "expected"]
    elif ask.aversion == "max-min":
        line += ["--objective", "maxmin"]
    elif ask.aversion != "0":
        line += ["--inequality-aversion", ask.aversion]
    if ask.area:
        line += ["--regency", ask.area]
    for option, places in (("--lock", ask.locked), ("--forbid", forbidden)):
        for place in places:
            line += [option, place]
    return line


class PagesPlanner:
    """What the planner's pages ask for. Thread-safe.

    Args:
        live: coverage and the ground of plans.
        ledger: months that are kept.
        cache: where outlines are kept; None: made in every process.
        proofs: folder of the proofs.
        command: (question, forbidden places, as of) -> the command line that proves it.
        layers: imported boundaries; None: outlines are made from village points.
    """

    def __init__(
        self,
        live: Planner,
        *,
        ledger: Ledger,
        cache: Path | None,
        proofs: Path,
        command: Callable[[PlanAsk, Sequence[str], float], Sequence[str]],
        layers: Layers | None = None,
    ) -> None:
        self._live, self._ledger, self._cache, self._layers = live, ledger, cache, layers
        self._is_exact = layers is not None and layers.boundaries(Level.DISTRICT) is not None
        self._profiles = profiles.load()
        self._costs = costs.load()
        self._rules = Rules()
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._spreading = threading.Lock()
        self._spreads: OrderedDict[tuple[str, float], Spread] = OrderedDict()
        self._hexagons: OrderedDict[tuple[str, float, int, PlanAsk | None], Hexagons] = OrderedDict()
        self._held: dict[tuple[str, float], tuple[LiveCoverage, float, float]] = {}
        self._renewing: set[tuple[str, float]] = set()
        self._plans: dict[tuple[PlanAsk, float], LivePlan] = {}
        self._outlines: dict[str, Mapping[str, Sequence[Ring]]] = {}
        self._proofs = Proofs(
            proofs, lambda ask: command(ask, self._forbidden(ask), self._as_of(ask)), limit_s=PROOF_LIMIT_S
        )

    @property
    def units(self) -> Units:
        """See `Planner.units`."""
        return self._live.units

    @property
    def is_approximate(self) -> bool:
        """See `Planner.is_approximate`."""
        return not self._is_exact

    @property
    def resolutions(self) -> Sequence[int]:
        """See `Planner.resolutions`."""
        finest = self._live.grid().resolution
        return tuple(range(finest - COARSER, finest + 1))

    @property
    def profiles(self) -> Mapping[str, ThresholdProfile]:
        """Thresholds by id; the default first."""
        first = self._profiles[profiles.DEFAULT]
        return {first.id: first, **self._profiles}

    def coverage(self, profile: str, radius_km: float, now: float) -> LiveCoverage | None:
        """What is covered: at most a minute old where nobody waits for it, renewed behind its readers."""
        key = (profile, radius_km)
        with self._lock:
            held = self._held.get(key)
        if held is None:
            if self._live.fleet() is None:
                return None
            with self._making:  # one at a time: a province's people take memory
                with self._lock:
                    held = self._held.get(key)
                return held[0] if held else self._first(key, now)
        if time.monotonic() - held[2] > FRESH_S:
            with self._lock:
                starts = key not in self._renewing
                self._renewing.add(key)
            if starts:
                threading.Thread(
                    target=self._renew_behind, args=(key, now), name="merata-coverage", daemon=True
                ).start()
        return held[0]

    def ledger(self, profile: str, radius_km: float) -> Sequence[LedgerMonth]:
        """Months of the ledger; none where it cannot be read."""
        try:
            return self._ledger.months(profile, radius_km)
        except LedgerError as err:
            log.warning("the equity ledger cannot be read: %s", err)
            return ()

    def outlines(self, level: str) -> Mapping[str, Sequence[Ring]]:
        """Rings of each unit of a level; made when first asked for."""
        with self._making:
            if level not in self._outlines:
                self._outlines[level] = {
                    one.code: [ring for polygon in one.polygons for ring in polygon]
                    for one in outlines(Level(level), cache=self._cache, units=self._live.units, layers=self._layers)
                }
            return self._outlines[level]

    def plan(self, ask: PlanAsk, now: float) -> LivePlan:
        """Greedy with swaps.

        Raises:
            PlanRefused: the question has no answer.
        """
        self.coverage(ask.profile, ask.radius_km, now)
        key = (ask, self._as_of(ask))
        with self._lock:
            if key in self._plans:
                return self._plans[key]
        try:
            found = siting.plan(self._ground(ask), self._question(ask), self._costs)
        except Infeasible as err:
            raise PlanRefused("locked", str(err)) from err
        except BadInput as err:
            raise PlanRefused("place", str(err)) from err
        with self._lock:
            self._plans[key] = found
            while len(self._plans) > PLANS_KEPT:
                self._plans.pop(next(iter(self._plans)))
        return found

    def hexagons(
        self, profile: str, radius_km: float, now: float, *, resolution: int | None = None, ask: PlanAsk | None = None
    ) -> Hexagons | None:
        """See `Planner.hexagons`; a second for the first of a radius, then at once."""
        found = self.coverage(profile, radius_km, now)
        if found is None:
            return None
        grid = self._live.grid()
        wanted = grid.resolution if resolution is None else resolution
        key = (found.inputs.hash, radius_km, wanted, ask)
        with self._spreading:
            if key not in self._hexagons:
                self._hexagons[key] = gather(self._spread(found), wanted, effective=self._served(found, ask, now))
                while len(self._hexagons) > HEXAGONS_KEPT:
                    self._hexagons.popitem(last=False)
            self._hexagons.move_to_end(key)
            return self._hexagons[key]

    def _spread(self, found: LiveCoverage) -> Spread:
        key = (found.inputs.hash, found.radius_km)
        if key not in self._spreads:
            points = self._live.points(Worths(inputs=found.inputs, sites=found.sites), found.radius_km)
            least = found.inputs.profile.min_kbps_per_person
            self._spreads[key] = spread(
                self._live.grid(), points, found.sites, radius_km=found.radius_km, least_kbps=least
            )
            while len(self._spreads) > SPREADS_KEPT:
                self._spreads.popitem(last=False)
        self._spreads.move_to_end(key)
        return self._spreads[key]

    def _served(self, found: LiveCoverage, ask: PlanAsk | None, now: float) -> Floats | None:
        """People served by row of the grid once a plan is carried out; None: as today."""
        if ask is None:
            return None
        try:
            ground, after = self._carried_out(ask, self.plan(ask, now))
        except PlanRefused:
            return None
        grid = self._live.grid()
        area = ask.area or ""
        inside = np.flatnonzero((grid.village == area) | np.char.startswith(grid.village, area + "." if area else ""))
        served = self._spread(found).effective.copy()  # the ground's rows are those of its area, in their order
        served[inside] = sums(ground.people.row, ground.people.people * after, len(inside))
        return served

    def _carried_out(self, ask: PlanAsk, plan: LivePlan) -> tuple[siting.Ground, NDArray[np.bool_]]:
        """The ground of a question, and which of its points are served after its plan: those who wait still wait."""
        ground = self._ground(ask)
        taken = {s.place for s in plan.steps}
        chosen = np.array([c.place in taken for c in ground.candidates], dtype=bool)
        open_ = ground.weight(is_unknown_open=False) > 0
        return ground, ground.covered | (ground.reach.of_sites(chosen).reached() & open_)

    def warm(self, now: float, asked: Sequence[tuple[str, float]] = ()) -> None:
        """Make what the first pages need: outlines, then coverage, the ground of plans and hexagons of each radius.

        Args:
            now: epoch s.
            asked: (profile, radius) that somebody looked at; none: the default profile at every radius.
        """
        for level in ("regency", "district"):
            self.outlines(level)
        first = next(iter(self.profiles))
        for profile, radius_km in asked or [(first, km) for km in sorted(RADII, reverse=True)]:
            if self.coverage(profile, radius_km, now) is None:
                return
            if self._is_borrowed((profile, radius_km)):
                self._renew((profile, radius_km), now)
            self.plan(PlanAsk(profile=profile, radius_km=radius_km, count=DEFAULT_COUNT), now)
            self.hexagons(profile, radius_km, now, resolution=self.resolutions[0])
        self.outlines("village")
        for profile, radius_km in asked[:1] or [(first, max(RADII))]:
            self.plan(PlanAsk(profile=profile, radius_km=radius_km, count=DEFAULT_COUNT, aim=EXPECTED), now)
        profile, radius_km = asked[0] if asked else (first, max(RADII))
        for resolution in self.resolutions:
            self.hexagons(profile, radius_km, now, resolution=resolution)

    @property
    def asked(self) -> Sequence[tuple[str, float]]:
        """(profile, radius) that are held, so that the next generation begins with them."""
        with self._lock:
            return tuple(self._held)

    def after(self, ask: PlanAsk, plan: LivePlan, now: float) -> Sequence[AreaAfter]:
        """Each district before and after, counted as the plan counts: people near unmeasured sites wait."""
        self.coverage(ask.profile, ask.radius_km, now)
        ground, after = self._carried_out(ask, plan)
        people = ground.people.people
        codes = [".".join(code.split(".")[:3]) for code in ground.people.villages]
        names = sorted(set(codes))
        number = {code: k for k, code in enumerate(names)}
        where = np.array([number[code] for code in codes], dtype=np.int64)[ground.people.village]
        masks = (True, ground.covered, after, ground.standing.reached() | after, ground.unknown & ~after)
        columns = [sums(where, people * mask, len(names)) for mask in masks]
        return tuple(
            AreaAfter(
                code=code,
                people=float(columns[0][k]),
                before=float(columns[1][k]),
                after=float(columns[2][k]),
                near=float(columns[3][k]),
                unknown=float(columns[4][k]),
            )
            for k, code in enumerate(names)
        )

    def proof(self, ask: PlanAsk, inputs: str, *, start: bool) -> Proof:
        """See `Proofs.proof`."""
        return self._proofs.proof(ask.key(inputs), ask, start=start)

    def _first(self, key: tuple[str, float], now: float) -> LiveCoverage:
        """What some process kept lately, to be renewed behind whoever asks next; made where there is none."""
        kept = self._live.newest(self._profile(key[0]), self._rules, radius_km=key[1], now=now)
        if kept is None:
            return self._renew(key, now)
        with self._lock:
            self._held[key] = (kept, now, float("-inf"))
        return kept

    def _is_borrowed(self, key: tuple[str, float]) -> bool:
        with self._lock:
            held = self._held.get(key)
        return held is not None and held[2] == float("-inf")

    def _renew(self, key: tuple[str, float], now: float) -> LiveCoverage:
        found = self._live.coverage(self._profile(key[0]), self._rules, radius_km=key[1], now=now)
        with self._lock:
            was = self._held.get(key)
        if was is not None and was[0].inputs.hash != found.inputs.hash:  # the first plan of the hour waits for nothing
            self._live.ground(self._profile(key[0]), self._rules, radius_km=key[1], now=found.inputs.end)
        with self._lock:
            self._held[key] = (found, now, time.monotonic())
        return found

    def _renew_behind(self, key: tuple[str, float], now: float) -> None:
        try:
            self._renew(key, now)
        except Exception:  # what is held is shown until a renewal succeeds
            log.exception("coverage could not be renewed")
        finally:
            with self._lock:
                self._renewing.discard(key)

    def _profile(self, name: str) -> ThresholdProfile:
        return self._profiles.get(name) or self._profiles[profiles.DEFAULT]

    def _as_of(self, ask: PlanAsk) -> float:
        """The moment of the coverage that is shown, so that plan, proof and page stand on the same inputs."""
        with self._lock:
            held = self._held.get((ask.profile, ask.radius_km))
        if held is None:
            raise PlanRefused("unready", "nothing is known yet")
        return held[0].inputs.end

    def _ground(self, ask: PlanAsk) -> siting.Ground:
        with self._making:
            return self._live.ground(
                self._profile(ask.profile), self._rules, radius_km=ask.radius_km, now=self._as_of(ask), area=ask.area
            )

    def _forbidden(self, ask: PlanAsk) -> tuple[str, ...]:
        """Forbidden places, and those where only an action could be taken that is not wanted."""
        unwanted = {c.place for c in self._ground(ask).candidates if c.action not in ask.actions}
        return tuple(sorted((unwanted | set(ask.forbidden)) - set(ask.locked)))

    def _question(self, ask: PlanAsk) -> siting.Ask:
        fair = ask.aversion not in ("0", "max-min") and not ask.is_expected
        return siting.Ask(
            limit=Limit(count=ask.count, budget=ask.budget),
            objective=ask.aim if ask.is_expected or ask.aversion != "max-min" else "maxmin",
            aversion=float(ask.aversion) if fair else 0.0,
            locked=ask.locked,
            forbidden=self._forbidden(ask),
            is_quick=True,
        )
