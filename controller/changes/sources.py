"""The templates of a change: found beside the file, never elsewhere, and checked without running them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from controller.changes.model import IntentDraft, Raw, Type, Variable, Verify
from controller.changes.subjects import FACTS
from controller.changes.templates import Reading, SyntaxFault
from devices.inventory.layers import Layer, Notes, unknown
from devices.inventory.layers import Where as Place

MAX_BYTES: Final = 256 * 1024
MAX_FILES: Final = 50
#: What templates have besides: the loop, and what Jinja gives.
_GIVEN: Final = frozenset({*FACTS, "range", "dict", "namespace", "loop"})
#: A word for a secret, then a literal value; `{{` or a mark in its place is as it should be.
_CLEAR: Final = re.compile(
    r"(?i)\b(?:[\w-]*(?:pass(?:word|phrase|wd)?|psk|secret|community|pre-shared-key)|option key)"
    r"[ =:]+[\"']?(?![\"']?(?:\{\{|⟦|\{%))([^\s\"'{}]{6,})"
)
#: What stands after such a word and is none: kinds of encryption and the like.
_HARMLESS: Final = re.compile(
    r"(?i)(encryption|aes|wpa\d?|psk\d?|sae|none|enabled?|disabled?|cipher|irreversible-cipher|history|policy)\b.*"
)
_SECRET_NAME: Final = re.compile(r"(?i)(pass(word|phrase|wd)?|psk|secret|community)$")


def read_templates(folder: Path, root: Layer, templates: Mapping[str, str], notes: Notes) -> dict[str, str]:
    """Every template that is named, and those they include, by name."""
    texts: dict[str, str] = {}
    waiting = [(name, root.where("templates")) for name in templates.values()]
    while waiting:
        name, said = waiting.pop()
        if name in texts:
            continue
        if len(texts) >= MAX_FILES:
            notes.complain(said, f"more than {MAX_FILES} templates")
            break
        text = _text(folder, name, said, notes)
        if text is None:
            continue
        texts[name] = text
        waiting.extend(_included(folder, name, text, notes))
    return texts


def check_names(
    root: Layer,
    texts: Mapping[str, str],
    variables: Mapping[str, Variable],
    intents: Iterable[IntentDraft],
    verify: Mapping[str, Verify],
    notes: Notes,
) -> None:
    """Complain of names that nobody defines and of secrets in clear text; warn of variables that nobody uses."""
    used: set[str] = set()
    readings = {name: r for name, text in texts.items() if (r := _reading(text, name)) is not None}
    assigned = frozenset(name for reading in readings.values() for name in reading.assigned)
    path = Path(root.path).parent
    for name, reading in readings.items():
        used |= _check(reading, str(path / name), None, {*variables, *assigned}, notes)
        _check_clear(texts[name], str(path / name), notes)
    for place, text in _texts(root, intents, verify):
        if (found := _reading(text, place.key, place, notes)) is not None:
            used |= _check(found, place.path, place, set(variables), notes)
    for variable in variables.values():
        place = Place(root.path, variable.line, f"variables.{variable.name}")
        for raw in (variable.value, *(case.value for case in variable.cases)):
            for text in _split(raw):
                if (found := _reading(text, place.key, place, notes)) is not None:
                    _check(found, place.path, place, set(), notes)
                if variable.type is not Type.SECRET and "{" not in text and _SECRET_NAME.search(variable.name):
                    notes.complain(place, "looks like a secret in clear text: give it `type: secret` and a reference")
        if variable.name not in used:
            notes.warn(place, "nothing uses this variable")


def _texts(root: Layer, intents: Iterable[IntentDraft], verify: Mapping[str, Verify]) -> Iterator[tuple[Place, str]]:
    for intent in intents:
        for key, raw in intent.values.items():
            place = Place(root.path, intent.lines.get(key, intent.line), f"intent.{intent.kind}.{key}")
            yield from ((place, text) for text in _split(raw))
    for name, checks in verify.items():
        place = Place(root.path, root.where("verify").line, f"verify.{name}")
        yield from ((place, text) for text in (*checks.present, *checks.absent, *checks.matches))


def _split(raw: Raw | None) -> tuple[str, ...]:
    if raw is None:
        return ()
    return raw if isinstance(raw, tuple) else (raw,)


def _text(folder: Path, name: str, said: Place, notes: Notes) -> str | None:
    """A file below the folder; no way leads out of it, not by a link either."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        notes.complain(said, f"expected the name of a file beside the change, found {name!r}")
        return None
    path = folder / name
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            notes.complain(said, f"{name} leads out of the folder of the change")
            return None
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        notes.complain(said, f"{name} cannot be read: {error.strerror}")
        return None
    if len(data) > MAX_BYTES:
        notes.complain(said, f"{name} is larger than {MAX_BYTES} bytes")
        return None
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        notes.complain(said, f"{name} is not UTF-8 text")
        return None
    if "⟦" in text or "⟧" in text:
        notes.complain(said, f"{name} holds the brackets that mark secrets: use a variable of type secret")
    return text


def _included(folder: Path, name: str, text: str, notes: Notes) -> list[tuple[str, Place]]:
    place = Place(str(folder / name), 1)
    reading = _reading(text, name, place, notes)
    if reading is None:
        return []
    if None in reading.includes:
        notes.complain(place, "the name of an included template must be written out")
    return [(inner, place) for inner in reading.includes if inner is not None]


def _reading(text: str, name: str, place: Place | None = None, notes: Notes | None = None) -> Reading | None:
    """What a template needs; None where it does not parse (said where `notes` are given)."""
    try:
        return Reading(text, name)
    except SyntaxFault as wrong:
        if notes is not None and place is not None:
            line = wrong.line if not place.key else place.line
            notes.complain(Place(place.path, line, place.key), f"not a template: {wrong}")
        return None


def _check(reading: Reading, path: str, place: Place | None, known: set[str], notes: Notes) -> set[str]:
    """Complain of unknown names; gives the names that are used. `place`: said of all, else file and own line."""
    names = reading.names()
    for name, line in names.items():
        if name not in known and name not in _GIVEN:
            notes.complain(place or Place(path, line, name), unknown("name", name, {*known, *FACTS}))
    for owner, attribute, line in reading.attributes(FACTS):
        if attribute not in FACTS[owner]:
            notes.complain(place or Place(path, line, owner), unknown(f"{owner} fact", attribute, FACTS[owner]))
    return set(names)


def _check_clear(text: str, path: str, notes: Notes) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        found = _CLEAR.search(line)
        if found is not None and not _HARMLESS.fullmatch(found[1]):
            notes.complain(
                Place(path, number), "looks like a secret in clear text (not shown): use a variable of type secret"
            )
