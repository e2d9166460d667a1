"""Which platform a device is: sysObjectID, sysDescr, and a second GET where they say too little."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from devices.errors import UnexpectedReply
from devices.platforms.platform import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, SYS_UP_TIME, Platform, Sign
from devices.platforms.sources import Answers, string
from devices.platforms.standard import ENGINE_TIME, HR_UPTIME
from devices.transport.snmp.api import Agent, Oid, SnmpAsk

#: Files of this folder that are no platform.
MACHINERY = frozenset({"platform", "sources", "standard", "recognise", "survey", "if_mib", "makers"})
_PROBE_ROWS = 4
GENERIC = "generic"
_HEAD = (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, SYS_NAME, HR_UPTIME, ENGINE_TIME)


@cache
def platforms() -> Mapping[str, Platform]:
    """Every platform by name; read from this folder once, at the first call."""
    package = importlib.import_module("devices.platforms")
    found: dict[str, Platform] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name in MACHINERY:
            continue
        loaded: Any = importlib.import_module(f"devices.platforms.{module.name}")
        platform: Platform = loaded.PLATFORM
        if platform.name in found:
            raise ValueError(f"two platforms are called {platform.name}")
        found[platform.name] = platform
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A platform and what was heard on the way."""

    platform: Platform
    answers: Answers


async def recognise(ask: SnmpAsk, agent: Agent, *, deadline_s: float | None = None) -> Recognised:
    """Ask a device what it is. Two GETs, seldom a short walk; `generic` where nothing fits.

    Raises:
        Unreachable, AuthenticationFailed: as the client says.
        UnexpectedReply: it answers and tells neither sysDescr nor sysObjectID nor sysUpTime.
    """
    answers = Answers()
    answers.values.update(await ask.get(agent, _HEAD, deadline_s=deadline_s))
    if not any(o in answers.values for o in (SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME)):
        raise UnexpectedReply("the device tells no object of the system group", target=agent.target.host)
    fitting = candidates(answers)
    probes = sorted({sign.probe[0] for _, sign, _ in fitting if sign.probe})
    if probes:
        answers.values.update(await ask.get(agent, probes, deadline_s=deadline_s))
    columns = sorted({sign.probe_column[0] for _, sign, _ in fitting if sign.probe_column})
    if columns:
        few = replace(agent, limits=replace(agent.limits, max_rows=_PROBE_ROWS, max_repetitions=_PROBE_ROWS))
        answers.tables.update(await ask.walk(few, columns, deadline_s=deadline_s))
    return Recognised(platform=decide(fitting, answers), answers=answers)


def candidates(answers: Answers) -> list[tuple[Platform, Sign, int]]:
    """Platforms that sysObjectID and sysDescr allow, with the sign that fitted and how far."""
    object_id = answers.values.get(SYS_OBJECT_ID)
    heard = str(object_id).lstrip(".") if isinstance(object_id, Oid) else ""
    descr = string(answers.values.get(SYS_DESCR)) or ""
    return [
        (platform, sign, reach)
        for platform in platforms().values()
        for sign in platform.recognise
        if (reach := sign.reach(heard)) is not None and sign.fits_descr(descr)
    ]


def decide(fitting: list[tuple[Platform, Sign, int]], answers: Answers) -> Platform:
    """The best of the candidates once the probes are answered: rank, then the longest prefix, then the name."""
    held = [(sign.rank, reach, p.name) for p, sign, reach in fitting if sign.proven(answers)]
    return platforms()[max(held, default=(0, 0, GENERIC))[2]]
