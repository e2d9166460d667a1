"""The data dictionary: what each column of an export holds, in which unit, and where it comes from.

`docs/reference/exports.md` is written from this (a test compares them). Names are public: a rename breaks.
"""

from __future__ import annotations

from dataclasses import dataclass

UNITS = "facts tables of units (Kemendagri codes); people below regency are estimates"
GRID = "demand grid: people spread over hexagons, split at the radius"
MEASURED = "measurements of the period, in the site's service hours"
INVENTORY = "inventory"
PLANNED = "plan on the measured coverage"
COSTS = "costs.toml: planning assumptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. kind: text, number or boolean; an empty cell is *not known*, never 0."""

    name: str
    kind: str
    unit: str
    meaning: str
    source: str


def _column(name: str, kind: str, unit: str, meaning: str, source: str) -> Column:
    return Column(name=name, kind=kind, unit=unit, meaning=meaning, source=source)


COVERAGE = (
    _column("code", "text", "", "Kemendagri code of the unit", UNITS),
    _column("name", "text", "", "name of the unit", UNITS),
    _column("level", "text", "", "province, regency, district or village", UNITS),
    _column("radius_km", "number", "km", "straight-line reach of a site: optimistic", "question"),
    _column("people", "number", "people", "population; an estimate below regency", UNITS),
    _column("nominal", "number", "people", "people with any public site within the radius", GRID),
    _column("effective", "number", "people", "people with a site within the radius that passes", MEASURED),
    _column("adequate", "number", "people", "effective, and enough kbit/s a person; empty: no threshold, or not known",
            MEASURED),
    _column("unknown", "number", "people", "people in reach of unmeasured sites only: counted neither way", MEASURED),
    _column("promised", "number", "people", "nominal - effective - unknown: a site that does not work", MEASURED),
    _column("expected", "number", "people", "sum of people x (1 - prod(1 - share of hours a site works))", MEASURED),
    _column("effective_ratio", "number", "0-1", "effective / people", MEASURED),
    _column("kbps_per_person", "number", "kbit/s", "E2SFCA mean, from sites of known speed", MEASURED),
)  # fmt: skip
GAPS = (
    _column("village", "text", "", "Kemendagri code of the village", UNITS),
    _column("name", "text", "", "name of the village", UNITS),
    _column("district", "text", "", "Kemendagri code of its district", UNITS),
    _column("regency", "text", "", "Kemendagri code of its regency", UNITS),
    _column("people", "number", "people", "people without a working site in reach, for this cause", GRID),
    _column("village_people", "number", "people", "population of the village; an estimate", UNITS),
    _column("cause", "text", "", "no_site, down, slow, full or unmeasured", MEASURED),
    _column("remedy", "text", "", "build, repair, upgrade or measure", MEASURED),
    _column("nearest_site", "text", "", "id of the nearest working site", MEASURED),
    _column("nearest_km", "number", "km", "straight-line distance to it", INVENTORY),
    _column("sites", "text", "", "ids of the sites in reach that do not work, parted by spaces", MEASURED),
)  # fmt: skip
WORTH = (
    _column("site", "text", "", "id of the site", INVENTORY),
    _column("name", "text", "", "name of the site", INVENTORY),
    _column("area", "text", "", "Kemendagri code of its village", INVENTORY),
    _column("kind", "text", "", "what the place is", INVENTORY),
    _column("backhaul", "text", "", "how it is connected", INVENTORY),
    _column("programme", "text", "", "who pays for it", INVENTORY),
    _column("verdict", "text", "", "effective, down, slow, full or unmeasured", MEASURED),
    _column("reason", "text", "", "what decided it; empty for effective", MEASURED),
    _column("observed_ratio", "number", "0-1", "share of its service hours in which it was up or down", MEASURED),
    _column("availability_ratio", "number", "0-1", "up / (up + down) over observed service hours", MEASURED),
    _column("speed_mbps", "number", "Mbit/s", "speed available to people; empty: not known", MEASURED),
    _column("speed_how", "text", "", "from what the speed is known", MEASURED),
    _column("busy_down_mbps", "number", "Mbit/s", "95th percentile of the busiest hour: carried", MEASURED),
    _column("plan_down_mbps", "number", "Mbit/s", "speed that is paid for", INVENTORY),
    _column("busy_clients", "number", "clients", "95th percentile of the busiest hour", MEASURED),
    _column("capacity_clients", "number", "clients", "clients it was built for", INVENTORY),
    _column("people", "number", "people", "people whose internet it is, each counted once; an estimate", UNITS),
    _column("down_hours", "number", "h", "service hours in which it was seen down", MEASURED),
    _column("person_hours_lost", "number", "person-hours", "people x down_hours", MEASURED),
)  # fmt: skip
PLAN = (
    _column("rank", "number", "", "order of building", PLANNED),
    _column("action", "text", "", "build, repair or upgrade", PLANNED),
    _column("place", "text", "", "Kemendagri code of a village (build), id of a site (repair, upgrade)", PLANNED),
    _column("name", "text", "", "name of the place", UNITS),
    _column("district", "text", "", "Kemendagri code of its district", UNITS),
    _column("regency", "text", "", "Kemendagri code of its regency", UNITS),
    _column("backhaul", "text", "", "link that the cost assumes", COSTS),
    _column("cost_rupiah", "number", "rupiah", "cost of this step; an assumption", COSTS),
    _column("people", "number", "people", "people newly served at this step", PLANNED),
    _column("expected", "number", "people", "rise of the expected figure at this step; empty: not counted", PLANNED),
    _column("rupiah_per_person", "number", "rupiah/person", "cost over people; empty: nobody new", PLANNED),
    _column("because", "text", "", "verdict of the site that is repaired or upgraded", MEASURED),
    _column("is_locked", "boolean", "", "true: the question demanded it", "question"),
    _column("duplicates", "text", "", "sites of other programmes in reach, parted by spaces", "imported points"),
)  # fmt: skip
TABLES = {"coverage": COVERAGE, "gaps": GAPS, "worth": WORTH, "plan": PLAN}
