"""What a report says, as blocks: from live coverage, a plan and the ledger to a document that only has to be set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.coverage.live import fairness
from controller.coverage.model import Coverage, Equity, LedgerMonth, LiveCoverage, LivePlan, Step, Verdict
from controller.reports.picture import COLOURS, choropleth
from controller.reports.tables import Ring
from controller.reports.words import Told

MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a report is made of.

    area: code of the regency or province; None: everything. others: further radii, by radius. outlines: rings of
    regencies and districts by code. zone: of the times shown. is_sample: the measurements are simulated. is_bounded:
    the bound of the plan comes from a proof. people_source: where the people of regencies come from, by language.
    """

    found: LiveCoverage
    others: tuple[LiveCoverage, ...] = ()
    area: str | None
    months: tuple[LedgerMonth, ...] = ()
    plan: LivePlan | None = None
    outlines: Mapping[str, Sequence[Ring]]
    is_approximate: bool
    is_sample: bool
    made_at: float
    zone: str = "UTC"
    is_bounded: bool = True
    people_source: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain blocks in their order, and the map."""

    lang: str
    title: str
    kind: str
    sample: str
    footer: str
    page: str
    of: str
    size: float  # pt
    blocks: tuple[dict[str, Any], ...]
    map_svg: str
    made_at: float

    def plain(self) -> dict[str, Any]:
        """What the template is handed."""
        names = ("lang", "title", "kind", "sample", "footer", "page", "of", "size")
        return {name: getattr(self, name) for name in names} | {"blocks": list(self.blocks)}


def compose(given: Material, lang: str, *, rows: int, is_short: bool) -> Document:
    """The report of a province, or of a regency head.

    Args:
        given: what it is made of.
        lang: `id` or `en`.
        rows: how long its tables are at most; units are always all there.
        is_short: the two pages of a regency: no trend, no radii.
    """
    made = _Writer(given, Told(lang, given.zone), rows)
    blocks = made.first() + made.units()
    if is_short:
        blocks += [{"kind": "break"}]
    else:
        blocks += made.radii()
    blocks += made.gaps() + made.sites()
    if not is_short:
        blocks += made.equity()
    return made.document(blocks + made.plan() + made.grounds(), size=9.2 if is_short else 9.8)


def _heading(text: str) -> dict[str, Any]:
    return {"kind": "heading", "text": text}


def _text(text: str, kind: str = "text") -> dict[str, Any]:
    return {"kind": kind, "text": text}


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int], widths: Sequence[float]
) -> dict[str, Any]:
    return {"kind": "table", "head": list(head), "rows": [list(r) for r in rows], "right": list(right),
            "widths": list(widths)}  # fmt: skip


class _Writer:
    def __init__(self, given: Material, told: Told, rows: int) -> None:
        self.given, self.told, self.rows = given, told, rows
        found = given.found
        self.row = next((r for r in found.rows if r.code == given.area), found.total)
        provinces = [p.name for p in found.level("province")]
        several = told("provinces", n=len(provinces), names=", ".join(provinces))
        self.place = self.row.name if given.area else provinces[0] if len(provinces) == 1 else several
        self.is_regency = given.area is not None and "." in given.area
        self.is_all = given.area is None or (len(provinces) == 1 and not self.is_regency)
        self.level = "district" if self.is_regency else "regency"
        self.inner = sorted((r for r in found.level(self.level) if self.is_in(r.code)), key=_share)
        self.names = {r.code: r.name for r in found.rows}
        self.radius = told.number(found.radius_km, 2).rstrip("0").rstrip(",.")

    @property
    def equality(self) -> Equity:
        """Of the province that is looked at; of everything where that is all."""
        return self._equality(self.given.found)

    def _equality(self, found: LiveCoverage) -> Equity:
        return found.equity if self.is_all else fairness([r for r in found.rows if self.is_in(r.code)])

    def is_in(self, code: str) -> bool:
        area = self.given.area
        return area is None or code == area or code.startswith(area + ".")

    def name(self, code: str) -> str:
        """A regency without its kind where it is said beside others."""
        return self.names.get(code, code).removeprefix("Kabupaten ").removeprefix("Kota ")

    def first(self) -> list[dict[str, Any]]:
        told, row = self.told, self.row
        share = row.effective_ratio
        facts = [
            [told("effective"), told.percent(share), told("people_of", n=told.people(row.effective))],
            [told("nominal"), told.percent(_of(row.nominal, row)), told("people_of", n=told.people(row.nominal))],
            [told("unknown"), told.percent(_of(row.unknown, row)), told("not_counted")],
        ]
        if not self.is_regency:
            facts.append([told("gini"), told.number(self.equality.gini, 3), told("between")])
        else:
            facts.append([told("unserved"), told.people(row.people - row.effective), told("people_of", n=told.people(
                row.people))])  # fmt: skip
        lead = told("headline", n="–" if share is None else round(100 * share))
        question = told("question", place=self.place, radius=self.radius)
        return [_text(lead, "lead"), _text(question), {"kind": "facts", "facts": facts}, *self.map()]

    def map(self) -> list[dict[str, Any]]:
        told, worst = self.told, self.inner[0] if self.inner else self.row
        classes = ("0–10 %", "10–25 %", "25–50 %", "50–75 %", "75–100 %")
        legend = [list(pair) for pair in zip(COLOURS, classes, strict=True)] + [["hatch", told("unknown")]]
        notes = [told("approximate")] if self.given.is_approximate else []
        notes += [told("points")] if self.given.plan and self.given.plan.steps else []
        alt = told("map_alt", place=self.place, worst=worst.name, share=told.percent(worst.effective_ratio))
        return [
            _heading(told("map_head")),
            {"kind": "map", "alt": alt, "legend": legend, "note": " ".join([*notes, told("estimate")]),
             "height": 94 if self.is_regency else 118},
        ]  # fmt: skip

    def picture(self) -> str:
        outlines = self.given.outlines
        rows = [r for r in self.given.found.level("district") if self.is_in(r.code)]
        borders = {c: r for c, r in outlines.items() if c.count(".") == 1 and self.is_in(c)}
        inner = {r.code: outlines[r.code] for r in rows if r.code in outlines}
        steps = [s for s in self.given.plan.steps if self.is_in(s.regency)] if self.given.plan else []
        if not self.is_regency:  # names of regencies, over districts
            named = [r for r in self.given.found.level("regency") if r.code in outlines and self.is_in(r.code)]
            return choropleth(rows, inner, borders, steps=steps, names={r.code: self.name(r.code) for r in named})
        return choropleth(rows, inner, borders, steps=steps, names={r.code: r.name for r in rows})

    def units(self) -> list[dict[str, Any]]:
        told = self.told
        head = [told(f"unit_{self.level}"), told("people"), told("effective"), "%", told("nominal"), told("unknown"),
                told("promised"), told("unserved")]  # fmt: skip
        rows = [
            [r.name, *map(told.people, (r.people, r.effective)), told.percent(r.effective_ratio).removesuffix(" %"),
             *map(told.people, (r.nominal, r.unknown, r.promised, r.people - r.effective))]
            for r in self.inner
        ]  # fmt: skip
        widths = (2.3, 1, 1, 0.6, 1, 0.9, 1.1, 1)
        made = [_heading(told(f"units_{self.level}")), _table(head, rows, right=range(1, 8), widths=widths)]
        return [*made, _text(told("ladder"), "small")]

    def radii(self) -> list[dict[str, Any]]:
        told, shown = self.told, sorted((*self.given.others, self.given.found), key=lambda f: f.radius_km)
        if len(shown) < 2:
            return []
        head = [told("radius"), told("effective"), "%", told("nominal"), told("unknown"), told("gini")]
        rows = []
        for found in shown:
            row = next((r for r in found.rows if r.code == self.given.area), found.total)
            rows.append(
                [f"{told.number(found.radius_km, 2 if found.radius_km < 1 else 0)} km", told.people(row.effective),
                 told.percent(row.effective_ratio).removesuffix(" %"), told.people(row.nominal),
                 told.people(row.unknown), told.number(self._equality(found).gini, 3)]
            )  # fmt: skip
        return [_heading(told("radii_head")), _table(head, rows, right=range(1, 6), widths=(1, 1, 0.7, 1, 1, 1))]

    def gaps(self) -> list[dict[str, Any]]:
        told = self.told
        listed = [g for g in self.given.found.gaps if self.is_in(g.village)]
        by_cause: dict[str, float] = {}
        for gap in listed:
            by_cause[gap.cause] = by_cause.get(gap.cause, 0.0) + gap.people
        causes = ", ".join(f"{told(c)} {told.people(n)}" for c, n in sorted(by_cause.items(), key=lambda i: -i[1]))
        total, villages = sum(g.people for g in listed), len({g.village for g in listed})
        made = [_heading(told("gaps_head"))]
        if not listed:
            return [*made, _text(told("none"))]
        lead = told("gaps_lead", people=told.people(total), villages=told.number(villages), causes=causes)
        head = [
            told("village"),
            told("unit_district"),
            told("unserved"),
            told("cause"),
            told("remedy"),
            told("nearest"),
        ]
        rows = [
            [g.name, self._district(g.district), told.people(g.people), told(g.cause), told(g.remedy),
             "–" if g.nearest_km is None else f"{told.number(g.nearest_km, 1)} km"]
            for g in listed[: self.rows]
        ]  # fmt: skip
        return [*made, _text(lead), _table(head, rows, right=(2, 5), widths=(1.5, 2.2, 0.9, 1.1, 0.8, 1)),
                *self._more(len(listed))]  # fmt: skip

    def _district(self, code: str) -> str:
        district = self.names.get(code, code)
        return district if self.is_regency else f"{district}, {self.name(code.rpartition('.')[0])}"

    def _more(self, whole: int) -> list[dict[str, Any]]:
        left = whole - self.rows
        return [_text(self.told("more", n=self.told.number(left)), "small")] if left > 0 else []

    def sites(self) -> list[dict[str, Any]]:
        told = self.told
        public = [s for s in self.given.found.sites if s.verdict is not Verdict.NOT_PUBLIC and self.is_in(s.area)]
        bad = [s for s in public if s.verdict is not Verdict.EFFECTIVE]
        bad.sort(key=lambda s: (-(s.person_hours_lost if s.person_hours_lost is not None else math.inf), s.site))
        bad.sort(key=lambda s: s.person_hours_lost is None)  # the unmeasured last: their harm is not known
        made = [_heading(told("sites_head")), _text(told("sites_lead", bad=len(bad), all=len(public)))]
        if not bad:
            return made
        head = [told("site"), told("verdict"), told("available"), told("observed"), told("speed"), told("lost")]
        rows = [
            [s.name, told(s.verdict.value), told.percent(s.availability_ratio), told.percent(s.observed_ratio),
             "–" if s.speed_bps is None else told.number(s.speed_bps / 1e6, 1), told.people(s.person_hours_lost)]
            for s in bad[: self.rows]
        ]  # fmt: skip
        return [*made, _table(head, rows, right=(2, 3, 4, 5), widths=(2.6, 1.2, 0.9, 0.9, 0.7, 1.1)),
                *self._more(len(bad))]  # fmt: skip

    def equity(self) -> list[dict[str, Any]]:
        told, e, r = self.told, self.equality, self.given.found.redundancy
        theil = f"{told.number(e.theil_between, 3)} + {told.number(e.theil_within, 3)}"
        rows = [
            [told("gini_regencies"), told.number(e.gini, 3)], [told("gini_villages"), told.number(e.gini_villages, 3)],
            [told("theil"), theil], [told("twenty"), self._over(e.ratio_20_20)],
            [told("palma"), self._over(e.palma)], [told("atkinson"), told.number(e.atkinson_05, 3)],
        ]  # fmt: skip
        made = [_heading(told("equity_head"))]
        if e.worst_regency and e.best_regency:
            worst, best = self.name(e.worst_regency), self.name(e.best_regency)
            made.append(_text(told("equity_lead", worst=worst, worst_share=told.percent(e.worst_ratio), best=best,
                                   best_share=told.percent(e.best_ratio))))  # fmt: skip
        single, fragile = told.people(r.single_effective), told.people(r.single_unreliable)
        made.append(_table([told("measure_name"), told("value")], rows, right=(1,), widths=(3, 1)))
        if not self.is_all:  # the ledger and the lone sites are counted over everything
            return made
        return [*made, _text(told("redundancy", single=single, fragile=fragile)), *self._trend()]

    def _over(self, ratio: float | None) -> str:
        """A ratio of the best served to the least; without a number where the least have nothing."""
        return self.told("endless") if ratio is None or not math.isfinite(ratio) else self.told.number(ratio, 1)

    def _trend(self) -> list[dict[str, Any]]:
        told, months = self.told, self.given.months[-MONTHS_SHOWN:]
        if not months:
            return []
        head = [told("month"), told("effective"), told("unknown"), told("gini"), told("lost"), told("observed")]
        rows = [
            [told.month(m.month), told.people(m.effective), told.people(m.unknown), told.number(m.gini, 3),
             told.people(m.person_hours_lost), told.percent(m.observed_ratio)]
            for m in months
        ]  # fmt: skip
        return [_heading(told("trend_head")), _table(head, rows, right=range(1, 6), widths=(1, 1, 1, 0.8, 1.2, 1))]

    def plan(self) -> list[dict[str, Any]]:
        told, plan = self.told, self.given.plan
        if plan is None:
            return []
        said = "quick" if not self.given.is_bounded else "optimal" if plan.status == "optimal" else "feasible"
        proof = told(said, bound=told.number(plan.bound), gap=told.number(plan.gap_pct, 2))
        new = plan.covered_after - plan.covered_before
        shares = [told.percent(_ratio(v, plan.people)) for v in (plan.covered_before, plan.covered_after)]
        lead = told("plan_lead", steps=len(plan.steps), cost=told.rupiah(plan.cost), new=told.people(new),
                    before=shares[0], after=shares[1], proof=proof)  # fmt: skip
        worst = self.name(plan.worst_regency) if plan.worst_regency else "–"
        more = told("costs", objective=self._objective(plan.objective), worst=worst, a=told.percent(plan.worst_before),
                    b=told.percent(plan.worst_after), c=told.number(plan.gini_before, 3),
                    d=told.number(plan.gini_after, 3))  # fmt: skip
        more += told("expected_said", a=told.people(plan.expected_before), b=told.people(plan.expected_after))
        expects = plan.objective == "expected"
        gain = told("expected_people" if expects else "new_people")
        head = [told("rank"), told("remedy"), told("place"), told("unit_district"), told("link"), gain,
                told("cost"), told("per_person")]  # fmt: skip
        rows = [
            [str(s.rank), told(s.action), s.name, self._district(s.district), told(s.backhaul),
             told.people(s.expected if expects else s.people),
             told.number(s.cost / 1e6, 1), told.number(_each(s, expects=expects))]
            for s in plan.steps[: self.rows]
        ]  # fmt: skip
        made = [_heading(told("plan_head")), _text(lead), _text(more, "small")]
        if rows:
            widths = (0.4, 0.9, 1.6, 2.0, 0.9, 0.9, 0.8, 0.8)
            made += [_table(head, rows, right=(0, 5, 6, 7), widths=widths), *self._more(len(plan.steps))]
        if plan.measure:
            near = told.people(sum(m.people for m in plan.measure))
            made.append(_text(told("first", n=len(plan.measure), people=near)))
        return made

    def _objective(self, said: str) -> str:
        name, _, aversion = said.partition(", inequality aversion ")
        return self.told("fair", n=aversion) if aversion else self.told(name)

    def grounds(self) -> list[dict[str, Any]]:
        told, inputs = self.told, self.given.found.inputs
        profile, rules = inputs.profile, inputs.rules
        kbps = profile.min_kbps_per_person
        approximate = told("approximate") if self.given.is_approximate else ""
        unknown = told.percent(_of(self.row.unknown, self.row))
        said = [
            ("period", told("period_said", start=told.time(inputs.start), end=told.time(inputs.end),
                            hours=told("opening" if rules.is_opening_hours_only else "all_day"))),
            ("thresholds", told("thresholds_said", name=profile.name, mbps=told.number(profile.min_down_bps / 1e6),
                                availability=told.percent(profile.min_availability_ratio, 0),
                                kbps="" if kbps is None else told("kbps", n=told.number(kbps)),
                                observed=told.percent(rules.min_observed_ratio, 0),
                                saturated=told.percent(rules.saturated_ratio, 0))),
            ("source", " ".join(((told.lang == "id" and profile.source_id) or profile.source).split())),
            ("people_source", told("people_said", source=self.given.people_source[told.lang],
                                   kind=told.note(inputs.demand_kind))),
            ("method", told("method_said", radius=self.radius)),
            ("limits", told("limits_said", approximate=approximate, unknown=unknown)),
            ("notes", "; ".join(_cut(told.note(note)) for note in inputs.notes) or "–"),
            ("hash", told("hash_said", inputs=inputs.hash, inventory=inputs.inventory[:12],
                          demand=inputs.demand[:12])),
            ("made", told.time(self.given.made_at)),
        ]  # fmt: skip
        return [_heading(told("grounds_head")), {"kind": "pairs", "pairs": [[told(k), v] for k, v in said]}]

    def document(self, blocks: Sequence[dict[str, Any]], *, size: float) -> Document:
        told, inputs = self.told, self.given.found.inputs
        return Document(
            lang=told.lang,
            title=self.place,
            kind=told("kind"),
            sample=told("sample") if self.given.is_sample else "",
            footer=f"Merata · {self.place} · {told.time(inputs.end)} · {inputs.hash}",
            page=told("page"),
            of=told("of"),
            size=size,
            blocks=tuple(blocks),
            map_svg=self.picture(),
            made_at=self.given.made_at,
        )


def _share(row: Coverage) -> tuple[float, str]:
    return (math.inf if row.effective_ratio is None else row.effective_ratio, row.code)


def _of(value: float, row: Coverage) -> float | None:
    return _ratio(value, row.people)


def _each(step: Step, *, expects: bool) -> float | None:
    """Rupiah for each person by whom the figure that is optimised rises."""
    if not expects:
        return step.rupiah_per_person
    return step.cost / step.expected if step.expected else None


def _ratio(value: float, whole: float) -> float | None:
    return value / whole if whole > 0 else None


def _cut(note: str, most: int = 150) -> str:
    """A note that lists many names is whole in the exports."""
    return note if len(note) <= most else f"{note[:most].rpartition(',')[0]}, …"
