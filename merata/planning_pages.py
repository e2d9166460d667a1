"""The planner's pages joined: coverage and quick plans in this process, proofs in a niced one, scenarios kept."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from controller.coverage import costs, profiles, siting
from controller.coverage.errors import BadInput, LedgerError
from controller.coverage.ledger import Ledger
from controller.coverage.model import LedgerMonth, LiveCoverage, LivePlan, Rules, ThresholdProfile
from controller.coverage.planner import Planner
from controller.views.planner_proofs import Proofs
from controller.views.planner_scenarios import Scenarios
from controller.views.planner_sources import AreaAfter, PlanAsk, PlanRefused, Proof
from controller.views.planner_views import PlannerViews
from controller.views.sources import Ring
from geography.errors import GeographyError
from geography.layers import Layers
from geography.outlines import outlines
from geography.units import Level
from merata.coverage_live import folder_of
from merata.coverage_live import planner as live_planner
from merata.settings import StatePaths
from planning.errors import Infeasible
from planning.reach import sums
from planning.siting import Limit

log = logging.getLogger("merata.planner")
FRESH_S = 60.0  # how long one look at the measurements serves every page
PROOF_LIMIT_S = 20.0
PLANS_KEPT = 64
SCENARIOS_FOLDER, PROOFS_FOLDER = "scenarios", "proofs"


def planner_views(state: Path, inventory: Path) -> PlannerViews:
    """Everything behind `/rencana`, of a state directory.

    Args:
        state: as `merata run` leaves it; may still be empty. Results, proofs and scenarios are written there.
        inventory: read itself while no controller has accepted one.
    """

    def command(ask: PlanAsk, forbidden: Sequence[str], at: float) -> list[str]:
        return proof_command(state, inventory, ask, forbidden, at)

    layers = _layers(state)
    found = PagesPlanner(
        live_planner(state, inventory),
        ledger=Ledger(folder_of(state)),
        cache=state / "cache" if state.is_dir() else None,
        proofs=folder_of(state) / PROOFS_FOLDER,
        layers=layers,
        command=command,
    )
    exact = layers is not None and layers.boundaries(Level.DISTRICT) is not None
    return PlannerViews(found, Scenarios(state / SCENARIOS_FOLDER), approximate=not exact)


def _layers(state: Path) -> Layers | None:
    """What was imported; None where it cannot be read: outlines are approximate until then."""
    found = Layers(StatePaths(root=state).geo)
    try:
        found.boundaries(Level.DISTRICT)
    except GeographyError as error:
        log.warning("%s; outlines are approximate until then", error)
        return None
    return found


def proof_command(state: Path, inventory: Path, ask: PlanAsk, forbidden: Sequence[str], at: float) -> list[str]:
    """The command that proves a plan; anybody may run it by hand."""
    line = [sys.executable, "-m", "merata", "--state", str(state), "--inventory", str(inventory), "plan", "site"]
    line += ["--live", "--json", "--profile", ask.profile, "--radius-km", f"{ask.radius_km:g}"]
    line += ["--time-limit", f"{PROOF_LIMIT_S:g}", "--at", datetime.fromtimestamp(at, UTC).isoformat()]
    line += ["--count", str(ask.count)] if ask.budget is None else ["--budget", f"{ask.budget:.0f}"]
    if ask.aversion == "max-min":
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
        self._profiles = profiles.load()
        self._costs = costs.load()
        self._rules = Rules()
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._held: dict[tuple[str, float], tuple[LiveCoverage, float, float]] = {}
        self._renewing: set[tuple[str, float]] = set()
        self._plans: dict[tuple[PlanAsk, float], LivePlan] = {}
        self._outlines: dict[str, Mapping[str, Sequence[Ring]]] = {}
        self._proofs = Proofs(
            proofs, lambda ask: command(ask, self._forbidden(ask), self._as_of(ask)), limit_s=PROOF_LIMIT_S
        )

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
                return held[0] if held else self._renew(key, now)
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

    def after(self, ask: PlanAsk, plan: LivePlan, now: float) -> Sequence[AreaAfter]:
        """Each district before and after, counted as the plan counts: people near unmeasured sites wait."""
        self.coverage(ask.profile, ask.radius_km, now)
        ground = self._ground(ask)
        taken = {s.place for s in plan.steps}
        chosen = np.array([c.place in taken for c in ground.candidates], dtype=bool)
        people = ground.people.people
        open_ = ground.weight(is_unknown_open=False) > 0
        after = ground.covered | (ground.reach.of_sites(chosen).reached() & open_)
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

    def _renew(self, key: tuple[str, float], now: float) -> LiveCoverage:
        found = self._live.coverage(self._profile(key[0]), self._rules, radius_km=key[1], now=now)
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
        fair = ask.aversion not in ("0", "max-min")
        return siting.Ask(
            limit=Limit(count=ask.count, budget=ask.budget),
            objective="maxmin" if ask.aversion == "max-min" else "coverage",
            aversion=float(ask.aversion) if fair else 0.0,
            locked=ask.locked,
            forbidden=self._forbidden(ask),
            is_quick=True,
        )
