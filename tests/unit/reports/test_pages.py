"""Printed reports: pages, both languages, the same bytes, and no way for a name to become markup."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from controller.reports.document import Document, Material, compose
from controller.reports.pages import fitted, page_count, to_pdf
from controller.reports.picture import HATCHED, choropleth, step_of
from controller.reports.words import LANGUAGES, WORDS, Told
from tests.unit.reports.make import NOW, gap, live, month, plan, row

SQUARE = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)]
NEXT = [(1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0), (1.0, 0.0)]
OUTLINES = {"61.01": [SQUARE], "61.02": [NEXT], "61.01.01": [SQUARE], "61.02.01": [NEXT]}


def material(**changed: object) -> Material:
    given = Material(
        found=live(), area=None, months=(month("2026-09"), month("2026-10")), plan=plan(), outlines=OUTLINES,
        is_approximate=True, is_sample=True, made_at=NOW, zone="Asia/Pontianak",
        people_source={"id": "Catatan sipil 2031", "en": "Civil records 2031"},
    )  # fmt: skip
    return replace(given, **changed)  # type: ignore[arg-type]


def said(document: Document) -> str:
    return str(document.plain())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("is_short", [False, True])
def test_a_report_has_pages_and_is_the_same_every_time(lang: str, is_short: bool) -> None:
    document = compose(material(area="61.01" if is_short else None), lang, rows=5, is_short=is_short)
    first = to_pdf(document)
    assert first.startswith(b"%PDF-")
    assert page_count(first) >= 2
    assert to_pdf(document) == first


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_says_question_method_proof_limits_and_hash(lang: str) -> None:
    found = live()
    text = said(compose(material(), lang, rows=5, is_short=False))
    for word in (found.inputs.hash, found.inputs.profile.source, "HiGHS", "2026"):
        assert word in text
    told = Told(lang, "Asia/Pontianak")
    for key in ("question_head", "approximate", "estimate", "sample"):
        if key != "question_head":
            assert told(key) in text
    assert told("feasible", gap=told.number(1.25, 2), bound=told.number(182.25)) in text
    assert "WIB" in text


def test_a_regency_report_speaks_of_that_regency_alone() -> None:
    text = said(compose(material(area="61.02", plan=None), "id", rows=5, is_short=True))
    assert "Mempawah Hilir" in text
    assert "Sambas" not in text


@pytest.mark.parametrize("objective", ["coverage", "expected", "maxmin", "coverage, inequality aversion 0.5"])
def test_every_objective_has_its_words(objective: str) -> None:
    for lang in LANGUAGES:
        assert compose(material(plan=replace(plan(), objective=objective)), lang, rows=5, is_short=False).blocks


def test_a_name_is_text_and_never_markup() -> None:
    text = said(compose(material(), "en", rows=5, is_short=False))
    assert "Tebas #strong[Sungai]" in text
    assert page_count(to_pdf(compose(material(), "en", rows=5, is_short=False))) >= 2


def test_a_regency_with_many_gaps_still_fits_on_two_pages() -> None:
    gaps = tuple(gap(village=f"61.01.01.2{k:03}") for k in range(300))
    given = material(area="61.01", found=replace(live(), gaps=gaps, sites=live().sites * 30))
    pdf = fitted(lambda n: compose(given, "id", rows=n, is_short=True), pages=2, most=40)
    assert page_count(pdf) == 2


def test_a_report_without_plan_ledger_gaps_or_outlines_can_be_made() -> None:
    bare = material(plan=None, months=(), outlines={}, found=replace(live(), gaps=(), sites=()))
    assert page_count(to_pdf(compose(bare, "id", rows=5, is_short=False))) >= 1


def test_both_languages_fill_the_same_slots() -> None:
    for key, texts in WORDS.items():
        slots = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert slots[0] == slots[1], key
        assert all(texts)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert Told("id", "UTC").number(1234567.5, 1) == "1.234.567,5"
    assert Told("en", "UTC").number(1234567.5, 1) == "1,234,567.5"
    assert Told("id", "UTC").number(None) == "–"


def test_what_is_mostly_unmeasured_is_hatched_and_never_coloured() -> None:
    assert step_of(replace(row("61.01", "x", "regency"), nominal=100.0, effective=10.0, unknown=60.0)) == HATCHED
    assert step_of(replace(row("61.01", "x", "regency"), nominal=900.0, effective=750.0, unknown=0.0)) == 5


def test_names_on_the_map_are_escaped() -> None:
    drawn = choropleth([row("61.01", "x", "regency")], OUTLINES, {}, names={"61.01": "<a&b>"})
    assert "&lt;a&amp;b&gt;" in drawn
