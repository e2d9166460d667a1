"""The planner's question as it stands in the query string, so that each view can be sent as a link."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import request

from controller.coverage.model import Remedy
from controller.views.planner import DEFAULT_COUNT, LAYERS, LEVELS, RADII, PlannerFilter, Shade
from controller.views.planner_sources import ACTIONS, AIMS, AVERSIONS, COUNTED, EXPECTED, PlanAsk

LEVEL_WORDS: dict[str, str] = dict(zip(LEVELS, ("kabupaten", "kecamatan", "desa"), strict=True))
LAYER_WORDS: dict[str, str] = dict(zip(LAYERS, ("berfungsi", "terpasang", "memadai", "selisih"), strict=True))
RADIUS_WORDS = {0.15: "0.15", 1.0: "1", 5.0: "5"}
ACTION_WORDS = {Remedy.BUILD: "bangun", Remedy.REPAIR: "perbaiki", Remedy.UPGRADE: "tingkatkan"}
FIGURE_WORDS = {"effective": "berfungsi", "nominal": "terpasang", "unknown": "tak-terukur", "gini": "ketimpangan"}
AIM_WORDS = {COUNTED: "ambang", EXPECTED: "diharapkan"}
MOST_SITES = 2000
MOST_RUPIAH = 1e14
MOST_PLACES = 200
_PLACE = re.compile(r"[\w.:-]{1,64}")
_CODE = re.compile(r"\d{2}(\.\d{2}){0,2}")


def read_filter(default_profile: str) -> PlannerFilter:
    """What this request asks for; words that mean nothing are dropped."""
    asked = request.args
    area = asked.get("wilayah", "")
    radius = next((r for r, word in RADIUS_WORDS.items() if word == asked.get("radius")), 5.0)
    profile = asked.get("profil", "")[:40] or default_profile
    wanted = PlannerFilter(
        profile=profile,
        radius_km=radius,
        area=area if _CODE.fullmatch(area) and "." in area else "",
        level=_key(LEVEL_WORDS, asked.get("tingkat"), "district"),
        layer=_key(LAYER_WORDS, asked.get("lapis"), "effective"),
        tab="gaps" if asked.get("tab") == "kesenjangan" else "plan",
        is_after=asked.get("peta") == "rencana",
        is_whole=asked.get("baris") == "semua",
    )
    if wanted.area.count(".") == 2 and wanted.level != "village":
        wanted = replace(wanted, level="village")
    elif wanted.area.count(".") == 1 and wanted.level == "regency":
        wanted = replace(wanted, level="district")
    return replace(wanted, ask=read_ask(wanted))


def read_ask(wanted: PlannerFilter, *, default: bool = False) -> PlanAsk | None:
    """The plan that is asked for; None where none is (with `default`: as many points as the page begins with)."""
    budget = _number(request.args.get("anggaran"), MOST_RUPIAH)
    count = _number(request.args.get("n"), MOST_SITES)
    if budget is None and count is None:
        if not default:
            return None
        count = DEFAULT_COUNT
    stop = _number(request.args.get("pemerataan"), len(AVERSIONS) - 1)
    actions = tuple(a for a in ACTIONS if ACTION_WORDS[a] in request.args.getlist("tindakan")) or ACTIONS
    locked = _places("kunci")
    aim = _key(AIM_WORDS, request.args.get("sasaran"), COUNTED)
    return PlanAsk(
        profile=wanted.profile,
        radius_km=wanted.radius_km,
        count=None if budget is not None else int(count or 0),
        budget=budget,
        aversion="0" if aim == EXPECTED else AVERSIONS[int(stop or 0)],
        area=wanted.area or None,
        locked=locked,
        forbidden=tuple(p for p in _places("larang") if p not in locked),
        actions=actions,
        aim=aim,
    )


def link(wanted: PlannerFilter, path: str = "/rencana", **changes: Any) -> str:
    """The address of this question with some of it changed; `ask=None` leaves the plan out."""
    changed = replace(wanted, **changes) if changes else wanted
    return f"{path}?{urlencode(pairs(changed))}"


def pairs(wanted: PlannerFilter) -> list[tuple[str, str]]:
    """The question as names and values; what is as always is left out, the profile and the radius never are."""
    found = [("profil", wanted.profile), ("radius", RADIUS_WORDS[wanted.radius_km])]
    if wanted.area:
        found.append(("wilayah", wanted.area))
    found.append(("tingkat", LEVEL_WORDS[wanted.level]))
    if wanted.layer != "effective":
        found.append(("lapis", LAYER_WORDS[wanted.layer]))
    if wanted.tab == "gaps":
        found.append(("tab", "kesenjangan"))
    if wanted.is_after:
        found.append(("peta", "rencana"))
    if wanted.is_whole:
        found.append(("baris", "semua"))
    return found + (ask_pairs(wanted.ask) if wanted.ask else [])


def ask_pairs(ask: PlanAsk) -> list[tuple[str, str]]:
    """The plan's part of the question."""
    limit = ("anggaran", f"{ask.budget:.0f}") if ask.budget is not None else ("n", str(ask.count))
    found = [limit, ("sasaran", AIM_WORDS[ask.aim]) if ask.is_expected else ("pemerataan", str(stop(ask)))]
    found += [("kunci", p) for p in ask.locked] + [("larang", p) for p in ask.forbidden]
    if ask.actions != ACTIONS:
        found += [("tindakan", ACTION_WORDS[a]) for a in ask.actions]
    return found


def filter_of(ask: PlanAsk) -> PlannerFilter:
    """The page that a saved question belongs to."""
    return PlannerFilter(profile=ask.profile, radius_km=ask.radius_km, area=ask.area or "", ask=ask)


def with_place(ask: PlanAsk, place: str, what: str) -> PlanAsk:
    """The question with a place locked (`kunci`), forbidden (`larang`) or neither (`lepas`)."""
    locked, forbidden = _without(ask.locked, place), _without(ask.forbidden, place)
    if what == "kunci":
        locked = tuple(sorted((*locked, place)))
    if what == "larang":
        forbidden = tuple(sorted((*forbidden, place)))
    return replace(ask, locked=locked, forbidden=forbidden)


def ask_of(wanted: PlannerFilter) -> PlanAsk:
    """The plan that is asked for; where none is, the one that the page begins with."""
    return wanted.ask or with_limit(wanted, count=DEFAULT_COUNT)


def with_limit(wanted: PlannerFilter, *, count: int | None = None, budget: float | None = None) -> PlanAsk:
    """The question with another limit; a new one where none was asked."""
    asked = wanted.ask or PlanAsk(profile=wanted.profile, radius_km=wanted.radius_km, area=wanted.area or None, count=0)
    return replace(asked, count=count, budget=budget)


def with_radius(ask: PlanAsk | None, radius_km: float) -> PlanAsk | None:
    """The question at another radius."""
    return None if ask is None else replace(ask, radius_km=radius_km)


def with_aim(wanted: PlannerFilter, aim: str) -> PlanAsk:
    """The question with another figure to optimise; the expected one knows no fairness between regions."""
    asked = ask_of(wanted)
    return replace(asked, aim=aim, aversion="0" if aim == EXPECTED else asked.aversion)


def aims() -> Iterable[str]:
    """The figures that a plan can optimise."""
    return AIMS


def stop(ask: PlanAsk | None) -> int:
    """The stop of fairness, 0 to 4."""
    return AVERSIONS.index(ask.aversion) if ask else 0


def area_links(wanted: PlannerFilter, shades: Iterable[Shade]) -> dict[str, str]:
    """Where a click on each area goes: one level down; villages lead nowhere."""
    if wanted.level == "village":
        return {}
    below = "district" if wanted.level == "regency" else "village"
    return {s.code: link(wanted, area=s.code, level=below, ask=None, is_after=False) for s in shades}


def radii() -> Iterable[float]:
    """The radii side by side."""
    return RADII


def _without(places: tuple[str, ...], place: str) -> tuple[str, ...]:
    return tuple(p for p in places if p != place)


def _key(words: dict[str, str], asked: str | None, default: str) -> str:
    return next((key for key, word in words.items() if word == asked), default)


def _number(text: str | None, most: float) -> float | None:
    """A number of at least 0 as people write it (2.000.000.000), at most `most`; None where there is none."""
    digits = re.sub(r"[\s.\u00a0]", "", text or "").removeprefix("Rp")
    if not re.fullmatch(r"\d{1,16}", digits):
        return None
    value = float(digits)
    return min(value, most) if math.isfinite(value) else None


def _places(name: str) -> tuple[str, ...]:
    found = {p for p in request.args.getlist(name) if _PLACE.fullmatch(p)}
    return tuple(sorted(found)[:MOST_PLACES])
