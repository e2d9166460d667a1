"""Plans as JSON: the quick answer at once, the proof when it comes. The question is the query string of `/rencana`."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field
from spectree import Response as Documented

from controller.views import planner_cells
from controller.views.planner import PlanShown
from controller.views.planner_sources import ProofState
from web.api.schemas import ProblemOut
from web.api.tree import spec
from web.errors import problem
from web.pages import planner_query as asked
from web.pages.answer import fleet
from web.pages.planner import planner
from web.words.speech import g_now

_TILE = re.compile(r"(-?\d{1,5})\.(-?\d{1,5})(?:,|$)")
blueprint = Blueprint("planner_api", __name__, url_prefix="/api/v1/plan")


class PlanQuery(BaseModel):
    """The question, named as on the page; what belongs to the page alone is not looked at."""

    model_config = ConfigDict(extra="ignore")

    n: str | None = Field(default=None, max_length=20, description="number of points; 60 where nothing is asked")
    anggaran: str | None = Field(default=None, max_length=40, description="budget in rupiah, instead of n")
    radius: str | None = Field(default=None, max_length=8, description="0.15, 1 or 5 km")
    pemerataan: str | None = Field(default=None, max_length=2, description="fairness: 0 (most people) to 4 (max-min)")
    sasaran: str | None = Field(
        default=None,
        max_length=12,
        description="what is optimised: ambang (people served by the thresholds) or diharapkan",
    )
    wilayah: str | None = Field(default=None, max_length=13, description="Kemendagri code of a regency or district")
    profil: str | None = Field(default=None, max_length=40, description="threshold profile")
    kunci: list[str] = Field(default=[], description="village codes or site ids that must be in; repeat")
    larang: list[str] = Field(default=[], description="those that must not; repeat")
    tindakan: list[str] = Field(default=[], description="bangun, perbaiki, tingkatkan; repeat")


class PlanOut(BaseModel):
    """A plan in figures. state: of its proof. status, bound, gap_pct: only once there is one. plan: with every step.

    objective: what is optimised. people: newly served by the thresholds; expected_people: gain of the expected figure.
    """

    key: str
    inputs: str
    state: str
    status: str
    bound: float | None
    gap_pct: float | None
    objective: str
    people: float
    expected_people: float
    cost: float
    steps: int
    seconds: float
    plan: dict[str, Any] | None = None


_ANSWERS = Documented(HTTP_200=PlanOut, HTTP_404=ProblemOut, HTTP_409=ProblemOut)


@blueprint.get("")
@spec.validate(resp=_ANSWERS, tags=["plan"])
def plan(query: PlanQuery) -> Response:  # noqa: ARG001  read by `planner_query`, described here
    """The best plan there is now (proven, else quick). Starts no proof."""
    shown = _shown(start=False)
    return shown if isinstance(shown, Response) else jsonify(_told(shown, whole=True))


@blueprint.get("/proof")
@spec.validate(resp=_ANSWERS, tags=["plan"])
def proof(query: PlanQuery) -> Response:  # noqa: ARG001  as above
    """How far the proof of a plan has come; the first question starts it. Ask again each second while it runs."""
    shown = _shown(start=True)
    if isinstance(shown, Response):
        return shown
    answer = jsonify(_told(shown, whole=False))
    answer.headers["Cache-Control"] = "no-store"
    return answer


class HexagonQuery(PlanQuery):
    """Which hexagons, and how they are coloured."""

    halus: int = Field(ge=0, le=15, description="H3 resolution, one of those that the page offers")
    petak: str = Field(max_length=1000, description="tiles as column.row, parted by commas; at most 48")
    lapis: str | None = Field(default=None, max_length=12, description="berfungsi, terpasang, memadai or selisih")
    peta: str | None = Field(default=None, max_length=12, description="rencana: as the plan would leave it")


class TileOut(BaseModel):
    """One square of hexagons. corners: (east, north) offsets of a hexagon's corners from its centre, 1e-5 degrees.

    east, north: centres, from the south-west corner of the tile, 1e-4 degrees. step: a digit each, class 1-5, 0 for
    not measured.
    """

    corners: list[int]
    east: list[int]
    north: list[int]
    step: str


class HexagonsOut(BaseModel):
    """Hexagons by tile `column.row`; a tile's south-west corner is column * side, row * side degrees."""

    inputs: str
    resolution: int
    side: float
    tiles: dict[str, TileOut]


@blueprint.get("/hexagons")
@spec.validate(resp=Documented(HTTP_200=HexagonsOut, HTTP_404=ProblemOut, HTTP_409=ProblemOut), tags=["plan"])
def hexagons(query: HexagonQuery) -> Response:
    """People served by hexagon, in the classes of the map: only the tiles that are asked for."""
    fleet()
    found = planner()
    if found is None:
        return problem(404, "no_planner", "this server has no planner")
    wanted = asked.read_filter(next(iter(found.planner.profiles)))
    tiles = [(int(m[1]), int(m[2])) for m in _TILE.finditer(query.petak)]
    known = wanted.profile in found.planner.profiles and query.halus in found.planner.resolutions
    hexes = found.hexagons(wanted, query.halus, g_now()) if known else None
    if hexes is None:
        return problem(409, "unready", "there is no inventory, no such threshold profile, or no such resolution")
    made = planner_cells.tiles(hexes, wanted.layer, tiles[: planner_cells.MOST_TILES])
    answer = jsonify(
        {
            "inputs": found.inputs(wanted, g_now()),
            "resolution": hexes.resolution,
            "side": planner_cells.side_deg(hexes.resolution),
            "tiles": {f"{column}.{row}": asdict(tile) for (column, row), tile in made.items()},
        }
    )
    answer.headers["Cache-Control"] = "private, max-age=60"
    return answer


def _shown(*, start: bool) -> PlanShown | Response:
    fleet()
    found = planner()
    if found is None:
        return problem(404, "no_planner", "this server has no planner")
    wanted = asked.read_filter(next(iter(found.planner.profiles)))
    ask = asked.read_ask(wanted, default=True)
    shown = found.shown(ask, g_now(), start=start) if ask and wanted.profile in found.planner.profiles else None
    if shown is None:
        return problem(409, "unready", "there is no inventory, or no such threshold profile")
    if shown.plan is None:
        return problem(409, shown.refused or "refused", shown.detail or "no plan")
    return shown


def _told(shown: PlanShown, *, whole: bool) -> dict[str, Any]:
    assert shown.plan is not None  # a refusal was answered before  # noqa: S101
    found = shown.plan
    proven = shown.proof.state is ProofState.DONE
    told: dict[str, Any] = {
        "key": shown.key,
        "inputs": found.inputs.hash,
        "state": shown.proof.state.value,
        "status": found.status if proven else "feasible",
        "bound": found.bound if proven else None,
        "gap_pct": round(found.gap_pct, 4) if proven else None,
        "objective": found.objective,
        "people": round(found.covered_after - found.covered_before, 1),
        "expected_people": round(found.expected_after - found.expected_before, 1),
        "cost": found.cost,
        "steps": len(found.steps),
        "seconds": found.seconds,
    }
    if whole:
        told["plan"] = asdict(found) | {"bound": told["bound"], "gap_pct": told["gap_pct"], "status": told["status"]}
    return told
