"""What the routers hold against what they should (`/kepatuhan`, `/firmware`): rules, drift, unsaved, versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.changes.errors import WhereError
from controller.changes.subjects import Subject, subjects
from controller.changes.where import compile_where
from controller.configurations import firmware as wanted
from controller.configurations import rules
from controller.configurations.drift import drifted
from controller.configurations.errors import ConfigurationError
from controller.configurations.records import Held
from controller.views.fleet import Fleet, Fresh, SiteNow
from devices.errors import InventoryError
from devices.facts import Identity

T = TypeVar("T")
#: Breaches of one rule, drifted devices and failed fetches that a page lists; the rest is counted.
SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSources:
    """Where these views read.

    rows: what is known of each device's configuration. text: its newest masked text. diff: of a drifted one, masked.
    rules, firmware: text and name of the file; None: there is none. dialect: platform to the name of its dialect.
    """

    rows: Callable[[], Mapping[str, Held]]
    text: Callable[[str], str | None]
    diff: Callable[[Held], str]
    rules: Callable[[], tuple[str, str] | None]
    firmware: Callable[[], tuple[str, str] | None]
    identities: Callable[[], Mapping[str, Identity]]
    dialect: Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One device that breaks a rule. `lines`: (number from 1, masked text)."""

    device: str
    site: SiteNow | None
    absent: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule over the fleet; `broken` holds the first SHOWN of `breaches`."""

    id: str
    title: str
    why: str
    where: str
    kept: int
    breaches: int
    unread: int
    broken: tuple[Broken, ...]

    @property
    def is_kept(self) -> bool | None:
        """Green or red; None: no configuration was ever read that it is about."""
        return False if self.breaches else True if self.kept else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One device that holds something else than what was accepted. `diff` "": only a secret differs."""

    held: Held
    site: SiteNow | None
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One device with something to say about its configuration."""

    held: Held
    site: SiteNow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompliancePage:
    """`/kepatuhan`. `complaints`: what is wrong with the rules file; None: there is no rules file.

    `known` of `speakable` devices were fetched at least once; `oldest` and `newest` fetch, epoch s.
    """

    fresh: Fresh
    rules: tuple[RuleRow, ...]
    complaints: tuple[str, ...] | None
    file: str
    drift: tuple[DriftRow, ...]
    drift_count: int
    unsaved: tuple[HeldRow, ...]
    failed: tuple[HeldRow, ...]
    known: int
    speakable: int
    oldest: float | None
    newest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareKind:
    """Devices of one platform, model and version. `devices` holds the first SHOWN of `count`, with their sites."""

    platform: str
    model: str
    version: str
    standing: wanted.Standing
    count: int
    wanted: str
    why: str
    devices: tuple[tuple[str, SiteNow | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwarePage:
    """`/firmware`. `complaints` as in CompliancePage."""

    fresh: Fresh
    kinds: tuple[FirmwareKind, ...]
    counts: Mapping[wanted.Standing, int]
    complaints: tuple[str, ...] | None
    file: str


class Configurations:
    """Queries behind the two pages. Thread-safe: nothing is kept between calls."""

    def __init__(self, sources: ConfigurationSources) -> None:
        self._sources = sources

    def compliance(self, fleet: Fleet, now: float) -> CompliancePage:
        """Rules, drift, unsaved changes, failed fetches."""
        rows = self._sources.rows()
        sites = _sites(fleet)
        told = _subjects(fleet, self._sources, now)
        speakable = [s.device.id for s in told if s.dialect and s.device.ssh and s.device.ssh.configure]
        found, complaints, file = self._judged(fleet, told, speakable, sites)
        adrift = drifted({d: held for d, held in rows.items() if d in sites})
        fetched = [held.fetched_at for held in rows.values() if held.fetched_at is not None]
        return CompliancePage(
            fresh=fleet.fresh,
            rules=found,
            complaints=complaints,
            file=file,
            drift=tuple(DriftRow(held=h, site=sites.get(h.device), diff=self._diff(h)) for h in adrift[:SHOWN]),
            drift_count=len(adrift),
            unsaved=_listed(rows, sites, lambda held: held.saved_differs is True),
            failed=_listed(rows, sites, lambda held: held.error is not None),
            known=sum(1 for d in speakable if d in rows and rows[d].fetched_at is not None),
            speakable=len(speakable),
            oldest=min(fetched, default=None),
            newest=max(fetched, default=None),
        )

    def firmware(self, fleet: Fleet, now: float) -> FirmwarePage:
        """Versions against the wanted list."""
        entries, complaints, file = _read(self._sources.firmware(), wanted.load)
        told: dict[str, str] = {s.device.id: s.platform for s in _subjects(fleet, self._sources, now)}
        running = wanted.report(entries or (), told, self._sources.identities())
        sites = _sites(fleet)
        kinds = []
        for platform, model, version, count, standing in wanted.counted(running):
            key = (platform, model, version, standing)
            same = [r for r in running if (r.platform, r.model or "", r.version or "", r.standing) == key]
            kinds.append(
                FirmwareKind(
                    platform=platform,
                    model=model,
                    version=version,
                    standing=standing,
                    count=count,
                    wanted=same[0].wanted,
                    why=same[0].why,
                    devices=tuple((r.device, sites.get(r.device)) for r in same[:SHOWN]),
                )
            )
        counts = {s: sum(k.count for k in kinds if k.standing is s) for s in wanted.Standing}
        return FirmwarePage(fresh=fleet.fresh, kinds=tuple(kinds), counts=counts, complaints=complaints, file=file)

    def _judged(
        self, fleet: Fleet, told: Sequence[Subject], devices: Sequence[str], sites: Mapping[str, SiteNow]
    ) -> tuple[tuple[RuleRow, ...], tuple[str, ...] | None, str]:
        def about(expression: str) -> rules.About:
            try:
                where = compile_where(expression, units=fleet.units)
            except WhereError as error:
                raise ValueError(error.pointing()) from None
            ids = {s.device.id for s in told if where.takes(s)}
            return lambda device: device in ids

        read, complaints, file = _read(self._sources.rules(), lambda text, path: rules.load(text, path, about))
        if read is None:
            return (), complaints, file
        verdicts = rules.judge(read[0], devices, self._sources.text, read[1])
        return tuple(_rule_row(v, sites) for v in verdicts), complaints, file

    def _diff(self, held: Held) -> str:
        try:
            return self._sources.diff(held)
        except ConfigurationError:
            return ""


def _read(told: tuple[str, str] | None, load: Callable[[str, str], T]) -> tuple[T | None, tuple[str, ...] | None, str]:
    """What a file says, what is wrong with it (None: there is none), and its name."""
    if told is None:
        return None, None, ""
    text, name = told
    try:
        return load(text, name), (), name
    except InventoryError as error:
        return None, tuple(str(c) for c in error.complaints), name


def _subjects(fleet: Fleet, sources: ConfigurationSources, now: float) -> list[Subject]:
    if fleet.inventory is None:
        return []
    return subjects(
        fleet.inventory,
        units=fleet.units,
        dialect=sources.dialect,
        identities=sources.identities(),
        states={device.id: device.state.value for device in fleet.devices.values()},
        today=datetime.fromtimestamp(now, ZoneInfo(fleet.timezone)).date(),
    )


def _sites(fleet: Fleet) -> dict[str, SiteNow]:
    """The site of each device."""
    return {device.id: site for site in fleet.sites.values() for device in site.devices}


def _listed(
    rows: Mapping[str, Held], sites: Mapping[str, SiteNow], keep: Callable[[Held], bool]
) -> tuple[HeldRow, ...]:
    found = [held for device, held in sorted(rows.items()) if device in sites and keep(held)]
    return tuple(HeldRow(held=held, site=sites[held.device]) for held in found[:SHOWN])


def _rule_row(verdict: rules.Verdict, sites: Mapping[str, SiteNow]) -> RuleRow:
    rule = verdict.rule
    return RuleRow(
        id=rule.id,
        title=rule.title or rule.id,
        why=rule.why,
        where=rule.where,
        kept=verdict.kept,
        breaches=len(verdict.breaches),
        unread=len(verdict.unread),
        broken=tuple(
            Broken(device=b.device, site=sites.get(b.device), absent=b.absent, lines=b.lines)
            for b in verdict.breaches[:SHOWN]
        ),
    )
