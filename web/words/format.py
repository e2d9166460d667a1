"""Numbers, times and durations in both languages: the one place where figures become text.

Indonesian: 1.806.000, 1,5, 09.42 WIB, 18 %. English: 1,806,000, 1.5, 09:42 WIB, 18%. Times are of the network's
time zone. Nothing here rounds a figure that is exported; only what is read by people.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from web.words.catalogue import gettext, ngettext

NBSP = "\u00a0"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
_ZONE_NAMES = {7: "WIB", 8: "WITA", 9: "WIT"}
_MONTHS = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def number(value: float | None, decimals: int = 0, *, language: str) -> str:
    """A figure with grouped thousands; "–" where there is none."""
    if value is None:
        return "–"
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text if language == "en" else text.translate({ord(","): ".", ord("."): ","})


def people(count: float | None, *, language: str) -> str:
    """People as they are told: to tens, above 10.000 to hundreds; a handful is "fewer than 10"."""
    if count is None:
        return "–"
    if 0 < count < 10:
        return gettext("fewer than 10")
    step = 100 if count >= 10_000 else 10
    return number(int(count / step + 0.5) * step, language=language)


def amount(count: float, *, language: str) -> str:
    """Person-hours and the like: three figures are enough."""
    for floor, step in ((100_000, 1000), (10_000, 100), (100, 10)):
        if count >= floor:
            return number(int(count / step + 0.5) * step, language=language)
    return number(round(count), language=language)


def percent(ratio: float | None, decimals: int = 0, *, language: str) -> str:
    """A share: "18 %" in Indonesian, "18%" in English. Never rounds up to a perfect 100."""
    if ratio is None:
        return "–"
    value = ratio * 100
    shown = round(value, decimals)
    if shown >= 100 > value:
        shown = 100 - 10**-decimals
    text = number(shown, decimals, language=language)
    return text + "%" if language == "en" else text + NBSP + "%"


def bits(bps: float | None, *, language: str) -> str:
    """A rate with its SI unit: 0,7 Mbit/s, 100 Mbit/s, 1 Gbit/s."""
    if bps is None:
        return "–"
    for size, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if abs(bps) >= size * 0.9995:
            scaled = bps / size
            whole = scaled >= 99.95 or abs(scaled - round(scaled)) < 0.005
            return number(scaled, 0 if whole else 1, language=language) + NBSP + unit
    return number(bps, language=language) + NBSP + "bit/s"


def byte_size(count: float | None, *, language: str) -> str:
    """A size in kB, MB, GB (powers of 1000)."""
    if count is None:
        return "–"
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return number(count / size, 1, language=language) + NBSP + unit
    return number(count, language=language) + NBSP + "B"


def milliseconds(value: float | None, *, language: str) -> str:
    """A delay: 4,2 ms below ten, whole above."""
    if value is None:
        return "–"
    return number(value, 1 if value < 10 else 0, language=language) + NBSP + "ms"


def duration(seconds: float) -> str:
    """At most two neighbouring units: 38 detik; 2 jam 30 menit; 1 hari 17 jam; 11 hari."""
    whole = int(max(0, seconds))
    if whole < MINUTE_S:
        return ngettext("%(num)s second", "%(num)s seconds", whole)
    if whole < HOUR_S:
        return _minutes(whole // MINUTE_S)
    if whole < DAY_S:
        hours, rest = divmod(whole, HOUR_S)
        return _pair(_hours(hours), _minutes(rest // MINUTE_S) if rest >= MINUTE_S else "")
    days, rest = divmod(whole, DAY_S)
    return _pair(_days(days), _hours(rest // HOUR_S) if rest >= HOUR_S and days < 10 else "")


def _pair(first: str, second: str) -> str:
    return f"{first} {second}".strip()


def _minutes(count: int) -> str:
    return ngettext("%(num)s minute", "%(num)s minutes", count)


def _hours(count: int) -> str:
    return ngettext("%(num)s hour", "%(num)s hours", count)


def _days(count: int) -> str:
    return ngettext("%(num)s day", "%(num)s days", count)


def clock(at: float, zone: tzinfo, *, language: str) -> str:
    """The time of day: 09.42."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M" if language == "en" else "%H.%M")


def zone_name(at: float, zone: tzinfo) -> str:
    """WIB, WITA, WIT, or the offset."""
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    hours = offset.total_seconds() / HOUR_S
    return _ZONE_NAMES.get(int(hours), f"UTC{hours:+g}") if hours.is_integer() else f"UTC{hours:+g}"


def when(at: float, now: float, zone: tzinfo, *, language: str) -> str:
    """A moment as briefly as it stays clear: 09.42; kemarin 14.05; 18 Nov 16.20; 18 Nov 2025."""
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    time = clock(at, zone, language=language)
    if then.date() == today.date():
        return time
    if then.date() == today.date() - timedelta(days=1):
        return gettext("yesterday %(time)s", time=time)
    if then.year == today.year:
        return f"{then.day} {_MONTHS[language][then.month - 1]} {time}"
    return day(at, zone, language=language, year=True)


def day(at: float, zone: tzinfo, *, language: str, year: bool = False) -> str:
    """A civil day: 18 Nov."""
    then = datetime.fromtimestamp(at, zone)
    text = f"{then.day} {_MONTHS[language][then.month - 1]}"
    return f"{text} {then.year}" if year else text


def moment(at: float, zone: tzinfo, *, language: str) -> str:
    """Exact, for raw values: 21 Nov 2026 09.42.38 WIB."""
    then = datetime.fromtimestamp(at, zone)
    time = then.strftime("%H:%M:%S" if language == "en" else "%H.%M.%S")
    return f"{day(at, zone, language=language, year=True)} {time} {zone_name(at, zone)}"


def zone_of(name: str) -> ZoneInfo:
    """The time zone by its IANA name."""
    return ZoneInfo(name)
