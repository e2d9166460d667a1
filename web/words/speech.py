"""The reader's language and zone, and sentences with safe slots.

A message id is the English sentence. Bold in a message is written `<b>…</b>`; slots are always escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, request
from markupsafe import Markup

from web.words import format as fmt
from web.words.catalogue import gettext, plural

LANGUAGES = ("id", "en")
LANGUAGE_COOKIE, THEME_COOKIE = "bahasa", "tema"


def language() -> str:
    """`?bahasa=` for this view, else the reader's kept choice, else Bahasa Indonesia."""
    for wanted in (request.args.get("bahasa"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


def theme() -> str:
    """The reader's kept choice; empty follows the system."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in ("light", "dark") else ""


def say(message: str, **slots: object) -> Markup:
    """A sentence in the reader's language; slots are escaped, the message's own markup is not."""
    text = Markup(gettext(message))  # noqa: S704  messages are ours; slots are escaped by `%`
    return text % slots if slots else Markup(str(text).replace("%%", "%"))  # noqa: S704


def say_n(singular: str, several: str, count: int, **slots: object) -> Markup:
    """As `say`, by number; `%(n)s` holds the formatted count unless given."""
    slots.setdefault("n", Figures.current().number(count))
    return Markup(plural(singular, several, count)) % slots  # noqa: S704


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Formatting bound to one request: language, zone and now."""

    language: str
    zone: ZoneInfo
    now: float

    @staticmethod
    def current() -> Figures:
        """The formatting of this request."""
        if "figures" not in g:
            g.figures = Figures(language=language(), zone=fmt.zone_of(g.get("timezone", "Asia/Pontianak")), now=g_now())
        found: Figures = g.figures
        return found

    def number(self, value: float | None, decimals: int = 0) -> str:
        """See `format.number`."""
        return fmt.number(value, decimals, language=self.language)

    def people(self, count: float | None) -> str:
        """See `format.people`."""
        return fmt.people(count, language=self.language)

    def amount(self, count: float) -> str:
        """See `format.amount`."""
        return fmt.amount(count, language=self.language)

    def percent(self, ratio: float | None, decimals: int = 0) -> str:
        """See `format.percent`."""
        return fmt.percent(ratio, decimals, language=self.language)

    def bits(self, bps: float | None) -> str:
        """See `format.bits`."""
        return fmt.bits(bps, language=self.language)

    def byte_size(self, count: float | None) -> str:
        """See `format.byte_size`."""
        return fmt.byte_size(count, language=self.language)

    def milliseconds(self, value: float | None) -> str:
        """See `format.milliseconds`."""
        return fmt.milliseconds(value, language=self.language)

    def duration(self, seconds: float) -> str:
        """See `format.duration`."""
        return fmt.duration(seconds)

    def since(self, at: float) -> str:
        """The duration from `at` to now."""
        return fmt.duration(self.now - at)

    def clock(self, at: float) -> str:
        """See `format.clock`."""
        return fmt.clock(at, self.zone, language=self.language)

    def zone_name(self, at: float) -> str:
        """See `format.zone_name`."""
        return fmt.zone_name(at, self.zone)

    def when(self, at: float) -> str:
        """See `format.when`."""
        return fmt.when(at, self.now, self.zone, language=self.language)

    def day(self, at: float) -> str:
        """See `format.day`."""
        return fmt.day(at, self.zone, language=self.language)

    def moment(self, at: float) -> str:
        """See `format.moment`."""
        return fmt.moment(at, self.zone, language=self.language)


def g_now() -> float:
    """Now, the same for the whole request."""
    if "now" not in g:
        clock: Callable[[], float] = current_app.extensions["merata"].settings.clock
        g.now = clock()
    found: float = g.now
    return found


def age_words() -> dict[str, list[str]]:
    """Ages for the script that ticks: one and several seconds, minutes; `{n}` is the number."""
    return {
        "s": [gettext("{n} second ago"), gettext("{n} seconds ago")],
        "m": [gettext("{n} minute ago"), gettext("{n} minutes ago")],
    }


def helpers() -> dict[str, Any]:
    """What every template may call."""
    return {
        "say": say,
        "say_n": say_n,
        "age_words": age_words,
        "fmt": Figures.current(),
        "lang": language(),
        "theme": theme(),
    }
