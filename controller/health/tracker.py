"""Open state intervals: opened, confirmed and closed exactly when something was observed. Pure; gives what to write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from measurements.intervals import Interval, State

Key = tuple[str, str]
UNOBSERVED = "unobserved"


class Before(NamedTuple):
    """Trouble that a hole in observation cut off. `since`: when it began, through any earlier holes."""

    state: State
    cause: str | None
    since: float
    evidence: str | None


@dataclass(slots=True)
class Open:
    """One open interval. `seen`: last confirmed; `looked`: last observed at all; `written`: the `seen` in the store.

    `before`: of a hole, the trouble it cut off. A subject found in the same trouble after the hole was most likely in
    it all along: the interval that begins then says `since` when in its evidence; the hole stays unknown.
    """

    state: State
    start: float
    seen: float
    looked: float
    written: float
    cause: str | None
    evidence: str | None
    before: Before | None = None

    @property
    def is_hole(self) -> bool:
        """Nothing was observed in it."""
        return self.state is State.UNKNOWN and self.cause == UNOBSERVED

    @property
    def began(self) -> float:
        """When the subject came to be so, though it was not observed all the time since."""
        since = facts_of(self.evidence).get("since")
        return min(self.start, float(since)) if isinstance(since, int | float) else self.start

    def interval(self, key: Key, *, end: float | None = None) -> Interval:
        """What the store is told."""
        return Interval(
            subject=key[0],
            question=key[1],
            state=self.state,
            start=self.start,
            end=end,
            seen=self.seen if end is None else min(self.seen, end),
            cause=self.cause,
            evidence=self.evidence,
        )


class Tracker:
    """All open intervals by (subject, question).

    Args:
        confirm_s: how often an unchanged interval's `seen` is written again.
    """

    def __init__(self, *, confirm_s: float) -> None:
        self._confirm_s = confirm_s
        self._open: dict[Key, Open] = {}
        self._changes: list[Interval] = []

    def restore(self, intervals: Iterable[Interval], *, seen: float) -> None:
        """Take up what an earlier run left open; `seen` is when that run last observed anything."""
        for it in intervals:
            if it.end is not None:
                continue
            key = (it.subject, it.question)
            known = self._open.get(key)
            if known is not None and known.start >= it.start:
                continue
            last = max(it.start, it.seen or it.start, seen)
            taken = Open(it.state, it.start, last, last, it.seen or it.start, it.cause, it.evidence)
            if taken.is_hole:
                taken.before = _cut_off(taken)
            self._open[key] = taken

    def get(self, subject: str, question: str) -> Open | None:
        """The open interval."""
        return self._open.get((subject, question))

    def look(self, subject: str, question: str, at: float, *, hole_s: float, why: str) -> None:
        """Note that a subject was observed without a verdict; a hole before it becomes unknown time."""
        found = self._open.get((subject, question))
        if found is None:
            return
        if at - found.looked > hole_s:
            self._hole((subject, question), found, why)
            found = self._open[(subject, question)]
        found.looked = max(found.looked, at)

    def note(
        self,
        subject: str,
        question: str,
        state: State,
        at: float,
        *,
        cause: str | None = None,
        evidence: str | None = None,
        since: float | None = None,
        hole_s: float = float("inf"),
        why: str = UNOBSERVED,
    ) -> bool:
        """Say what a subject was found to be.

        Args:
            subject: `device:<id>` or `site:<id>`.
            question: `ping`, `snmp`, `service` or `state`.
            state: what it is.
            at: when it was observed, epoch seconds.
            cause: short code.
            evidence: JSON text.
            since: when it became so, if that was earlier than `at` (the first of several misses).
            hole_s: after a longer time without observation the state before is not carried on.
            why: what is said of such a hole.

        Returns:
            True when a new interval began.
        """
        key = (subject, question)
        found = self._open.get(key)
        if found is None:
            start = at if since is None else since
            self._begin(key, Open(state, start, at, at, at, cause, evidence))
            return True
        if at <= found.looked and at < found.start:
            return False  # older than what is known
        if at - found.looked > hole_s:
            self._hole(key, found, why)
            found = self._open[key]
            if since is not None and since < found.start:
                since = None
        if found.state is state and found.cause == cause:
            found.seen = found.looked = max(found.looked, at)
            if found.seen - found.written >= self._confirm_s:
                found.written = found.seen
                self._changes.append(found.interval(key))
            return False
        start = at if since is None else since
        if start <= found.start:
            # The key (subject, question, start) must stay unique, and no interval is empty.
            start = at if at > found.start else found.start + 0.001
        self._changes.append(found.interval(key, end=start))
        seen = max(at, start)
        made = Open(state, start, seen, seen, seen, cause, evidence)
        if made.is_hole:
            _remember(made, found, question)
        elif found.is_hole and (cut := found.before) is not None and cut[:2] == (state, cause):
            made.evidence = _with(evidence or cut.evidence, since=cut.since)
        self._begin(key, made)
        return True

    def close(self, subject: str, at: float) -> None:
        """End every interval of a subject that is no longer ours."""
        for question in ("ping", "snmp", "service", "state"):
            found = self._open.pop((subject, question), None)
            if found is not None:
                self._changes.append(found.interval((subject, question), end=max(at, found.start + 0.001)))

    def subjects(self) -> set[str]:
        """Who has an open interval."""
        return {subject for subject, _ in self._open}

    def drain(self) -> list[Interval]:
        """What the store has to be told since the last call, in order."""
        changes, self._changes = self._changes, []
        return changes

    def give_back(self, changes: list[Interval]) -> None:
        """The store could not be told: these come first the next time."""
        self._changes[:0] = changes

    def confirm_all(self) -> None:
        """Have every `seen` written with the next drain."""
        for key, found in self._open.items():
            if found.seen > found.written:
                found.written = found.seen
                self._changes.append(found.interval(key))

    def _begin(self, key: Key, made: Open) -> None:
        self._open[key] = made
        self._changes.append(made.interval(key))

    def _hole(self, key: Key, found: Open, why: str) -> None:
        end = max(found.looked, found.start + 0.001)
        evidence = f'{{"why":"{why}"}}'
        if found.is_hole:
            return  # it was a hole already
        self._changes.append(found.interval(key, end=end))
        made = Open(State.UNKNOWN, end, end, end, end, UNOBSERVED, evidence)
        _remember(made, found, key[1])
        self._begin(key, made)


def _remember(hole: Open, found: Open, question: str) -> None:
    """Note in a hole, and in its evidence for a later run, what trouble it cut off."""
    if question == "state" and found.state is not State.UP and not found.is_hole:
        hole.before = Before(found.state, found.cause, found.began, found.evidence)
        hole.evidence = _with(hole.evidence, before=[str(found.state), found.cause, found.began])


def _cut_off(hole: Open) -> Before | None:
    """What an earlier run noted in a hole."""
    match facts_of(hole.evidence).get("before"):
        case [str(state), str() | None as cause, int() | float() as since] if state in set(State):
            return Before(State(state), cause, float(since), None)
    return None


def facts_of(evidence: str | None) -> dict[str, Any]:
    """The JSON object of an interval's evidence; empty when there is none."""
    try:
        found = json.loads(evidence or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _with(evidence: str | None, **more: Any) -> str:
    return json.dumps(facts_of(evidence) | more, separators=(",", ":"))
