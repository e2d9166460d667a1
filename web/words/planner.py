"""The planner's words: causes and remedies, verdicts, layers, figures written as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from controller.coverage.model import LivePlan, SiteWorth, ThresholdProfile
from controller.reports import notes
from controller.views.planner_cells import side_deg
from controller.views.planner_sources import PlanAsk
from web.words import format as fmt
from web.words import terms
from web.words.catalogue import gettext, pgettext
from web.words.speech import Figures, say

MILLION, BILLION = 1e6, 1e9
CAUSE_MARKS = {"no_site": "none", "down": "down", "slow": "slow", "full": "full", "unmeasured": "unk"}


def cause(value: str) -> str:
    """Why people are not served."""
    words = {
        "no_site": pgettext("gap", "No site yet"),
        "down": pgettext("gap", "Site down too often"),
        "slow": pgettext("gap", "Too slow"),
        "full": pgettext("gap", "Full"),
        "unmeasured": pgettext("gap", "Not measured"),
    }
    return words.get(value, value)


def remedy(value: str) -> str:
    """What helps."""
    words = {
        "build": pgettext("remedy", "Build"),
        "repair": pgettext("remedy", "Repair"),
        "upgrade": pgettext("remedy", "Upgrade"),
        "measure": pgettext("remedy", "Measure"),
    }
    return words.get(value, value)


def verdict(value: str) -> str:
    """What a site is worth."""
    words = {
        "effective": pgettext("verdict", "Works"),
        "down": pgettext("verdict", "Down too often"),
        "slow": pgettext("verdict", "Too slow"),
        "full": pgettext("verdict", "Full"),
        "unmeasured": pgettext("verdict", "Not measured"),
        "not_public": pgettext("verdict", "Not public"),
    }
    return words.get(value, value)


def reason(site: SiteWorth) -> str:
    """Why a site has its verdict, in a few words; empty where there is nothing to add."""
    words = {
        "availability": pgettext("reason", "availability below the threshold"),
        "active_test": pgettext("reason", "speed test below the threshold"),
        "saturated": pgettext("reason", "the link is full in the busy hour"),
        "clients": pgettext("reason", "more users than it was built for"),
        "observed": pgettext("reason", "too few hours observed"),
        "speed": pgettext("reason", "speed not known"),
        "never_seen": pgettext("reason", "never seen"),
        "maintenance": pgettext("reason", "planned work"),
        "role": pgettext("reason", "serves no public"),
    }
    return words.get(site.reason or "", "")


def note(text: str) -> str:
    """A note of the inputs in the reader's language; one that is not known stays as it is."""
    return notes.in_language(text, Figures.current().language)


def source(profile: ThresholdProfile) -> str:
    """Where the thresholds come from."""
    return profile.source_id if Figures.current().language == "id" and profile.source_id else profile.source


def speed_how(text: str) -> str:
    """From what a speed is known."""
    return notes.in_language(text, Figures.current().language)


def duplicate(text: str) -> str:
    """Another site in reach, as a plan names it: id (programme, verdict)."""
    head, _, told = text.rpartition(" (")
    if not head:
        return text
    said = [
        gettext("other programme") if part == "other programme" else verdict(part) for part in told[:-1].split(", ")
    ]
    return f"{head} ({', '.join(said)})"


def people_basis(year: int, *, is_estimate: bool) -> str:
    """Where the people of a unit come from."""
    if is_estimate:
        return gettext("An estimate for %(year)s, held to the official total of its regency.", year=year)
    return gettext("Official, %(year)s.", year=year)


def backhaul(value: str) -> str:
    """How a planned point would be connected."""
    return terms.backhaul(value)


def tile_sides(resolutions: Sequence[int]) -> dict[str, float]:
    """How wide the tiles of each resolution of hexagons are, degrees."""
    return {str(resolution): side_deg(resolution) for resolution in resolutions}


def map_words() -> dict[str, str]:
    """What the map says of itself once a script moves it."""
    return {
        "in": gettext("Zoom in"),
        "out": gettext("Zoom out"),
        "whole": gettext("The whole map"),
        "hexagons": gettext("Hexagons {km} km across"),
        "areas": gettext("Areas"),
        "empty": gettext("Nobody lives there."),
        "failed": gettext("The hexagons could not be fetched."),
    }


def layer(value: str) -> str:
    """A layer of the map."""
    words = {
        "effective": pgettext("layer", "Working"),
        "nominal": pgettext("layer", "Installed"),
        "adequate": pgettext("layer", "Adequate"),
        "promised": pgettext("layer", "Difference"),
    }
    return words[value]


def level(value: str) -> str:
    """A level of units."""
    words = {
        "regency": pgettext("level", "Regency"),
        "district": pgettext("level", "District"),
        "village": pgettext("level", "Village"),
    }
    return words[value]


def figure(value: str) -> str:
    """One of the four numbers."""
    words = {
        "effective": pgettext("figure", "Working"),
        "nominal": pgettext("figure", "Installed"),
        "unknown": pgettext("figure", "Not measured"),
        "gini": pgettext("figure", "Inequality (Gini)"),
    }
    return words[value]


def legend_title(shown: str, units: str) -> str:
    """What the colours say, and of what."""
    words = {
        ("effective", "regency"): gettext("People served, by regency"),
        ("effective", "district"): gettext("People served, by district"),
        ("effective", "village"): gettext("People served, by village"),
        ("effective", "hexagon"): gettext("People served, by hexagon"),
        ("nominal", "regency"): gettext("People near a site, by regency"),
        ("nominal", "district"): gettext("People near a site, by district"),
        ("nominal", "village"): gettext("People near a site, by village"),
        ("nominal", "hexagon"): gettext("People near a site, by hexagon"),
        ("adequate", "regency"): gettext("People served adequately, by regency"),
        ("adequate", "district"): gettext("People served adequately, by district"),
        ("adequate", "village"): gettext("People served adequately, by village"),
        ("adequate", "hexagon"): gettext("People served adequately, by hexagon"),
        ("promised", "regency"): gettext("People promised and not served, by regency"),
        ("promised", "district"): gettext("People promised and not served, by district"),
        ("promised", "village"): gettext("People promised and not served, by village"),
        ("promised", "hexagon"): gettext("People promised and not served, by hexagon"),
    }
    return words[shown, units]


def classes(shown: str) -> list[tuple[int, str]]:
    """The classes of a layer from high to low with their words, then what is not measured."""
    unit = gettext("points") if shown == "promised" else "%"
    edges = (0, 2, 5, 10, 20) if shown == "promised" else (0, 10, 25, 50, 75, 100)
    made = []
    for step in range(5, 0, -1):
        low = edges[step - 1]
        if step == len(edges):
            made.append((step, gettext("over %(low)s %(unit)s", low=low, unit=unit)))
        else:
            made.append((step, f"{low}–{edges[step]}\u00a0{unit}"))
    return [*made, (0, gettext("not measured"))]


def rupiah(value: float | None) -> str:
    """Money as it is said: Rp 8,85 miliar; Rp 450 juta; Rp 5.509."""
    told = Figures.current()
    if value is None:
        return "–"
    if value >= BILLION:
        return gettext("Rp %(n)s billion", n=told.number(value / BILLION, 2))
    if value >= 10 * MILLION:
        return gettext("Rp %(n)s million", n=told.number(value / MILLION))
    return f"Rp\u00a0{told.number(value)}"


def out_of_hundred(ratio: float | None) -> str:
    """A share of people as a count of a hundred."""
    return "0" if ratio is None else Figures.current().number(round(100 * ratio))


def km(value: float | None) -> str:
    """A distance: 0,4 km; 12 km."""
    if value is None:
        return "–"
    return Figures.current().number(value, 1 if value < 10 else 0) + "\u00a0km"


def radius(value: float) -> str:
    """A radius: 0,15 km; 5 km."""
    return Figures.current().number(value, 2 if value < 1 else 0) + "\u00a0km"


def gini(value: float | None) -> str:
    """An index to two decimals."""
    return "–" if value is None else Figures.current().number(value, 2)


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign; zero is 0."""
    told = Figures.current()
    text = told.number(abs(value), decimals)
    if float(f"{abs(value):.{decimals}f}") == 0:
        return "0"
    return ("+" if value > 0 else "−") + text


def signed_people(value: float) -> str:
    """A difference of people with its sign; under ten is 0."""
    step = 100 if abs(value) >= 10_000 else 10
    return signed(round(value / step) * step)


def refused(code: str) -> Markup:
    """Why there is no plan."""
    words = {
        "locked": say("<b>No plan.</b> The locked points alone are more than the limit. Unlock some, or raise it."),
        "nothing": say("<b>Nothing useful is left.</b> No further point, repair or upgrade would serve more people."),
        "place": say("<b>No plan.</b> At a locked or forbidden place there is nothing to build, repair or upgrade."),
        "unready": say("<b>No plan yet.</b> The planner has no inventory or no people to plan for."),
    }
    return words.get(code, say("<b>No plan.</b> The planner could not answer. The figures on the left still hold."))


def month(value: str) -> str:
    """A month of the ledger: Oktober 2026."""
    year, number = value.split("-")
    names = (
        gettext("January"), gettext("February"), gettext("March"), gettext("April"), pgettext("month", "May"),
        gettext("June"), gettext("July"), gettext("August"), gettext("September"), gettext("October"),
        gettext("November"), gettext("December"),
    )  # fmt: skip
    return f"{names[int(number) - 1]} {year}"


def aversion(value: str) -> str:
    """A stop of fairness."""
    words = {
        "0": pgettext("fairness", "most people"),
        "0.5": pgettext("fairness", "a little fairer"),
        "1": pgettext("fairness", "fair"),
        "2": pgettext("fairness", "very fair"),
        "max-min": pgettext("fairness", "worst region first"),
    }
    return words[value]


def aim(value: str) -> str:
    """The figure that a plan optimises."""
    words = {
        "coverage": pgettext("aim", "People served, by the threshold"),
        "expected": pgettext("aim", "People expected to be served"),
    }
    return words[value]


def aim_short(value: str) -> str:
    """The same, under the heading "Optimise people served"."""
    words = {"coverage": pgettext("aim", "by the threshold"), "expected": pgettext("aim", "as expected")}
    return words[value]


def manner(ask: PlanAsk) -> str:
    """How a question weighs people, in few words: its stop of fairness, or that it is about the expected figure."""
    return pgettext("fairness", "expected people") if ask.is_expected else aversion(ask.aversion)


def date(at: float) -> str:
    """A civil day with its year: 19 Nov 2026."""
    told = Figures.current()
    return fmt.day(at, told.zone, language=told.language, year=True)


def short(name: str) -> str:
    """A regency without its kind."""
    return name.removeprefix("Kabupaten ").removeprefix("Kota ")


def after_of(plan: LivePlan, code: str) -> float | None:
    """The share of one region after a plan."""
    return next((after / people for c, people, _, after in plan.by_regency if c == code and people > 0), None)


def differs(names: tuple[str, ...]) -> str:
    """What keeps two plans from being compared, as a list."""
    words: Mapping[str, str] = {
        "profile": gettext("threshold"),
        "radius": gettext("radius"),
        "period": gettext("measured period"),
        "people": gettext("population"),
        "area": gettext("area"),
    }
    return ", ".join(words[n] for n in names)
