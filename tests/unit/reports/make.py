"""A small province of two regencies, made by hand."""

from __future__ import annotations

from controller.coverage.model import (
    Cause,
    Coverage,
    Equity,
    Gap,
    Inputs,
    LedgerMonth,
    LiveCoverage,
    LivePlan,
    Measure,
    Redundancy,
    Remedy,
    Rules,
    SiteWorth,
    Step,
    ThresholdProfile,
    Verdict,
)

NOW = 1_795_291_200.0  # 2026-11-21T20:00Z
PROFILE = ThresholdProfile(
    id="bakti", name="BAKTI", min_availability_ratio=0.95, min_down_bps=4e6, min_kbps_per_person=None, source="a law"
)  # fmt: skip
INPUTS = Inputs(
    hash="0123456789abcdef0123",
    start=NOW - 30 * 86400,
    end=NOW,
    inventory="f" * 40,
    demand="d" * 20,
    demand_kind="hexagons at resolution 8",
    profile=PROFILE,
    rules=Rules(),
    notes=("straight line: optimistic", "people below regency: estimate"),
)


def row(code: str, name: str, level: str, *, people: float = 1000.0, effective: float = 400.0) -> Coverage:
    return Coverage(
        code=code, name=name, level=level, radius_km=5.0, people=people, nominal=effective + 200, effective=effective,
        adequate=None, unknown=50.0, expected=effective, kbps_per_person=1.5,
    )  # fmt: skip


def coverage_rows() -> list[Coverage]:
    return [row("61.01", "Kabupaten Sambas", "regency"), row("61.02", "Kabupaten Mempawah", "regency", effective=100)]


def gap(*, nearest: str | None = "camat-1", village: str = "61.01.01.2001") -> Gap:
    return Gap(
        village=village, name="Tebas #strong[Sungai]", district=village[:8], regency=village[:5], people=210.4,
        village_people=500.0, cause=Cause.NO_SITE, remedy=Remedy.BUILD, nearest_site=nearest,
        nearest_km=None if nearest is None else 7.4, sites=(),
    )  # fmt: skip


def site(name: str = "Kantor Camat", *, key: str = "camat-1", area: str = "61.01.01.2001") -> SiteWorth:
    return SiteWorth(
        site=key, name=name, area=area, lat=1.2, lon=109.1, kind="district_office", backhaul="vsat", programme=None,
        observed_ratio=0.98, availability_ratio=0.91, speed_bps=None, speed_how=None, plan_down_bps=10e6,
        busy_down_bps=2e6, capacity_clients=40, busy_clients=12.0, is_saturated=False, is_full=False,
        verdict=Verdict.DOWN, reason="availability", worth_ratio=0.9, down_s=7200.0, people=800,
    )  # fmt: skip


def plan() -> LivePlan:
    step = Step(
        rank=1, action=Remedy.BUILD, place="61.01.01.2001", name="Tebas", district="61.01.01", regency="61.01", lat=1.2,
        lon=109.1, backhaul="vsat", cost=250e6, people=180.0, rupiah_per_person=1.4e6, duplicates=("aksi-9",),
    )  # fmt: skip
    return LivePlan(
        inputs=INPUTS, radius_km=5.0, objective="coverage", status="feasible", objective_value=180.0, bound=182.25,
        gap_pct=1.25, steps=(step,), measure=(Measure(site="camat-2", name="Camat", people=50.0, reason="observed"),),
        cost=250e6, people=2000.0, covered_before=500.0, covered_after=680.0, unknown=100.0, expected_before=490.0,
        expected_after=660.0, worst_regency="61.02", worst_before=0.1, worst_after=0.1, lowest_after=0.1,
        gini_before=0.3, gini_after=0.25, by_regency=(("61.01", 1000.0, 0.4, 0.58), ("61.02", 1000.0, 0.1, 0.1)),
        seconds=0.4,
    )  # fmt: skip


def live() -> LiveCoverage:
    rows = (
        row("61", "Kalimantan Barat", "province", people=2000, effective=500),
        *coverage_rows(),
        row("61.01.01", "Sambas", "district"),
        row("61.02.01", "Mempawah Hilir", "district", effective=100),
        row("61.01.01.2001", "Tebas", "village"),
        row("61.02.01.2001", "Pasir", "village", effective=100),
    )
    return LiveCoverage(
        inputs=INPUTS, radius_km=5.0, total=rows[0], rows=rows,
        gaps=(gap(), gap(village="61.02.01.2001", nearest=None)), sites=(site(), site("Puskesmas", key="pusk-1")),
        equity=Equity(
            gini=0.3, gini_villages=0.6, theil=0.4, theil_between=0.1, theil_within=0.3, ratio_20_20=4.0, palma=1.2,
            atkinson_05=0.2, worst_regency="61.02", worst_ratio=0.1, best_regency="61.01", best_ratio=0.4,
        ),
        redundancy=Redundancy(single_effective=300.0, single_unreliable=20.0, sites=(("camat-1", 20.0),)),
        lorenz=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)),
    )  # fmt: skip


def month(name: str) -> LedgerMonth:
    return LedgerMonth(
        month=name, profile="bakti", radius_km=5.0, people=2000.0, nominal=900.0, effective=480.0, unknown=100.0,
        expected=470.0, gini=0.31, gini_villages=0.6, theil=0.4, theil_between=0.1, theil_within=0.3,
        worst_regency="61.02", worst_ratio=0.1, person_hours_lost=5000.0, observed_ratio=0.97, inputs="a" * 20,
        is_closed=True,
    )  # fmt: skip
