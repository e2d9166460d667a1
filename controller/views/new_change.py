"""A plan asked for on a page (`/perubahan/baru`): the change files that there are, whom they mean, what may be set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from controller.changes.errors import WhereError
from controller.changes.model import Change, Type, Variable
from controller.changes.subjects import Subject, subjects
from controller.changes.variables import settings
from controller.changes.where import compile_where
from controller.journal.journal import Journal
from controller.journal.records import Request, RequestState
from controller.views.fleet import Fleet, Fresh
from controller.views.rollouts import EXECUTOR, PLAN_MAKE
from devices.facts import Identity
from geography.units import Units

EXAMPLES = 6  # devices named beside their count


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFile:
    """One change file below the inventory's folder.

    `name`: its path from there. `complaints`: why it cannot be used; `change` is None then.
    """

    name: str
    title: str
    change: Change | None
    complaints: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Variable, ...]:
        """What may be set on a page: every variable but the secret ones."""
        return tuple(v for v in self._variables if v.type is not Type.SECRET)

    @property
    def secrets(self) -> tuple[Variable, ...]:
        """What is put in by reference when it is sent."""
        return tuple(v for v in self._variables if v.type is Type.SECRET)

    @property
    def _variables(self) -> Sequence[Variable]:
        return tuple(self.change.variables.values()) if self.change else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFileSources:
    """Where these views read. listed: every change file; one: a single one, read anew; None: there is none so named."""

    listed: Callable[[Units], Sequence[ChangeFile]]
    one: Callable[[str, Units], ChangeFile | None]
    identities: Callable[[], Mapping[str, Identity]]
    dialect: Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person filled in. `values`: those that differ from the file's."""

    file: str = ""
    where: str = ""
    ticket: str = ""
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """The request `plan.make`."""
        return {
            "change": self.file, "where": self.where, "values": dict(self.values), "ticket": self.ticket,
            "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Whom an expression means. `mute`: those among them that this program cannot configure."""

    count: int
    sites: int
    mute: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChangePage:
    """`/perubahan/baru`. `pointing`: what of the expression is not understood, with a caret.

    `errors`: by field (`where` or a variable) or "" for the whole.
    """

    fresh: Fresh
    files: tuple[ChangeFile, ...]
    chosen: ChangeFile | None
    asked: Asked
    meant: Meant | None
    pointing: str
    errors: Mapping[str, str]
    executor_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WishPage:
    """`/perubahan/permintaan/<id>`: what became of a plan that was asked for."""

    fresh: Fresh
    request: Request
    executor_alive: bool
    names: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Nobody has answered yet."""
        return self.request.state in (RequestState.WAITING, RequestState.TAKEN)

    @property
    def plan(self) -> int | None:
        """The plan that was made."""
        made = (self.request.result or {}).get("plan")
        return made if isinstance(made, int) else None

    @property
    def asked(self) -> Asked:
        """What was filled in."""
        told = self.request.payload
        return Asked(
            file=str(told.get("change", "")), where=str(told.get("where") or ""), ticket=str(told.get("ticket") or ""),
            reason=str(told.get("reason") or ""), values=dict(told.get("values") or {}),
        )  # fmt: skip


class NewChanges:
    """Queries behind the pages that ask for a plan.

    Args:
        sources: where to read.
        journal: gives the journal, None while there is none.
    """

    def __init__(self, sources: ChangeFileSources, journal: Callable[[], Journal | None]) -> None:
        self._sources = sources
        self._journal = journal

    def page(self, fleet: Fleet, asked: Asked, now: float, *, checked: bool = False) -> NewChangePage:
        """The form. `checked`: what is lacking is told too, since it was sent."""
        chosen = self._sources.one(asked.file, fleet.units) if asked.file else None
        change = chosen.change if chosen else None
        meant, pointing, errors = None, "", {}
        if change is not None:
            text = asked.where or (change.where.text if change.where else "")
            if text:
                meant, pointing = self._meant(fleet, text, now)
            if checked:
                errors = _errors(change, asked, text, meant, pointing)
        return NewChangePage(
            fresh=fleet.fresh,
            files=() if chosen else tuple(self._sources.listed(fleet.units)),
            chosen=chosen,
            asked=asked,
            meant=meant,
            pointing=pointing,
            errors=errors,
            executor_alive=self._executor_alive(now),
        )

    def file(self, fleet: Fleet, name: str) -> ChangeFile | None:
        """One change file; None where there is none so named."""
        return self._sources.one(name, fleet.units)

    def wish(self, fleet: Fleet, number: int, now: float) -> WishPage | None:
        """What became of a request; None when there is no such request for a plan."""
        journal = self._journal()
        found = journal.request(number) if journal else None
        if journal is None or found is None or found.kind != PLAN_MAKE:
            return None
        return WishPage(
            fresh=fleet.fresh,
            request=found,
            executor_alive=self._executor_alive(now),
            names={a.name: a.full_name for a in journal.accounts.all()},
        )

    def _executor_alive(self, now: float) -> bool:
        journal = self._journal()
        lease = journal.rollouts.lease(EXECUTOR) if journal else None
        return lease is not None and lease.until > now

    def _meant(self, fleet: Fleet, text: str, now: float) -> tuple[Meant | None, str]:
        try:
            where = compile_where(text, units=fleet.units)
        except WhereError as wrong:
            return None, wrong.pointing()
        found = [s for s in self._subjects(fleet, now) if where.takes(s)]
        return Meant(
            count=len(found),
            sites=len({s.site.id for s in found}),
            mute=sum(1 for s in found if not (s.dialect and s.device.ssh and s.device.ssh.configure)),
            examples=tuple(s.device.id for s in found[:EXAMPLES]),
        ), ""

    def _subjects(self, fleet: Fleet, now: float) -> list[Subject]:
        if fleet.inventory is None:
            return []
        return subjects(
            fleet.inventory,
            units=fleet.units,
            dialect=self._sources.dialect,
            identities=self._sources.identities(),
            states={device.id: device.state.value for device in fleet.devices.values()},
            today=datetime.fromtimestamp(now, ZoneInfo(fleet.timezone)).date(),
        )


def _errors(change: Change, asked: Asked, text: str, meant: Meant | None, pointing: str) -> dict[str, str]:
    """What keeps this from being asked for, by field."""
    errors: dict[str, str] = {}
    if pointing:
        errors["where"] = "not_understood"
    elif not text:
        errors["where"] = "which"
    elif meant is None or not meant.count:
        errors["where"] = "nobody"
    try:
        settings(change, asked.values)
    except ValueError as wrong:
        name, _, told = str(wrong).partition(": ")
        lacking = [part.strip() for part in name.split(",")]
        known = [part for part in lacking if part in change.variables]
        errors |= dict.fromkeys(known, "" if told.startswith("must be set") else told) if known else {"": str(wrong)}
    return errors
