"""Ask a device everything its platform can tell, once; remember which way each figure was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from devices.facts import Facts, InterfaceFacts
from devices.platforms import if_mib
from devices.platforms.platform import GAUGES, IDENTITY, SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, SYS_UP_TIME, Platform
from devices.platforms.sources import Answers, Rows, Source, string
from devices.transport.snmp.api import Agent, SnmpAsk, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which source of a figure told, and the rows of its tables that are needed again."""

    source: int
    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a device said, and how to ask it again cheaply.

    `mac` is that of its first interface; `port_rows` are the rows of IF-MIB, place holders among them.
    """

    facts: Facts
    ways: Mapping[str, Way] = field(default_factory=dict)
    mac: str | None = None
    port_rows: frozenset[str] = frozenset()
    table_last_change: int | None = None


async def survey(
    platform: Platform, ask: SnmpAsk, agent: Agent, *, answers: Answers | None = None, deadline_s: float | None = None
) -> Survey:
    """Ask for every figure, the best source first; the next one only where the first told nothing.

    Raises:
        Unreachable, AuthenticationFailed, UnexpectedReply: as the client says.
    """
    heard = answers or Answers()
    tried: set[str] = set(heard.values)
    told: dict[str, Any] = {}
    ways: dict[str, Way] = {}
    rounds = max(len(platform.sources(figure)) for figure in (*IDENTITY, *GAUGES))
    for place in range(rounds):
        open_ = {
            figure: platform.sources(figure)[place]
            for figure in (*IDENTITY, *GAUGES)
            if figure not in told and place < len(platform.sources(figure))
        }
        extra = (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, if_mib.TABLE_LAST_CHANGE) if place == 0 else ()
        await _ask(ask, agent, open_.values(), heard, tried, extra, deadline_s)
        for figure, source in open_.items():
            value = source.read(heard)
            if value is not None:
                told[figure] = value
                ways[figure] = Way(source=place, rows=source.rows(heard) if source.fixed else {})
    ports = await if_mib.learn(ask, agent, platform.interfaces, deadline_s=deadline_s)
    return Survey(
        facts=facts_of(platform, heard.values, told, if_mib.interfaces_of(ports, platform.interfaces)),
        ways=ways,
        mac=if_mib.first_mac(ports.table(if_mib.MAC)),
        port_rows=frozenset(ports.table(if_mib.OPER)),
        table_last_change=_integer(heard.values.get(if_mib.TABLE_LAST_CHANGE)),
    )


async def _ask(
    ask: SnmpAsk,
    agent: Agent,
    sources: Iterable[Source[Any]],
    heard: Answers,
    tried: set[str],
    extra: tuple[str, ...],
    deadline_s: float | None,
) -> None:
    """Put the questions of one round: one GET, then all tables of one bound together (a satellite hop is 0.7 s)."""
    listed = list(sources)
    oids = [o for o in dict.fromkeys((*extra, *(o for s in listed for o in s.oids))) if o not in tried]
    tried.update(oids)
    if oids:
        heard.values.update(await ask.get(agent, oids, deadline_s=deadline_s))
    for most in dict.fromkeys(source.max_rows for source in listed):
        wanted = dict.fromkeys(c for source in listed if source.max_rows == most for c in source.columns)
        columns = [c for c in wanted if c not in tried]
        tried.update(columns)
        if columns:
            bounded = agent if most is None else _bounded(agent, most)
            heard.tables.update(await ask.walk(bounded, columns, deadline_s=deadline_s))


def _bounded(agent: Agent, rows: int) -> Agent:
    return replace(agent, limits=replace(agent.limits, max_rows=min(rows, agent.limits.max_rows)))


def _integer(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def facts_of(
    platform: Platform,
    values: Mapping[str, Value],
    told: Mapping[str, Any],
    interfaces: tuple[InterfaceFacts, ...] = (),
) -> Facts:
    """Figures of a platform as facts."""
    object_id = values.get(SYS_OBJECT_ID)
    clients = told.get("clients")
    ap_count = told.get("ap_count")
    return Facts(
        platform=platform.name,
        vendor=told.get("vendor_from") or platform.vendor,
        model=told.get("model"),
        version=told.get("version"),
        serial=told.get("serial"),
        sys_name=string(values.get(SYS_NAME)),
        sys_descr=string(values.get(SYS_DESCR)),
        sys_object_id=None if object_id is None else str(object_id),
        sys_up_time=_integer(values.get(SYS_UP_TIME)),
        uptime_s=told.get("uptime"),
        clients=None if clients is None or platform.wired else round(clients),
        ap_count=None if ap_count is None else round(ap_count),
        cpu_percent=told.get("cpu") or (),
        memory_ratio=told.get("memory"),
        disk_ratio=told.get("disk"),
        temperature_c=told.get("temperature") or (),
        radios=told.get("radios") or (),
        interfaces=interfaces,
    )
