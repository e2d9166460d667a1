"""When a site's next speed test is due: spread over days and minutes by its id, so that a restart plans the same. Pure.

Thirty days are cut into as many stretches as tests are wanted, counted in civil days; each stretch has one test on a
day of its own. A try that fails, or a day on which nobody could ask, is made up on a later day of the same stretch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from controller.coverage.hours import Span, common, windows
from controller.coverage.speed_rules import Begin, Hours, SpeedRules, Window
from devices.model import OpeningHours

#: The busiest hour of a site of which nothing is known yet: after sunset, and the middle of its hours where it is shut.
EVENING = 19
#: A test begins no later than this before its hour ends.
LEAD_S = 120.0
_EARLY = 0.6  # the day of a stretch lies in this share of it, so that days are left to make a try up


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What is known of the tests of one site: moments of results and of tries, epoch s."""

    results: Sequence[float] = ()
    tries: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Civil days from `first` to the day before `after`; the test is meant for `day`."""

    first: date
    after: date
    day: date


def stretch(site: str, day: date, per_30_days: int) -> Stretch:
    """The stretch that holds a day. Stretches are the same for all sites, days in them are not."""
    number = day.toordinal() * per_30_days // 30
    first = -(-number * 30 // per_30_days)
    after = -(-(number + 1) * 30 // per_30_days)
    usable = max(1, round((after - first) * _EARLY))
    return Stretch(
        first=date.fromordinal(first),
        after=date.fromordinal(after),
        day=date.fromordinal(first + int(share(site, number) * usable)),
    )


def share(site: str, number: int, what: str = "day") -> float:
    """A number in [0, 1) that looks drawn and is always the same."""
    told = hashlib.sha256(f"{site}:{number}:{what}".encode()).digest()
    return int.from_bytes(told[:6], "big") / 2**48


def is_wanted(site: str, now: float, done: Done, rules: SpeedRules, zone: ZoneInfo) -> bool:
    """True when today is a day to test the site, whatever the hour."""
    today = datetime.fromtimestamp(now, zone).date()
    mine = stretch(site, today, rules.per_30_days)
    since = _midnight(mine.first, zone)
    if any(at >= since for at in done.results):
        return False
    tries = [at for at in done.tries if at >= since]
    if len(tries) >= rules.tries or any(at >= _midnight(today, zone) for at in tries):
        return False
    if rules.begin is Begin.NOW and not any(at >= now - 30 * 86_400 for at in done.results):
        return True
    return today >= mine.day


def moment(
    site: str, now: float, rules: SpeedRules, zone: ZoneInfo, *, opening: OpeningHours | None, busiest: int | None
) -> Span | None:
    """From when to when a test may begin today; None where the site has no such hours today.

    Args:
        site: id.
        now: epoch s; says which day.
        rules: which hours are wanted.
        zone: of the civil day.
        opening: the site's; None: all day.
        busiest: hour of the day (0-23) with most traffic; None: not known.
    """
    today = datetime.fromtimestamp(now, zone).date()
    begin, end = _midnight(today, zone), _midnight(today + timedelta(days=1), zone)
    is_open = opening is None or rules.hours is Hours.ALWAYS
    spans = [(begin, end)] if is_open or opening is None else windows(opening, zone.key, begin, end)
    if isinstance(rules.hours, tuple):
        spans = common(spans, _times(rules.hours, today, zone))
    elif rules.hours is Hours.BUSY:
        spans = _hour(spans, today, zone, busiest)
    fitting = [span for span in spans if span[1] - span[0] > LEAD_S]
    if not fitting:
        return None
    # The first of them that is not over yet; in it a moment of the site's own, so that not all begin on the hour.
    first, last = next((span for span in fitting if now < span[1] - LEAD_S), fitting[-1])
    wait = 0.0 if rules.begin is Begin.NOW else share(site, today.toordinal(), "minute") * min(3600.0, last - first) / 2
    return (min(first + wait, last - LEAD_S), last - LEAD_S)


def _hour(spans: Sequence[Span], day: date, zone: ZoneInfo, busiest: int | None) -> list[Span]:
    """The busiest hour where the site is open then, else the middle hour of its longest opening."""
    wanted = EVENING if busiest is None else busiest
    first = datetime.combine(day, time(wanted), zone).timestamp()
    inside = common(spans, [(first, first + 3600)])
    if inside or not spans:
        return inside
    longest = max(spans, key=lambda span: span[1] - span[0])
    middle = (longest[0] + longest[1]) / 2
    return [(max(longest[0], middle - 1800), min(longest[1], middle + 1800))]


def _times(hours: Sequence[Window], day: date, zone: ZoneInfo) -> list[Span]:
    found = [tuple(datetime.combine(day, at, zone).timestamp() for at in window) for window in hours]
    return sorted((begin, end) for begin, end in found)


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()
