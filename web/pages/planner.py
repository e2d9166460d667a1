"""Who is not served, why, and what next: the planner's pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from controller.views.planner import PlannerFilter
from controller.views.planner_scenarios import PlanChanged, TooMany
from controller.views.planner_sources import PlanRefused
from controller.views.planner_views import PlannerViews
from web.access import May, may
from web.pages import planner_query as query
from web.pages.answer import fleet
from web.words import planner as words
from web.words.speech import g_now

blueprint = Blueprint("planner", __name__)
NAME_LENGTH = 80


def planner() -> PlannerViews | None:
    """The planner of this application; None where it has none."""
    found: PlannerViews | None = current_app.extensions["merata"].planner
    return found


def _wanted(found: PlannerViews) -> PlannerFilter:
    return query.read_filter(next(iter(found.planner.profiles)))


def _render(template: str, **names: Any) -> Response:
    answer = make_response(render_template(template, query=query, words=words, **names))
    answer.headers["Vary"] = "Cookie"
    return answer


@blueprint.get("/rencana")
def page() -> Response:
    """Coverage, gaps, and the plan that is asked for."""
    now = fleet()
    found = planner()
    if found is None:
        return _render("planner_none.html", page={"fresh": now.fresh})
    shown = found.page(now, _wanted(found), g_now())
    template = "planner.html" if shown.coverage else "planner_none.html"
    return _render(template, page=shown, scenarios=found.scenarios.listed()[:8], can_save=found.scenarios.can_save)


@blueprint.get("/rencana/hasil")
def result() -> Response:
    """The plan alone, for the script: figures, proof, table, marks."""
    now = fleet()
    found = planner()
    if found is None:
        abort(404)
    shown = found.page(now, _wanted(found), g_now())
    if shown.plan is None:
        abort(404)
    return _render("planner_result_only.html", page=shown, can_save=found.scenarios.can_save)


@blueprint.get("/rencana/angka")
def figure() -> Response:
    """What stands behind one number."""
    now = fleet()
    found = planner()
    name = next((k for k, word in query.FIGURE_WORDS.items() if word == request.args.get("nama")), "")
    shown = found.figure(now, _wanted(found), name, g_now()) if found and name else None
    if shown is None:
        abort(404)
    return _render("planner_figure.html", page=shown)


@blueprint.get("/rencana/tempat/<place>")
def place(place: str) -> Response:
    """What stands behind one row of the tables; with `ringkas` only what a click on the map shows.

    `skenario`: the row is one of that saved plan.
    """
    now = fleet()
    found = planner()
    kept = found.scenarios.find(name) if found and (name := request.args.get("skenario")) else None
    if found is None or (kept is None and "skenario" in request.args):
        abort(404)
    shown = found.place(now, query.filter_of(kept.ask) if kept else _wanted(found), place, g_now(), kept=kept)
    if shown is None:
        abort(404)
    return _render("planner_picked_place.html" if "ringkas" in request.args else "planner_place.html", page=shown)


@blueprint.get("/rencana/sel")
def cell() -> Response:
    """What a click on a hexagon shows."""
    fleet()
    found = planner()
    lat, lon = request.args.get("lintang", type=float), request.args.get("bujur", type=float)
    resolution = request.args.get("halus", type=int)
    if found is None or lat is None or lon is None or resolution is None:
        abort(404)
    shown = found.cell(_wanted(found), g_now(), lat=lat, lon=lon, resolution=resolution)
    if shown is None:
        abort(404)
    return _render("planner_picked.html", page=shown)


@blueprint.post("/rencana/simpan")
@may(May.ANYONE)
def save() -> AnyResponse:
    """Keep the plan of the query string under the name of the form, and go to its permanent link."""
    fleet()
    found = planner()
    if found is None:
        abort(404)
    wanted = _wanted(found)
    if wanted.ask is None:
        abort(400)
    try:
        seen = request.form.get("dasar", "")
        scenario = found.save(wanted.ask, request.form.get("nama", "")[:NAME_LENGTH], g_now(), seen=seen)
    except PlanChanged:
        return redirect(f"{query.link(wanted)}&berubah=1#hasil", code=303)
    except (PlanRefused, TooMany):
        abort(409)
    return redirect(f"/rencana/{scenario.id}", code=303)


@blueprint.get("/rencana/bandingkan")
def compare() -> Response:
    """Two saved plans beside each other."""
    now = fleet()
    found = planner()
    shown = found.compare(now, request.args.get("a", ""), request.args.get("b", "")) if found else None
    if shown is None:
        abort(404)
    return _render("planner_compare.html", page=shown)


@blueprint.get("/rencana/<scenario_id>")
def scenario(scenario_id: str) -> Response:
    """One saved plan, as it was on its day."""
    now = fleet()
    found = planner()
    shown = found.scenario(now, scenario_id) if found else None
    if shown is None:
        abort(404)
    return _render("planner_scenario.html", page=shown)
