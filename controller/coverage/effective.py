"""From what was measured of a site to what it is worth to people. Pure; the rules: docs/reference/thresholds.md.

Traffic carried is not speed available: speed is known from an active test, or from below where the busy hour carried
at least the threshold; else it is not known, and the site is unmeasured, never slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from controller.coverage.model import Plain, Rules, SiteWorth, ThresholdProfile, Verdict
from devices.model import Site

_ROUNDING = 1e-9  # relative: sums of seconds are floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTest:
    """One active test (a download through the site). at: epoch s."""

    at: float
    down_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one site in its service hours of one period.

    period_s: length of the service hours; up_s, down_s, maintenance_s: parts of it, the rest was not observed.
    busy_down_bps, busy_clients: of each civil day the mean of the busiest hour, their 95th percentile over `busy_days`.
    """

    period_s: float
    up_s: float = 0.0
    down_s: float = 0.0
    maintenance_s: float = 0.0
    tests: Sequence[SpeedTest] = ()
    busy_down_bps: float | None = None
    busy_clients: float | None = None
    busy_days: int = 0

    @property
    def observed_ratio(self) -> float:
        """Share of the service hours in which it was seen up or down."""
        return (self.up_s + self.down_s) / self.period_s if self.period_s > 0 else 0.0

    @property
    def availability_ratio(self) -> float | None:
        """Up / (up + down); None when it was never observed."""
        seen = self.up_s + self.down_s
        return self.up_s / seen if seen > 0 else None


@dataclass(frozen=True, slots=True)
class Speed:
    """What is known of the speed available: at least `bps`, and from what."""

    bps: float
    how: str
    is_tested: bool


def judge(
    site: Site, measured: Measured, *, profile: ThresholdProfile, rules: Rules, people: int | None = None
) -> SiteWorth:
    """The worth of one site.

    In this order: carries the network only, too little observed, down too often, slow, full, speed not known; what
    remains is effective.

    Args:
        site: from the inventory; towers, PoPs and offices never count.
        measured: of the period in question.
        profile: what must be reached.
        rules: how much must be observed, and when a link is saturated.
        people: whose internet it is, where known.
    """
    plan = None if site.plan_down_mbps is None else site.plan_down_mbps * 1e6
    saturated = _share_reached(measured.busy_down_bps, plan, rules.saturated_ratio)
    full = None
    if site.capacity_clients is not None and measured.busy_clients is not None:
        full = measured.busy_clients > site.capacity_clients * (1 + _ROUNDING)
    speed = known_speed(measured, profile, is_at_plan=bool(saturated))
    verdict, reason = _verdict(site, measured, speed, plan, profile, rules, saturated=saturated, full=full)
    return SiteWorth(
        site=site.id,
        name=site.name,
        area=site.area,
        lat=site.lat,
        lon=site.lon,
        kind=site.kind.value,
        backhaul=site.backhaul.value if site.backhaul else None,
        programme=site.programme,
        observed_ratio=measured.observed_ratio,
        availability_ratio=measured.availability_ratio,
        speed_bps=speed.bps if speed else None,
        speed_how=speed.how if speed else None,
        plan_down_bps=plan,
        busy_down_bps=measured.busy_down_bps,
        capacity_clients=site.capacity_clients,
        busy_clients=measured.busy_clients,
        is_saturated=saturated,
        is_full=full,
        verdict=verdict,
        reason=reason,
        worth_ratio=_worth(verdict, measured, speed, profile, is_crowded=bool(saturated or full)),
        down_s=measured.down_s,
        people=people,
        evidence=_evidence(measured, profile, rules),
    )


def known_speed(measured: Measured, profile: ThresholdProfile, *, is_at_plan: bool) -> Speed | None:
    """What is known of the speed available; None when nothing is.

    A test on a busy link measures what is left over, so the larger of test and busy hour counts. A busy hour below the
    threshold tells nothing, unless the link is at the end of its plan: then what it carries is what there is.
    """
    carried = measured.busy_down_bps
    found: list[Speed] = []
    if measured.tests:
        newest = datetime.fromtimestamp(max(t.at for t in measured.tests), UTC)
        how = f"active test, median of {len(measured.tests)}, newest {newest:%Y-%m-%dT%H:%MZ}"
        found.append(Speed(median(t.down_bps for t in measured.tests), how, True))
    if carried is not None and _reaches(carried, profile.min_down_bps):
        found.append(Speed(carried, f"busy hour p95 of {measured.busy_days} days, at least", False))
    elif carried is not None and is_at_plan:
        found.append(Speed(carried, f"saturated link, busy hour p95 of {measured.busy_days} days", False))
    return max(found, key=lambda s: s.bps, default=None)


def _verdict(
    site: Site,
    measured: Measured,
    speed: Speed | None,
    plan_bps: float | None,
    profile: ThresholdProfile,
    rules: Rules,
    *,
    saturated: bool | None,
    full: bool | None,
) -> tuple[Verdict, str | None]:
    available = measured.availability_ratio
    if not site.kind.serves_public:
        return Verdict.NOT_PUBLIC, "role"
    if available is None or not _reaches(measured.observed_ratio, rules.min_observed_ratio):
        return Verdict.UNMEASURED, _why_unseen(measured)
    if not _reaches(available, profile.min_availability_ratio):
        return Verdict.DOWN, "availability"
    is_fast = speed is not None and _reaches(speed.bps, profile.min_down_bps)
    if not is_fast and measured.tests:
        return Verdict.SLOW, "active_test"
    if not is_fast and saturated and plan_bps is not None and not _reaches(plan_bps, profile.min_down_bps):
        return Verdict.SLOW, "saturated"
    if saturated or full:
        return Verdict.FULL, "saturated" if saturated else "clients"
    if not is_fast:
        return Verdict.UNMEASURED, "speed"
    return Verdict.EFFECTIVE, None


def _why_unseen(measured: Measured) -> str:
    if measured.up_s + measured.down_s + measured.maintenance_s <= 0:
        return "never_seen"
    return "maintenance" if measured.maintenance_s > measured.up_s + measured.down_s else "observed"


def _worth(
    verdict: Verdict, measured: Measured, speed: Speed | None, profile: ThresholdProfile, *, is_crowded: bool
) -> float:
    """Availability of a site that serves as asked while it is up; 0 for others: what is not known counts nowhere."""
    serves = speed is not None and _reaches(speed.bps, profile.min_down_bps) and not is_crowded
    if verdict not in (Verdict.EFFECTIVE, Verdict.DOWN) or not serves:
        return 0.0
    return measured.availability_ratio or 0.0


def _reaches(value: float, least: float) -> bool:
    return value >= least * (1 - _ROUNDING)


def _share_reached(value: float | None, whole: float | None, ratio: float) -> bool | None:
    """True when `value` is at least `ratio` of `whole`; None when either is not known."""
    return None if value is None or not whole else _reaches(value, ratio * whole)


def _evidence(measured: Measured, profile: ThresholdProfile, rules: Rules) -> dict[str, Plain]:
    return {
        "service_hours": round(measured.period_s / 3600, 2),
        "up_hours": round(measured.up_s / 3600, 2),
        "down_hours": round(measured.down_s / 3600, 2),
        "maintenance_hours": round(measured.maintenance_s / 3600, 2),
        "busy_days": measured.busy_days,
        "active_tests": len(measured.tests),
        "slowest_test_bps": min((t.down_bps for t in measured.tests), default=None),
        "newest_test_at": max((t.at for t in measured.tests), default=None),
        "min_availability_ratio": profile.min_availability_ratio,
        "min_down_bps": profile.min_down_bps,
        "min_observed_ratio": rules.min_observed_ratio,
        "saturated_ratio": rules.saturated_ratio,
    }
