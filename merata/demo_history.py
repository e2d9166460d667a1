"""The simulator's story written as if it had been polled: rows, summaries, state intervals, outages.

Sampled at 5-minute slots, the last 24 hours at 60 s. Stored: raw rows and their uplinks for the last 24 hours, 5-minute
buckets for the same time, hourly buckets for thirty days, state intervals and outages as the story has them. What is
older than a day is not kept at 5 minutes: no page reads it, and it would double the time of the start.

Before the thirty days lie the months that the equity ledger can close: exact states, and a poll an hour on every
fourth day, which is enough for busy hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from multiprocessing import active_children, get_context
from pathlib import Path

from controller.coverage.ledger import SETTLED_S
from controller.health.outages import Book, Failing, group
from controller.health.sites import Known, judge
from controller.health.thresholds import Thresholds
from controller.health.tree import draw
from devices.model import DeviceId, Inventory, SiteId
from measurements.columns import Columns, roll_columns
from measurements.intervals import Interval, State, civil_months
from measurements.outages import Outage
from measurements.sqlite.bulk import BulkImport, RawImport
from merata.bootstrap import people_of
from simulator import history
from simulator.province import Province, SimDevice
from simulator.story import Story

DAY_S = 86_400
HOUR_S = 3_600
DAYS = 30
CLOSED_MONTHS = 2  # of the equity ledger, besides the running one
CHUNK_S = 5 * DAY_S
COARSE_S = HOUR_S  # between two polls of the months before the thirty days
COARSE_DAYS = 4  # one day in so many is polled then
NEIGHBOURS = 3  # polls before a span: rates need the one before, or the one before that where it was missed
RAW_PIECE_S = 4 * HOUR_S
_COLUMNS = {f.name for f in fields(Columns)}

Progress = Callable[[float, str], None]


def write(state: Path, story: Story, inventory: Inventory, *, until: float, progress: Progress | None = None) -> None:
    """Fill an empty state directory with the thirty days before `until`.

    Args:
        state: the state directory; nothing else may have it open.
        story: of the province that `inventory` describes.
        inventory: what the product read of it.
        until: end of the history, epoch seconds.
        progress: told (share done, what is being done).

    Raises:
        StoreBusy: a controller runs on the directory.
    """
    tell = progress or (lambda _share, _what: None)
    end = int(until) - int(until) % 60
    raw_from = (end - DAY_S) // HOUR_S * HOUR_S
    fine_from = (end - DAYS * DAY_S) // HOUR_S * HOUR_S
    start = min(fine_from, _first_month(story, end))
    devices = list(story.province.devices.values())
    with BulkImport(state) as store, _beside() as beside:
        # A copy: it is sent by a thread while this one goes on filling what the province remembers.
        raw = beside.submit(_raw, state, replace(story.province), story.origins, story.quiet, raw_from, end)
        tell(0.05, "the months before")
        _summaries(store, story, devices, (start, fine_from), step_s=COARSE_S, fives_from=raw_from, day_in=COARSE_DAYS)
        steps = [*range(fine_from, raw_from, CHUNK_S)]
        for number, begin in enumerate(steps):
            tell(0.2 + 0.45 * number / len(steps), "30 days")
            span = (begin, min(begin + CHUNK_S, raw_from))
            _summaries(store, story, devices, span, step_s=300, fives_from=raw_from)
        tell(0.65, "the last 24 hours")
        _summaries(store, story, devices, (raw_from, end), step_s=60, fives_from=raw_from)
        tell(0.85, "states and outages")
        store.put_states(*states(story, inventory, start=float(start), end=float(end)))
        tell(0.9, "the last known")
        raw.result()
        store.finish(raw_from=raw_from, until=end, meta={"history": json.dumps(history.facts(story))})
    tell(1.0, "done")


def _first_month(story: Story, end: int) -> int:
    """Where the oldest month begins that the ledger can close at `end`, epoch s."""
    over = [m for m in civil_months(story.province.timezone, end - 100 * DAY_S, end) if m.end + SETTLED_S <= end]
    return int(over[-CLOSED_MONTHS].start) if len(over) >= CLOSED_MONTHS else end


@contextmanager
def _beside() -> Iterator[ProcessPoolExecutor]:
    """One process beside; ended at once, and not waited for, when the writing is interrupted."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        yield pool
    except BaseException:
        for process in active_children():
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _summaries(
    store: BulkImport,
    story: Story,
    devices: Sequence[SimDevice],
    span: tuple[int, int],
    *,
    step_s: int,
    fives_from: int,
    day_in: int = 1,
) -> None:
    """Hourly buckets of a span, and 5-minute ones of what lies in it after `fives_from`.

    With `day_in` only one civil day in so many was polled.
    """
    begin, end = span
    if begin >= end:
        return
    when = history.slots(story, begin - NEIGHBOURS * step_s, end, step_s)
    when = when[(when + story.offset_s) // DAY_S % day_in == 0]
    hours, fives = [], []
    for device in devices:
        polls = _columns(history.samples(story, device, when, step_s))
        # The hour that is not over yet is left to the controller, which makes it of its 5-minute buckets.
        hours.append((polls.device, polls.port, roll_columns(polls.before(end - end % HOUR_S), HOUR_S, since=begin)))
        if end > fives_from:
            fives.append((polls.device, polls.port, roll_columns(polls, 300, since=max(begin, fives_from))))
    store.put_tier("1h", hours)
    store.put_tier("5m", fives)


def _raw(state: Path, province: Province, origins: Sequence[float], quiet: bool, begin: int, end: int) -> None:
    """Raw rows of [begin, end); runs in a process of its own beside the summaries."""
    story = Story(province, origins, quiet=quiet)
    store = RawImport(state)
    for at in range(begin, end, RAW_PIECE_S):
        when = history.slots(story, at, min(at + RAW_PIECE_S, end), 60)
        found = [history.samples(story, device, when, 60) for device in province.devices.values()]
        store.put([_columns(s) for s in found], {s.device: s.box for s in found})
    store.close()


def _columns(samples: history.Samples) -> Columns:
    return Columns(**{name: getattr(samples, name) for name in _COLUMNS})


# --- states ----------------------------------------------------------------------------------------------------------


def states(story: Story, inventory: Inventory, *, start: float, end: float) -> tuple[list[Interval], list[Outage]]:
    """State intervals of devices and sites, and outages, over [start, end).

    Devices are as the story has them, exact; sites and outages are what the controller's own rules make of that.
    """
    replay = _Replay(story, inventory)
    for at, batch in _moments(story, start, end):
        replay.step(at, batch)
    return replay.finish(end)


def _moments(
    story: Story, start: float, end: float
) -> Iterator[tuple[float, tuple[list[history.Change], bool | None]]]:
    """Changes by moment, and where the observer went blind (True) or saw again (False)."""
    at: dict[float, list[history.Change]] = {}
    for change in history.changes(story, start, end):
        at.setdefault(change.at, []).append(change)
    turns = {edge: blind for a, b in story.blind for edge, blind in ((a, True), (b, False)) if start < edge < end}
    for moment in sorted({*at, *turns}):
        yield moment, (at.get(moment, []), turns.get(moment))


_NOT_SEEN: tuple[State, str | None] = (State.UNKNOWN, "unobserved")


class _Spans:
    """Open intervals of one question, closed when the state changes.

    Trouble that is found again after a blind time says since when it lasts, as the controller does.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[State, str | None, float]] = {}
        self._cut: dict[tuple[str, str], tuple[State, str | None, float]] = {}
        self._since: dict[tuple[str, str], float] = {}
        self.done: list[Interval] = []

    def note(self, subject: str, question: str, state: State, cause: str | None, at: float) -> None:
        """From `at` on the subject is so."""
        key = (subject, question)
        before = self._open.get(key)
        if before is not None and before[:2] == (state, cause):
            return
        since = self._since.pop(key, None)
        if before is not None and at > before[2]:
            self.done.append(_interval(key, before, end=at, seen=at, since=since))
        cut = self._cut.pop(key, None)
        if (state, cause) == _NOT_SEEN:
            if before is not None and before[0] is not State.UP:
                self._cut[key] = (before[0], before[1], before[2] if since is None else since)
        elif cut is not None and cut[:2] == (state, cause):
            self._since[key] = cut[2]
        self._open[key] = (state, cause, at)

    def finish(self, end: float) -> list[Interval]:
        """All of them; what is still open was last seen at `end`."""
        return self.done + [
            _interval(key, span, end=None, seen=end, since=self._since.get(key)) for key, span in self._open.items()
        ]


def _interval(
    key: tuple[str, str],
    span: tuple[State, str | None, float],
    *,
    end: float | None,
    seen: float,
    since: float | None = None,
) -> Interval:
    evidence = None if since is None or key[1] != "state" else json.dumps({"since": since})
    return Interval(
        subject=key[0], question=key[1], state=span[0], start=span[2], end=end, seen=seen, cause=span[1],
        evidence=evidence,
    )  # fmt: skip


class _Replay:
    """Goes through the story change by change and asks the controller's rules what each makes of sites and outages."""

    def __init__(self, story: Story, inventory: Inventory) -> None:
        self._story, self._inventory = story, inventory
        self._tree = draw(inventory)
        self._home = {d.id: d.site for d in inventory.devices.values()}
        self._people = people_of(inventory)
        self._limits = Thresholds()
        self._book = Book(write_every_s=0.0, hole_s=float("inf"))
        self._truth: dict[DeviceId, history.Change] = {}
        self._known: dict[DeviceId, Known] = {}
        self._sites: dict[SiteId, tuple[State, str | None, float]] = {}
        self._spans = _Spans()
        self._outages: dict[str, Outage] = {}
        self._blind = False

    def step(self, at: float, what: tuple[list[history.Change], bool | None]) -> None:
        """Take in what happened at one moment."""
        batch, turn = what
        for change in batch:
            self._truth[DeviceId(change.device)] = change
        moved: Iterable[DeviceId] = [DeviceId(c.device) for c in batch]
        if turn is not None:
            self._blind = turn
            moved = list(self._truth)
        touched: dict[SiteId, None] = {}
        for device in moved:
            self._device(device, at)
            touched[self._home[device]] = None
        for site in touched:
            self._site(site, at)
        for outage in self._follow(at):
            self._outages[outage.id] = outage

    def finish(self, end: float) -> tuple[list[Interval], list[Outage]]:
        """Everything, as the store keeps it."""
        for outage in self._follow(end):
            self._outages[outage.id] = outage
        for outage in self._book.open:
            self._outages[outage.id] = outage
        first = min((c.at for c in self._truth.values()), default=end)
        starts = min([first, *(i.start for i in self._spans.done)])
        ours = Interval(subject="controller", question="state", state=State.UP, start=starts, seen=end)
        return [*self._spans.finish(end), ours], list(self._outages.values())

    def _device(self, device: DeviceId, at: float) -> None:
        truth, subject = self._truth[device], f"device:{device}"
        if self._blind:
            self._known[device] = Known(State.UNKNOWN, "unobserved", at)
            answers: dict[str, tuple[State, str | None]] = dict.fromkeys(("state", "snmp"), _NOT_SEEN)
            if truth.serves is not None:
                answers["service"] = _NOT_SEEN
        else:
            state = State(truth.state)
            self._known[device] = Known(state, truth.cause, max(truth.at, self._since_sight(at)))
            answered = state in (State.UP, State.DEGRADED)
            answers = {"state": (state, truth.cause), "snmp": (State.UP if answered else State.DOWN, None)}
            if truth.serves is not None:
                answers["service"] = (State.UP if truth.serves else State.DOWN, None)
        for question, (state, cause) in answers.items():
            self._spans.note(subject, question, state, cause, at)

    def _since_sight(self, at: float) -> float:
        """After a blind spell a state is known from its end on only."""
        return max((b for a, b in self._story.blind if b <= at), default=0.0)

    def _site(self, site: SiteId, at: float) -> None:
        crowded = not self._blind and any(self._truth[d].crowded for d in self._tree.sites[site] if d in self._truth)
        verdict = judge(self._tree.sites[site], self._known, ("full", "saturated") if crowded else ())
        if verdict is None:
            return
        before = self._sites.get(site)
        if before is None or before[:2] != (verdict.state, verdict.cause):
            self._sites[site] = (verdict.state, verdict.cause, at)
            self._spans.note(f"site:{site}", "state", verdict.state, verdict.cause, at)

    def _follow(self, at: float) -> list[Outage]:
        failing: list[Failing] = []
        for site, (state, cause, since) in self._sites.items():
            if state in (State.DOWN, State.DEGRADED):
                members = self._tree.sites[site]
                failed = tuple(d for d in members if self._known[d].failed)
                root = self._root(members.gateways or members.access_points) if state is State.DOWN else None
                failing.append(
                    Failing(site=self._inventory.sites[site], state=state, cause=cause or "silent", since=since,
                            root=root, devices=failed)
                )  # fmt: skip
        return self._book.follow(
            group(failing, self._home, self._limits),
            unsure={str(s) for s, known in self._sites.items() if known[0] is State.UNKNOWN},
            since={str(s): known[2] for s, known in self._sites.items()},
            people=self._people,
            at=at,
        )

    def _root(self, members: Sequence[DeviceId]) -> DeviceId | None:
        """The highest failed device above (or among) these."""
        for member in members:
            if not self._known[member].failed:
                continue
            root = member
            for up in self._tree.above(member):
                if not self._known[up].failed:
                    break
                root = up
            return root
        return None
