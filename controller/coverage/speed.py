"""Speed tests that people or boxes at a site made and wrote down: active tests beside those the polls bring."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller.coverage.effective import SpeedTest
from controller.coverage.errors import LedgerError
from controller.coverage.lines import Lines

FILE = "speed-tests.jsonl"


class SpeedBook:
    """The file of tests in a folder; tests are added, never changed."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / FILE, kind="speed tests", version=1)

    def add(self, site: str, *, at: float, down_bps: float, by: str, octets: int = 0) -> None:
        """Write down one test.

        Args:
            site: id.
            at: epoch s.
            down_bps: download through the site, bit/s.
            by: who or what measured, and how.
            octets: what it cost of the site's data budget.

        Raises:
            LedgerError: it cannot be written.
            ValueError: the speed is no positive number.
        """
        if not (math.isfinite(down_bps) and down_bps > 0):
            raise ValueError(f"a speed of {down_bps:g} bit/s")
        self._lines.add(lambda _: {"site": site, "at": at, "down_bps": down_bps, "by": by, "octets": octets})

    def spent(self, site: str, *, since: float) -> int:
        """Octets that tests of a site took from a moment on.

        Raises:
            LedgerError: the file is damaged or newer.
        """
        lines = self._lines.read()
        mine = [line for line in lines if line.get("site") == site and float(line.get("at", 0.0)) >= since]
        return sum(int(line.get("octets", 0)) for line in mine)

    def between(self, start: float, end: float) -> Mapping[str, tuple[SpeedTest, ...]]:
        """Tests of [start, end) by site.

        Raises:
            LedgerError: the file is damaged or newer.
        """
        found: dict[str, list[SpeedTest]] = defaultdict(list)
        for number, line in enumerate(self._lines.read(), start=2):
            site, test = self._test(line, number)
            if start <= test.at < end:
                found[site].append(test)
        return {site: tuple(tests) for site, tests in found.items()}

    def _test(self, line: dict[str, Any], number: int) -> tuple[str, SpeedTest]:
        try:
            return str(line["site"]), SpeedTest(at=float(line["at"]), down_bps=float(line["down_bps"]))
        except (KeyError, TypeError, ValueError) as err:
            raise LedgerError(f"{self._lines.path}:{number}: is no speed test ({err!r})") from err
