"""The equity ledger: one entry a civil month, kept as it was known when the month was closed.

Nothing recomputes a closed month away. What turns out wrong is corrected by a further entry with its reason; both stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from controller.coverage.errors import LedgerError
from controller.coverage.lines import Lines
from controller.coverage.measured import Fleet
from controller.coverage.model import LedgerMonth, LiveCoverage, Rules, SiteWorth, ThresholdProfile, Verdict
from measurements.intervals import Period, civil_months

if TYPE_CHECKING:  # who only looks whether a month is due pays for no geography
    from controller.coverage.planner import Planner

FILE = "equity-ledger.jsonl"
SETTLED_S = 86_400.0  # late readings: a month is closed a day after its end at the earliest
_ENTRY = TypeAdapter(LedgerMonth)
FleetAt = Callable[[float], Fleet | None]


class Ledger:
    """The file in a folder. Entries are keyed by month, profile and radius."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / FILE, kind="equity ledger", version=1)

    def entries(self, profile: str, radius_km: float) -> list[LedgerMonth]:
        """Every entry of a profile and radius, corrections after what they correct; by month.

        Raises:
            LedgerError: the file is damaged or newer.
        """
        found = [self._entry(line, number) for number, line in enumerate(self._lines.read(), start=2)]
        mine = [e for e in found if (e.profile, e.radius_km) == (profile, radius_km)]
        return sorted(mine, key=lambda e: (e.month, e.revision))

    def months(self, profile: str, radius_km: float) -> list[LedgerMonth]:
        """The last word on each closed month, oldest first.

        Raises:
            LedgerError: the file is damaged or newer.
        """
        return list({e.month: e for e in self.entries(profile, radius_km)}.values())

    def close(self, entry: LedgerMonth, *, now: float) -> LedgerMonth:
        """Keep a month for ever.

        Raises:
            LedgerError: it is closed already; correct it instead.
        """
        return self._add(entry, now, None)

    def correct(self, entry: LedgerMonth, *, reason: str, now: float) -> LedgerMonth:
        """Add a correction of a closed month; what it corrects stays.

        Raises:
            LedgerError: the month is not closed, or there is no reason.
        """
        if not reason.strip():
            raise LedgerError(f"{entry.month}: a correction needs its reason")
        return self._add(entry, now, reason.strip())

    def _add(self, entry: LedgerMonth, now: float, reason: str | None) -> LedgerMonth:
        made: list[LedgerMonth] = []

        def line(lines: list[dict[str, Any]]) -> dict[str, Any]:
            known = [self._entry(each, number) for number, each in enumerate(lines, start=2)]
            key = (entry.month, entry.profile, entry.radius_km)
            before = [e for e in known if (e.month, e.profile, e.radius_km) == key]
            if before and reason is None:
                raise LedgerError(f"{entry.month} is closed; it can be corrected, with a reason")
            if not before and reason is not None:
                raise LedgerError(f"{entry.month} is not closed, there is nothing to correct")
            kept = replace(
                entry, is_closed=True, written_at=now, correction=reason, revision=len(before) + 1
            )  # fmt: skip
            made.append(kept)
            return asdict(kept)

        self._lines.add(line)
        return made[0]

    def _entry(self, line: dict[str, Any], number: int) -> LedgerMonth:
        try:
            return _ENTRY.validate_python(line)
        except ValidationError as err:
            raise LedgerError(f"{self._lines.path}:{number}: is no entry ({err.error_count()} faults)") from err


def month(
    planner: Planner,
    period: Period,
    profile: ThresholdProfile,
    rules: Rules,
    *,
    radius_km: float,
    now: float,
    fleet: Fleet,
) -> LedgerMonth:
    """The figures of a civil month, as far as it has gone; not kept.

    Args:
        planner: measurements and people.
        period: the month.
        profile: what counts as working.
        rules: how measurements become a verdict.
        radius_km: reach.
        now: epoch seconds.
        fleet: of the inventory that ran at the end of the month.
    """
    end = min(float(period.end), now - now % 3600)
    found = planner.coverage(profile, rules, radius_km=radius_km, now=end, start=float(period.start), fleet=fleet)
    return _entry_of(found, f"{period.first:%Y-%m}")


def _entry_of(found: LiveCoverage, name: str) -> LedgerMonth:
    sites = [s for s in found.sites if s.verdict is not Verdict.NOT_PUBLIC]
    lost = [s.person_hours_lost for s in sites if s.person_hours_lost is not None]
    fair = found.equity
    return LedgerMonth(
        month=name,
        profile=found.inputs.profile.id,
        radius_km=found.radius_km,
        people=found.total.people,
        nominal=found.total.nominal,
        effective=found.total.effective,
        unknown=found.total.unknown,
        expected=found.total.expected,
        gini=fair.gini,
        gini_villages=fair.gini_villages,
        theil=fair.theil,
        theil_between=fair.theil_between,
        theil_within=fair.theil_within,
        worst_regency=fair.worst_regency,
        worst_ratio=fair.worst_ratio,
        person_hours_lost=sum(lost) if lost else None,
        observed_ratio=_observed(sites),
        inputs=found.inputs.hash,
        is_closed=False,
        ratio_20_20=_finite(fair.ratio_20_20),
        palma=_finite(fair.palma),
        atkinson_05=fair.atkinson_05,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _observed(sites: Sequence[SiteWorth]) -> float | None:
    """Share of the service hours that were seen, mean of the public sites."""
    seen = [s.observed_ratio for s in sites if s.verdict is not Verdict.NOT_PUBLIC]
    return fmean(seen) if seen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What closing came to. refused: months that too little was seen of, with the share of service hours seen."""

    closed: tuple[LedgerMonth, ...] = ()
    refused: tuple[tuple[str, float], ...] = ()


def close_due(
    ledger: Ledger,
    planner: Planner,
    profile: ThresholdProfile,
    rules: Rules,
    *,
    radius_km: float,
    now: float,
    since: float,
    fleet_at: FleetAt,
) -> Closing:
    """Close every month that has ended and settled, was observed enough, and is not closed yet; oldest first.

    A month of which less than `rules.min_observed_ratio` of the service hours was seen (mean of the public sites) is
    refused: its figures would tell of the observer, not of the network.

    Args:
        ledger: where they are kept.
        planner: measurements and people.
        profile: what counts as working.
        rules: how measurements become a verdict.
        radius_km: reach.
        now: epoch seconds.
        since: the first moment of which anything is known, epoch s.
        fleet_at: the fleet at a moment; None where no inventory was accepted yet.

    Raises:
        LedgerError: the ledger cannot be read or written.
    """
    done: list[LedgerMonth] = []
    refused: list[tuple[str, float]] = []
    known = planner.fleet()
    zone = None if known is None else known.inventory.timezone
    for period in [] if zone is None else open_months(ledger, zone, profile.id, radius_km, now=now, since=since):
        if (fleet := fleet_at(float(period.end) - 1)) is None:
            continue
        # The sites first: whether they were seen is known long before who lives near them.
        judged = planner.worths(profile, rules, now=float(period.end), start=float(period.start), fleet=fleet)
        seen = _observed(judged.sites) or 0.0
        if seen < rules.min_observed_ratio:
            refused.append((f"{period.first:%Y-%m}", seen))
            continue
        entry = month(planner, period, profile, rules, radius_km=radius_km, now=now, fleet=fleet)
        done.append(ledger.close(entry, now=now))
    return Closing(closed=tuple(done), refused=tuple(refused))


def open_months(ledger: Ledger, zone: str, profile: str, radius_km: float, *, now: float, since: float) -> list[Period]:
    """Months of a zone that have ended and settled and are not closed; cheap.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    closed = {e.month for e in ledger.months(profile, radius_km)}
    return [
        period
        for period in civil_months(zone, since, now)
        if f"{period.first:%Y-%m}" not in closed and period.end + SETTLED_S <= now
    ]


def months(planner: Planner, since: float, now: float) -> list[Period]:
    """Civil months of the inventory's zone that touch [since, now)."""
    fleet = planner.fleet()
    return [] if fleet is None else civil_months(fleet.inventory.timezone, since, now)
