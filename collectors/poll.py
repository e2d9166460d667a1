"""One poll of one device: ping, SNMP, service -> one Reading. What goes wrong is a value in it, never an exception."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collectors import health, interfaces, service
from collectors.asks import Asks, Pong, SteadyAsk
from collectors.learned import Learned, learn, limits_of
from devices.errors import DeviceError, NotSupported
from devices.model import Device
from devices.platforms import if_mib
from devices.platforms.platform import SYS_UP_TIME
from devices.platforms.recognise import platforms, recognise
from devices.platforms.survey import survey
from devices.transport.snmp.api import Agent, SnmpAsk, Value
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll gave, and what to hand to the next one."""

    reading: Reading
    learned: Learned | None


@dataclass(slots=True, kw_only=True)
class Told:
    """What SNMP said in one poll. `error` with `ok` True: the device answered and then a part of it failed."""

    ok: bool | None = None
    sys_up_time: int | None = None
    gauges: Mapping[str, Any] | None = None
    radios: tuple[RadioRow, ...] = ()
    interfaces: tuple[InterfaceRow, ...] = ()
    learned: Learned | None = None
    rtt_ms: float | None = None
    answered_s: float | None = None
    error: DeviceError | None = None
    bug: str | None = None


async def poll(device: Device, *, asks: Asks, learned: Learned | None, slot: int, now: float) -> Polled:
    """Ask one device everything that is to be asked of it.

    Args:
        device: `target.host` is an address.
        asks: the doors; one that is None is not knocked at and its answer is None.
        learned: what the last poll returned; None: the device is learned first.
        slot: start of the interval, epoch seconds.
        now: epoch seconds at the start of this poll; `Reading.at` is `now` plus the time until the answer.
    """
    began = asks.clock()
    waiting = asyncio.ensure_future(_ping(device, asks)) if asks.ping is not None and device.ping else None
    try:
        told = await _snmp(device, asks, learned, slot, now - began)
        pong = await waiting if waiting is not None else None
    finally:
        if waiting is not None:
            waiting.cancel()
    checked = await _service(device, asks, slot)
    known = told.learned.known if told.learned else None
    row = DeviceRow(
        device=device.id,
        slot=slot,
        ping_ok=None if pong is None else pong.received > 0,
        snmp_ok=told.ok,
        service_ok=checked.ok if checked else None,
        sys_up_time=told.sys_up_time,
        snmp_rtt_ms=told.rtt_ms,
        poll_ms=(asks.clock() - began) * 1000,
        **(told.gauges or {}),
    )
    return Polled(
        reading=Reading(
            device=device.id,
            slot=slot,
            at=now if told.answered_s is None else now + told.answered_s - began,
            row=row,
            ping=None if pong is None else _ping_row(device, slot, pong),
            radios=told.radios,
            interfaces=told.interfaces,
            services=() if checked is None else (checked,),
            error_kind="internal" if told.bug else told.error.kind if told.error else None,
            error=told.bug or (str(told.error) if told.error else None),
            box=told.learned.box if known and told.learned else (None, None),
        ),
        learned=told.learned,
    )


async def _snmp(device: Device, asks: Asks, learned: Learned | None, slot: int, epoch: float) -> Told:
    """The SNMP half. The one place where a bug inside a poll is caught: it must not take other devices along."""
    told = Told(learned=learned)
    if asks.snmp is None or asks.agent is None or device.snmp is None:
        return told
    told.ok = False
    try:
        if learned is None or not await _steady(device, asks.snmp, asks.agent, asks, learned, slot, told):
            await _learn(device, asks.snmp, asks.agent, asks, slot, told, epoch)
        await _by_shell(device, asks, told)
    except DeviceError as error:
        told.error = error
    except Exception as error:
        log.exception("poll of %s at %s failed inside the program", device.id, device.target.host)
        told.bug = type(error).__name__
    return told


async def _steady(
    device: Device, snmp: SnmpAsk, agent: Agent, asks: Asks, learned: Learned, slot: int, told: Told
) -> bool:
    """The cheap poll of a known device; False when it must be learned again."""
    known = learned.known
    if learned.is_due:
        return False
    before = asks.clock()
    asked = learned.agent_for(agent)
    steady: SteadyAsk | None = getattr(snmp, "poll", None)
    ports: Mapping[str, Mapping[str, Value]] | None = None
    if steady is not None and known.rows:
        heard = await steady(asked, known.ask.gets, known.pulse, rows=known.rows)
        values, ports = heard.scalars, heard.columns
    else:
        values = await snmp.get(asked, known.ask.gets)
    told.answered_s = asks.clock()
    told.ok, told.rtt_ms = True, (told.answered_s - before) * 1000
    told.sys_up_time = interfaces.whole(values.get(SYS_UP_TIME))
    if learned.restarted(told.sys_up_time):
        return False
    if learned.is_settled and values.get(if_mib.TABLE_LAST_CHANGE) != known.table_last_change:
        return False
    tables: dict[str, dict[str, Value]] = {}
    for columns in known.ask.walks:
        tables.update(await snmp.walk(asked, columns))
    figures = known.ask.read(values, tables)
    platform = platforms()[known.platform]
    told.gauges = health.gauges(figures, wired=platform.wired)
    told.radios = health.radio_rows(device.id, slot, figures.get("radios", ()))
    told.learned = replace(learned, sys_up_time=told.sys_up_time, polls=learned.polls + 1, source=agent, agent=asked)
    if known.pulse:
        if ports is None:
            ports = await snmp.walk(asked, known.pulse)
        if learned.is_settled and interfaces.has_strangers(known, ports):
            return False
        told.interfaces = interfaces.rows_of(device.id, slot, known, ports)
    return True


async def _learn(device: Device, snmp: SnmpAsk, agent: Agent, asks: Asks, slot: int, told: Told, epoch: float) -> None:
    """Recognise the device and ask it everything; the answers are this poll's reading too.

    `epoch` plus the measuring clock gives epoch seconds.
    """
    platform, answers = None, None
    if device.platform != "auto":
        platform = platforms().get(device.platform)
        if platform is None:
            raise NotSupported(f"no platform is called {device.platform}", target=device.target.host)
    agent = replace(agent, limits=limits_of(platform.limits if platform else agent.limits, device))
    before = asks.clock()
    if platform is None:
        found = await recognise(snmp, agent)
        platform, answers = found.platform, found.answers
        told.rtt_ms = (asks.clock() - before) * 1000
        told.ok, told.answered_s = True, asks.clock()
        told.sys_up_time = interfaces.whole(answers.values.get(SYS_UP_TIME))
    limits = limits_of(platform.limits, device)
    heard = await survey(platform, snmp, replace(agent, limits=limits), answers=answers)
    facts = heard.facts
    told.ok, told.answered_s = True, asks.clock()
    told.sys_up_time = facts.sys_up_time
    told.gauges = health.gauges(health.figures_of(facts), wired=platform.wired)
    told.radios = health.radio_rows(device.id, slot, facts.radios)
    told.learned = learn(device, platform, heard, limits, told_at=epoch + told.answered_s)
    uplink = told.learned.known.uplink
    told.interfaces = tuple(interfaces.row_of(device.id, slot, i, uplink=uplink) for i in facts.interfaces)


async def _by_shell(device: Device, asks: Asks, told: Told) -> None:
    """Clients from the device's shell, where SNMP tells none; its failure does not undo what SNMP said."""
    if asks.shell is None or device.ssh is None or told.gauges is None or told.learned is None:
        return
    if told.gauges["clients"] is not None or not platforms()[told.learned.platform].clients_by_shell:
        return
    try:
        told.gauges = {**told.gauges, "clients": await asks.shell(device)}
    except DeviceError as error:
        told.error = error


async def _ping(device: Device, asks: Asks) -> Pong | None:
    """One burst; None when it is not permitted. A broken door is logged and counts as not asked."""
    if asks.ping is None:
        return None
    try:
        return await asks.ping(device.target)
    except DeviceError:
        return None
    except Exception:
        log.exception("ping of %s at %s failed inside the program", device.id, device.target.host)
        return None


def _ping_row(device: Device, slot: int, pong: Pong) -> PingRow:
    return PingRow(
        device=device.id,
        slot=slot,
        sent=pong.sent,
        received=pong.received,
        rtt_min_ms=pong.rtt_min_ms,
        rtt_avg_ms=pong.rtt_avg_ms,
        rtt_max_ms=pong.rtt_max_ms,
    )


async def _service(device: Device, asks: Asks, slot: int) -> ServiceRow | None:
    """The declared service check, if there is one."""
    if not asks.service or not device.service_check:
        return None
    try:
        return await service.check(device.service_check, device=device.id, slot=slot, clock=asks.clock)
    except Exception:
        log.exception("service check of %s failed inside the program", device.id)
        return None
