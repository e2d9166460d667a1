"""A report of one province among several, and of all of them."""

from __future__ import annotations

from dataclasses import replace

from controller.reports.document import compose
from tests.unit.reports.make import live, row
from tests.unit.reports.test_pages import material, said

TWO = replace(
    live(),
    rows=(
        *live().rows,
        row("62", "Kalimantan Tengah", "province", people=3000, effective=300),
        row("62.01", "Kabupaten Kotawaringin", "regency", people=3000, effective=300),
        row("62.01.01", "Arut", "district", people=3000, effective=300),
        row("62.01.01.2001", "Kumai", "village", people=3000, effective=300),
    ),
    total=replace(live().total, code="", name="", people=5000, effective=800),
)


def test_one_of_two_provinces_is_told_alone() -> None:
    text = said(compose(material(found=TWO, area="61", plan=None), "id", rows=5, is_short=False))
    assert "Kalimantan Barat" in text
    assert "Kotawaringin" not in text
    assert "25 dari 100 orang" in text
    assert "Perjalanan per bulan" not in text  # the ledger is of both


def test_both_together_are_named_and_listed_by_regency() -> None:
    document = compose(material(found=TWO, plan=None), "id", rows=5, is_short=False)
    assert document.title == "2 provinsi: Kalimantan Barat, Kalimantan Tengah"
    assert "Kotawaringin" in said(document)
    assert "16 dari 100 orang" in said(document)
    assert "Perjalanan per bulan" in said(document)
    assert "Oktober 2026" in said(document)


def test_a_plan_without_a_proof_says_so_and_gives_no_bound() -> None:
    text = said(compose(material(is_bounded=False), "id", rows=5, is_short=False))
    assert "Rencana cepat, belum dibuktikan terbaik" in text
    assert "1,25 %" not in text
