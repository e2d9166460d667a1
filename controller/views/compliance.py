"""What the routers hold against what they should (`/kepatuhan`, `/firmware`): rules, drift, unsaved, versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from controller.configurations.errors import ConfigurationError, NoSuchRevision
from controller.configurations.history import Revision
from controller.configurations.records import Held
from controller.views.fleet import DeviceNow, Fleet, Fresh, SiteNow
from devices.errors import InventoryError
from devices.facts import Identity

T = TypeVar("T")
#: Breaches of one rule and drifted devices on a page.
SHOWN = 50
DIFFS = 8  # of them with their difference on the page; the others are one link away
KEPT_DIFFS = 2000
REVISIONS = 50
RULE_SHOWN = 10  # devices of a rule on the page of all rules
LIST_SHOWN = 10  # unsaved ones, failed fetches
KIND_SHOWN = 3
UNSAVED, FAILED = "unsaved", "failed"
KEEP: Mapping[str, Callable[[Held], bool]] = {
    UNSAVED: lambda held: held.saved_differs is True,
    FAILED: lambda held: held.error is not None,
}


def _none_kept(*_: str) -> str:
    raise NoSuchRevision("no history is kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSources:
    """Where these views read.

    rows: what is known of each device's configuration. text: its newest masked text. diff: of a drifted one, masked.
    rules, firmware: text and name of the file; None: there is none. dialect: platform to the name of its dialect.
    log: revisions of a device, newest first, at most so many. text_at: its masked text at a revision. between: what
    changed from one revision to another. The last two raise `ConfigurationError` where there is no such revision.
    """

    rows: Callable[[], Mapping[str, Held]]
    text: Callable[[str], str | None]
    diff: Callable[[Held], str]
    rules: Callable[[], tuple[str, str] | None]
    firmware: Callable[[], tuple[str, str] | None]
    identities: Callable[[], Mapping[str, Identity]]
    dialect: Callable[[str], str | None]
    log: Callable[[str, int], Sequence[Revision]] = lambda _device, _limit: ()
    text_at: Callable[[str, str], str] = _none_kept
    between: Callable[[str, str, str], str] = _none_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One device that breaks a rule. `lines`: (number from 1, masked text)."""

    device: str
    site: SiteNow | None
    absent: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule over the fleet; `broken` holds some of `breaches`."""

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
    """One device that holds something else than what was accepted. `diff` "": only a secret differs; None: not read."""

    held: Held
    site: SiteNow | None
    diff: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One device with something to say about its configuration."""

    held: Held
    site: SiteNow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRows:
    """Some of `total` such devices."""

    total: int
    rows: tuple[HeldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPage:
    """`/kepatuhan/daftar`: every device that is `unsaved` or `failed`."""

    fresh: Fresh
    what: str
    found: HeldRows
    page: int


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
    drift_page: int
    unsaved: HeldRows
    failed: HeldRows
    known: int
    speakable: int
    oldest: float | None
    newest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """`/kepatuhan/aturan/<id>`: everybody who breaks one rule."""

    fresh: Fresh
    rule: RuleRow
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationPage:
    """`/perangkat/<id>/konfigurasi`: what one device held, and when.

    `old`, `new`: the revisions that are compared; `diff` from one to the other, None where there are not two, "" where
    nothing but a secret differs. `text`: the configuration of `new`, masked; None: not asked for.
    """

    fresh: Fresh
    device: DeviceNow
    site: SiteNow | None
    held: Held | None
    revisions: tuple[Revision, ...]
    old: str
    new: str
    diff: str | None
    text: str | None
    is_speakable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareKindPage:
    """`/firmware/perangkat`: every device of one system, model and version."""

    fresh: Fresh
    kind: FirmwareKind
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareKind:
    """Devices of one platform, model and version. `devices` holds some of `count`, with their sites."""

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
    """Queries behind these pages. Thread-safe: what is kept between calls is never wrong, only gone."""

    def __init__(self, sources: ConfigurationSources) -> None:
        self._sources = sources
        self._memory = rules.Memory(self._mark)
        self._rows: Mapping[str, Held] = {}
        self._diffs: dict[tuple[str, str | None, str | None], str] = {}

    def compliance(self, fleet: Fleet, now: float, *, page: int = 1) -> CompliancePage:
        """Rules, drift (`page` of it), unsaved changes, failed fetches."""
        rows = self._sources.rows()
        sites = _sites(fleet)
        found, complaints, file, speakable = self._judged(fleet, rows, now)
        adrift = drifted({d: held for d, held in rows.items() if d in sites})
        at = _page(page, len(adrift))
        fetched = [held.fetched_at for held in rows.values() if held.fetched_at is not None]
        return CompliancePage(
            fresh=fleet.fresh,
            rules=tuple(_rule_row(v, sites, 1, RULE_SHOWN) for v in found),
            complaints=complaints,
            file=file,
            drift=tuple(
                DriftRow(held=h, site=sites.get(h.device), diff=self._diff(h) if n < DIFFS else None)
                for n, h in enumerate(adrift[(at - 1) * SHOWN : at * SHOWN])
            ),
            drift_count=len(adrift),
            drift_page=at,
            unsaved=_listed(rows, sites, UNSAVED, 1, LIST_SHOWN),
            failed=_listed(rows, sites, FAILED, 1, LIST_SHOWN),
            known=sum(1 for d in speakable if d in rows and rows[d].fetched_at is not None),
            speakable=len(speakable),
            oldest=min(fetched, default=None),
            newest=max(fetched, default=None),
        )

    def rule(self, fleet: Fleet, rule: str, now: float, *, page: int = 1) -> RulePage | None:
        """Everybody who breaks one rule; None when there is none of that name."""
        found, _, _, _ = self._judged(fleet, self._sources.rows(), now)
        verdict = next((v for v in found if v.rule.id == rule), None)
        if verdict is None:
            return None
        at = _page(page, len(verdict.breaches))
        return RulePage(fresh=fleet.fresh, rule=_rule_row(verdict, _sites(fleet), at, SHOWN), page=at)

    def held(self, fleet: Fleet, what: str, *, page: int = 1) -> HeldPage:
        """Every device that is `unsaved` or `failed`."""
        rows, sites = self._sources.rows(), _sites(fleet)
        whole = _listed(rows, sites, what, 1, 1)
        at = _page(page, whole.total)
        return HeldPage(fresh=fleet.fresh, what=what, found=_listed(rows, sites, what, at, SHOWN), page=at)

    def device(
        self, fleet: Fleet, device: str, *, old: str = "", new: str = "", whole: bool = False
    ) -> ConfigurationPage | None:
        """What one device held, and when; None when there is no such device, or no such revision of it.

        Args:
            fleet: the present.
            device: its id.
            old: a revision; "": what was accepted where it drifted, else the one before `new`.
            new: a revision; "": the newest.
            whole: its text is wanted too.
        """
        known = fleet.devices.get(device)
        if known is None:
            return None
        revisions = tuple(self._sources.log(device, REVISIONS))
        held = self._sources.rows().get(device)
        try:
            newer = new or (revisions[0].id if revisions else "")
            if new and not any(r.id == new for r in revisions):
                self._sources.text_at(device, new)  # one that it has
            older = old or _before(revisions, newer, held)
            diff = self._between(device, older, newer) if older and newer else None
            text = self._sources.text_at(device, newer) if whole and newer else None
        except ConfigurationError:
            return None
        ssh = known.device.ssh
        return ConfigurationPage(
            fresh=fleet.fresh,
            device=known,
            site=fleet.sites.get(known.device.site),
            held=held,
            revisions=revisions,
            old=older,
            new=newer,
            diff=diff,
            text=text,
            is_speakable=ssh is not None and ssh.configure,
        )

    def firmware(self, fleet: Fleet, now: float) -> FirmwarePage:
        """Versions against the wanted list."""
        running, complaints, file = self._running(fleet, now)
        kinds = tuple(_kinds(running, _sites(fleet), 1, KIND_SHOWN))
        counts = {s: sum(k.count for k in kinds if k.standing is s) for s in wanted.Standing}
        return FirmwarePage(fresh=fleet.fresh, kinds=kinds, counts=counts, complaints=complaints, file=file)

    def kind(
        self, fleet: Fleet, platform: str, model: str, version: str, now: float, *, page: int = 1
    ) -> FirmwareKindPage | None:
        """Every device of one system, model and version; None where none runs it."""
        running, _, _ = self._running(fleet, now)
        same = [r for r in running if (r.platform, r.model or "", r.version or "") == (platform, model, version)]
        at = _page(page, len(same))
        found = next(iter(_kinds(same, _sites(fleet), at, SHOWN)), None)
        return None if found is None else FirmwareKindPage(fresh=fleet.fresh, kind=found, page=at)

    def _running(self, fleet: Fleet, now: float) -> tuple[list[wanted.Running], tuple[str, ...] | None, str]:
        entries, complaints, file = _read(self._sources.firmware(), wanted.load)
        told: dict[str, str] = {s.device.id: s.platform for s in _subjects(fleet, self._sources, now)}
        return wanted.report(entries or (), told, self._sources.identities()), complaints, file

    def _judged(
        self, fleet: Fleet, rows: Mapping[str, Held], now: float
    ) -> tuple[list[rules.Verdict], tuple[str, ...] | None, str, list[str]]:
        """Verdicts, what is wrong with the file, its name, and the devices that can be read."""
        told = _subjects(fleet, self._sources, now)
        speakable: list[str] = [s.device.id for s in told if s.dialect and s.device.ssh and s.device.ssh.configure]
        self._rows = rows

        def about(expression: str) -> rules.About:
            try:
                where = compile_where(expression, units=fleet.units)
            except WhereError as error:
                raise ValueError(error.pointing()) from None
            ids = {s.device.id for s in told if where.takes(s)}
            return lambda device: device in ids

        read, complaints, file = _read(self._sources.rules(), lambda text, path: rules.load(text, path, about))
        if read is None:
            return [], complaints, file, speakable
        found = rules.judge(read[0], speakable, self._sources.text, read[1], memory=self._memory)
        return found, complaints, file, speakable

    def _mark(self, device: str) -> object:
        held = self._rows.get(device)
        return None if held is None or held.revision is None else (held.revision, held.fingerprint)

    def _diff(self, held: Held) -> str | None:
        key = (held.device, held.accepted_revision, held.revision)
        try:
            return self._once(key, lambda: self._sources.diff(held))
        except ConfigurationError:
            return None

    def _between(self, device: str, old: str, new: str) -> str:
        return self._once((device, f"={old}", new), lambda: self._sources.between(device, old, new))

    def _once(self, key: tuple[str, str | None, str | None], read: Callable[[], str]) -> str:
        """Two revisions never differ otherwise than they did."""
        if key not in self._diffs:
            found = read()
            while len(self._diffs) >= KEPT_DIFFS:
                self._diffs.pop(next(iter(self._diffs)), None)
            self._diffs[key] = found
            return found
        return self._diffs[key]


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


def _page(page: int, total: int) -> int:
    """A page that there is."""
    return max(1, min(page, -(-total // SHOWN)))


def _before(revisions: Sequence[Revision], new: str, held: Held | None) -> str:
    """What a revision is compared with when nobody says."""
    if held is not None and held.drifted and held.accepted_revision and new == held.revision:
        return held.accepted_revision
    ids = [r.id for r in revisions]
    place = next((n for n, i in enumerate(ids) if new and i.startswith(new)), None)
    return ids[place + 1] if place is not None and place + 1 < len(ids) else ""


def _kinds(
    running: Sequence[wanted.Running], sites: Mapping[str, SiteNow], page: int, shown: int
) -> Iterator[FirmwareKind]:
    members: dict[tuple[str, str, str, wanted.Standing], list[wanted.Running]] = {}
    for one in running:
        members.setdefault((one.platform, one.model or "", one.version or "", one.standing), []).append(one)
    for platform, model, version, count, standing in wanted.counted(running):
        same = members[platform, model, version, standing]
        yield FirmwareKind(
            platform=platform,
            model=model,
            version=version,
            standing=standing,
            count=count,
            wanted=same[0].wanted,
            why=same[0].why,
            devices=tuple((r.device, sites.get(r.device)) for r in same[(page - 1) * shown : page * shown]),
        )


def _listed(rows: Mapping[str, Held], sites: Mapping[str, SiteNow], what: str, page: int, shown: int) -> HeldRows:
    keep = KEEP[what]
    found = [held for device, held in sorted(rows.items()) if device in sites and keep(held)]
    part = found[(page - 1) * shown : page * shown]
    return HeldRows(total=len(found), rows=tuple(HeldRow(held=h, site=sites[h.device]) for h in part))


def _rule_row(verdict: rules.Verdict, sites: Mapping[str, SiteNow], page: int, shown: int) -> RuleRow:
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
            for b in verdict.breaches[(page - 1) * shown : page * shown]
        ),
    )
