"""Can we see? Anchors near the controller, and most of a fleet silent at once, decide before a device is judged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from devices.errors import DeviceError
from devices.model import Anchor

log = logging.getLogger(__name__)

#: Asks one anchor once; True when it answered, None when it may not be asked (ping without permission).
AskAnchor = Callable[[Anchor, float], Awaitable[bool | None]]


class Sight(StrEnum):
    """What the anchors of one domain say."""

    SEES = "sees"
    PARTLY = "partly"
    BLIND = "blind"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Sight by domain, and the anchors that did not answer (`domain host`)."""

    sight: Mapping[str, Sight]
    failed: tuple[str, ...] = ()

    def of(self, domain: str) -> Sight:
        """A domain without anchors is taken as seen, and said to be so."""
        return self.sight.get(domain, Sight.UNDECLARED)

    @property
    def blind(self) -> frozenset[str]:
        """Domains whose devices are not to be judged."""
        return frozenset(d for d, s in self.sight.items() if s is Sight.BLIND)


async def observe(anchors: Sequence[Anchor], ask: AskAnchor, *, timeout_s: float, tries: int) -> Observation:
    """Ask every anchor at once.

    A domain is blind when none of its anchors answers, partly seen when some do not: one anchor that never answers
    ping must not blind a province for ever. Anchors that may not be asked say nothing.
    """
    answers = await asyncio.gather(*(_tried(a, ask, timeout_s, tries) for a in anchors))
    sight: dict[str, Sight] = {}
    for domain in {a.domain for a in anchors}:
        told = [ok for a, ok in zip(anchors, answers, strict=True) if a.domain == domain and ok is not None]
        if not told:
            sight[domain] = Sight.UNDECLARED
        elif all(told):
            sight[domain] = Sight.SEES
        else:
            sight[domain] = Sight.PARTLY if any(told) else Sight.BLIND
    failed = tuple(f"{a.domain} {a.host}" for a, ok in zip(anchors, answers, strict=True) if ok is False)
    return Observation(sight=sight, failed=failed)


async def _tried(anchor: Anchor, ask: AskAnchor, timeout_s: float, tries: int) -> bool | None:
    told: bool | None = None
    for _ in range(tries):
        try:
            async with asyncio.timeout(timeout_s):
                told = await ask(anchor, timeout_s)
        except (OSError, TimeoutError, DeviceError):
            # "Network is unreachable" is what a cut link of our own looks like.
            told = False
        except Exception:
            log.exception("anchor %s could not be asked", anchor.host)
            return None
        if told is not False:
            break
    return told


def fell_silent(answered_before: Collection[str], silent_now: Collection[str], *, ratio: float, at_least: int) -> bool:
    """True when so many devices that answered last time are silent now that the fault is likelier ours."""
    lost = sum(1 for device in silent_now if device in answered_before)
    return lost >= at_least and lost > ratio * len(answered_before)
