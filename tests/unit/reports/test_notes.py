"""Every sentence that figures bring along has words in both languages."""

from __future__ import annotations

import re

import pytest

from controller.coverage import profiles
from controller.coverage.demand import of_villages
from controller.reports.document import compose
from controller.reports.notes import in_language, is_known
from geography import grid
from geography.sources import official
from geography.units import load
from tests.unit.reports.make import live
from tests.unit.reports.test_pages import material, said
from tests.unit.web.planner_world import planner_of
from tests.unit.web.world import NOW

BROUGHT = [
    "estimate: people of 14 regencies stand where HDX (2020) 2020 (hexagons) puts them, held to official totals by "
    "factors from 0.912 to 1.204; cells without people are left out there",
    "totals of units: Dukcapil 2025 2025, held to official totals of regencies",
    "active test, median of 12, newest 2026-11-20T13:00Z",
    "busy hour p95 of 30 days, at least",
    "saturated link, busy hour p95 of 9 days",
    "ways from a table; a pair that it does not list is out of reach",
    *grid._leaning_note(3, 0.8),
]


def test_the_notes_of_a_real_planner_are_known() -> None:
    found = planner_of(count=40).coverage("bakti", 5.0, NOW)
    assert found is not None
    spoken = [*found.inputs.notes, found.inputs.demand_kind, *of_villages(load()).notes, of_villages(load()).kind]
    assert [note for note in spoken if not is_known(note)] == []


@pytest.mark.parametrize("note", BROUGHT)
def test_the_notes_of_imports_and_tests_are_known_and_keep_their_figures(note: str) -> None:
    assert is_known(note)
    told = in_language(note, "id")
    assert told != note
    assert in_language(note, "en") == note
    for figure in re.findall(r"\d+", note.split(", newest", maxsplit=1)[0]):
        assert figure in told


def test_a_note_that_nobody_wrote_words_for_stays_as_it_is() -> None:
    assert in_language("something new", "id") == "something new"


def test_every_shipped_profile_names_its_source_in_both_languages() -> None:
    for profile in profiles.load().values():
        assert profile.source_id
        assert profile.source_id != profile.source


def test_the_source_of_people_and_its_year_come_from_the_data() -> None:
    assert official(load())["id"].endswith(" 2024")
    text = said(compose(material(), "id", rows=5, is_short=False))
    assert "Catatan sipil 2031" in text
    assert "2024" not in text


@pytest.mark.parametrize("is_short", [False, True])
def test_an_indonesian_report_has_no_english_left(is_short: bool) -> None:
    found = planner_of(count=40).coverage("bakti", 5.0, NOW)
    assert found is not None
    given = material(found=found, outlines={}, area="61.01" if is_short else None)
    text = said(compose(given, "id", rows=5, is_short=is_short)).lower()
    for word in (
        "straight",
        "estimate",
        "hexagon ",
        "hexagons",
        "availability",
        "village",
        "split to",
        "boundaries",
        "source",
    ):
        assert word not in text, word
    assert live().inputs.profile.source.lower() not in text
