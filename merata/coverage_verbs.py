"""The live verbs of `merata plan`: what is asked, handed to the planner, and returned as text or as a plain object."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from collectors.speed import Means, measure
from controller.coverage import costs, ledger, profiles, siting
from controller.coverage.errors import BadInput
from controller.coverage.live import RADII_KM
from controller.coverage.measured import Fleet
from controller.coverage.model import Rules, SiteWorth, ThresholdProfile, Verdict
from controller.coverage.planner import Planner
from controller.coverage.speed import SpeedBook
from controller.coverage.speed_tries import Tries
from controller.coverage.tables import read_distances
from devices.model import DeviceId, SiteId
from geography.units import Units
from measurements.intervals import civil_months
from merata import coverage_text as text
from merata.coverage_history import first_moment, folder_of
from merata.coverage_live import fleet_at, planner
from merata.lines import sessions_of, shell_of
from merata.settings import StatePaths

Answer = dict[str, Any] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What every live verb is told."""

    state: Path
    inventory: Path
    now: float
    profile: str = profiles.DEFAULT
    profiles: Path | None = None
    is_all_day: bool = False
    min_observed_pct: float = 70.0
    regency: str | None = None
    is_json: bool = False

    def threshold(self) -> ThresholdProfile:
        """The profile by its id.

        Raises:
            BadInput: there is none.
        """
        return profiles.named(self.profile, self.profiles or profiles.SHIPPED)

    def rules(self) -> Rules:
        """How measurements become a verdict."""
        return Rules(is_opening_hours_only=not self.is_all_day, min_observed_ratio=self.min_observed_pct / 100)

    def planner(self) -> Planner:
        """Of the state directory.

        Raises:
            BadInput: there is no inventory to plan for.
        """
        found = planner(self.state, self.inventory)
        if found.fleet() is None:
            raise BadInput("no inventory was accepted yet, and none can be read", path=str(self.inventory))
        return found

    def area(self, units: Units) -> str | None:
        """The Kemendagri code of the unit asked for.

        Raises:
            BadInput: no unit has that code.
        """
        if self.regency is None:
            return None
        if (unit := units.find(self.regency)) is None:
            raise BadInput(f"no unit has the code {self.regency!r}", path="--regency")
        return unit.code


def moment(said: str | None, now: float) -> float:
    """An ISO time as epoch s, UTC where it names no zone; None: `now`.

    Raises:
        BadInput: it is no time.
    """
    if said is None:
        return now
    try:
        at = datetime.fromisoformat(said)
    except ValueError as err:
        raise BadInput(f"is {said!r}, a time like 2026-11-21T22:00Z was expected", path="--at") from err
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _in(code: str, area: str | None) -> bool:
    return area is None or code == area or code.startswith(area + ".")


def coverage(where: Where, radii_km: Sequence[float], level: str, distances: Path | None) -> Answer:
    """`plan coverage --live`: the ladder at one radius, or at three side by side."""
    known, threshold = where.planner(), where.threshold()
    area = where.area(known.units)
    ways = None if distances is None else read_distances(distances)
    found = []
    for radius in radii_km or RADII_KM:
        with text.progress(f"coverage at {radius:g} km"):
            found.append(known.coverage(threshold, where.rules(), radius_km=radius, now=where.now, ways=ways))
    if not where.is_json:
        return "\n".join(text.coverage(found, [r for r in found[len(found) // 2].level(level) if _in(r.code, area)]))
    return {
        "schema": "plan.live_coverage/1",
        "inputs": asdict(found[0].inputs),
        "radii": [
            {
                "radius_km": one.radius_km,
                "total": asdict(one.total),
                "rows": [asdict(r) for r in one.level(level) if _in(r.code, area)],
                "equity": asdict(one.equity),
                "redundancy": asdict(one.redundancy),
            }
            for one in found
        ],
    }


def gaps(where: Where, radius_km: float, cause: str | None, limit: int, distances: Path | None) -> Answer:
    """`plan gaps`: who has no working site in reach, and why."""
    known = where.planner()
    area = where.area(known.units)
    ways = None if distances is None else read_distances(distances)
    with text.progress(f"gaps at {radius_km:g} km"):
        found = known.coverage(where.threshold(), where.rules(), radius_km=radius_km, now=where.now, ways=ways)
    chosen = [g for g in found.gaps if _in(g.village, area) and cause in (None, g.cause.value)]
    if not where.is_json:
        return "\n".join(text.gaps(found, chosen, limit))
    listed = [asdict(g) for g in chosen[:limit]]
    return {"schema": "plan.gaps/1", "inputs": asdict(found.inputs), "radius_km": radius_km, "gaps": listed}


def worth(where: Where, order: str, verdict: str | None, limit: int) -> Answer:
    """`plan worth`: every public site judged; by harm, or by id."""
    known = where.planner()
    area = where.area(known.units)
    with text.progress("sites"):
        judged = known.worths(where.threshold(), where.rules(), now=where.now)
    public = [s for s in judged.sites if s.verdict is not Verdict.NOT_PUBLIC]
    chosen = [s for s in public if _in(s.area, area) and verdict in (None, s.verdict.value)]
    if order == "harm":
        chosen.sort(key=_harm)
    if not where.is_json:
        return "\n".join([*text.worth(chosen, limit), "", *text.grounds(judged.inputs)])
    sites = [asdict(s) | {"person_hours_lost": s.person_hours_lost} for s in chosen[:limit]]
    return {"schema": "plan.worth/1", "inputs": asdict(judged.inputs), "sites": sites}


def _harm(site: SiteWorth) -> tuple[float, str]:
    lost = site.person_hours_lost
    return (math.inf if lost is None else -lost, site.site)


def site(
    where: Where, radius_km: float, ask: siting.Ask, costs_file: Path | None, distances: Path | None = None
) -> Answer:
    """`plan site --live`: the steps to take, with the proof."""
    known = where.planner()
    prices = costs.load(costs_file or costs.SHIPPED)
    area = where.area(known.units)
    ways = None if distances is None else read_distances(distances)
    with text.progress("people and places"):
        ground = known.ground(
            where.threshold(), where.rules(), radius_km=radius_km, now=where.now, area=area, ways=ways
        )
    with text.progress("plan and proof", limit_s=ask.time_limit_s):
        found = siting.plan(ground, ask, prices)
    if not where.is_json:
        return "\n".join(text.plan(found))
    return {"schema": "plan.live_site/1", **asdict(found)}


def show_ledger(where: Where, radius_km: float, *, is_closing: bool, correct: str | None, reason: str | None) -> Answer:
    """`plan ledger`: the months that are kept, and the one that runs; closes or corrects when told to."""
    known, threshold, rules = where.planner(), where.threshold(), where.rules()
    kept = ledger.Ledger(folder_of(where.state))
    refused: tuple[tuple[str, float], ...] = ()
    if correct is not None:
        _correct(where, known, kept, correct, reason or "", radius_km)
    if is_closing:
        with text.progress("closing months"):
            refused = _close(where, known, kept, threshold, radius_km).refused
    months = kept.months(threshold.id, radius_km)
    running = ledger.months(known, where.now - 1, where.now)
    if running and (standing := _standing(where, known, where.now)) is not None:
        with text.progress("this month"):
            open_month = ledger.month(
                known, running[0], threshold, rules, radius_km=radius_km, now=where.now, fleet=standing
            )
        months = [m for m in months if m.month != open_month.month] + [open_month]
    if not where.is_json:
        return "\n".join([*text.ledger(months), *text.refused(refused, rules.min_observed_ratio)])
    entries = [asdict(e) for e in kept.entries(threshold.id, radius_km)]
    listed = [{"month": name, "observed_ratio": seen} for name, seen in refused]
    return {
        "schema": "plan.ledger/1",
        "months": [asdict(m) for m in months],
        "entries": entries,
        "refused": listed,
    }


def close_every(where: Where) -> Answer:
    """`plan ledger --close --every`: every profile at each radius, as the controller does when a month is over."""
    known, kept = where.planner(), ledger.Ledger(folder_of(where.state))
    closed: dict[str, int] = {}
    refused: dict[str, float] = {}
    for threshold in profiles.load(where.profiles or profiles.SHIPPED).values():
        for radius_km in RADII_KM:
            with text.progress(f"closing months: {threshold.id} at {radius_km:g} km"):
                found = _close(where, known, kept, threshold, radius_km)
            for entry in found.closed:
                closed[entry.month] = closed.get(entry.month, 0) + 1
            refused |= dict(found.refused)
    if not where.is_json:
        done = [f"{name}: closed for {count} profiles and radii" for name, count in closed.items()]
        said = text.refused(tuple(refused.items()), where.rules().min_observed_ratio)
        return "\n".join([*done, *said]) or "No month is left to close."
    listed = [{"month": name, "observed_ratio": seen} for name, seen in refused.items()]
    return {"schema": "plan.ledger_closed/1", "closed": closed, "refused": listed}


def _close(
    where: Where, known: Planner, kept: ledger.Ledger, threshold: ThresholdProfile, radius_km: float
) -> ledger.Closing:
    return ledger.close_due(
        kept,
        known,
        threshold,
        where.rules(),
        radius_km=radius_km,
        now=where.now,
        since=first_moment(known.history, where.now),
        fleet_at=lambda at: _standing(where, known, at),
    )


def _standing(where: Where, known: Planner, at: float) -> Fleet | None:
    return fleet_at(where.state, at) or known.fleet()


def _correct(where: Where, known: Planner, kept: ledger.Ledger, name: str, reason: str, radius_km: float) -> None:
    """Compute a closed month again from what is known now, and add it with the reason."""
    threshold = where.threshold()
    wanted = next((m for m in ledger.months(known, 0, where.now) if f"{m.first:%Y-%m}" == name), None)
    if wanted is None:
        raise BadInput(f"{name!r} is no month like 2026-10 before now", path="--correct")
    standing = fleet_at(where.state, float(wanted.end) - 1) or known.fleet()
    if standing is None:
        raise BadInput("no inventory was accepted yet", path="--correct")
    entry = ledger.month(known, wanted, threshold, where.rules(), radius_km=radius_km, now=where.now, fleet=standing)
    kept.correct(entry, reason=reason, now=where.now)


def record_speed(where: Where, site_id: str, down_mbps: float, by: str) -> Answer:
    """`plan record-speed`: write down a test that somebody made at a site."""
    fleet = where.planner().fleet()
    if fleet is None or site_id not in fleet.inventory.sites:
        raise BadInput(f"{site_id!r} is no site of the inventory", path="SITE")
    SpeedBook(folder_of(where.state)).add(site_id, at=where.now, down_bps=down_mbps * 1e6, by=by)
    return f"{site_id}: {down_mbps:g} Mbit/s down is written down"


def test_speed(where: Where, site_id: str, url: str, max_mb: float, monthly_mb: float) -> Answer:
    """`plan test-speed`: let the site's router download a little, and write down how fast it was.

    Raises:
        BadInput: no such site, no router with a shell, a strange address, or the month's data budget is spent.
        DeviceError: the router did not answer, or too little arrived.
    """
    fleet = where.planner().fleet()
    if fleet is None or site_id not in fleet.inventory.sites:
        raise BadInput(f"{site_id!r} is no site of the inventory", path="SITE")
    known = fleet.inventory
    gateways = fleet.members[SiteId(site_id)].gateways if SiteId(site_id) in fleet.members else ()
    router = next((d for g in gateways if (d := known.devices[DeviceId(g)]).ssh is not None), None)
    if router is None:
        raise BadInput("no router there has ssh settings; write a test down with record-speed", path=site_id)
    book, octets = SpeedBook(folder_of(where.state)), int(max_mb * 1e6)
    month = civil_months(known.timezone, where.now - 1, where.now)[0]
    tries = Tries(folder_of(where.state), ZoneInfo(known.timezone))
    spent = book.spent(site_id, since=month.start) + tries.spent(site_id, where.now)
    if spent + octets > monthly_mb * 1e6:
        raise BadInput(f"{spent / 1e6:.0f} of {monthly_mb:g} MB are spent this month", path=site_id)
    from merata.standing import read_identities  # nothing else here needs the journal

    paths = StatePaths(root=where.state)
    if router.platform == "auto" and (told := read_identities(where.state).get(router.id)) is not None:
        router = replace(router, platform=told.platform)
    means = Means.FETCH if router.platform == "routeros" else Means.HTTP
    shell = shell_of(paths, lambda: known)
    sessions = sessions_of(paths, lambda: known)
    try:
        with text.progress(f"{router.id} downloads", limit_s=35):
            found = asyncio.run(measure(shell, router, means, url, most_bytes=octets, sessions=sessions))
    except ValueError as err:
        raise BadInput(str(err), path="--url") from err
    finally:
        shell.close()
    by = f"{router.id} over SSH from {urlsplit(url).hostname}, {found.octets} bytes in {found.seconds:.2f} s"
    book.add(site_id, at=where.now, down_bps=found.down_bps, by=by, octets=found.octets)
    return f"{site_id}: {found.down_bps / 1e6:.2f} Mbit/s down ({by})"
