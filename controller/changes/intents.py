"""Intents of a change file: checked as far as they are the same for all, finished for each device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from controller.changes.errors import RenderError
from controller.changes.model import IntentDraft, Raw, Type, Variable
from controller.changes.schema import LIST_FIELDS, SECRET_FIELDS, WHOLE_FIELDS, WORD_FIELDS
from controller.changes.templates import Engine, Quoted, sole_name
from controller.changes.variables import REFERENCE
from devices.configuring.intents import KINDS, Intent
from devices.configuring.secrets import mark
from devices.inventory import words
from devices.inventory.layers import BAD, Layer, Notes, shape, unknown
from devices.inventory.layers import Where as Place
from devices.inventory.text import Entries, Items, Node, Word
from devices.inventory.words import Unfit


def read_intents(root: Layer, variables: Mapping[str, Variable], notes: Notes) -> tuple[IntentDraft, ...]:
    """The intents of a file, in its order; wrong ones are complained of and left out."""
    node = root.values.get("intent")
    if node is None or node is BAD:
        return ()
    if not isinstance(node, Entries) or not node.nodes:
        notes.complain(root.where("intent"), f"expected intents like `dns:` with their values, found {shape(node)}")
        return ()
    found: list[IntentDraft] = []
    for kind, inner in node.nodes.items():
        place = Place(root.path, node.lines[kind], f"intent.{kind}")
        if kind not in KINDS:
            notes.complain(place, unknown("intent", kind, KINDS))
            continue
        for one in inner.items if isinstance(inner, Items) else [inner]:
            draft = _draft(kind, one, place, variables, notes)
            if draft is not None:
                found.append(draft)
    return tuple(found)


def intent_of(draft: IntentDraft, values: Mapping[str, Any], engine: Engine) -> Intent:
    """The intent for one device.

    Args:
        draft: as written.
        values: names and their values for this device.
        engine: fills `{{ ... }}`.

    Raises:
        RenderError: a value is not fit here.
    """
    made: dict[str, Any] = {}
    for key, raw in draft.values.items():
        said = f"intent.{draft.kind}.{key}"
        try:
            made[key] = _value(key, _filled(raw, values, said, engine))
        except Unfit as wrong:
            raise RenderError(f"{said}: expected {wrong}") from None
    try:
        return KINDS[draft.kind](**made)
    except ValueError as wrong:
        raise RenderError(f"intent.{draft.kind}.{wrong}") from None


def _draft(kind: str, node: Node, place: Place, variables: Mapping[str, Variable], notes: Notes) -> IntentDraft | None:
    if not isinstance(node, Entries):
        notes.complain(place, f"expected keys and values, found {shape(node)}")
        return None
    known = {field.name: field for field in fields(KINDS[kind])}
    before = len(notes.complaints)
    values: dict[str, Raw] = {}
    for key, inner in node.nodes.items():
        here = Place(place.path, node.lines[key], f"{place.key}.{key}")
        if key not in known:
            notes.complain(here, unknown("key", key, known))
        elif (raw := _raw(key, inner, here, variables, notes)) is not None:
            values[key] = raw
    for name, field in known.items():
        if field.default is MISSING and name not in node.nodes:
            notes.complain(place, f"{kind} needs `{name}`")
    if len(notes.complaints) > before:
        return None
    draft = IntentDraft(kind=kind, values=values, lines=node.lines, line=node.line)
    _check(draft, place, notes)
    return draft


def _check(draft: IntentDraft, place: Place, notes: Notes) -> None:
    """What is the same for every device is judged now."""
    if any("{" in text for raw in draft.values.values() for text in (raw if isinstance(raw, tuple) else (raw,))):
        return
    try:
        intent_of(draft, {}, Engine({}))
    except RenderError as wrong:
        key, _, message = str(wrong).partition(": ")
        line = draft.lines.get(key.rpartition(".")[2], draft.line)
        notes.complain(Place(place.path, line, key), message)


def _raw(key: str, node: Node, place: Place, variables: Mapping[str, Variable], notes: Notes) -> Raw | None:
    if isinstance(node, Items) and key in LIST_FIELDS and all(isinstance(item, Word) for item in node.items):
        return tuple(item.text for item in node.items if isinstance(item, Word))
    if not isinstance(node, Word) or node.empty:
        notes.complain(place, f"expected {'values' if key in LIST_FIELDS else 'one value'}, found {shape(node)}")
        return None
    if "⟦" in node.text or "⟧" in node.text:
        notes.complain(place, "expected text without the brackets that mark secrets; found some (not shown)")
        return None
    if key in SECRET_FIELDS:
        name = sole_name(node.text)
        is_secret = name is not None and name in variables and variables[name].type is Type.SECRET
        if not is_secret and not _is_reference(node.text):
            notes.complain(
                place,
                "expected a reference (env:NAME, file:PATH) or {{ name }} of a secret variable; found something else",
            )
            return None
    return node.text


def _is_reference(text: str) -> bool:
    try:
        REFERENCE(text)
    except Unfit:
        return False
    return "{" not in text


def _filled(raw: Raw, values: Mapping[str, Any], said: str, engine: Engine) -> Any:
    """A text with its names filled in; `{{ name }}` alone is the value itself, a list stays a list."""
    if isinstance(raw, tuple):
        items = [_filled(item, values, said, engine) for item in raw]
        return tuple(one for item in items for one in (item if isinstance(item, tuple) else (item,)))
    name = sole_name(raw)
    return values[name] if name is not None and name in values else engine.value(raw, values, said)


def _value(key: str, found: Any) -> Any:
    """As the intent's field wants it.

    Raises:
        Unfit: it cannot be.
    """
    if key in LIST_FIELDS:
        parts = found if isinstance(found, tuple) else str(found).split(",")
        return tuple(str(part).strip() for part in parts)
    if isinstance(found, tuple):
        raise Unfit("one value, not a list")
    if key in SECRET_FIELDS:
        return found if found.startswith("⟦") else mark(REFERENCE(found))
    if isinstance(found, Quoted):
        raise Unfit("text that is no secret")
    if key in WHOLE_FIELDS:
        value = words.number(str(found))
        if not value.is_integer():
            raise Unfit("a whole number")
        return int(value)
    if key in WORD_FIELDS:
        return words.one_of(WORD_FIELDS[key])(str(found))
    return str(found)
