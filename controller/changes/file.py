"""A change file and its templates, read strictly: every complaint at once, with file, line, key and what was meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller.changes import schema
from controller.changes.errors import ChangeError, WhereError
from controller.changes.intents import read_intents
from controller.changes.model import Case, Change, Raw, Type, Variable, Verify
from controller.changes.sources import check_names, read_templates
from controller.changes.variables import typed
from controller.changes.where import Where, compile_where
from controller.rollout.options import Options, Tolerance
from devices.inventory.layers import BAD, Layer, Notes, read_layer, shape, unknown
from devices.inventory.layers import Where as Place
from devices.inventory.text import Entries, Items, Node, Word, parse
from devices.inventory.words import Unfit
from geography.units import Units

MAX_BYTES = 1024 * 1024
FILE = "change.yaml"


def read_change(path: Path, *, units: Units, platforms: Collection[str]) -> Change:
    """Read a change.

    Args:
        path: the file, or a folder that holds `change.yaml`.
        units: for where-expressions.
        platforms: names of platforms and dialects that templates may be for.

    Raises:
        ChangeError: with everything that is wrong.
    """
    file = path / FILE if path.is_dir() else path
    text = _text(file)
    tree, complaints = parse(text, str(file))
    notes = Notes()
    for complaint in complaints:
        notes.complaints[complaint] = None
    change = _Reader(file, text, units, frozenset(platforms), notes).read(tree)
    if notes.complaints or change is None:
        raise ChangeError(sorted(notes.complaints))
    return replace(change, warnings=tuple(sorted(notes.warnings)))


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        if len(data) > MAX_BYTES:
            raise ChangeError([Place(str(file), 1).complaint(f"larger than {MAX_BYTES} bytes")])
        return data.decode()
    except OSError as error:
        raise ChangeError([Place(str(file), 1).complaint(f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ChangeError([Place(str(file), 1).complaint("is not UTF-8 text")]) from error


class _Reader:
    """Reads the sections of one file."""

    def __init__(self, file: Path, text: str, units: Units, platforms: frozenset[str], notes: Notes) -> None:
        self._file, self._text, self._units, self._platforms, self._notes = file, text, units, platforms, notes

    def read(self, tree: Node | None) -> Change | None:
        root = read_layer(
            tree or Word("", 1, empty=True), schema.ROOT, path=str(self._file), notes=self._notes, hints=schema.HINTS
        )
        for key in ("name", "title"):
            if key not in root.values:
                self._notes.complain(root.where(key), f"a change needs `{key}`")
        variables = self._named(root, "variables", self._variable)
        intents = read_intents(root, variables, self._notes)
        templates = self._named(root, "templates", self._template)
        verify = self._named(root, "verify", self._verify)
        if not intents and not templates and not {"intent", "templates"} & root.values.keys():
            self._notes.complain(root.where("intent"), "a change needs `intent` or `templates`")
        texts = read_templates(self._file.parent, root, templates, self._notes)
        options = self._options(root)
        where = self._where(root.values.get("where"), root.where("where"))
        check_names(root, texts, variables, intents, verify, self._notes)
        if self._notes.complaints:
            return None
        return Change(
            name=root.values["name"], title=root.values["title"], path=str(self._file), text=self._text,
            reason=root.values.get("reason", ""), where=where, variables=variables, intents=intents,
            templates=templates, texts=texts, verify=verify, options=options,
        )  # fmt: skip

    def _named(self, root: Layer, key: str, read: Callable[[str, Node, Place], Any]) -> dict[str, Any]:
        """A mapping of names to something; wrong ones are complained of and left out."""
        node = root.values.get(key)
        if node is None or node is BAD:
            return {}
        if not isinstance(node, Entries) or not node.nodes:
            self._notes.complain(root.where(key), f"expected keys and values, found {shape(node)}")
            return {}
        found: dict[str, Any] = {}
        for name, inner in node.nodes.items():
            made = read(name, inner, Place(str(self._file), node.lines[name], f"{key}.{name}"))
            if made is not None:
                found[name] = made
        return found

    def _variable(self, name: str, node: Node, place: Place) -> Variable | None:
        try:
            schema.variable_name(name)
        except Unfit as wrong:
            self._notes.complain(place, f"expected {wrong}")
            return None
        before = len(self._notes.complaints)
        layer = self._layer(node, schema.VARIABLE, place)
        kind = layer.values.get("type")
        if kind is None:
            self._notes.complain(place, "a variable needs `type`")
        if kind is None or kind is BAD or len(self._notes.complaints) > before:
            return None
        variable = Variable(
            name=name, type=kind, line=place.line, of=Type(layer.values.get("of", Type.STRING)),
            choices=layer.values.get("choices", ()), least=layer.values.get("least"), most=layer.values.get("most"),
            title=layer.values.get("title", ""),
        )  # fmt: skip
        self._fits(variable, layer)
        value = self._value(variable, layer.values.get("value"), layer.where("value"))
        return replace(variable, value=value, cases=self._cases(variable, layer))

    def _fits(self, variable: Variable, layer: Layer) -> None:
        """Keys that belong to a type are there with that type, and only then."""
        numeric = {variable.type, variable.of if variable.type is Type.LIST else variable.type} & {
            Type.INTEGER, Type.NUMBER
        }  # fmt: skip
        allowed = {"choices": variable.type is Type.CHOICE, "of": variable.type is Type.LIST}
        allowed |= {"least": bool(numeric), "most": bool(numeric)}
        for key, is_right in allowed.items():
            if key in layer.values and not is_right:
                self._notes.complain(layer.where(key), f"a variable of type {variable.type.value} has no `{key}`")
        if variable.type is Type.CHOICE and not variable.choices:
            self._notes.complain(layer.where("choices"), "a choice needs `choices`")

    def _value(self, variable: Variable, node: Node | None, place: Place) -> Raw | None:
        if node is None:
            return None
        raw = self._raw(node, place)
        if raw is None:
            return None
        texts = raw if isinstance(raw, tuple) else (raw,)
        if any("{" in text for text in texts):
            if variable.type is Type.SECRET and not texts[0].startswith(("env:", "file:")):
                self._notes.complain(place, "expected a reference, env:NAME or file:PATH; found something else")
            return raw
        try:
            typed(variable, raw)
        except Unfit as wrong:
            found = "something else (not shown)" if wrong.secret else shape(node)
            self._notes.complain(Place(place.path, node.line, place.key), f"expected {wrong}; found {found}")
        return raw

    def _raw(self, node: Node, place: Place) -> Raw | None:
        if isinstance(node, Word) and not node.empty:
            return node.text
        if isinstance(node, Items) and all(isinstance(item, Word) and not item.empty for item in node.items):
            return tuple(item.text for item in node.items if isinstance(item, Word))
        self._notes.complain(place, f"expected a value or a list of values, found {shape(node)}")
        return None

    def _cases(self, variable: Variable, layer: Layer) -> tuple[Case, ...]:
        node = layer.values.get("cases")
        if node is None or node is BAD:
            return ()
        if not isinstance(node, Items):
            self._notes.complain(layer.where("cases"), f"expected a list of `where` and `value`, found {shape(node)}")
            return ()
        found = []
        for item in node.items:
            place = Place(str(self._file), item.line, f"variables.{variable.name}.cases")
            case = self._layer(item, schema.CASE, place)
            where = self._where(case.values.get("where"), case.where("where"))
            value = self._value(variable, case.values.get("value"), case.where("value"))
            if where is not None and "state" in where.fields:
                self._notes.complain(case.where("where"), "a state passes: what is written must not hang on it")
            if where is not None and value is not None:
                found.append(Case(where=where, value=value, line=item.line))
            elif "where" not in case.values or "value" not in case.values:
                self._notes.complain(place, "a case needs `where` and `value`")
        return tuple(found)

    def _template(self, name: str, node: Node, place: Place) -> str | None:
        if name not in self._platforms:
            self._notes.complain(place, unknown("platform or dialect", name, self._platforms))
        if not isinstance(node, Word) or node.empty:
            self._notes.complain(place, f"expected the name of a template file, found {shape(node)}")
            return None
        return node.text

    def _verify(self, name: str, node: Node, place: Place) -> Verify | None:
        if name != "any" and name not in self._platforms:
            self._notes.complain(place, unknown("platform or dialect", name, {*self._platforms, "any"}))
        layer = self._layer(node, schema.VERIFY, place)
        if BAD in layer.values.values():
            return None
        return Verify(**layer.values)

    def _layer(self, node: Node, fields: Mapping[str, Any], place: Place) -> Layer:
        return read_layer(node, fields, path=place.path, notes=self._notes, prefix=f"{place.key}.")

    def _where(self, text: object, place: Place) -> Where | None:
        if not isinstance(text, str):
            return None
        try:
            return compile_where(text, units=self._units)
        except WhereError as wrong:
            self._notes.complain(place, f"{wrong.reason} (at column {wrong.at + 1} of {wrong.text!r})")
            return None

    def _options(self, root: Layer) -> Options:
        layer = root.values.get("options")
        if not isinstance(layer, Layer):
            return Options()
        told = dict(layer.values)
        tolerance = told.pop("tolerance", None)
        waves = told.get("waves")
        if isinstance(waves, tuple) and (not waves or [*waves] != sorted({*waves}) or waves[0] <= 0 or waves[-1] != 1):
            self._notes.complain(layer.where("waves"), "expected shares that grow, the last one 1 (all that remain)")
        inner = tolerance.values if isinstance(tolerance, Layer) else {}
        if BAD in [*told.values(), *inner.values()]:
            return Options()
        return Options(**told, tolerance=Tolerance(**inner))
