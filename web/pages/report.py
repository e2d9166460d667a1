"""Take figures away: tables and printed reports of the question that the planner's page shows."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request

from controller.coverage.model import LivePlan
from controller.reports import files, offered
from controller.views.planner import PlannerFilter
from controller.views.planner_sources import ProofState
from controller.views.planner_views import PlannerViews
from web.pages import planner_query as query
from web.pages.answer import fleet
from web.words import planner as words
from web.words.speech import g_now, language

blueprint = Blueprint("report", __name__)
WHAT_WORDS = {"cakupan": "coverage", "kesenjangan": "gaps", "lokasi": "worth", "rencana": "plan"}


def _asked() -> tuple[PlannerViews, PlannerFilter]:
    found: PlannerViews | None = current_app.extensions["merata"].planner
    if found is None:
        abort(404)
    return found, query.read_filter(next(iter(found.planner.profiles)))


def _plan(found: PlannerViews, wanted: PlannerFilter) -> tuple[LivePlan | None, bool]:
    """The saved scenario that is named, else the plan that is asked for, else none; and whether its bound is proven."""
    if name := request.args.get("skenario"):
        saved = found.scenarios.find(name)
        if saved is None:
            abort(404)
        return saved.plan, saved.is_bounded
    shown = found.shown(wanted.ask, g_now()) if wanted.ask else None
    return (shown.plan, shown.proof.state is ProofState.DONE) if shown else (None, True)


@blueprint.get("/laporan")
def page() -> Response:
    """What may be taken away of this question."""
    now = fleet()
    found, wanted = _asked()
    tail = query.link(wanted, "")
    if name := request.args.get("skenario"):
        saved = found.scenarios.find(name)
        if saved is None:
            abort(404)
        wanted = query.filter_of(saved.ask)
        tail = f"{query.link(wanted, '')}&skenario={saved.id}"
    unit = found.planner.units.find(wanted.area) if wanted.area else None
    shown = offered.ReportPage(
        fresh=now.fresh,
        place=unit.name if unit else "",
        radius_km=wanted.radius_km,
        has_plan=bool(wanted.ask or name),
        is_regency=bool(wanted.area),
    )
    answer = make_response(render_template("report.html", page=shown, words=words, what=WHAT_WORDS, tail=tail))
    answer.headers["Vary"] = "Cookie"
    return answer


@blueprint.get("/laporan/<name>")
def export(name: str) -> Response:
    """One table as a file, `<what>.<format>`; `.csv-metadata.json` is the description of the CSV."""
    what, _, kind = name.partition(".")
    fleet()
    found, wanted = _asked()
    if what not in WHAT_WORDS or kind not in (*files.FORMATS, "csv-metadata.json"):
        abort(404)
    table = offered.table(found, wanted, WHAT_WORDS[what], _plan(found, wanted)[0], g_now())
    if table is None:
        abort(404)
    if kind == "csv-metadata.json":
        return _file(files.csv_description(table, f"{what}.csv"), files.MIME["json"], f"{what}.{kind}")
    return _file(offered.packed(table, kind), files.MIME[kind], f"{what}.{kind}")


@blueprint.get("/laporan/cetak.pdf")
def printed() -> Response:
    """The report to print."""
    now = fleet()
    found, wanted = _asked()
    lang = request.args.get("bahasa", language())
    plan, is_bounded = _plan(found, wanted)
    pdf = offered.printed(
        found,
        wanted,
        plan,
        g_now(),
        lang=lang if lang in ("id", "en") else "id",
        zone=now.timezone,
        is_sample=now.fresh.simulated,
        is_bounded=is_bounded,
    )
    if pdf is None:
        abort(404)
    return _file(pdf, "application/pdf", "laporan.pdf")


def _file(body: bytes, kind: str, name: str) -> Response:
    answer = make_response(body)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
