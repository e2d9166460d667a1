"""A change written for one device: the exact lines, with marks where secrets go."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from controller.changes.errors import RenderError
from controller.changes.intents import intent_of
from controller.changes.model import Change, Type, Verify
from controller.changes.subjects import Subject
from controller.changes.templates import Engine
from controller.changes.variables import bind
from devices.configuring.dialect import Dialect
from devices.configuring.intents import Intent
from devices.configuring.secrets import references
from devices.errors import NotSupported
from devices.model import Device

_MAX_LINES = 5000


class SpeaksIntents(Protocol):
    """A dialect that can say intents in its own lines."""

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """The lines that bring a device from its running (normalised) configuration to the intent.

        Raises:
            NotSupported: it cannot be said, in one sentence.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a change is on one device. `lines` hold marks, never secrets; `checks` as in `controller.changes.checks`."""

    lines: tuple[str, ...]
    checks: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()  # the references that the lines hold, each once


class Renderer:
    """Writes one change for many devices; templates are compiled once a dialect."""

    def __init__(self, change: Change, values: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            change: as read.
            values: set when the plan is made, as `variables.settings` checked them.
        """
        self._change, self._values = change, values
        self._engines: dict[str, Engine] = {}

    def render(self, subject: Subject, dialect: Dialect, running: str) -> Rendered:
        """The lines for one device.

        Args:
            subject: the device.
            dialect: its language.
            running: its normalised configuration; intents may look at it.

        Raises:
            RenderError: it cannot be written for this device.
        """
        engine = self._engine(dialect)
        values = bind(self._change, subject, self._values, engine)
        lines = self._lines(subject, dialect, running, engine, values)
        if len(lines) > _MAX_LINES:
            raise RenderError(f"writes {len(lines)} lines, more than {_MAX_LINES}")
        used = references(lines)
        if strangers := set(used) - self._allowed(values):
            raise RenderError(f"{len(strangers)} secret(s) in the lines that no variable names")
        return Rendered(lines=tuple(lines), checks=self._checks(subject, dialect, engine, values), secrets=tuple(used))

    def _engine(self, dialect: Dialect) -> Engine:
        if dialect.name not in self._engines:
            self._engines[dialect.name] = Engine(self._change.texts, dialect.quote)
        return self._engines[dialect.name]

    def _lines(
        self, subject: Subject, dialect: Dialect, running: str, engine: Engine, values: Mapping[str, Any]
    ) -> list[str]:
        change = self._change
        template = change.templates.get(subject.platform) or change.templates.get(dialect.name)
        if template is not None:
            lines = engine.lines(template, values)
            lines = [line for line in lines if not (dialect.comment and line.lstrip().startswith(dialect.comment))]
            if number := clear_text(dialect, lines):
                raise RenderError(
                    f"{template}: line {number} of what it writes holds a secret in clear text (not shown)"
                )
            return lines
        if not change.intents:
            raise RenderError(f"no template is for platform {subject.platform} or dialect {dialect.name}")
        say: Callable[[Intent, str, Device], list[str]] | None = getattr(dialect, "intent_lines", None)
        if say is None:
            raise RenderError(f"dialect {dialect.name} says no intents: a template is needed")
        speaker = cast(SpeaksIntents, dialect)
        lines = []
        for draft in change.intents:
            intent = intent_of(draft, values, engine)
            try:
                lines += speaker.intent_lines(intent, running, subject.device)
            except (NotSupported, ValueError) as wrong:
                raise RenderError(f"intent.{draft.kind}: {wrong}") from None
        return lines

    def _allowed(self, values: Mapping[str, Any]) -> set[str]:
        named = [str(values[n]) for n, v in self._change.variables.items() if v.type is Type.SECRET]
        written = [raw for draft in self._change.intents for raw in draft.values.values() if isinstance(raw, str)]
        return {*references(named), *written}

    def _checks(self, subject: Subject, dialect: Dialect, engine: Engine, values: Mapping[str, Any]) -> tuple[str, ...]:
        found: list[str] = []
        for key in dict.fromkeys(("any", dialect.name, subject.platform)):
            verify = self._change.verify.get(key)
            if verify is not None:
                found += _checks_of(verify, key, engine, values)
        return tuple(found)

    @property
    def digest(self) -> str:
        """SHA-256 of the change file, its templates and the values: the same for the same change."""
        whole = [self._change.text, sorted(self._change.texts.items()), sorted(self._values.items())]
        return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()


def render(
    change: Change, subject: Subject, dialect: Dialect, *, running: str, values: Mapping[str, str] | None = None
) -> Rendered:
    """One change for one device; see `Renderer.render`."""
    return Renderer(change, values or {}).render(subject, dialect, running)


def clear_text(dialect: Dialect, lines: Sequence[str]) -> int | None:
    """The first line (from 1) in which a dialect hides more than the marks that stand there; None: no such line."""
    bare = [line.replace("***", "") for line in lines]
    masked = dialect.mask("".join(f"{line}\n" for line in bare)).splitlines()
    if len(masked) != len(bare):
        masked = [dialect.mask(f"{line}\n") for line in bare]
    for number, (line, shown) in enumerate(zip(bare, masked, strict=True), 1):
        if shown.count("***") > line.count("⟦") - shown.count("⟦"):
            return number
    return None


def _checks_of(verify: Verify, key: str, engine: Engine, values: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for sign, texts in (("+", verify.present), ("-", verify.absent), ("~", verify.matches)):
        for text in texts:
            # A pattern's braces are its own: {2,3} is no expression, {{ ... }} is.
            body = engine.value(text, values, f"verify.{key}") if "{{" in text else text
            if sign == "~":
                _compiles(body, key)
            found.append(f"{sign} {body}")
    return found


def _compiles(pattern: str, key: str) -> None:
    try:
        re.compile(pattern)
    except re.error as wrong:
        raise RenderError(f"verify.{key}: not a regular expression: {wrong}") from None
