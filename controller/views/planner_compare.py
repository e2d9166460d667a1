"""One saved plan, and two beside each other (`/rencana/<id>`, `/rencana/bandingkan`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from controller.views.fleet import Area, Fleet, Fresh, area
from controller.views.planner import Shade, shades_after, short
from controller.views.planner_scenarios import Scenario, Scenarios, Trade, trade_of
from controller.views.planner_sources import AreaAfter, Planner
from controller.views.sources import Ring

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two plans. gini: of its own inputs. lorenz: cumulative people and served, poorest district first."""

    scenario: Scenario
    shades: tuple[Shade, ...]
    people: float
    share: float
    worst: Area | None
    worst_share: float | None
    gini: float | None
    lorenz: Curve


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One unit under both plans: shares of its people, and how many more (or fewer) B serves."""

    code: str
    name: str
    people: float
    now: float | None
    a: float | None
    b: float | None
    more_people: float

    @property
    def difference(self) -> float:
        """B minus A, as a share."""
        return (self.b or 0.0) - (self.a or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """`/rencana/bandingkan`. differs: inputs that are not the same, then no differences are shown.

    trades: the stops of fairness of A (of B where A is about the expected figure), with B's own answer at its stop
    where both ask for as much. stops: (stop, letter) of the plans that stand among them.
    """

    fresh: Fresh
    a: Side
    b: Side
    now_lorenz: Curve
    regencies: tuple[Line, ...]
    districts: tuple[Line, ...]
    differs: tuple[str, ...]
    trades: tuple[Trade, ...]
    stops: tuple[tuple[str, str], ...]
    names: Mapping[str, str]
    outlines: Mapping[str, Sequence[Ring]]
    borders: Mapping[str, Sequence[Ring]]
    approximate: bool
    shared_places: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPage:
    """`/rencana/<id>` with the other saved plans to compare it with."""

    fresh: Fresh
    side: Side
    now_share: float
    now_lorenz: Curve
    others: tuple[Scenario, ...]
    names: Mapping[str, str]
    outlines: Mapping[str, Sequence[Ring]]
    borders: Mapping[str, Sequence[Ring]]
    approximate: bool


def scenario_page(
    fleet: Fleet, planner: Planner, kept: Scenarios, scenario: Scenario, *, approximate: bool
) -> ScenarioPage:
    """One saved plan."""
    return ScenarioPage(
        fresh=fleet.fresh,
        side=_side(fleet, scenario),
        now_share=_share(scenario.after, after=False),
        now_lorenz=lorenz([(d.people, d.before) for d in scenario.after]),
        others=tuple(s for s in kept.listed() if s.id != scenario.id),
        names=_names(fleet, (scenario,)),
        outlines=planner.outlines("district"),
        borders=planner.outlines("regency"),
        approximate=approximate,
    )


def compare_page(fleet: Fleet, planner: Planner, a: Scenario, b: Scenario, *, approximate: bool) -> ComparePage:
    """Two saved plans."""
    differs = differences(a, b)
    counted = [(s, letter) for s, letter in ((a, "A"), (b, "B")) if not s.ask.is_expected]
    both = len(counted) == 2 and not differs and (a.ask.count, a.ask.budget) == (b.ask.count, b.ask.budget)
    among = counted if both else counted[:1]
    own = trade_of(b.ask.aversion, b.plan)
    return ComparePage(
        fresh=fleet.fresh,
        a=_side(fleet, a),
        b=_side(fleet, b),
        now_lorenz=lorenz([(d.people, d.before) for d in a.after]),
        regencies=_lines(fleet, a, b, 1),
        districts=_lines(fleet, a, b, 2),
        differs=differs,
        trades=tuple(own if both and t.aversion == own.aversion else t for t in (a.trades or b.trades)),
        stops=tuple((s.ask.aversion, letter) for s, letter in among),
        names=_names(fleet, (a, b)),
        outlines=planner.outlines("district"),
        borders=planner.outlines("regency"),
        approximate=approximate,
        shared_places=frozenset(s.place for s in a.plan.steps) & {s.place for s in b.plan.steps},
    )


def differences(a: Scenario, b: Scenario) -> tuple[str, ...]:
    """What keeps two plans from being compared figure by figure: profile, radius, period, people."""
    x, y = a.plan.inputs, b.plan.inputs
    told = {
        "profile": x.profile.id != y.profile.id,
        "radius": a.plan.radius_km != b.plan.radius_km,
        "period": (x.start, x.end) != (y.start, y.end),
        "people": x.demand != y.demand,
        "area": a.ask.area != b.ask.area,
    }
    return tuple(name for name, differs in told.items() if differs)


def lorenz(parts: Sequence[tuple[float, float]]) -> Curve:
    """Cumulative shares of (people, served), least served first; empty where nobody is served."""
    lived = sorted((p for p in parts if p[0] > 0), key=lambda p: p[1] / p[0])
    people, served = sum(p[0] for p in lived), sum(p[1] for p in lived)
    if people <= 0 or served <= 0:
        return ()
    found = [(0.0, 0.0)]
    for each, has in lived:
        x, y = found[-1]
        found.append((x + each / people, y + has / served))
    return tuple(found)


def at_half(curve: Curve) -> float | None:
    """What the poorer half of people have together, as a share of all service."""
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x0 <= 0.5 <= x1 and x1 > x0:
            return y0 + (y1 - y0) * (0.5 - x0) / (x1 - x0)
    return None


def _side(fleet: Fleet, scenario: Scenario) -> Side:
    plan = scenario.plan
    return Side(
        scenario=scenario,
        shades=shades_after(scenario.after, 2, lambda code: area(fleet.units, code).name),
        people=plan.covered_after - plan.covered_before,
        share=_share(scenario.after, after=True),
        worst=area(fleet.units, plan.worst_regency) if plan.worst_regency else None,
        worst_share=plan.worst_after,
        gini=plan.gini_after,
        lorenz=lorenz([(d.people, d.after) for d in scenario.after]),
    )


def _share(parts: Sequence[AreaAfter], *, after: bool) -> float:
    people = sum(d.people for d in parts)
    return sum(d.after if after else d.before for d in parts) / people if people > 0 else 0.0


def _lines(fleet: Fleet, a: Scenario, b: Scenario, dots: int) -> tuple[Line, ...]:
    """Units under both plans, where B gains most first."""
    first, second = _by_unit(a.after, dots), _by_unit(b.after, dots)
    made = []
    for code in sorted(first.keys() & second.keys()):
        people, before, after_a = first[code]
        after_b = second[code][2]
        if people <= 0:
            continue
        made.append(
            Line(
                code=code,
                name=short(area(fleet.units, code).name),
                people=people,
                now=before / people,
                a=after_a / people,
                b=after_b / people,
                more_people=after_b - after_a,
            )
        )
    return tuple(sorted(made, key=lambda r: (-r.difference, r.code)))


def _by_unit(parts: Sequence[AreaAfter], dots: int) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for one in parts:
        code = ".".join(one.code.split(".")[: dots + 1])
        people, before, after = found.get(code, (0.0, 0.0, 0.0))
        found[code] = (people + one.people, before + one.before, after + one.after)
    return found


def _names(fleet: Fleet, scenarios: Sequence[Scenario]) -> Mapping[str, str]:
    codes = {c for s in scenarios for step in s.plan.steps for c in (step.district, step.regency)}
    codes |= {".".join(d.code.split(".")[:2]) for s in scenarios for d in s.after}
    return {code: area(fleet.units, code).name for code in codes}
