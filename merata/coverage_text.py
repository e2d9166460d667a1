"""What the live verbs of `merata plan` print: tables for a terminal, and progress of long work."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from controller.coverage.model import Coverage, Gap, Inputs, LedgerMonth, LiveCoverage, LivePlan, SiteWorth


def people(value: float | None) -> str:
    """Rounded as the pages do: tens, above 10,000 hundreds."""
    if value is None:
        return "-"
    step = 100 if value >= 10_000 else 10 if value >= 100 else 1
    return f"{round(value / step) * step:,.0f}"


def ratio(value: float | None) -> str:
    """Percent with one decimal."""
    return "-" if value is None else f"{100 * value:.1f} %"


def rupiah(value: float | None) -> str:
    """Rupiah, whole."""
    return "-" if value is None else f"Rp {value:,.0f}"


def mbps(value: float | None) -> str:
    """Mbit/s with one decimal."""
    return "-" if value is None else f"{value / 1e6:.1f}"


def table(rows: Sequence[Sequence[str]], *, right: str = "") -> list[str]:
    """Columns aligned under a header; `right`: numbers (0-9) of the columns that stand to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if str(k) in right else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def grounds(inputs: Inputs) -> list[str]:
    """What the figures stand on."""
    profile, rules = inputs.profile, inputs.rules
    span = " to ".join(f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d %H:%MZ}" for t in (inputs.start, inputs.end))
    kbps = "" if profile.min_kbps_per_person is None else f", {profile.min_kbps_per_person:g} kbit/s a person"
    hours = "opening hours" if rules.is_opening_hours_only else "all day"
    asks = f"availability {ratio(profile.min_availability_ratio)}, {mbps(profile.min_down_bps)} Mbit/s{kbps}"
    return [
        f"Profile {profile.id}: {asks}",
        f"  source: {profile.source}",
        f"Measured {span}, {hours}; unknown below {ratio(rules.min_observed_ratio)} observed; "
        f"saturated from {ratio(rules.saturated_ratio)} of plan",
        f"People: {inputs.demand_kind}. " + "; ".join(_short(note) for note in inputs.notes),
        f"Inputs {inputs.hash}, inventory {inputs.inventory[:12]}",
    ]


def _short(note: str, most: int = 110) -> str:
    """A note that lists many names is whole in --json."""
    return note if len(note) <= most else f"{note[:most].rpartition(',')[0]}, ... (all in --json)"


def coverage(found: Sequence[LiveCoverage], shown_rows: Sequence[Coverage]) -> list[str]:
    """The radii side by side, then units at the middle radius."""
    head = ["radius km", "people", "nominal", "effective", "adequate", "unknown", "expected", "Gini", "worst regency"]
    rows = [head]
    for one in found:
        t, e = one.total, one.equity
        worst = "-" if e.worst_regency is None else f"{e.worst_regency} {ratio(e.worst_ratio)}"
        gini = "-" if e.gini is None else f"{e.gini:.3f}"
        rows.append([f"{one.radius_km:g}", *_ladder(t), gini, worst])
    shown = found[len(found) // 2]
    lines = [*table(rows, right="01234567"), ""]
    units = [["code", "name", "people", "nominal", "effective", "adequate", "unknown", "expected", "effective %"]]
    units += [[u.code, u.name, *_ladder(u), ratio(u.effective_ratio)] for u in shown_rows]
    lines += [f"At {shown.radius_km:g} km", *table(units, right="2345678"), ""]
    redundancy = shown.redundancy
    lines.append(
        f"One working site and no other: {people(redundancy.single_effective)} people; "
        f"one site at all, and it fails: {people(redundancy.single_unreliable)}"
    )
    return [*lines, "", *grounds(shown.inputs)]


def _ladder(row: Coverage) -> list[str]:
    return [people(v) for v in (row.people, row.nominal, row.effective, row.adequate, row.unknown, row.expected)]


def gaps(found: LiveCoverage, chosen: Sequence[Gap], limit: int) -> list[str]:
    """The worst first."""
    rows = [["village", "name", "people", "of", "cause", "remedy", "nearest working", "km", "sites in reach"]]
    for gap in chosen[:limit]:
        km = "-" if gap.nearest_km is None else f"{gap.nearest_km:.1f}"
        rows.append([gap.village, gap.name, people(gap.people), people(gap.village_people), gap.cause.value,
                     gap.remedy.value, gap.nearest_site or "-", km, " ".join(gap.sites) or "-"])  # fmt: skip
    total = sum(g.people for g in chosen)
    left = len(chosen) - limit
    more = f"{left} more; " if left > 0 else ""
    return [
        *table(rows, right="237"),
        "",
        f"{more}{people(total)} people in {len(chosen)} gaps",
        "",
        *grounds(found.inputs),
    ]


def worth(sites: Sequence[SiteWorth], limit: int) -> list[str]:
    """Sites with their verdict and its grounds."""
    rows = [
        ["site", "verdict", "why", "available", "observed", "Mbit/s", "known from", "busy", "plan", "person-hours lost"]
    ]
    for s in sites[:limit]:
        rows.append([s.site, s.verdict.value, s.reason or "-", ratio(s.availability_ratio), ratio(s.observed_ratio),
                     mbps(s.speed_bps), s.speed_how or "-", mbps(s.busy_down_bps), mbps(s.plan_down_bps),
                     people(s.person_hours_lost)])  # fmt: skip
    more = [f"{len(sites) - limit} more"] if len(sites) > limit else []
    return [*table(rows, right="345789"), *more]


def ledger(months: Sequence[LedgerMonth]) -> list[str]:
    """The trend by month."""
    head = ["month", "nominal", "effective", "unknown", "Gini", "Theil between", "within", "worst", "person-hours lost",
            "observed", "state"]  # fmt: skip
    rows = [head]
    for m in months:
        state = "closed" if m.is_closed else "open"
        if m.correction:
            state = f"corrected ({m.revision - 1}): {m.correction}"
        worst = "-" if m.worst_regency is None else f"{m.worst_regency} {ratio(m.worst_ratio)}"
        figures = ["-" if v is None else f"{v:.3f}" for v in (m.gini, m.theil_between, m.theil_within)]
        rows.append([m.month, people(m.nominal), people(m.effective), people(m.unknown), *figures, worst,
                     people(m.person_hours_lost), ratio(m.observed_ratio), state])  # fmt: skip
    return table(rows, right="12345689")


def refused(months: Sequence[tuple[str, float]], least: float) -> list[str]:
    """Months that were not closed, and why."""
    return [
        f"{name} is not closed: {ratio(seen)} of the service hours were seen, {ratio(least)} are needed"
        for name, seen in months
    ]


def plan(found: LivePlan) -> list[str]:
    """The steps, what they bring, the proof, and what to measure first."""
    rows = [["", "do", "place", "name", "link", "people", "cost", "Rp a person", "note"]]
    for s in found.steps:
        notes = [f"is {s.because}" if s.because else "", "locked" if s.is_locked else "",
                 f"beside {', '.join(s.duplicates)}" if s.duplicates else ""]  # fmt: skip
        rows.append([str(s.rank), s.action.value, s.place, s.name, s.backhaul, people(s.people), rupiah(s.cost),
                     rupiah(s.rupiah_per_person), "; ".join(n for n in notes if n)])  # fmt: skip
    lines = table(rows, right="0567") if found.steps else ["Nothing useful is left to do within the limit."]
    proof = "proven best" if found.status == "optimal" else f"not proven best: at most {found.gap_pct:.2f} % better"
    lines += [
        "",
        f"{people(found.covered_before)} -> {people(found.covered_after)} of {people(found.people)} people with a "
        f"working site within {found.radius_km:g} km, {rupiah(found.cost)}",
        f"Chosen for {found.objective}: {proof} ({found.seconds:.1f} s)",
        f"Expected on any day: {people(found.expected_before)} -> {people(found.expected_after)}; "
        f"unknown: {people(found.unknown)}; out of reach of every place: {people(found.unreachable)}",
    ]
    if found.worst_regency:
        lines.append(
            f"Worst region {found.worst_regency}: {ratio(found.worst_before)} -> {ratio(found.worst_after)}; "
            f"lowest of all afterwards {ratio(found.lowest_after)}"
        )
    if found.measure:
        lines += ["", "Measure first, people near these may be served already:"]
        rows = [[m.site, m.name, people(m.people), m.reason or ""] for m in found.measure[:10]]
        lines += table([["site", "name", "people", "not known"], *rows], right="2")
        lines += [f"{len(found.measure) - 10} more"] if len(found.measure) > 10 else []
    return [*lines, "", "Costs are planning assumptions (--costs FILE).", *grounds(found.inputs)]


@contextmanager
def progress(what: str, *, limit_s: float | None = None) -> Iterator[None]:
    """A line on a terminal that shows how long something takes, a bar where there is a time limit; else nothing."""
    if not sys.stderr.isatty():
        yield
        return
    done, began = threading.Event(), time.monotonic()

    def show() -> None:
        while not done.wait(0.2):
            spent = time.monotonic() - began
            filled = int(24 * min(1.0, spent / limit_s)) if limit_s else 0
            bar = f"[{'#' * filled:<24}] " if limit_s else ""
            print(f"\r  {bar}{what} {spent:5.1f} s", end="", file=sys.stderr, flush=True)

    painter = threading.Thread(target=show, daemon=True)
    painter.start()
    try:
        yield
    finally:
        done.set()
        painter.join()
        print("\r\033[K", end="", file=sys.stderr, flush=True)
