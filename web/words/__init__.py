"""Words, numbers and times as people here write them."""

from __future__ import annotations

from flask import Flask

from web.words import speech, terms
from web.words.causes import explain
from web.words.events import event_word, note_word
from web.words.measures import chart_title, decimals_of, source_word, unit_word, value_word
from web.words.places import device_title, outage_title, place_of
from web.words.speech import Figures, language, say, say_n, theme

__all__ = ["Figures", "explain", "install", "language", "say", "say_n", "theme"]


def install(app: Flask) -> None:
    """Give every template our words."""
    app.context_processor(speech.helpers)
    app.jinja_env.globals.update(
        chart_title=chart_title,
        decimals_of=decimals_of,
        event_word=event_word,
        note_word=note_word,
        source_word=source_word,
        unit_word=unit_word,
        value_word=value_word,
        terms=terms,
        explain=explain,
        outage_title=outage_title,
        place_of=place_of,
        device_title=device_title,
    )
