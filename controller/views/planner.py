"""The planner's page (`/rencana`): who is not served, why, and where to go next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from controller.coverage.model import Coverage, Gap, LedgerMonth, LiveCoverage, LivePlan, ThresholdProfile, Verdict
from controller.views.fleet import Area, Fleet, Fresh, area
from controller.views.planner_sources import AreaAfter, PlanAsk, Planner, PlanRefused, Proof, ProofState
from controller.views.sources import Ring
from geography.units import Units

RADII = (0.15, 1.0, 5.0)
LEVELS = ("regency", "district", "village")
LAYERS = ("effective", "nominal", "adequate", "promised")
BREAKS = (0.10, 0.25, 0.50, 0.75)  # of people; the lower end belongs to the class
PROMISED_BREAKS = (0.02, 0.05, 0.10, 0.20)
GAPS_LISTED = 12
STEPS_LISTED = 12
MOST_UNKNOWN = 0.5  # an area is hatched when over this share of the people near sites is unmeasured
DEFAULT_COUNT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerFilter:
    """What the page is asked for. area: code of the unit that is looked at. ask None: no plan is asked for."""

    profile: str
    radius_km: float = 5.0
    area: str = ""
    level: str = "district"
    layer: str = "effective"
    tab: str = "plan"  # or gaps
    is_after: bool = False  # the map shows the plan carried out
    is_whole: bool = False  # all rows of the open table
    ask: PlanAsk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shade:
    """One area on the map. step: 1-5 from low to high, 0: not measured. share None: not known."""

    code: str
    name: str
    share: float | None
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A place that the question locks or forbids. lat, lon None: where it lies is not known here."""

    place: str
    name: str
    is_locked: bool
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShown:
    """A plan with how far its proof has come. plain: the same question without fairness, for the price of fairness.

    refused: a code of `PlanRefused`, then `plan` is None; place: the locked or forbidden place that it is about.
    """

    ask: PlanAsk
    key: str
    plan: LivePlan | None
    plain: LivePlan | None
    proof: Proof
    refused: str | None = None
    detail: str | None = None
    place: str | None = None

    def steps_of(self, action: str) -> int:
        """How many steps are of this kind."""
        return sum(1 for s in self.plan.steps if s.action == action) if self.plan else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerPage:
    """`/rencana`.

    coverage None: nothing was measured yet. row: the unit looked at. before: last closed month; earlier: the one before
    that. picks: locked and forbidden places. resolutions: of hexagons.
    """

    fresh: Fresh
    filter: PlannerFilter
    profile: ThresholdProfile
    profiles: Mapping[str, ThresholdProfile]
    regencies: tuple[Area, ...]
    place: str
    coverage: LiveCoverage | None
    row: Coverage | None
    broken_sites: int
    gini: float | None
    gini_before: float | None
    before: LedgerMonth | None
    earlier: LedgerMonth | None
    shades: tuple[Shade, ...]
    counts: Mapping[int, int]
    ladder: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]
    gap_villages: int
    names: Mapping[str, str]
    outlines: Mapping[str, Sequence[Ring]]
    borders: Mapping[str, Sequence[Ring]]
    approximate: bool
    plan: PlanShown | None
    picks: tuple[Pick, ...]
    resolutions: tuple[int, ...]


def planner_page(
    fleet: Fleet, planner: Planner, wanted: PlannerFilter, now: float, *, approximate: bool
) -> PlannerPage:
    """Everything that `/rencana` shows."""
    profiles = planner.profiles
    if wanted.profile not in profiles:
        wanted = replace(wanted, profile=next(iter(profiles)))
    found = planner.coverage(wanted.profile, wanted.radius_km, now)
    row = _row(found, wanted.area)
    if row is None and found is not None:
        wanted, row = replace(wanted, area=""), found.total
    plan = shown(planner, wanted.ask, found, now) if found and wanted.ask else None
    after = planner.after(plan.ask, plan.plan, now) if found and plan and plan.plan and wanted.is_after else None
    shades = _shades(found, wanted, after) if found else ()
    gaps = [g for g in found.gaps if _inside(g.village, wanted.area)] if found else []
    ledger = [m for m in planner.ledger(wanted.profile, wanted.radius_km) if m.is_closed]
    before = ledger[-1] if ledger else None
    ladder_level = "district" if wanted.area.count(".") >= 1 else "regency"
    return PlannerPage(
        fresh=fleet.fresh,
        filter=wanted,
        profile=profiles[wanted.profile],
        profiles=profiles,
        regencies=tuple(Area(code=r.code, name=short(r.name)) for r in found.level("regency")) if found else (),
        place=short(row.name) if row else "",
        coverage=found,
        row=row,
        broken_sites=_broken(found, wanted.area),
        gini=found.equity.gini if found else None,
        gini_before=before.gini if before else None,
        before=before,
        earlier=ledger[-2] if len(ledger) > 1 else None,
        shades=shades,
        counts={step: sum(1 for s in shades if s.step == step) for step in range(6)},
        ladder=_ladder(found, wanted.area, ladder_level),
        gaps=tuple(gaps if wanted.is_whole and wanted.tab == "gaps" else gaps[:GAPS_LISTED]),
        gap_villages=len({g.village for g in gaps}),
        names=_names(fleet.units, found),
        outlines=_within(planner.outlines(wanted.level), wanted.area),
        borders=planner.outlines("regency"),
        approximate=approximate,
        plan=plan,
        picks=picks_of(planner.units, found, wanted.ask),
        resolutions=tuple(planner.resolutions) if found else (),
    )


def picks_of(units: Units, found: LiveCoverage | None, ask: PlanAsk | None) -> tuple[Pick, ...]:
    """What a question locks, then what it forbids, with where that lies."""
    if ask is None or found is None:
        return ()
    sites = {s.site: s for s in found.sites}

    def pick(place: str, *, is_locked: bool) -> Pick:
        if (site := sites.get(place)) is not None:
            return Pick(place=place, name=site.name, is_locked=is_locked, lat=site.lat, lon=site.lon)
        unit = units.get(place)
        at = units.place(unit) if unit is not None else None
        name = unit.name if unit is not None else place
        return Pick(place=place, name=name, is_locked=is_locked, lat=at[0] if at else None, lon=at[1] if at else None)

    return tuple(pick(p, is_locked=True) for p in ask.locked) + tuple(pick(p, is_locked=False) for p in ask.forbidden)


def shown(planner: Planner, ask: PlanAsk, found: LiveCoverage, now: float, *, start: bool = False) -> PlanShown:
    """The best answer there is to a question: proven where the proof has come, else quick."""
    key = ask.key(found.inputs.hash)
    proof = planner.proof(ask, found.inputs.hash, start=start)
    try:
        plan = proof.plan if proof.state is ProofState.DONE and proof.plan else planner.plan(ask, now)
        plain = None if ask.aversion == "0" else _plain(planner, ask, found, now)
    except PlanRefused as why:
        nothing = Proof(state=ProofState.NONE)
        about = next((p for p in (*ask.locked, *ask.forbidden) if repr(p) in str(why)), None)
        return PlanShown(
            ask=ask, key=key, plan=None, plain=None, proof=nothing, refused=why.code, detail=str(why), place=about
        )
    return PlanShown(ask=ask, key=key, plan=plan, plain=plain, proof=proof)


def _plain(planner: Planner, ask: PlanAsk, found: LiveCoverage, now: float) -> LivePlan:
    """The same question without fairness: proven where somebody asked for that before, else quick."""
    even = replace(ask, aversion="0")
    proof = planner.proof(even, found.inputs.hash, start=False)
    return proof.plan if proof.state is ProofState.DONE and proof.plan else planner.plan(even, now)


def share_of(row: Coverage, layer: str) -> float | None:
    """What a layer of the map says of one area, as a share of its people."""
    if row.people <= 0:
        return None
    value = {"effective": row.effective, "nominal": row.nominal, "adequate": row.adequate, "promised": row.promised}
    found = value[layer]
    return None if found is None else max(0.0, found) / row.people


def step_of(share: float | None, *, promised: bool = False) -> int:
    """The class of a share: 1 (lowest) to 5, 0 where it is not known."""
    if share is None:
        return 0
    return 1 + bisect_right(PROMISED_BREAKS if promised else BREAKS, share + 1e-9)


def is_hatched(row: Coverage, layer: str) -> bool:
    """Too little is known of an area to colour it."""
    return layer != "nominal" and row.nominal > 0 and row.unknown > MOST_UNKNOWN * row.nominal


def short(name: str) -> str:
    """A regency without its kind."""
    return name.removeprefix("Kabupaten ").removeprefix("Kota ")


def _shades(found: LiveCoverage, wanted: PlannerFilter, after: Sequence[AreaAfter] | None) -> tuple[Shade, ...]:
    rows = [r for r in found.level(wanted.level) if _inside(r.code, wanted.area)]
    if after is not None and wanted.level != "village":
        named = {r.code: short(r.name) for r in rows}
        return shades_after(after, 1 if wanted.level == "regency" else 2, lambda code: named.get(code, code))
    made = []
    for row in rows:
        share = share_of(row, wanted.layer)
        step = 0 if is_hatched(row, wanted.layer) else step_of(share, promised=wanted.layer == "promised")
        made.append(Shade(code=row.code, name=short(row.name), share=share, step=step))
    return tuple(made)


def shades_after(after: Sequence[AreaAfter], dots: int, names: Callable[[str], str]) -> tuple[Shade, ...]:
    """Units whose codes have that many dots, in the classes of their people served after a plan."""
    totals: dict[str, tuple[float, float, float, float]] = {}
    for one in after:
        code = ".".join(one.code.split(".")[: dots + 1])
        people, served, near, unknown = totals.get(code, (0.0, 0.0, 0.0, 0.0))
        totals[code] = (people + one.people, served + one.after, near + one.near, unknown + one.unknown)
    made = []
    for code, (people, served, near, unknown) in sorted(totals.items()):
        share = served / people if people > 0 else None
        step = 0 if near > 0 and unknown > MOST_UNKNOWN * near else step_of(share)
        made.append(Shade(code=code, name=names(code), share=share, step=step))
    return tuple(made)


def _row(found: LiveCoverage | None, code: str) -> Coverage | None:
    if found is None:
        return None
    return found.total if not code else next((r for r in found.rows if r.code == code), None)


def _inside(code: str, unit: str) -> bool:
    return not unit or code == unit or code.startswith(unit + ".")


def _within(outlines: Mapping[str, Sequence[Ring]], unit: str) -> Mapping[str, Sequence[Ring]]:
    return {c: r for c, r in outlines.items() if _inside(c, unit) or _inside(unit, c)}


def _ladder(found: LiveCoverage | None, unit: str, level: str) -> tuple[Coverage, ...]:
    if found is None:
        return ()
    upper = ".".join(unit.split(".")[:2])
    rows = [r for r in found.level(level) if _inside(r.code, upper)]
    return tuple(sorted(rows, key=lambda r: (r.effective_ratio or 0.0, r.code)))


def _broken(found: LiveCoverage | None, unit: str) -> int:
    bad = (Verdict.DOWN, Verdict.SLOW, Verdict.FULL)
    return sum(1 for s in found.sites if s.verdict in bad and _inside(s.area, unit)) if found else 0


def _names(units: Units, found: LiveCoverage | None) -> Mapping[str, str]:
    """Names of everything mentioned: units by code, sites by id."""
    if found is None:
        return {}
    named = {r.code: short(r.name) for r in found.rows}
    named |= {s.site: s.name for s in found.sites}
    for gap in found.gaps:
        for code in (gap.district, gap.regency):
            if code not in named:
                named[code] = area(units, code).name
    return named
