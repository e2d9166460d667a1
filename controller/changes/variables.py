"""Values by type: a text that a person wrote becomes what templates and intents may use."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

from controller.changes.errors import RenderError
from controller.changes.model import Change, Raw, Type, Variable
from controller.changes.subjects import Subject, facts
from controller.changes.templates import Engine, Quoted
from devices.configuring.secrets import mark
from devices.inventory import words
from devices.inventory.layers import unknown
from devices.inventory.words import Unfit

REFERENCE = words.reference("env", "file")


def typed(variable: Variable, raw: Raw) -> Any:
    """The value of a variable.

    Raises:
        Unfit: with what was expected; for a secret never with what was found.
    """
    if variable.type is Type.LIST:
        items = raw if isinstance(raw, tuple) else tuple(part.strip() for part in raw.split(","))
        return tuple(_one(variable, variable.of, item) for item in items)
    if isinstance(raw, tuple):
        raise Unfit(f"one {variable.type.value}, not a list")
    return _one(variable, variable.type, raw)


def _one(variable: Variable, kind: Type, text: str) -> Any:
    if kind is Type.CHOICE:
        return words.choice(*variable.choices)(text)
    if kind in (Type.INTEGER, Type.NUMBER):
        value = _integer(text) if kind is Type.INTEGER else words.number(text)
        if (variable.least is not None and value < variable.least) or (
            variable.most is not None and value > variable.most
        ):
            raise Unfit(_bounds(variable))
        return value
    return _READERS[kind](text)


def _integer(text: str) -> int:
    value = words.number(text)
    if not value.is_integer():
        raise Unfit("a whole number")
    return int(value)


def _bounds(variable: Variable) -> str:
    least = "" if variable.least is None else f" from {variable.least:g}"
    most = "" if variable.most is None else f" to {variable.most:g}"
    return f"a number{least}{most}"


def _string(text: str) -> str:
    cleaned = words.text(text)
    if "⟦" in cleaned or "⟧" in cleaned:
        raise Unfit("text without the brackets that mark secrets")
    return cleaned


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Unfit("an IPv4 or IPv6 address") from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as wrong:
        hint = " without host bits" if "host bits" in str(wrong) else ""
        raise Unfit(f"a network like 10.0.0.0/8{hint}") from None


def _secret(text: str) -> Quoted:
    return Quoted(mark(REFERENCE(text)))


_READERS: Mapping[Type, Callable[[str], Any]] = {
    Type.STRING: _string,
    Type.BOOLEAN: words.truth,
    Type.ADDRESS: _address,
    Type.NETWORK: _network,
    Type.SECRET: _secret,
}


def settings(change: Change, given: Mapping[str, str]) -> dict[str, str]:
    """What was set when the plan is made, checked.

    Raises:
        ValueError: no such variable, or not of its type.
    """
    for name, text in given.items():
        if (variable := change.variables.get(name)) is None:
            raise ValueError(unknown("variable", name, change.variables))
        try:
            typed(variable, text)
        except Unfit as wrong:
            found = "something else (not shown)" if wrong.secret else repr(text)
            raise ValueError(f"{name}: expected {wrong}; found {found}") from None
    if lacking := sorted(n for n, v in change.variables.items() if v.value is None and n not in given):
        raise ValueError(f"{', '.join(lacking)}: must be set (--set {lacking[0]}=...)")
    return dict(given)


def bind(change: Change, subject: Subject, given: Mapping[str, str], engine: Engine) -> dict[str, Any]:
    """Every name that templates and intents of this change may use for one device.

    Args:
        change: whose variables.
        subject: the device.
        given: values set when the plan is made; they win over the file's.
        engine: fills `{{ ... }}` in values, from `device`, `site` and `area` only.

    Raises:
        RenderError: a value is lacking or is not of its type here.
    """
    # What is not told is left out: undefined names are errors with a sentence, and `default(...)` works.
    known: dict[str, Any] = {
        owner: {name: value for name, value in told.items() if value is not None}
        for owner, told in facts(subject).items()
    }
    own: dict[str, Any] = {}
    for name, variable in change.variables.items():
        raw: Raw | None = given.get(name)  # a plain value: only the file's may hold expressions
        if raw is None and (written := _chosen(variable, subject)) is not None:
            raw = _filled(written, known, name, engine)
        if raw is None:
            raise RenderError(f"variable {name} has no value")
        try:
            own[name] = typed(variable, raw)
        except Unfit as wrong:
            found = "something else (not shown)" if wrong.secret else repr(raw)
            raise RenderError(f"variable {name}: expected {wrong}; found {found}") from None
    return known | own


def _chosen(variable: Variable, subject: Subject) -> Raw | None:
    return next((case.value for case in variable.cases if case.where.takes(subject)), variable.value)


def _filled(raw: Raw, known: Mapping[str, Any], name: str, engine: Engine) -> Raw:
    said = f"variable {name}"
    if isinstance(raw, tuple):
        return tuple(engine.value(item, known, said) for item in raw)
    return engine.value(raw, known, said)
