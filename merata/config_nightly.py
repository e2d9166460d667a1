"""The nightly backup of configurations: asked for once a civil day, answered by the executor, told like any request."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from datetime import time as clock_time
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller.journal.errors import JournalError
from controller.journal.journal import Journal
from controller.journal.records import Request, RequestState
from merata.config_fleet import ConfigFleet, is_spoken

log = logging.getLogger(__name__)

KIND: Final = "config.backup"
WHO: Final = "nightly"
_LOOK_S: Final = 30.0
#: A backup that failed, or found no device yet (nothing was recognised), is asked for again after this.
_AGAIN_S: Final = 600.0
_OVER: Final = (RequestState.DONE, RequestState.FAILED)
#: Failures named in the result of a request; the rest is counted. `merata config backup --json` tells all.
_NAMED: Final = 50


class Nightly:
    """Asks for the backup once a civil day, at the hour or at the first look after it.

    Args:
        journal: where requests are.
        zone: IANA name; days are counted in it.
        at: time of day.
        now: the wall clock, epoch s.
    """

    def __init__(self, journal: Journal, zone: str, *, at: clock_time, now: Callable[[], float] = time.time) -> None:
        self._journal, self._zone, self._at, self._now = journal, ZoneInfo(zone), at, now
        self._looked = float("-inf")

    def look(self) -> int | None:
        """File the request when it is due; gives its number."""
        now = self._now()
        if 0 <= now - self._looked < _LOOK_S:
            return None
        self._looked = now
        here = datetime.fromtimestamp(now, self._zone)
        if here.time() < self._at:
            return None
        try:
            newest = next(iter(self._journal.requests(kind=KIND, limit=1)), None)
            if newest is not None and self._night(newest.at) == here.date():
                fetched = newest.state is RequestState.DONE and bool((newest.result or {}).get("devices"))
                if fetched or newest.state not in _OVER or now - newest.at < _AGAIN_S:
                    return None
            return self._journal.ask(KIND, {"where": "all"}, who=WHO, at=now)
        except JournalError as error:
            log.error("the nightly backup could not be asked for: %s", error)
            return None

    def _night(self, at: float) -> object:
        """The civil day whose backup a request was; None for one that was asked for before the hour."""
        here = datetime.fromtimestamp(at, self._zone)
        return here.date() if here.time() >= self._at else None


def answer(fleet: ConfigFleet) -> Callable[[Request], Mapping[str, Any]]:
    """What the executor does with such a request: fetch and keep; a device that fails does not stop the others."""

    def fetch(request: Request) -> Mapping[str, Any]:
        expression = str(request.payload.get("where") or "all")
        chosen = [s for s in fleet.chosen(fleet.where(expression)) if is_spoken(s)]
        told = fleet.collector().fetch([fleet.device(s) for s in chosen], who=request.who, why=f"{request.who} backup")
        failed = {one.device: one.error for one in told if one.error is not None}
        counts = Counter(one.outcome.value for one in told)
        log.info("backup of %d configurations: %s", len(told), dict(counts))
        return {
            "devices": len(told),
            **counts,
            "drifted": [one.device for one in told if one.drifted][:_NAMED],
            "errors": dict(list(failed.items())[:_NAMED]),
        }

    return fetch
