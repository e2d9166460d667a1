"""What `merata run` does for the planner: speed tests at their hours, the ledger by month, figures before they are due.

All run beside the polling: tests in tasks of the loop and threads, ledger and figures as niced processes, one after
another (they take seconds of processor and hundreds of megabytes, once a month and once an hour).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from collectors.speed import Download, Means, download_here, measure
from controller.coverage import profiles, speed_rules
from controller.coverage.errors import BadInput, LedgerError
from controller.coverage.ledger import Ledger, open_months
from controller.coverage.measured import Fleet
from controller.coverage.speed import SpeedBook
from controller.coverage.speed_round import DeviceLocks, SpeedTests
from controller.coverage.speed_rules import SpeedRules
from controller.coverage.speed_tries import Tries
from devices.model import Device, Inventory
from devices.transport.session import Sessions
from devices.transport.shell import Shell
from measurements.errors import StoreError
from merata.coverage_history import LocalHistory, first_moment, fleet_of, folder_of
from merata.reading import Kept

log = logging.getLogger("merata.coverage")
NICE = 10
HOUR_S = 3600
CLOSING_LIMIT_S, PREPARING_LIMIT_S = 1800.0, 600.0
LATELY = 20  # results that the status tells


class Keeps(Protocol):
    """Where it is kept that something ran or happened."""

    def job(self, name: str, started: float, ended: float, outcome: str, facts: Mapping[str, Any]) -> None:
        """Keep that a job ran."""
        ...

    def tell(self, at: float, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        """Keep an event."""
        ...


class RulesFile:
    """The rules of speed tests: of a file that is read again when it changes, else of a URL alone, else none."""

    def __init__(self, path: Path | None, url: str | None) -> None:
        self._path = path
        self._rules = None if path is not None or not url else speed_rules.of_url(url)
        self._mark: tuple[int, int] | None = None
        self.complaint: str | None = None

    def __call__(self) -> SpeedRules | None:
        """What holds now; a broken file changes nothing and is said once."""
        if self._path is None:
            return self._rules
        try:
            told = self._path.stat()
            mark = (told.st_mtime_ns, told.st_size)
        except OSError:
            mark = (0, 0)
        if mark != self._mark:
            self._mark = mark
            try:
                self._rules, self.complaint = speed_rules.load(self._path), None
            except BadInput as error:
                self.complaint = str(error)
                log.error("speed tests: %s", error)
        return self._rules


class CoverageJobs:
    """The duties of a running controller towards the planner; implements `controller.polling.service.Duties`.

    Args:
        state: the state directory.
        inventory_file: for the process that closes months.
        inventory: the accepted one now.
        shell: the way into Linux and OpenWrt.
        sessions: the way into RouterOS.
        platform: what a device said it runs.
        rules: how sites are tested.
        keeps: where it is written that a job ran.
        clock: epoch s.
        locks: keeps two hands off one device; None: nobody else has any.
        imports: changes with what was imported.
    """

    def __init__(
        self,
        *,
        state: Path,
        inventory_file: Path,
        inventory: Callable[[], Inventory],
        shell: Shell,
        sessions: Sessions,
        platform: Callable[[str], str | None],
        rules: RulesFile,
        keeps: Keeps,
        clock: Callable[[], float],
        locks: DeviceLocks | None = None,
        imports: Callable[[], object] = tuple,
    ) -> None:
        self._imports = imports
        self._prepared: tuple[object, str, int] | None = None
        self._state, self._inventory_file, self._keeps, self._clock = state, inventory_file, keeps, clock
        self._rules, self._shell, self._sessions = rules, shell, sessions
        self._stopping = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._lately: deque[dict[str, Any]] = deque(maxlen=LATELY)
        self._counts = {"tested": 0, "failed": 0}
        self._refused: dict[str, float] = {}
        self._inventory = inventory
        self._history = LocalHistory(state)
        fleets = Kept[Inventory, Fleet](lambda known: known.version, fleet_of)
        tries = Kept[ZoneInfo, Tries](lambda zone: zone.key, lambda zone: Tries(folder_of(state), zone))
        self._tests = SpeedTests(
            rules=rules,
            fleet=lambda: fleets(inventory()),
            history=self._history,
            book=SpeedBook(folder_of(state)),
            tries=tries,
            measure=self._measure,
            platform=platform,
            clock=clock,
            locks=locks,
        )

    # --- the port -----------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Begin a round of speed tests, and take up what was imported, unless that is under way."""
        if self._rules() is not None:
            self._begin("speed tests", self._round(now))
        if self._prepared is not None:  # the first time waits for the roll-up
            self._begin("prepare", self._prepare(now, hour=self._prepared[2]))

    def maintained(self, now: float) -> None:
        """Close what months are due, then make the figures of this hour, unless that is under way."""
        self._begin("ledger", self._close(now))
        self._begin("prepare", self._prepare(now, hour=int(now // HOUR_S), after=self._running.get("ledger")))

    def status(self) -> Mapping[str, Any]:
        """Counts since the start, the last results, months that were refused."""
        rules = self._rules()
        return {
            "speed_tests": None if rules is None else {**self._counts, "last": list(self._lately)},
            "speed_rules": self._rules.complaint,
            "ledger_refused": dict(self._refused),
            "under_way": sorted(name for name, task in self._running.items() if not task.done()),
        }

    async def stop(self) -> None:
        """Cut what runs; what was begun is written down as begun."""
        self._stopping = True
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        before = self._running.get(name)
        if self._stopping or (before is not None and not before.done()):
            work.close()
            return
        self._running[name] = asyncio.get_running_loop().create_task(self._guarded(name, work), name=name)

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (LedgerError, StoreError) as error:
            log.error("%s: %s", name, error)
        except Exception:
            log.exception("%s failed inside the program", name)

    # --- speed tests --------------------------------------------------------------------------------------------------

    async def _round(self, now: float) -> None:
        found = await self._tests.round(lambda: self._stopping)
        if not found:
            return
        failed = [each for each in found if each.down_bps is None]
        self._counts["tested"] += len(found) - len(failed)
        self._counts["failed"] += len(failed)
        self._lately.extend({"site": e.site, "down_bps": e.down_bps, "why": e.why} for e in found)
        facts = {"tested": len(found) - len(failed), "failed": {e.site: e.why for e in failed[:LATELY]}}
        outcome = "ok" if len(failed) < len(found) else "failed"
        await asyncio.to_thread(self._keeps.job, "speed tests", now, self._clock(), outcome, facts)

    async def _measure(
        self, device: Device | None, means: Means, target: str, *, most_bytes: int, most_s: int
    ) -> Download:
        if device is None:
            return await download_here(target, most_bytes=most_bytes, most_s=most_s)
        return await measure(
            self._shell, device, means, target, most_bytes=most_bytes, most_s=most_s, sessions=self._sessions
        )

    # --- the ledger ---------------------------------------------------------------------------------------------------

    async def _close(self, now: float) -> None:
        due = [month for month in await asyncio.to_thread(self._due, now) if month not in self._refused]
        if not due:
            return
        log.info("closing %s of the equity ledger", ", ".join(due))
        words = ("plan", "ledger", "--close", "--every", "--json")
        told = await self._ask(*words, limit_s=CLOSING_LIMIT_S, what="closing the ledger")
        outcome = "failed" if told is None else "ok"
        for refused in (told or {}).get("refused", ()):
            month, seen = str(refused["month"]), float(refused["observed_ratio"])
            if self._refused.get(month) is None:
                log.warning("%s is not closed in the ledger: only %.0f %% of it was observed", month, 100 * seen)
                facts = {"observed_ratio": round(seen, 4)}
                await asyncio.to_thread(self._keeps.tell, now, "ledger_refused", f"ledger:{month}", facts)
            self._refused[month] = seen
        if told is None:
            self._refused.update(dict.fromkeys(due, -1.0))  # not again before the next start
        for month in sorted((told or {}).get("closed", {})):
            log.info("%s of the equity ledger is closed", month)
        said = {"due": due, "closed": dict((told or {}).get("closed", {}))}
        await asyncio.to_thread(self._keeps.job, "ledger", now, self._clock(), outcome, said)

    def _due(self, now: float) -> list[str]:
        """Months that the ledger lacks for any profile and radius."""
        kept, since = Ledger(folder_of(self._state)), first_moment(self._history, now)
        zone = self._inventory().timezone
        found: dict[str, None] = {}
        for profile in profiles.load():
            for radius_km in profiles.RADII_KM:
                for period in open_months(kept, zone, profile, radius_km, now=now, since=since):
                    found[f"{period.first:%Y-%m}"] = None
        return list(found)

    # --- figures before somebody looks --------------------------------------------------------------------------------

    async def _prepare(self, now: float, *, hour: int, after: asyncio.Task[None] | None = None) -> None:
        """Let pages that start later find outlines, people and coverage made; once for the same grounds."""
        if after is not None:
            await asyncio.wait({after})
        wanted = (await asyncio.to_thread(self._imports), self._inventory().version, hour)
        if wanted == self._prepared:
            return
        at = datetime.fromtimestamp(now, UTC).isoformat()
        words = ("plan", "prepare", "--json", "--at", at)
        told = await self._ask(*words, limit_s=PREPARING_LIMIT_S, what="preparing the planner")
        self._prepared = wanted  # where it failed too: not again before something changes
        outcome = "failed" if told is None else "ok"
        await asyncio.to_thread(self._keeps.job, "prepare the planner", now, self._clock(), outcome, told or {})

    async def _ask(self, *words: str, limit_s: float, what: str) -> dict[str, Any] | None:
        """Run one of our commands, niced; None when it failed."""
        where = ("--state", str(self._state), "--inventory", str(self._inventory_file))
        line = (sys.executable, "-m", "merata", *where, *words)
        process = await asyncio.create_subprocess_exec(
            "nice", "-n", str(NICE), *line,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(limit_s):
                said, complaint = await process.communicate()
        except TimeoutError:
            log.error("%s took longer than %.0f s", what, limit_s)
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        try:
            found: dict[str, Any] = json.loads(said)
        except ValueError:
            log.error("%s failed: %s", what, complaint.decode("utf-8", "replace").strip()[-300:])
            return None
        return found
