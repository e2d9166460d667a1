"""Events in words: what happened, without blame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.journal.records import Event, EventKind
from web.words import terms
from web.words.catalogue import gettext


def event_word(event: Event) -> str:
    """One event in a few words; a kind without words is shown as it is stored."""
    if event.kind == EventKind.LANE_CHANGED:
        before, after = (terms.lane(str(event.text.get(k, ""))) for k in ("before", "after"))
        return gettext("Polled in another lane: %(before)s to %(after)s", before=before, after=after)
    if event.kind == EventKind.FIRMWARE_CHANGED:
        before, after = (str(event.text.get(k, "")) for k in ("before", "after"))
        return gettext("Firmware changed: %(before)s to %(after)s", before=before, after=after)
    told = _told(event.text)
    words: Mapping[str, str] = {
        EventKind.INVENTORY_ACCEPTED: gettext("Inventory accepted"),
        EventKind.INVENTORY_REFUSED: gettext("Inventory refused, the one before stays"),
        EventKind.CLOCK_STEP: gettext("The server's clock was set"),
        EventKind.BOX_CHANGED: gettext("Another box stands here"),
        EventKind.REBOOT: gettext("Restarted"),
        EventKind.OBSERVER_BLIND: gettext("The monitoring server lost its own link"),
        EventKind.OBSERVER_SEES: gettext("The monitoring server sees again"),
        EventKind.ALARM: gettext("Alarm"),
        "outage": gettext("Outage began"),
        "outage_closed": gettext("Outage ended"),
    }
    word = words.get(event.kind, event.kind.replace("_", " "))
    return f"{word} ({told})" if told else word


def note_word(note: str) -> str:
    """What the collector says of itself; what has no words here is passed on as it is."""
    if note.startswith("no device is asked by ping"):
        return gettext("No device is asked by ping here: reachability is decided by SNMP and service checks.")
    if "ping" in note and "permit" in note:
        return gettext(
            "Ping is not permitted on this server, so it stays unknown. Told by the collector: %(note)s", note=note
        )
    return note


def _told(facts: Mapping[str, Any]) -> str:
    """The first few plain facts, as they are."""
    plain = [f"{k} {v}" for k, v in facts.items() if isinstance(v, str | int | float) and str(v)]
    return ", ".join(plain[:3])
