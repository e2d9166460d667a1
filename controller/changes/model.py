"""A change as it was read: its name, what may be set, what becomes of it on each platform. Nothing in it is secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from controller.changes.where import Where
from devices.errors import Complaint

if TYPE_CHECKING:  # the rollout's own package may import this one
    from controller.rollout.options import Options

#: A value as written: one text, or a list of them.
Raw: TypeAlias = str | tuple[str, ...]


class Type(StrEnum):
    """What a variable holds."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ADDRESS = "address"
    NETWORK = "network"
    LIST = "list"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105  a kind, not a password


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Another value for the devices that `where` takes; the first case that fits wins."""

    where: Where
    value: Raw
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A name that templates and intents may use. Without a value it must be set when the plan is made."""

    name: str
    type: Type
    line: int
    of: Type = Type.STRING  # of the items of a list
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    value: Raw | None = None
    cases: tuple[Case, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentDraft:
    """One intent with its values as written; they may hold `{{ ... }}`."""

    kind: str
    values: Mapping[str, Raw]
    lines: Mapping[str, int]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """What the configuration must say after; texts may hold `{{ ... }}`, never a secret."""

    present: tuple[str, ...] = ()  # whole lines, without regard to space around them
    absent: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()  # regular expressions, found anywhere, `^` and `$` at line ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change file with all that stands beside it.

    `templates` maps a platform or dialect to the name of a template; `texts` holds every template by name. `verify`
    is keyed likewise, or `any`.
    """

    name: str
    title: str
    path: str
    text: str
    options: Options
    reason: str = ""
    where: Where | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    intents: tuple[IntentDraft, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    verify: Mapping[str, Verify] = field(default_factory=dict)
    warnings: tuple[Complaint, ...] = ()
