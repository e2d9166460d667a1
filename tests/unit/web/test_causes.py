"""Every cause that health can give has words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from web.words.causes import explain, known_causes

ROOT = Path(__file__).resolve().parents[3]


def documented() -> set[str]:
    """Codes in the tables of docs/reference/states.md."""
    text = (ROOT / "docs" / "reference" / "states.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*)$", text, re.MULTILINE)
    words = {"up", "degraded", "down", "unknown", "maintenance"}
    return {code for code, _ in rows if code not in words and code not in {"controller"}}


def test_each_documented_cause_is_told_in_words():
    assert documented() - known_causes() == set()


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_cause_has_a_title_that_is_a_sentence(app: Flask, language: str):
    with app.test_request_context(f"/?bahasa={language}"):
        for cause in known_causes():
            told = explain(cause, "down", {})
            assert told.title.endswith(".")
            assert "%" not in told.line


def test_figures_of_the_evidence_are_told(app: Flask):
    with app.test_request_context("/"):
        assert "18\u00a0%" in explain("lossy", "degraded", {"loss_ratio": 0.18}).sentence
        assert explain("full", "degraded", {"clients": 61, "capacity_clients": 50}).line == (
            "Penuh. 61 pengguna, kapasitas 50."
        )


@pytest.mark.parametrize("cause", ["martians", "<b>x</b>", "", None])
@pytest.mark.parametrize("state", ["up", "down", "degraded", "unknown", "maintenance"])
def test_an_unknown_cause_is_told_by_its_state(app: Flask, cause, state):
    with app.test_request_context("/"):
        told = explain(cause, state, {"loss_ratio": "not a number", "devices": 3})
        assert told.title
        assert "<b>x" not in told.line


@pytest.mark.parametrize("evidence", [{"loss_ratio": None}, {"clients": True}, {"devices": []}, {"rtt_avg_ms": "9"}])
def test_odd_evidence_never_breaks_a_sentence(app: Flask, evidence):
    with app.test_request_context("/"):
        for cause in known_causes():
            assert explain(cause, "degraded", evidence).title
