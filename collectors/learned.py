"""What is remembered of a device between polls, so that asking it again costs one GET and one or two GETBULKs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from devices.facts import Facts, Identity, InterfaceFacts
from devices.model import Device
from devices.platforms import if_mib
from devices.platforms.platform import GAUGES, SYS_UP_TIME, Platform
from devices.platforms.recognise import platforms
from devices.platforms.sources import Answers, Source
from devices.platforms.survey import Survey
from devices.transport.snmp.api import Agent, Limits, Value

#: Polls after which everything is asked again (give or take half): names, speeds, models, objects that were not there.
REFRESH_POLLS = 60
#: Polls that must lie between two surveys of a device whose interfaces keep changing (PPP sessions, broken agents).
QUIET_POLLS = 10
#: Varbinds of one answer that is asked for at once: about 22 octets each, so that it fits one Ethernet frame.
AT_ONCE = 64
#: sysUpTime that falls from above this has wrapped (497 days), not restarted: ten minutes before the end.
_NEAR_WRAP = 2**32 - 60_000

#: (figure, source, ((column, rows), ...)) of every figure: plain, so that equal devices share one compiled ask.
Recipe = tuple[tuple[str, int, tuple[tuple[str, tuple[str, ...]], ...]], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """The questions of a steady poll: one GET, and walks only for tables whose rows come and go."""

    gets: tuple[str, ...]
    cells: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    walks: tuple[tuple[str, ...], ...]
    reads: tuple[tuple[str, Source[Any]], ...]

    def read(self, values: dict[str, Value], tables: dict[str, dict[str, Value]]) -> dict[str, Any]:
        """Figures from what came back; a figure that was not told is missing."""
        answers = Answers(values, dict(tables))
        for column, rows in self.cells:
            answers.tables[column] = {suffix: values[oid] for suffix, oid in rows if oid in values}
        return {figure: value for figure, source in self.reads if (value := source.read(answers)) is not None}


@lru_cache(maxsize=4096)
def compiled(platform: str, recipe: Recipe) -> Ask:
    """The ask of one platform and the rows it was seen with."""
    gets: dict[str, None] = {SYS_UP_TIME: None, if_mib.TABLE_LAST_CHANGE: None}
    cells: dict[str, dict[str, str]] = {}
    walks: list[tuple[str, ...]] = []
    reads = []
    for figure, place, rows in recipe:
        source = platforms()[platform].sources(figure)[place]
        reads.append((figure, source))
        gets.update(dict.fromkeys(source.oids))
        if not source.fixed and source.columns:
            walks.append(source.columns)
        for column, suffixes in rows:
            known = cells.setdefault(column, {})
            known.update({s: f"{column}.{s}" for s in suffixes})
    gets.update(dict.fromkeys(oid for known in cells.values() for oid in known.values()))
    # A column that two figures need is walked once.
    asked: set[str] = set()
    unique = []
    for columns in walks:
        fresh = tuple(c for c in columns if c not in asked)
        asked.update(fresh)
        if fresh:
            unique.append(fresh)
    return Ask(
        gets=tuple(gets),
        cells=tuple((c, tuple(known.items())) for c, known in cells.items() if c not in asked),
        walks=tuple(unique),
        reads=tuple(reads),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a survey found; changes only with the next survey."""

    platform: str
    facts: Facts  # identity; counters of the survey are in the reading it gave
    ask: Ask
    ports: dict[str, InterfaceFacts]  # by row of IF-MIB
    port_rows: frozenset[str]  # rows seen, place holders among them
    pulse: tuple[str, ...]
    limits: Limits
    rows: int  # of the table of interfaces, to ask for at once; 0: walk it
    uplink: str | None
    mac: str | None
    table_last_change: int | None
    told_at: float  # when the survey was answered, epoch seconds UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A device as known after its last poll."""

    known: Known
    sys_up_time: int | None
    polls: int  # since the last survey
    due_after: int
    source: Agent | None = field(default=None, repr=False)
    agent: Agent | None = field(default=None, repr=False)  # `source` with the limits of the platform

    @property
    def platform(self) -> str:
        """Name of the platform."""
        return self.known.platform

    @property
    def box(self) -> tuple[str | None, str | None]:
        """Serial and first MAC: the hardware behind the id."""
        return (self.known.facts.serial, self.known.mac)

    @property
    def told_at(self) -> float:
        """When the device last said what it is, epoch seconds UTC: it changes with each survey."""
        return self.known.told_at

    @property
    def identity(self) -> Identity:
        """What the device said of itself."""
        facts = self.known.facts
        return Identity(
            told_at=self.known.told_at,
            platform=self.known.platform,
            vendor=facts.vendor,
            model=facts.model,
            version=facts.version,
            serial=facts.serial,
            mac=self.known.mac,
            sys_name=facts.sys_name,
        )

    def agent_for(self, source: Agent) -> Agent:
        """The agent with the platform's limits; the same object each time: the client knows agents by identity."""
        if source is self.source and self.agent is not None:
            return self.agent
        return replace(source, limits=self.known.limits)

    @property
    def is_due(self) -> bool:
        """True when everything should be asked again."""
        return self.polls >= self.due_after

    def restarted(self, sys_up_time: int | None) -> bool:
        """True when the agent's clock fell, and not because it wrapped."""
        if sys_up_time is None or self.sys_up_time is None or sys_up_time >= self.sys_up_time:
            return False
        return self.sys_up_time < _NEAR_WRAP

    @property
    def is_settled(self) -> bool:
        """True when the last survey is far enough for another one."""
        return self.polls >= QUIET_POLLS


def limits_of(limits: Limits, device: Device) -> Limits:
    """What a platform bears, as far as the inventory does not say otherwise."""
    said = device.snmp
    if said is None:
        return limits
    return replace(
        limits,
        bulk=limits.bulk if said.bulk is None else said.bulk,
        max_oids=said.max_oids or limits.max_oids,
        max_repetitions=said.max_repetitions or limits.max_repetitions,
    )


def learn(device: Device, platform: Platform, survey: Survey, limits: Limits, *, told_at: float) -> Learned:
    """Everything a survey taught, ready for the next poll; `told_at` is when it was answered, epoch seconds UTC."""
    facts = survey.facts
    recipe = tuple(
        (figure, way.source, tuple((c, tuple(rows)) for c, rows in way.rows.items()))
        for figure in GAUGES
        if (way := survey.ways.get(figure)) is not None
    )
    widths = {i.counter_bits for i in facts.interfaces}  # an agent may give 64 bits to fast ports only (RFC 2863)
    told = {
        if_mib.OPER: True,
        if_mib.IN_64: 64 in widths,
        if_mib.OUT_64: 64 in widths,
        if_mib.IN_32: 32 in widths,
        if_mib.OUT_32: 32 in widths,
        if_mib.IN_ERRORS: any(i.in_errors is not None for i in facts.interfaces),
        if_mib.OUT_ERRORS: any(i.out_errors is not None for i in facts.interfaces),
        if_mib.IN_DISCARDS: any(i.in_discards is not None for i in facts.interfaces),
        if_mib.DISCONTINUITY: any(i.discontinuity is not None for i in facts.interfaces),
    }
    pulse = tuple(column for column, is_told in told.items() if is_told) if facts.interfaces else ()
    # Where the device does not say that its table changed, one row more shows a port that came.
    rows = len(survey.port_rows) + (survey.table_last_change is None)
    ask = compiled(platform.name, recipe)
    fits = limits.bulk and len(ask.gets) <= limits.max_oids and rows * len(pulse) <= AT_ONCE
    known = Known(
        platform=platform.name,
        facts=replace(facts, interfaces=(), radios=()),
        ask=ask,
        ports={str(i.if_index): i for i in facts.interfaces},
        port_rows=survey.port_rows,
        pulse=pulse,
        limits=limits,
        rows=rows if fits and pulse else 0,
        uplink=if_mib.uplink(facts.interfaces, wanted=device.uplink, quirks=platform.interfaces),
        mac=survey.mac,
        table_last_change=survey.table_last_change,
        told_at=told_at,
    )
    # A fleet that was learned in one cycle must not be learned again in one cycle.
    due_after = REFRESH_POLLS // 2 + zlib.crc32(device.id.encode()) % REFRESH_POLLS
    return Learned(known=known, sys_up_time=facts.sys_up_time, polls=0, due_after=due_after)
