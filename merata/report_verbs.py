"""The verbs of `merata report`: live coverage and plans, handed to the reports room and written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.coverage import costs, siting
from controller.coverage.errors import BadInput
from controller.coverage.ledger import Ledger
from controller.coverage.live import RADII_KM
from controller.coverage.model import LivePlan, Verdict
from controller.coverage.planner import Planner
from controller.reports import files, pages, tables
from controller.reports.document import Material, compose
from controller.reports.errors import ReportFailed
from controller.reports.offered import LONG_ROWS, SHORT_PAGES, SHORT_ROWS, village_points
from controller.views.planner_scenarios import Scenario, Scenarios
from geography.layers import Layers
from geography.outlines import outlines
from geography.sources import official
from geography.units import Level, Units, level_of
from merata import coverage_text as text
from merata.coverage_live import folder_of
from merata.coverage_verbs import Where
from merata.planning_pages import SCENARIOS_FOLDER
from merata.settings import StatePaths
from planning.siting import Limit

Rings = Mapping[str, Sequence[Sequence[tuple[float, float]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """The plan that goes with it: a saved scenario, or so many sites, or a budget; with none of them, no plan."""

    scenario: str | None = None
    count: int | None = None
    budget: float | None = None
    aversion: float = 0.0
    objective: str = "coverage"  # or expected
    time_limit_s: float = 20.0

    @property
    def is_asked(self) -> bool:
        """True when there is something to answer."""
        return self.scenario is not None or self.count is not None or self.budget is not None


def export(
    where: Where, what: str, kind: str, out: Path, *, level: str, radius_km: float, question: PlanQuestion
) -> str:
    """`report export`: one table as one file.

    Raises:
        BadInput: what is asked for is not known.
        ReportFailed: the file cannot be written.
    """
    table = _table(where, what, level=level, radius_km=radius_km, question=question)
    written = files.write(table, out, kind)
    return f"{', '.join(str(p) for p in written)}: {len(table.rows)} rows, inputs {dict(table.about)['inputs_hash']}"


def printed(where: Where, out: Path, *, lang: str, radius_km: float, question: PlanQuestion, is_short: bool) -> str:
    """`report province`, `report regency`: pages to print.

    Raises:
        BadInput: no regency has that code, or the plan is not known.
        ReportFailed: the pages cannot be set or written.
    """
    known = where.planner()
    area = where.area(known.units)
    if area is not None and level_of(area) is not (Level.REGENCY if is_short else Level.PROVINCE):
        raise BadInput(f"{area} is a {level_of(area)}", path="CODE")
    is_one_of_many = len(known.units.level(Level.PROVINCE)) > 1
    given = material(where, known, area if is_short or is_one_of_many else None, radius_km, question)
    if is_short:
        pdf = pages.fitted(lambda n: compose(given, lang, rows=n, is_short=True), pages=SHORT_PAGES, most=SHORT_ROWS)
    else:
        pdf = pages.to_pdf(compose(given, lang, rows=LONG_ROWS, is_short=False))
    try:
        out.write_bytes(pdf)
    except OSError as error:
        raise ReportFailed(error.strerror or str(error), path=out) from error
    return f"{out}: {pages.page_count(pdf)} pages, inputs {given.found.inputs.hash}"


def material(where: Where, known: Planner, area: str | None, radius_km: float, question: PlanQuestion) -> Material:
    """Everything a report is made of."""
    if question.scenario is not None and (saved := _saved(where, question.scenario)).ask.area != area:
        raise BadInput(f"that scenario plans {saved.ask.area or 'the whole province'}", path="--scenario")
    fleet = known.fleet()
    found = []
    is_regency = area is not None and level_of(area) is Level.REGENCY
    for radius in (radius_km,) if is_regency else sorted({*RADII_KM, radius_km}):
        with text.progress(f"coverage at {radius:g} km"):
            found.append(known.coverage(where.threshold(), where.rules(), radius_km=radius, now=where.now))
    shown = next(f for f in found if f.radius_km == radius_km)
    outlined = {**rings_of(where, known.units, "regency"), **rings_of(where, known.units, "district")}
    return Material(
        found=shown,
        others=tuple(f for f in found if f is not shown),
        area=area,
        months=tuple(Ledger(folder_of(where.state)).months(where.profile, radius_km)),
        plan=plan_of(where, known, area, radius_km, question) if question.is_asked else None,
        outlines=outlined,
        is_approximate=Layers(StatePaths(root=where.state).geo).boundaries(Level.DISTRICT) is None,
        is_sample=fleet is not None and fleet.inventory.simulated,
        made_at=where.now,
        zone=fleet.inventory.timezone if fleet is not None else "UTC",
        is_bounded=question.scenario is None or _saved(where, question.scenario).is_bounded,
        people_source=official(known.units),
    )


def _table(where: Where, what: str, *, level: str, radius_km: float, question: PlanQuestion) -> tables.Table:
    known = where.planner()
    area = where.area(known.units)
    if what == "plan":
        return tables.plan(plan_of(where, known, area, radius_km, question), made_at=where.now)
    if what == "worth":
        with text.progress("sites"):
            judged = known.worths(where.threshold(), where.rules(), now=where.now)
        sites = [s for s in judged.sites if s.verdict is not Verdict.NOT_PUBLIC and is_in(s.area, area)]
        return tables.worth(sites, judged.inputs, made_at=where.now)
    with text.progress(f"coverage at {radius_km:g} km"):
        found = known.coverage(where.threshold(), where.rules(), radius_km=radius_km, now=where.now)
    points = village_points()
    if what == "gaps":
        listed = [g for g in found.gaps if is_in(g.village, area)]
        return tables.gaps(listed, found.inputs, radius_km=radius_km, made_at=where.now, points=points)
    rows = [r for r in found.level(level) if is_in(r.code, area)]
    areas = {} if level == "village" else rings_of(where, known.units, level)
    return tables.coverage(rows, found.inputs, made_at=where.now, areas=areas, points=points)


def plan_of(where: Where, known: Planner, area: str | None, radius_km: float, question: PlanQuestion) -> LivePlan:
    """The saved scenario, or the plan with its proof.

    Raises:
        BadInput: nothing is asked, or there is no such scenario.
    """
    if question.scenario is not None:
        return _saved(where, question.scenario).plan
    if (question.count is None) == (question.budget is None):
        raise BadInput("one of --scenario, --count and --budget was expected for a plan", path="--what")
    if question.objective != "coverage" and question.aversion > 0:
        raise BadInput("goes with --objective coverage only", path="--inequality-aversion")
    with text.progress("people and places"):
        ground = known.ground(where.threshold(), where.rules(), radius_km=radius_km, now=where.now, area=area)
    ask = siting.Ask(
        limit=Limit(count=question.count, budget=question.budget),
        objective=question.objective,
        aversion=question.aversion,
        time_limit_s=question.time_limit_s,
    )
    with text.progress("plan and proof", limit_s=question.time_limit_s):
        return siting.plan(ground, ask, costs.load(costs.SHIPPED))


def _saved(where: Where, name: str) -> Scenario:
    saved = Scenarios(where.state / SCENARIOS_FOLDER).find(name)
    if saved is None:
        raise BadInput(f"no saved scenario has the id {name!r}", path="--scenario")
    return saved


def rings_of(where: Where, units: Units, level: str) -> Rings:
    """Outlines of a level as rings by code."""
    cache = where.state / "cache" if where.state.is_dir() else None
    layers = Layers(StatePaths(root=where.state).geo)
    return {
        one.code: [ring for polygon in one.polygons for ring in polygon]
        for one in outlines(Level(level), cache=cache, units=units, layers=layers)
    }


def is_in(code: str, area: str | None) -> bool:
    """True for codes of the area and below."""
    return area is None or code == area or code.startswith(area + ".")
