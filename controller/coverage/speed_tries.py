"""The bookkeeping of tests that the program makes: on disk before anything is sent, so that a restart repeats none.

One file a civil month, since the data budget is one of months. A try that was begun and never ended is charged whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from controller.coverage.errors import LedgerError
from controller.coverage.lines import Lines

KIND = "speed tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt. octets: what it may have cost beside what its result says (a result carries its own)."""

    site: str
    at: float
    octets: int
    why: str | None  # of a failure; None: it went well, or its end was never told
    is_ended: bool


class Tries:
    """Files `speed-tries-YYYY-MM.jsonl` in a folder."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder, self._zone = folder, zone
        self._read: dict[Path, tuple[tuple[int, int], dict[str, list[Try]]]] = {}

    def begin(self, site: str, *, at: float, most_octets: int) -> None:
        """Note that a test begins; on disk when it returns.

        Raises:
            LedgerError: it cannot be written: then the test must not begin.
        """
        self._lines(at).add(lambda _: {"site": site, "at": at, "octets": most_octets})

    def end(self, site: str, *, at: float, octets: int, why: str | None) -> None:
        """Note how the test that began at `at` ended.

        Raises:
            LedgerError: it cannot be written.
        """
        self._lines(at).add(lambda _: {"site": site, "at": at, "octets": octets, "why": why, "ended": True})

    def recent(self, now: float) -> Mapping[str, list[Try]]:
        """Tries of this and last civil month by site, oldest first.

        Raises:
            LedgerError: a file is damaged or newer.
        """
        first = datetime.fromtimestamp(now, self._zone).replace(day=1)
        before = first - timedelta(days=1)
        found: dict[str, list[Try]] = defaultdict(list)
        for month in (before, first):
            for site, tries in self._month(month.timestamp()).items():
                found[site] += tries
        return found

    def spent(self, site: str, now: float) -> int:
        """Octets of this civil month, results not counted.

        Raises:
            LedgerError: the file is damaged or newer.
        """
        return sum(each.octets for each in self._month(now).get(site, ()))

    def _lines(self, at: float) -> Lines:
        name = f"speed-tries-{datetime.fromtimestamp(at, self._zone):%Y-%m}.jsonl"
        return Lines(self._folder / name, kind=KIND, version=1)

    def _month(self, at: float) -> dict[str, list[Try]]:
        lines = self._lines(at)
        try:
            told = lines.path.stat()
        except OSError:
            return {}
        mark = (told.st_mtime_ns, told.st_size)
        held = self._read.get(lines.path)
        if held is None or held[0] != mark:
            held = self._read[lines.path] = (mark, _sorted(lines))
        return held[1]


def _sorted(lines: Lines) -> dict[str, list[Try]]:
    made: dict[tuple[str, float], Try] = {}
    for number, line in enumerate(lines.read(), start=2):
        each = _try(line, f"{lines.path}:{number}")
        made[each.site, each.at] = each
    found: dict[str, list[Try]] = defaultdict(list)
    for key in sorted(made, key=lambda key: key[1]):
        found[key[0]].append(made[key])
    return dict(found)


def _try(line: Mapping[str, Any], where: str) -> Try:
    try:
        return Try(
            site=str(line["site"]),
            at=float(line["at"]),
            octets=int(line["octets"]),
            why=line.get("why"),
            is_ended=bool(line.get("ended", False)),
        )
    except (KeyError, TypeError, ValueError) as err:
        raise LedgerError(f"{where}: is no try ({err!r})") from err
