"""A page is one frozen dataclass: its template uses exactly its fields, and knows nothing else of the views."""

from __future__ import annotations

import dataclasses
import re

import jinja2.nodes
import pytest
from jinja2 import Environment, FileSystemLoader

from controller.reports.offered import ReportPage
from controller.views.audit import AuditPage
from controller.views.board import BoardPage, OutagePage
from controller.views.charts import ChartSet
from controller.views.compliance import (
    CompliancePage,
    ConfigurationPage,
    FirmwareKindPage,
    FirmwarePage,
    HeldPage,
    RulePage,
)
from controller.views.device import DevicePage, RawPage
from controller.views.map import MapPage
from controller.views.new_change import NewChangePage, WishPage
from controller.views.planner import PlannerPage
from controller.views.planner_compare import ComparePage, ScenarioPage
from controller.views.planner_figure import FigurePage
from controller.views.planner_place import PickedCell, PlacePage
from controller.views.public import PublicPage
from controller.views.rollouts import ChangeDevicePage, ChangePage, ChangesPage, MembersPage
from controller.views.search import SearchPage
from controller.views.site import SitePage
from controller.views.sites import SitesPage
from controller.views.system import SystemPage
from tests.architecture.catalogues import LANGUAGES, ROOT, complaints, extracted

TEMPLATES = ROOT / "web" / "templates"
PAGES = {
    "board.html": BoardPage,
    "outage.html": OutagePage,
    "sites.html": SitesPage,
    "site.html": SitePage,
    "device.html": DevicePage,
    "raw.html": RawPage,
    "table.html": ChartSet,
    "map.html": MapPage,
    "planner.html": PlannerPage,
    "planner_compare.html": ComparePage,
    "planner_figure.html": FigurePage,
    "planner_picked.html": PickedCell,
    "planner_place.html": PlacePage,
    "planner_scenario.html": ScenarioPage,
    "public.html": PublicPage,
    "system.html": SystemPage,
    "search.html": SearchPage,
    "report.html": ReportPage,
    "changes.html": ChangesPage,
    "change.html": ChangePage,
    "change_device.html": ChangeDevicePage,
    "change_devices.html": MembersPage,
    "change_new.html": NewChangePage,
    "change_request.html": WishPage,
    "audit.html": AuditPage,
    "compliance.html": CompliancePage,
    "compliance_rule.html": RulePage,
    "compliance_list.html": HeldPage,
    "configuration.html": ConfigurationPage,
    "firmware.html": FirmwarePage,
    "firmware_kind.html": FirmwareKindPage,
}
#: Fields that a template takes from the dataclass in another way, with the reason.
ELSEWHERE = {
    "table.html": {"charts", "start", "end", "bad"},  # the one chart of the table is handed beside the page
    "map.html": {"version"},  # for the API
    "change.html": {"version", "people"},  # for the ETag; in the words of the headline
    "change_device.html": {"version"},
    "change_devices.html": {"version", "state"},
}


def used(name: str, environment: Environment) -> set[str]:
    """Attributes of `page` that a template and what it includes ask for."""
    found: set[str] = set()
    tree = environment.parse((TEMPLATES / name).read_text())
    for node in tree.find_all(jinja2.nodes.Getattr):
        if isinstance(node.node, jinja2.nodes.Name) and node.node.name == "page":
            found.add(node.attr)
    for item in tree.find_all(jinja2.nodes.Getitem):
        named = isinstance(item.node, jinja2.nodes.Name) and item.node.name == "page"
        if named and isinstance(item.arg, jinja2.nodes.Const):
            found.add(str(item.arg.value))
    for include in tree.find_all(jinja2.nodes.Include):
        found |= used(include.template.value, environment)  # type: ignore[attr-defined]
    return found


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), extensions=["jinja2.ext.i18n"], autoescape=True)


@pytest.mark.parametrize("name", PAGES)
def test_a_template_uses_its_page_and_its_page_alone(name: str, environment: Environment):
    page = PAGES[name]
    fields = {f.name for f in dataclasses.fields(page)}
    offered = fields | {n for n in vars(page) if not n.startswith("_")}
    asked = used(name, environment)
    assert asked - offered == set(), "asked for, but not in the dataclass"
    assert fields - asked - ELSEWHERE.get(name, set()) == set(), "in the dataclass, but never shown"


@pytest.mark.parametrize("page", PAGES.values())
def test_a_page_is_frozen(page: type):
    assert page.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_every_template_of_a_page_is_compared():
    shared = {"layout.html", "foot.html", "parts.html", "filters.html", "error.html", "more.html", "report_links.html"}
    shared |= {"change_parts.html", "kept_none.html", "kept_parts.html", "refused.html", "signin.html"}
    shared |= {
        f"planner_{part}.html" for part in ("form", "none", "parts", "picked_place", "picks", "result", "result_only")
    }
    assert {p.name for p in TEMPLATES.glob("*.html")} - shared == set(PAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_are_whole(language: str):
    assert complaints(language, extracted()) == []


def test_templates_hold_no_word_that_is_not_translated():
    """Text between tags is either a figure, a name of ours or goes through the catalogue."""
    allowed = {
        "Merata",
        "Gini",
        "API",
        "English",
        "Bahasa Indonesia",
        "Ping",
        "SNMP",
        "Mbit/s",
        "· Merata",
        "Mbit",
        "g g",
        "g p",
        "g l",
        "g r",
    }
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"<svg.*?</svg>|<symbol.*?</symbol>", "", text, flags=re.DOTALL)
        for piece in re.findall(r">([^<>]+)<", text):
            word = piece.strip(' \n,./:?–()[]"0123456789')
            assert not word or word in allowed or not re.search(r"[A-Za-z]{3,}", word), f"{path.name}: {word!r}"
