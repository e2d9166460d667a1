"""All that can be known of a change without touching a device: it is written for the whole fleet and looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.changes.errors import RenderError
from controller.changes.intents import intent_of
from controller.changes.model import Change
from controller.changes.rendering import Renderer
from controller.changes.subjects import Subject
from controller.changes.templates import Engine
from controller.changes.variables import bind
from devices.configuring.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found, with the devices it was found for. `is_error` False: worth knowing, no hindrance."""

    message: str
    is_error: bool
    devices: tuple[str, ...] = ()

    def __str__(self) -> str:
        kind = "" if self.is_error else "warning: "
        if not self.devices:
            return f"{kind}{self.message}"
        first, *others = self.devices
        more = f" and {len(others)} more" if others else ""
        return f"{kind}{self.message} ({first}{more})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What lint found. `written`: devices whose lines were made; `targeted`: those that the change is for."""

    targeted: int
    written: int
    findings: tuple[Finding, ...]

    @property
    def is_good(self) -> bool:
        """True when nothing hinders a plan."""
        return not any(finding.is_error for finding in self.findings)


def lint(
    change: Change,
    fleet: Iterable[Subject],
    *,
    dialect_of: Callable[[str], Dialect | None],
    values: Mapping[str, str],
) -> Report:
    """Write the change for every device it is for.

    Intents are checked as values only, since what they become depends on a device's running configuration.

    Args:
        change: as read.
        fleet: all devices; those that the change's own `where` leaves out are not looked at.
        dialect_of: platform to dialect.
        values: as set for variables without a value.
    """
    renderer, engine = Renderer(change, values), Engine({})
    found: dict[tuple[bool, str], list[str]] = {}
    targeted = written = 0
    for subject in fleet:
        if change.where is not None and not change.where.takes(subject):
            continue
        targeted += 1
        problem = _problem(change, subject, dialect_of(subject.platform), renderer, engine, values)
        written += problem is None
        if problem is not None:
            found.setdefault(problem, []).append(subject.device.id)
    findings = [Finding(message=str(warning), is_error=False) for warning in change.warnings]
    if change.where is not None and not targeted:
        findings.append(Finding(message=f"no device is taken by `{change.where}`", is_error=False))
    findings += [Finding(message=m, is_error=bad, devices=tuple(ids)) for (bad, m), ids in sorted(found.items())]
    return Report(targeted=targeted, written=written, findings=tuple(findings))


def _problem(
    change: Change,
    subject: Subject,
    dialect: Dialect | None,
    renderer: Renderer,
    engine: Engine,
    values: Mapping[str, Any],
) -> tuple[bool, str] | None:
    """Whether it is an error, and what; None: nothing."""
    if dialect is None:
        return False, f"platform {subject.platform} has no dialect: such devices cannot be changed"
    if subject.device.ssh is None or not subject.device.ssh.configure:
        return False, "no `ssh` settings to configure by in the inventory: such devices cannot be changed"
    try:
        if not {subject.platform, dialect.name} & change.templates.keys() and change.intents:
            known = bind(change, subject, values, engine)
            for draft in change.intents:
                intent_of(draft, known, engine)
            if not hasattr(dialect, "intent_lines"):
                return True, f"dialect {dialect.name} says no intents: a template is needed"
            return None
        rendered = renderer.render(subject, dialect, "")
    except RenderError as wrong:
        return True, str(wrong)
    if not rendered.lines:
        return False, "nothing is written for such devices"
    return None
